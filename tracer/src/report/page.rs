//! Text layout with a maximum line width: sections, labelled paragraphs, tables.

use crate::event::Zone;

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

/// The alignment of a table column.
#[derive(Clone, Copy, PartialEq)]
pub enum Align {
    Left,
    Right,
}

/// The layout of a report. A number is the layout with that width, in UTC.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Maximum width of a line, in columns.
    pub width: usize,
    /// Time zone of all times of day.
    pub zone: Zone,
    /// End of the part that was selected, ns since boot, if the trace goes beyond it.
    pub until: Option<u64>,
}

impl From<usize> for Layout {
    fn from(width: usize) -> Layout {
        Layout {
            width,
            zone: Zone::default(),
            until: None,
        }
    }
}

/// A text under construction.
pub struct Page {
    /// Width, time zone and the end of the part.
    pub layout: Layout,
    text: String,
}

impl Page {
    /// Creates an empty page.
    pub fn new(layout: impl Into<Layout>) -> Self {
        Page {
            layout: layout.into(),
            text: String::new(),
        }
    }

    /// Returns the text.
    pub fn text(self) -> String {
        self.text
    }

    /// Adds a line, truncated to the width.
    pub fn line(&mut self, text: &str) {
        self.text.push_str(cut(text, self.layout.width).trim_end());
        self.text.push('\n');
    }

    /// Adds an empty line and the title of a section.
    pub fn section(&mut self, title: &str) {
        self.line("");
        self.line(title);
    }

    /// Adds a label and a paragraph, wrapped between words and indented.
    pub fn labelled(&mut self, label: &str, text: &str) {
        const INDENT: usize = 9;
        let mut line = format!("{label:<INDENT$}");
        if width(label) >= INDENT {
            line.push(' ');
        }
        let mut empty = true;
        for word in text.split(' ') {
            if !empty && width(&line) + 1 + width(word) > self.layout.width {
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

    /// Adds an indented table with headings. The last column takes the rest of the
    /// line.
    pub fn table<const N: usize>(&mut self, heads: [(&str, Align); N], rows: &[[String; N]]) {
        let widest = |column: usize| {
            let cells = rows.iter().map(|row| width(&row[column]));
            cells.chain([width(heads[column].0)]).max().unwrap_or(0)
        };
        let widths: [usize; N] = std::array::from_fn(widest);
        self.row(&heads.map(|(head, _)| head.to_owned()), &heads, &widths);
        for row in rows {
            self.row(row, &heads, &widths);
        }
    }

    fn row<const N: usize>(
        &mut self,
        cells: &[String; N],
        heads: &[(&str, Align); N],
        widths: &[usize; N],
    ) {
        let mut line = String::new();
        for (index, cell) in cells.iter().enumerate() {
            let pad = " ".repeat(widths[index] - width(cell));
            line.push_str("  ");
            match heads[index].1 {
                Align::Right => line.extend([pad.as_str(), cell]),
                Align::Left if index + 1 == N => line.push_str(cell),
                Align::Left => line.extend([cell.as_str(), &pad]),
            }
        }
        self.line(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut page = Page::new(20);
        let heads = [("n", Align::Right), ("who", Align::Left)];
        page.table(
            heads,
            &[["10".into(), "a".into()], ["9".into(), "b".repeat(30)]],
        );
        assert_eq!(
            page.text(),
            format!("   n  who\n  10  a\n   9  {}…\n", "b".repeat(13))
        );
    }
}
