//! Which processes one wants to see: `comm =~ /nginx/ && exit.signal == KILL`.
//!
//! A filter is asked about one process of a model at a time. It answers in
//! three values, since a model may not know: what is unknown is neither true
//! nor false, and only what is true is kept. The language is in the tables of
//! [`FIELDS`] and of `syntax.rs`; help and docs/filters.md are made from them.
//! This module must not know who asks, nor how anything is shown.

mod condition;
mod error;
mod field;
mod guide;
mod literal;
mod parse;
#[cfg(test)]
mod tests;
mod token;
mod truth;
mod value;

use crate::model::{Key, Model};

pub use error::Error;
pub use field::{FIELDS, FieldKind, FilterField};
pub use guide::guide;
pub use parse::SavedFilters;
pub use truth::Truth;

/// An expression that was understood.
#[derive(Clone, Debug)]
pub struct Filter {
    text: String,
    test: condition::Condition,
}

impl Filter {
    /// Understands an expression; `saved` are those that `@name` stands for.
    pub fn parse(text: &str, saved: &SavedFilters) -> Result<Filter, Error> {
        let test = parse::parse(text, saved)?;
        let text = text.trim().to_owned();
        Ok(Filter { text, test })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it says of a process at a time (ns since boot; ages grow with it).
    pub fn evaluate(&self, model: &Model, key: Key, now: u64) -> Truth {
        self.test.evaluate(model, key, now)
    }

    /// Whether a process is kept: what is unknown is not.
    pub fn keeps(&self, model: &Model, key: Key, now: u64) -> bool {
        self.evaluate(model, key, now) == Truth::Yes
    }

    /// It asks about the process alone, not about its ancestors: once a
    /// process is gone for good, the answer stays.
    pub fn is_local(&self) -> bool {
        self.test.is_local()
    }
}
