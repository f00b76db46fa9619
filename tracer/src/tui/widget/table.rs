//! Tables and pages on a canvas: columns, titles, the selected row, and a scroll bar.

use crate::tui::{
    style::phrase::{Phrase, Tone},
    widget::{
        canvas::Canvas,
        columns::{Column, Sorted, place},
        cursor::Cursor,
    },
};

impl Canvas<'_> {
    /// Draws rows under their column titles, with the selected row and a scroll bar. `cell` takes
    /// row, column and width.
    pub fn table(
        &mut self,
        columns: &[Column],
        sorted: Option<Sorted>,
        cursor: &Cursor,
        cell: impl Fn(usize, usize, usize) -> Phrase,
    ) {
        let width = self.width().saturating_sub(1);
        let places = place(columns, width);
        for (column, place) in &places {
            let sorted = sorted.filter(|sorted| sorted.column == *column);
            let title = self.title(&columns[*column], sorted);
            self.aligned(
                &columns[*column],
                place.start,
                0,
                place.len() as u16,
                &title,
            );
        }
        for (y, row) in (1..self.height()).zip(cursor.visible()) {
            for (column, place) in &places {
                let phrase = cell(row, *column, place.len());
                self.aligned(
                    &columns[*column],
                    place.start,
                    y,
                    place.len() as u16,
                    &phrase,
                );
            }
            if row == cursor.selected() {
                self.select(y, width);
            }
        }
        self.scroll_bar(1, cursor);
    }

    fn title(&self, column: &Column, sorted: Option<Sorted>) -> Phrase {
        let glyphs = self.glyphs();
        let direction = match sorted {
            Some(Sorted {
                ascending: true, ..
            }) => glyphs.ascending,
            Some(Sorted {
                ascending: false, ..
            }) => glyphs.descending,
            None => return Phrase::of(Tone::Title, column.title),
        };
        Phrase::of(Tone::Sorted, format!("{direction}{}", column.title))
    }

    fn aligned(&mut self, column: &Column, x: u16, y: u16, width: u16, phrase: &Phrase) {
        if column.right {
            self.put_right(x, y, width, phrase);
        } else {
            self.put(x, y, width, phrase);
        }
    }

    /// Draws the visible lines of a page.
    pub fn page(&mut self, lines: &[Phrase], cursor: &Cursor) {
        let width = self.width().saturating_sub(1);
        for (y, line) in (0..self.height()).zip(cursor.visible()) {
            if let Some(line) = lines.get(line) {
                self.put(0, y, width, line);
            }
        }
        self.scroll_bar(0, cursor);
    }

    /// Draws the scroll bar, if anything is hidden.
    fn scroll_bar(&mut self, top: u16, cursor: &Cursor) {
        let height = usize::from(self.height().saturating_sub(top));
        let (visible, length) = (cursor.visible(), cursor.length());
        if visible.len() >= length || height == 0 || self.width() < 4 {
            return;
        }
        let size = (height * visible.len() / length).max(1);
        let above = (height - size) * visible.start / (length - visible.len());
        for y in 0..height {
            let in_thumb = (above..above + size).contains(&y);
            let (glyph, tone) = if in_thumb {
                (self.glyphs().thumb, Tone::Dim)
            } else {
                (self.glyphs().track, Tone::Faint)
            };
            let phrase = Phrase::of(tone, glyph);
            self.put(self.width() - 1, top + y as u16, 1, &phrase);
        }
    }
}
