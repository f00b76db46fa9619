//! Text layout with a maximum line width: sections, labelled paragraphs, tables.

use super::{
    outcome::{self, sender_text, signal_text},
    scope::Scope,
    table::{Align, Cell, Column, Output, TableKind},
    words::{command, command_name, process_name, time},
};
use crate::event::{command_line, escaped, units::duration};

/// Returns the maximum number of columns of a character: two for wide East Asian
/// characters and emoji. Combining marks count as one column, so a line may be too
/// short but never too long.
fn columns(character: char) -> usize {
    let wide = matches!(character, '\u{1100}'..='\u{115f}' | '\u{231a}'..='\u{24ff}' | '\u{2600}'..='\u{27ff}' | '\u{2b00}'..='\u{2bff}' | '\u{2e80}'..);
    1 + usize::from(wide)
}

/// Returns the width of a text in columns.
pub fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// Truncates `text` to `limit` columns, ending in `…` if something was cut.
pub fn cut(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let mut left = limit.saturating_sub(1);
    let fits = text.chars().take_while(|&character| {
        let room = left >= columns(character);
        left = left.saturating_sub(columns(character));
        room
    });
    fits.chain((limit > 0).then_some('…')).collect()
}

/// A text under construction.
pub struct Page {
    /// Maximum width of a line, in columns.
    width: usize,
    text: String,
}

impl Page {
    /// Creates an empty page.
    pub fn new(width: usize) -> Self {
        Page {
            width,
            text: String::new(),
        }
    }

    /// Returns the text.
    pub fn text(self) -> String {
        self.text
    }

    /// Adds a row of a table: the cells with alignment and width.
    fn row<'a>(&mut self, cells: impl ExactSizeIterator<Item = (&'a str, Align, usize)>) {
        let mut line = String::new();
        let last = cells.len().saturating_sub(1);
        for (index, (cell, align, room)) in cells.enumerate() {
            let pad = " ".repeat(room - width(cell));
            line.push_str("  ");
            match align {
                Align::Right => line.extend([pad.as_str(), cell]),
                Align::Left if index == last => line.push_str(cell),
                Align::Left => line.extend([cell, &pad]),
            }
        }
        self.line(&line);
    }
}

impl Output for Page {
    /// Adds an empty line and the title of a section.
    fn section(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.line("");
        }
        self.line(title);
    }

    /// Adds a line, truncated to the width.
    fn line(&mut self, text: &str) {
        self.text.push_str(cut(text, self.width).trim_end());
        self.text.push('\n');
    }

    /// Adds a label and a paragraph, wrapped between words and indented.
    fn labelled(&mut self, label: &str, text: &str) {
        const INDENT: usize = 9;
        let mut line = format!("{label:<INDENT$}");
        if width(label) >= INDENT {
            line.push(' ');
        }
        let mut empty = true;
        for word in text.split(' ') {
            if !empty && width(&line) + 1 + width(word) > self.width {
                self.line(&line);
                line = " ".repeat(INDENT);
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.line(&line);
    }

    fn facts(&mut self, _: &Scope<'_>, _: &'static TableKind, _: Vec<Cell>) {}

    /// Adds an indented table with titles. The last column takes the rest of the line.
    /// A cut table says how many rows are missing.
    fn table(
        &mut self,
        scope: &Scope<'_>,
        kind: &'static TableKind,
        (usual, total): (usize, usize),
        rows: &mut dyn Iterator<Item = Vec<Cell>>,
    ) {
        if total == 0 {
            return;
        }
        let limit = scope.layout.rows.limit(usual);
        let (columns, places): (Vec<&Column>, Vec<usize>) = (kind.columns.iter().zip(0..))
            .filter(|(column, _)| column.title.is_some())
            .unzip();
        let titles = columns
            .iter()
            .map(|column| column.title.unwrap_or_default());
        let titles: Vec<String> = titles.map(str::to_owned).collect();
        let shown = rows.take(limit).map(|cells| {
            let shown = columns.iter().zip(&places);
            let shown = shown.map(|(&column, &place)| cell_text(scope, &cells[place], column));
            shown.collect::<Vec<_>>()
        });
        let shown: Vec<Vec<String>> = shown.collect();
        let widest = |column: usize| {
            let cells = shown.iter().map(|row| width(&row[column]));
            cells.chain([width(&titles[column])]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns.len()).map(widest).collect();
        let is_empty = |column: usize| shown.iter().all(|row| row[column].is_empty());
        let full: Vec<usize> = (0..columns.len()).filter(|&it| !is_empty(it)).collect();
        for cells in [&titles].into_iter().chain(&shown) {
            self.row(
                full.iter()
                    .map(|&it| (cells[it].as_str(), columns[it].align, widths[it])),
            );
        }
        match total - shown.len().min(total) {
            0 => {}
            more => self.line(&format!("  {more} more: --top N or --all")),
        }
    }
}

/// Returns a cell as text.
fn cell_text(scope: &Scope<'_>, cell: &Cell, column: &Column) -> String {
    match cell {
        Cell::Nothing if column.align == Align::Right => "-".to_owned(),
        Cell::Nothing | Cell::Flag(false) => String::new(),
        Cell::Flag(true) => column.key.replace('_', " "),
        Cell::Unknown => "?".to_owned(),
        Cell::Count(count) => count.to_string(),
        Cell::Estimate(count) => format!("~{count}"),
        Cell::Share(percent) => format!("{percent} %"),
        Cell::Duration(ns) => duration(*ns),
        Cell::AtLeast(ns) => format!("over {}", duration(*ns)),
        Cell::Time(at) => time(scope, *at, 3),
        Cell::Process(key) => process_name(scope.model, *key),
        Cell::Several(key) => command(scope.model, *key),
        Cell::Command(comm) => command_name(*comm),
        Cell::Arguments(argv) => command_line(argv.as_bytes()),
        Cell::Text(text) => escaped(text.as_bytes()),
        Cell::Signal(signal) => signal_text(*signal),
        Cell::Outcome(outcome) => outcome::text(*outcome),
        Cell::Outcomes(outcomes) => outcome::outcomes(outcomes),
        Cell::Sender(sender) => sender_text(scope.model, sender),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::Model,
        report::layout::{Layout, Rows},
    };

    #[test]
    fn cut_counts_columns_not_bytes() {
        assert_eq!(cut("naïve", 5), "naïve");
        assert_eq!(cut("naïvely", 5), "naïv…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("日本語", 6), "日本語");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn paragraphs_wrap_between_words() {
        let mut page = Page::new(20);
        page.labelled("Lost", "one two three four");
        assert_eq!(page.text(), "Lost     one two\n         three four\n");
    }

    #[test]
    fn table_columns_fit_their_cells() {
        const KIND: TableKind = TableKind {
            name: "numbers",
            about: "",
            columns: &[
                Column::right("n", "n", ""),
                Column::json("hidden", ""),
                Column::left("who", "who", ""),
            ],
        };
        static NUMBERS: TableKind = KIND;
        let model = Model::default();
        let row =
            |count, text: String| vec![Cell::Count(count), Cell::Flag(true), Cell::Text(text)];
        let rows = [
            row(10, "a".into()),
            row(9, "b".repeat(30)),
            row(8, "c".into()),
        ];
        let text = |width, rows_shown| {
            let mut page = Page::new(width);
            let layout = Layout {
                rows: rows_shown,
                ..Layout::from(width)
            };
            let scope = Scope::new(&model, None, layout);
            page.table(&scope, &NUMBERS, (2, 3), &mut rows.iter().cloned());
            page.text()
        };
        let cut = format!("   n  who\n  10  a\n   9  {}…\n", "b".repeat(13));
        assert_eq!(
            text(20, Rows::Usual),
            format!("{cut}  1 more: --top N o…\n")
        );
        assert_eq!(text(20, Rows::All), format!("{cut}   8  c\n"));
        let uncut = text(usize::MAX, Rows::Top(2));
        assert!(uncut.contains(&"b".repeat(30)), "{uncut}");
        assert!(uncut.ends_with("  1 more: --top N or --all\n"), "{uncut}");
        assert!(text(20, Rows::Top(1)).ends_with("  2 more: --top N o…\n"));
    }
}
