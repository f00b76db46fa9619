//! What is to be read, with its meaning but without its paint: text in tones.
//!
//! Views speak in phrases; [`super::theme`] alone knows what a tone looks like
//! on a terminal. Nothing here may import ratatui.

use unicode_width::UnicodeWidthStr;

/// What a piece of text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    /// Names, current figures.
    Strong,
    /// Secondary text.
    Dim,
    /// Lines and rails that only guide the eye.
    Faint,
    Good,
    Warn,
    Bad,
    /// Must be seen from across the room.
    Alert,
    /// What is interactive or points elsewhere.
    Accent,
    /// Column and section titles.
    Title,
    /// The column that decides the order.
    Sorted,
    Key,
    Tab,
    ActiveTab,
    Live,
    Replay,
    Paused,
}

/// One line of text in pieces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Phrase(Vec<(Tone, String)>);

impl Phrase {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn of(tone: Tone, text: impl Into<String>) -> Self {
        Self::new().and(tone, text)
    }

    pub fn plain(text: impl Into<String>) -> Self {
        Self::of(Tone::Plain, text)
    }

    pub fn and(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.push(tone, text);
        self
    }

    pub fn push(&mut self, tone: Tone, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.0.push((tone, text));
        }
    }

    pub fn joined(mut self, other: Phrase) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The same words, all in one tone.
    pub fn all(self, tone: Tone) -> Self {
        Phrase(self.0.into_iter().map(|(_, text)| (tone, text)).collect())
    }

    /// Filled up with spaces to a width, so that what follows is aligned.
    pub fn padded(self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        self.and(Tone::Plain, " ".repeat(missing))
    }

    pub fn pieces(&self) -> impl Iterator<Item = (Tone, &str)> {
        self.0.iter().map(|(tone, text)| (*tone, text.as_str()))
    }

    /// Columns on the terminal.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.width()).sum()
    }

    pub fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }
}

impl From<&str> for Phrase {
    fn from(text: &str) -> Self {
        Phrase::plain(text)
    }
}

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        Phrase::plain(text)
    }
}
