//! What is wrong with an expression, where, and what would be right.

use std::{fmt, ops::Range};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// A [`Problem`] in its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    pub text: String,
    /// In bytes of the text; empty at its end where something is missing.
    pub place: Range<usize>,
    pub message: String,
    pub help: Option<String>,
}

/// What is wrong, before anyone knows in which text.
#[derive(Debug)]
pub struct Problem {
    place: Range<usize>,
    message: String,
    help: Option<String>,
}

impl Problem {
    pub fn new(place: Range<usize>, message: impl Into<String>) -> Problem {
        let message = message.into();
        Problem {
            place,
            message,
            help: None,
        }
    }

    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    pub fn moved(mut self, by: usize) -> Problem {
        self.place = self.place.start + by..self.place.end + by;
        self
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn within(self, text: &str) -> Error {
        Error {
            text: text.to_owned(),
            place: self.place,
            message: self.message,
            help: self.help,
        }
    }
}

impl Error {
    /// The same, where the text stands prefixed another one.
    pub fn prefixed(self, before: &str) -> Error {
        let place = self.place.start + before.len()..self.place.end + before.len();
        let text = format!("{before}{}", self.text);
        Error {
            text,
            place,
            ..self
        }
    }
}

/// With the text and a mark below the place.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = AnnotationKind::Primary.span(self.place.clone());
        let snippet = Snippet::source(&self.text).annotation(mark);
        let mut group = Level::ERROR.primary_title(&self.message).element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        write!(f, "{}", Renderer::plain().render(&[group]))
    }
}

impl std::error::Error for Error {}
