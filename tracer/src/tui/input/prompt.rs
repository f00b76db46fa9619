//! The line that the reader types into: what to search for, or what to show.

use crossterm::event::{Event as Input, KeyCode, KeyEvent};
use tui_input::{InputRequest, backend::crossterm::EventHandler as _};
use unicode_width::UnicodeWidthStr;

use crate::{
    event::escaped,
    filter::Error,
    tui::style::phrase::{Phrase, Tone},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Jumps to what is found, as it is typed.
    Search,
    /// Leaves out what is not asked for, when it is complete.
    Filter,
    /// Goes to a time, when it is complete.
    Time,
}

pub struct Prompt {
    pub asks: Asks,
    input: tui_input::Input,
    /// What is wrong with it; none since the last key.
    error: Option<Error>,
}

/// What a key did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    Nothing,
    Changed,
    Complete,
    GivenUp,
}

impl Prompt {
    pub fn new(asks: Asks, text: &str) -> Prompt {
        let (input, error) = (tui_input::Input::from(text), None);
        Prompt { asks, input, error }
    }

    pub fn text(&self) -> &str {
        self.input.value()
    }

    pub fn handle(&mut self, key: KeyEvent) -> Typed {
        self.error = None;
        match key.code {
            KeyCode::Esc => Typed::GivenUp,
            KeyCode::Enter => Typed::Complete,
            KeyCode::Backspace if self.text().is_empty() => Typed::GivenUp,
            _ => match self.input.handle_event(&Input::Key(key)) {
                Some(change) if change.value => Typed::Changed,
                Some(_) | None => Typed::Nothing,
            },
        }
    }

    pub fn paste(&mut self, text: &str) {
        for character in text.chars().filter(|character| !character.is_control()) {
            self.input.handle(InputRequest::InsertChar(character));
        }
    }

    /// What is wrong with the text: the cursor goes there.
    pub fn refuse(&mut self, error: Error) {
        let before = error.text.get(..error.place.start).unwrap_or_default();
        let at = before.chars().count();
        self.input.handle(InputRequest::SetCursor(at));
        self.error = Some(error);
    }

    /// The line itself, moved so that the cursor is in sight.
    pub fn line(&self, width: usize, cursor: &str) -> Phrase {
        let sign = match self.asks {
            Asks::Search => "/",
            Asks::Filter => "filter: ",
            Asks::Time => "go to (03:10:05, -10s, +90s): ",
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

    /// Marks the place that is wrong, for the line above, and says why.
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
