//! The filter language, which selects processes:
//! `comm =~ /nginx/ && exit.signal == KILL`.
//!
//! A filter is evaluated for one process of a model at a time. The result has
//! three values, because a model may not know a fact: an unknown condition is
//! neither true nor false, and a filter keeps only processes for which it is
//! true. The language is defined by the table [`FIELDS`], the tables in
//! `guide.rs` and the grammar in `parse.rs`; the help text and docs/filters.md
//! are generated from the tables. Views, reports and exports use filters. This
//! module must not know its callers or how results are displayed.

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

use crate::model::{Key, Model, Preference, TracedCommand};

pub use error::Error;
pub use field::{FIELDS, FieldKind, FilterField};
pub use guide::guide;
pub use parse::SavedFilters;
pub use truth::Truth;

/// A parsed filter expression.
#[derive(Clone, Debug)]
pub struct Filter {
    text: String,
    condition: condition::Condition,
}

impl Filter {
    /// Parses an expression. `@name` in it is looked up in `saved`.
    pub fn parse(text: &str, saved: &SavedFilters) -> Result<Filter, Error> {
        let condition = parse::parse(text, saved)?;
        let text = text.trim().to_owned();
        Ok(Filter { text, condition })
    }

    /// Returns the expression as it was written, without surrounding spaces.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Checks that the filter can be answered for a model.
    ///
    /// # Errors
    ///
    /// Returns an error if the filter contains `command()` and the model does not have
    /// the process of a command that tracer ran.
    pub fn check(&self, model: &Model) -> Result<(), Error> {
        const TERM: &str = "command()";
        let TracedCommand::Missing(reason) = model.traced_command() else {
            return Ok(());
        };
        if !self.needs_command() {
            return Ok(());
        }
        let place = self
            .text
            .find(TERM)
            .map_or(0..self.text.len(), |at| at..at + TERM.len());
        Err(Error {
            text: self.text.clone(),
            place,
            message: "there is no command that tracer ran".to_owned(),
            help: Some(reason.to_string()),
        })
    }

    /// Returns true if the filter contains `command()`.
    pub fn needs_command(&self) -> bool {
        self.condition.needs_command()
    }

    /// Evaluates the filter for a process at time `now` (ns since boot), up to
    /// which ages are counted.
    pub fn evaluate(&self, model: &Model, key: Key, now: u64) -> Truth {
        self.condition.evaluate(model, key, now)
    }

    /// Returns true if the filter keeps the process: it is true, not unknown.
    pub fn keeps(&self, model: &Model, key: Key, now: u64) -> bool {
        self.evaluate(model, key, now) == Truth::Yes
    }

    /// Returns the preference of a model for the processes that the filter keeps. One for which
    /// it is unknown is not preferred: where records are lost, these are most.
    pub fn preference(&self) -> Preference {
        let filter = self.clone();
        Preference::new(move |model, key| filter.keeps(model, key, model.now()))
    }

    /// Returns true if the filter depends on the process alone, not on its
    /// relatives. Its result for a process that has been freed is then final.
    pub fn is_local(&self) -> bool {
        self.condition.is_local()
    }
}
