//! The prompt: the line for a search, a filter or a time.

use crossterm::event::{Event as Input, KeyCode, KeyEvent};
use tui_input::{InputRequest, backend::crossterm::EventHandler as _};
use unicode_width::UnicodeWidthStr;

use crate::{
    event::escaped,
    filter::Error,
    tui::style::phrase::{Phrase, Tone},
};

/// The kind of text that the prompt asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptKind {
    /// A search, performed while it is typed.
    Search,
    /// A filter, applied when it is complete.
    Filter,
    /// A time to seek, when it is complete.
    Time,
}

/// An open prompt.
pub struct Prompt {
    /// The kind of text.
    pub kind: PromptKind,
    input: tui_input::Input,
    /// The error in the text; `None` after the next key.
    error: Option<Error>,
}

/// The effect of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Only the cursor may have moved.
    Nothing,
    /// The text changed.
    Changed,
    /// The reader pressed Enter.
    Complete,
    /// The reader gave up.
    Cancelled,
}

impl Prompt {
    /// Returns a prompt that starts with `text`.
    pub fn new(kind: PromptKind, text: &str) -> Prompt {
        let (input, error) = (tui_input::Input::from(text), None);
        Prompt { kind, input, error }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// Handles a key.
    pub fn handle(&mut self, key: KeyEvent) -> Typed {
        self.error = None;
        match key.code {
            KeyCode::Esc => Typed::Cancelled,
            KeyCode::Enter => Typed::Complete,
            KeyCode::Backspace if self.text().is_empty() => Typed::Cancelled,
            _ => match self.input.handle_event(&Input::Key(key)) {
                Some(change) if change.value => Typed::Changed,
                Some(_) | None => Typed::Nothing,
            },
        }
    }

    /// Inserts pasted text without control characters.
    pub fn paste(&mut self, text: &str) {
        for character in text.chars().filter(|character| !character.is_control()) {
            self.input.handle(InputRequest::InsertChar(character));
        }
    }

    /// Shows an error and moves the cursor to its place.
    pub fn refuse(&mut self, error: Error) {
        let before = error.text.get(..error.place.start).unwrap_or_default();
        let at = before.chars().count();
        self.input.handle(InputRequest::SetCursor(at));
        self.error = Some(error);
    }

    /// Returns the prompt's line, scrolled so that the cursor is visible.
    pub fn line(&self, width: usize, cursor: &str) -> Phrase {
        let sign = match self.kind {
            PromptKind::Search => "/",
            PromptKind::Filter => "filter: ",
            PromptKind::Time => "go to (03:10:05, -10s, +90s): ",
        };
        let room = width.saturating_sub(sign.width() + 2);
        let (before, after) = self.around_cursor();
        let mut before = escaped(before.as_bytes());
        while before.width() > room {
            before.remove(0);
        }
        Phrase::of(Tone::Key, sign)
            .and(Tone::Strong, before)
            .and(Tone::Accent, cursor)
            .and(Tone::Strong, escaped(after.as_bytes()))
    }

    /// Returns the line above the prompt that marks the error and explains it.
    pub fn complaint(&self, mark: &str) -> Option<Phrase> {
        let error = self.error.as_ref()?;
        let before = self.line(usize::MAX, "").text();
        let (start, _) = self.around_cursor();
        let indent = before.width() - self.text().width() + start.width();
        let wrong = error.text.get(error.place.clone()).unwrap_or_default();
        let help = error.help.as_ref();
        let help = help.map_or(String::new(), |help| format!(" ({help})"));
        let marks = mark.repeat(wrong.width().max(1));
        Some(
            Phrase::plain(" ".repeat(indent))
                .and(Tone::Bad, format!("{marks} {}", error.message))
                .and(Tone::Dim, help),
        )
    }

    fn around_cursor(&self) -> (&str, &str) {
        let text = self.text();
        let at = text.char_indices().nth(self.input.cursor());
        text.split_at(at.map_or(text.len(), |(at, _)| at))
    }
}
