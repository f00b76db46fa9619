//! The canvas: the only way onto the screen. It puts phrases into cells, cut to fit and aligned.
//! Must not know processes.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::{
    event::is_plain,
    tui::{
        state::search::SearchQuery,
        style::{
            glyphs::Glyphs,
            look::Look,
            phrase::{Phrase, Tone},
        },
        widget::page::wrapped,
    },
};

/// A rectangle of cells and the look of text in it.
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
    look: &'a Look,
}

impl<'a> Canvas<'a> {
    /// Returns a canvas over an area of a buffer.
    pub fn new(buffer: &'a mut Buffer, area: Rect, look: &'a Look) -> Self {
        let area = area.intersection(buffer.area);
        Canvas { buffer, area, look }
    }

    /// Returns the number of columns.
    pub fn width(&self) -> u16 {
        self.area.width
    }

    /// Returns the number of lines.
    pub fn height(&self) -> u16 {
        self.area.height
    }

    /// Returns the glyphs for text.
    pub fn glyphs(&self) -> &'static Glyphs {
        self.look.glyphs
    }

    /// Returns a part of this canvas, clipped to it.
    pub fn part(&mut self, x: u16, y: u16, width: u16, height: u16) -> Canvas<'_> {
        let x = self.area.x.saturating_add(x);
        let y = self.area.y.saturating_add(y);
        let area = Rect::new(x, y, width, height).intersection(self.area);
        Canvas::new(self.buffer, area, self.look)
    }

    /// Writes a phrase and returns the number of columns it took. A phrase that does not fit into
    /// `width` is cut and ends in a glyph.
    pub fn put(&mut self, x: u16, y: u16, width: u16, phrase: &Phrase) -> u16 {
        let width = width.min(self.area.width.saturating_sub(x));
        if y >= self.area.height || width == 0 {
            return 0;
        }
        let cut = phrase.width() > usize::from(width);
        let room = if cut { width - 1 } else { width };
        let (left, line) = (self.area.x + x, self.area.y + y);
        let mut used = 0;
        let mut style = Style::new();
        for (tone, text) in phrase.pieces() {
            style = self.look.style(tone);
            let text = self.printable(text);
            let end =
                self.buffer
                    .set_stringn(left + used, line, &text, usize::from(room - used), style);
            // A wide character may have found only half its room. The next piece must not take that
            // column.
            let full = text.width() > usize::from(room - used);
            used = end.0 - left;
            if full {
                break;
            }
        }
        if cut {
            self.buffer
                .set_stringn(left + room, line, self.glyphs().more, 1, style);
            return width;
        }
        used
    }

    /// Writes a phrase aligned to the right edge of its room.
    pub fn put_right(&mut self, x: u16, y: u16, width: u16, phrase: &Phrase) {
        let needed = u16::try_from(phrase.width()).unwrap_or(u16::MAX);
        let indent = width.saturating_sub(needed);
        self.put(x.saturating_add(indent), y, width - indent, phrase);
    }

    /// Returns text that the terminal can show. Text from outside comes escaped; whatever is not
    /// plain all the same becomes a question mark. In ASCII, other characters become question marks
    /// of the same width.
    fn printable<'t>(&self, text: &'t str) -> std::borrow::Cow<'t, str> {
        let ascii = self.look.glyphs.ascii;
        if text
            .chars()
            .all(|c| is_plain(c) && (c.is_ascii() || !ascii))
        {
            return text.into();
        }
        if !ascii {
            let plain = |c| if is_plain(c) { c } else { '?' };
            return text.chars().map(plain).collect();
        }
        let mut line = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                'µ' => line.push('u'),
                '·' => line.push('.'),
                '–' => line.push('-'),
                '←' => line.push('<'),
                '→' => line.push('>'),
                '↑' => line.push('^'),
                '↓' => line.push('v'),
                c if c.is_ascii() => line.push(if is_plain(c) { c } else { '?' }),
                c => line.extend(std::iter::repeat_n('?', c.width().unwrap_or(0))),
            }
        }
        line.into()
    }

    /// Empties all cells.
    pub fn clear(&mut self) {
        for y in self.area.top()..self.area.bottom() {
            for x in self.area.left()..self.area.right() {
                self.buffer[(x, y)].reset();
            }
        }
    }

    /// Removes wide characters that would cover the first column of this canvas.
    fn cut_off_wide_neighbours(&mut self) {
        let Some(x) = self.area.left().checked_sub(1) else {
            return;
        };
        for y in self.area.top()..self.area.bottom() {
            if let Some(cell) = self.buffer.cell_mut((x, y))
                && cell.symbol().width() > 1
            {
                cell.set_symbol(" ");
            }
        }
    }

    /// Highlights a line as selected.
    pub fn select(&mut self, y: u16, width: u16) {
        let line = Rect::new(self.area.x, self.area.y.saturating_add(y), width, 1);
        let line = line.intersection(self.area);
        self.buffer.set_style(line, self.look.selection());
    }

    /// Highlights a cell.
    pub fn point(&mut self, x: u16, y: u16) {
        let cell = Rect::new(
            self.area.x.saturating_add(x),
            self.area.y.saturating_add(y),
            1,
            1,
        );
        let cell = cell.intersection(self.area);
        self.buffer.set_style(cell, self.look.found());
    }

    /// Writes a message in the middle of an empty view.
    pub fn note(&mut self, sentences: &[Phrase]) {
        let width = usize::from(self.area.width).saturating_sub(2).max(1);
        let lines = sentences.iter().cloned();
        let lines: Vec<_> = lines.flat_map(|line| wrapped(line, width)).collect();
        let top = usize::from(self.area.height).saturating_sub(lines.len()) / 2;
        for (y, line) in (top as u16..).zip(&lines) {
            let indent = usize::from(self.area.width).saturating_sub(line.width()) / 2;
            self.put(indent as u16, y, self.area.width, line);
        }
    }

    /// Draws a frame with a title along the edge. Returns the inside.
    pub fn framed(&mut self, title: &str) -> Canvas<'_> {
        self.clear();
        self.cut_off_wide_neighbours();
        let (width, height) = (self.area.width, self.area.height);
        let [
            upper_left,
            upper_right,
            lower_right,
            lower_left,
            horizontal,
            vertical,
        ] = self.glyphs().frame;
        let rule = horizontal.repeat(usize::from(width.saturating_sub(2)));
        let upper = Phrase::of(Tone::Faint, format!("{upper_left}{rule}{upper_right}"));
        let lower = Phrase::of(Tone::Faint, format!("{lower_left}{rule}{lower_right}"));
        self.put(0, 0, width, &upper);
        self.put(0, height.saturating_sub(1), width, &lower);
        let side = Phrase::of(Tone::Faint, vertical);
        for y in 1..height.saturating_sub(1) {
            self.put(0, y, 1, &side);
            self.put(width.saturating_sub(1), y, 1, &side);
        }
        self.put(
            2,
            0,
            width.saturating_sub(4),
            &Phrase::of(Tone::Title, format!(" {title} ")),
        );
        self.part(2, 1, width.saturating_sub(4), height.saturating_sub(2))
    }

    /// Highlights all matches of a search.
    pub fn mark(&mut self, query: &SearchQuery) {
        let width = query.text().width();
        for y in self.area.top()..self.area.bottom() {
            let mut x = self.area.left();
            while !query.is_empty() && usize::from(self.area.right() - x) >= width {
                let text = self.text_at(x, y, width);
                if query.is_in(&text) {
                    let found = Rect::new(x, y, width as u16, 1);
                    self.buffer.set_style(found, self.look.found());
                    x += width as u16;
                } else {
                    x += 1;
                }
            }
        }
    }

    /// Returns the text in `width` columns from a cell on.
    fn text_at(&self, x: u16, y: u16, width: usize) -> String {
        let mut text = String::new();
        let mut column = x;
        while usize::from(column - x) < width {
            let Some(cell) = self.buffer.cell(Position::new(column, y)) else {
                break;
            };
            text.push_str(cell.symbol());
            // The second half of a wide character has no text.
            column += (cell.symbol().width() as u16).max(1);
        }
        text
    }
}
