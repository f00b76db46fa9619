//! Pages of text: sections of named facts, scrolled as a whole. Must not know colours.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::tui::{
    input::action::Action,
    state::search::{SearchFrom, SearchQuery, seek},
    style::phrase::{Phrase, Tone},
    widget::cursor::Cursor,
};

/// Columns for the labels of facts.
const LABEL: usize = 17;
const WIDE_LABEL: usize = 25;

/// The lines of a page while it is written.
pub struct Sheet {
    lines: Vec<Phrase>,
    width: usize,
}

impl Sheet {
    /// Returns an empty sheet.
    pub fn new(width: usize) -> Self {
        Sheet {
            lines: Vec::new(),
            width,
        }
    }

    /// Adds a section title.
    pub fn section(&mut self, title: &str) {
        if !self.lines.is_empty() {
            self.lines.push(Phrase::new());
        }
        self.lines.push(Phrase::of(Tone::Title, title));
    }

    /// Adds a line.
    pub fn line(&mut self, phrase: impl Into<Phrase>) {
        self.lines.push(phrase.into());
    }

    /// Adds a labelled fact. Text that does not fit continues on the next lines.
    pub fn fact(&mut self, label: &str, value: impl Into<Phrase>) {
        self.labelled(Phrase::of(Tone::Dim, label), LABEL, value.into());
    }

    /// Adds a fact with room for a longer label.
    pub fn wide_fact(&mut self, label: Phrase, value: Phrase) {
        self.labelled(label, WIDE_LABEL, value);
    }

    /// Adds text across the whole width.
    pub fn text(&mut self, text: Phrase) {
        self.lines.extend(wrapped(text, self.width.max(1)));
    }

    fn labelled(&mut self, mut label: Phrase, indent: usize, value: Phrase) {
        let indent = indent.min(self.width / 2);
        if label.width() >= indent {
            self.lines.push(std::mem::take(&mut label));
        }
        for piece in wrapped(value, self.width.saturating_sub(indent).max(1)) {
            let line = std::mem::take(&mut label).padded(indent);
            self.lines.push(line.joined(piece));
        }
    }

    /// Returns the lines of two sheets side by side.
    pub fn beside(self, other: Sheet, gap: usize) -> Vec<Phrase> {
        let (width, length) = (self.width + gap, self.lines.len().max(other.lines.len()));
        let (mut left, mut right) = (self.lines.into_iter(), other.lines.into_iter());
        let pairs = (0..length).map(|_| (left.next(), right.next()));
        let join = |(left, right): (Option<Phrase>, Option<Phrase>)| {
            left.unwrap_or_default()
                .padded(width)
                .joined(right.unwrap_or_default())
        };
        pairs.map(join).collect()
    }

    /// Returns this sheet with another below it, after an empty line.
    pub fn above(mut self, other: Sheet) -> Sheet {
        self.lines.push(Phrase::new());
        self.lines.extend(other.lines);
        self
    }

    /// Returns the number of lines so far.
    pub fn lines(&self) -> usize {
        self.lines.len()
    }

    /// Returns the lines.
    pub fn into_lines(self) -> Vec<Phrase> {
        self.lines
    }
}

/// Breaks a phrase at the last space that fits, or inside a word if it must. Returns at least one
/// line.
pub fn wrapped(phrase: Phrase, width: usize) -> Vec<Phrase> {
    let characters = phrase
        .pieces()
        .flat_map(|(tone, text)| text.chars().map(move |c| (tone, c)));
    let mut lines: Vec<Vec<(Tone, char)>> = vec![Vec::new()];
    let mut used = 0;
    for (tone, character) in characters {
        let needed = character.width().unwrap_or(0);
        if used + needed > width
            && let Some(full) = lines.last_mut()
            && !full.is_empty()
        {
            let space = full.iter().rposition(|&(_, character)| character == ' ');
            let rest = match space {
                // A word longer than half a line is broken instead.
                Some(space) if space >= full.len() / 2 => full.split_off(space + 1),
                _ => Vec::new(),
            };
            used = rest
                .iter()
                .map(|&(_, character)| character.width().unwrap_or(0))
                .sum();
            lines.push(rest);
        }
        used += needed;
        if let Some(line) = lines.last_mut() {
            line.push((tone, character));
        }
    }
    lines.into_iter().map(joined).collect()
}

fn joined(characters: Vec<(Tone, char)>) -> Phrase {
    let pieces = characters.chunk_by(|(one, _), (other, _)| one == other);
    pieces.fold(Phrase::new(), |phrase, piece| {
        phrase.and(
            piece[0].0,
            piece
                .iter()
                .map(|(_, character)| character)
                .collect::<String>(),
        )
    })
}

/// A finished page and its scroll position.
#[derive(Default)]
pub struct Page {
    lines: Vec<Phrase>,
    cursor: Cursor,
}

impl Page {
    /// Replaces the lines; the scroll position stays where it can.
    pub fn fill(&mut self, lines: Vec<Phrase>, height: usize) {
        self.lines = lines;
        self.cursor.fit_page(self.lines.len(), height);
    }

    /// Scrolls.
    pub fn handle(&mut self, action: Action) {
        self.cursor.scroll(action);
    }

    /// Scrolls as little as possible until these lines are visible; the first if not all fit.
    pub fn reveal(&mut self, lines: Range<usize>) {
        let lowest = lines.end.saturating_sub(self.cursor.height());
        let top = self.cursor.visible().start.max(lowest).min(lines.start);
        self.cursor.scroll_to(top);
    }

    /// Scrolls to a matching line and returns it.
    pub fn find(&mut self, query: &SearchQuery, from: SearchFrom) -> Option<usize> {
        let start = self.cursor.visible().start;
        let found = seek(self.lines.len(), start, from, |line| {
            query.is_in(&self.lines[line].text())
        });
        if let Some(line) = found {
            self.cursor.scroll_to(line);
        }
        found
    }

    /// Returns the lines.
    pub fn lines(&self) -> &[Phrase] {
        &self.lines
    }

    /// Returns the scroll position.
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// Returns the visible lines as `1-30/45`; empty if all are visible.
    pub fn position(&self) -> String {
        let (visible, length) = (self.cursor.visible(), self.lines.len());
        if visible.len() >= length {
            String::new()
        } else {
            format!("{}-{}/{length}", visible.start + 1, visible.end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_facts_wrap() {
        let texts = |width, text: &str| -> Vec<String> {
            wrapped(Phrase::plain(text), width)
                .iter()
                .map(Phrase::text)
                .collect()
        };
        assert_eq!(texts(10, "one two three"), ["one two ", "three"]);
        assert_eq!(texts(4, "abcdefgh"), ["abcd", "efgh"]);
        assert_eq!(texts(3, "漢字漢"), ["漢", "字", "漢"]);
        assert_eq!(texts(1, "漢"), ["漢"]);
        assert_eq!(texts(5, ""), [""]);
    }
}
