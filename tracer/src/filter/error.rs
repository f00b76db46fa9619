//! Errors of the parser: the problem, its place in the text, and a suggestion.

use std::{fmt, ops::Range};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// Error returned when an expression cannot be parsed. Displays the text with
/// the place underlined.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// The expression.
    pub text: String,
    /// The place of the problem, as a byte range of `text`. Empty at the end of the
    /// text if something is missing there.
    pub place: Range<usize>,
    /// The problem.
    pub message: String,
    /// A suggestion, if there is one.
    pub help: Option<String>,
}

/// A problem found in a part of the text, before the whole text is attached.
#[derive(Debug)]
pub struct Problem {
    place: Range<usize>,
    message: String,
    help: Option<String>,
}

impl Problem {
    /// Creates a problem without a suggestion.
    pub fn new(place: Range<usize>, message: impl Into<String>) -> Problem {
        let message = message.into();
        Problem {
            place,
            message,
            help: None,
        }
    }

    /// Adds a suggestion.
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// Moves the place by a number of bytes.
    pub fn moved(mut self, by: usize) -> Problem {
        self.place = self.place.start + by..self.place.end + by;
        self
    }

    /// Returns the message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Attaches the whole text.
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
    /// Returns the error for the text `before` followed by this error's text.
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
