//! Text with tones (meanings).
//!
//! Views produce phrases; [`super::look`] maps tones to colours. Must not import ratatui.

use unicode_width::UnicodeWidthStr;

/// The meaning of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary text.
    Plain,
    /// Names and current figures.
    Strong,
    /// Secondary text.
    Dim,
    /// Lines and rails that only guide the eye.
    Faint,
    /// A state or value that is as it should be.
    Good,
    /// A state or value worth a look.
    Warn,
    /// A failure.
    Bad,
    /// A state that must not be overlooked.
    Alert,
    /// Interactive text, and text that refers to something else.
    Accent,
    /// Column and section titles.
    Title,
    /// The title of the column that sorts.
    Sorted,
    /// A key of the keyboard.
    Key,
    /// The tab of a view.
    Tab,
    /// The tab of the active view.
    ActiveTab,
    /// The badge of a live trace.
    Live,
    /// The badge of a recording.
    Replay,
    /// The badge of a frozen picture.
    Paused,
}

/// A line of text made of pieces, each with its tone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Phrase(Vec<(Tone, String)>);

impl Phrase {
    /// Returns an empty phrase.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a phrase of one piece.
    pub fn of(tone: Tone, text: impl Into<String>) -> Self {
        Self::new().and(tone, text)
    }

    /// Returns a phrase of one plain piece.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::of(Tone::Plain, text)
    }

    /// Returns the phrase with a piece appended.
    pub fn and(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.push(tone, text);
        self
    }

    /// Appends a piece.
    pub fn push(&mut self, tone: Tone, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.0.push((tone, text));
        }
    }

    /// Returns the phrase with another appended.
    pub fn joined(mut self, other: Phrase) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Returns the same text in one tone.
    pub fn all(self, tone: Tone) -> Self {
        Phrase(self.0.into_iter().map(|(_, text)| (tone, text)).collect())
    }

    /// Returns the phrase padded with spaces to a width.
    pub fn padded(self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        self.and(Tone::Plain, " ".repeat(missing))
    }

    /// Returns the pieces in order.
    pub fn pieces(&self) -> impl Iterator<Item = (Tone, &str)> {
        self.0.iter().map(|(tone, text)| (*tone, text.as_str()))
    }

    /// Returns the number of columns on the terminal.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.width()).sum()
    }

    /// Returns the text without tones.
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
