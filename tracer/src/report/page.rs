//! Lines of bounded width: sections, labelled paragraphs, tables.

/// The columns that a character takes at most: two for the wide ones of East
/// Asia and for pictures. Combining marks are counted as if they took one, so
/// that a line may end early but never late.
fn columns(character: char) -> usize {
    let wide = matches!(character, '\u{1100}'..='\u{115f}' | '\u{231a}'..='\u{24ff}' | '\u{2600}'..='\u{27ff}' | '\u{2b00}'..='\u{2bff}' | '\u{2e80}'..);
    1 + usize::from(wide)
}

pub fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// As much of `text` as fits, with `…` where something was cut.
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

#[derive(Clone, Copy, PartialEq)]
pub enum Align {
    Left,
    Right,
}

pub struct Page {
    width: usize,
    text: String,
}

impl Page {
    pub fn new(width: usize) -> Self {
        Page {
            width,
            text: String::new(),
        }
    }

    pub fn text(self) -> String {
        self.text
    }

    pub fn line(&mut self, text: &str) {
        self.text.push_str(cut(text, self.width).trim_end());
        self.text.push('\n');
    }

    /// The title of what follows, after an empty line.
    pub fn section(&mut self, title: &str) {
        self.line("");
        self.line(title);
    }

    /// A sentence behind its label, broken between words; the lines below the
    /// first are indented as far.
    pub fn labelled(&mut self, label: &str, text: &str) {
        const INDENT: usize = 9;
        let mut line = format!("{label:<INDENT$}");
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

    /// Rows under their headings, indented; the last column takes what is
    /// left of the line.
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
    fn cutting_counts_columns_not_bytes() {
        assert_eq!(cut("naïve", 5), "naïve");
        assert_eq!(cut("naïvely", 5), "naïv…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("日本語", 6), "日本語");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn a_paragraph_is_broken_between_words() {
        let mut page = Page::new(20);
        page.labelled("Lost", "one two three four");
        assert_eq!(page.text(), "Lost     one two\n         three four\n");
    }

    #[test]
    fn a_table_is_as_wide_as_its_cells() {
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
