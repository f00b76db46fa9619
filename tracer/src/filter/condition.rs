//! Parsed conditions and their evaluation for a process.

use super::{
    field::{Candidate, FilterField},
    truth::Truth,
    value::{Comparison, Value},
};
use crate::model::{Key, Model, TracedCommand};

/// A node of a parsed expression.
#[derive(Clone, Debug)]
pub enum Condition {
    Compare(&'static FilterField, Comparison),
    Flag(&'static FilterField),
    /// True if the field is known.
    Known(&'static FilterField),
    /// True if the condition holds for the process or an ancestor in the fork tree.
    Tree(Box<Condition>),
    /// True for the command that tracer ran, and for its descendants in the fork tree.
    Command,
    /// True if the condition holds for the current parent.
    Parent(Box<Condition>),
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
}

impl Condition {
    /// Evaluates the condition for a process at time `now`, ns since boot.
    pub fn evaluate(&self, model: &Model, key: Key, now: u64) -> Truth {
        let process = &model.process(key);
        let candidate = Candidate {
            model,
            process,
            now,
        };
        self.evaluate_for(key, &candidate)
    }

    fn evaluate_for(&self, key: Key, candidate: &Candidate<'_>) -> Truth {
        let &Candidate { model, now, .. } = candidate;
        let value = |field: &FilterField| (field.of)(candidate);
        match self {
            Condition::Compare(field, comparison) => comparison.matches(&value(field)),
            Condition::Flag(field) => match value(field) {
                Value::Flag(flag) => flag.into(),
                Value::Unknown => Truth::Unknown,
                Value::Number(_)
                | Value::AtLeast(_)
                | Value::Between(..)
                | Value::Text(_)
                | Value::Texts(..)
                | Value::Word(_) => Truth::Yes,
                Value::Absent => Truth::No,
            },
            Condition::Known(field) => value(field).is_known().into(),
            Condition::Command => match model.traced_command() {
                TracedCommand::Process(root) => model.ancestry(key).any(|key| key == root).into(),
                TracedCommand::Missing(_) => Truth::Unknown,
            },
            Condition::Tree(condition) => model
                .ancestry(key)
                .map(|key| condition.evaluate(model, key, now))
                .max()
                .unwrap_or(Truth::No),
            Condition::Parent(condition) => match candidate.process.parent {
                Some(parent) => condition.evaluate(model, parent, now),
                None => Truth::Unknown,
            },
            Condition::Not(condition) => !condition.evaluate_for(key, candidate),
            // The second condition is skipped if the first one decides.
            Condition::And(one, other) => match one.evaluate_for(key, candidate) {
                Truth::No => Truth::No,
                truth => truth.min(other.evaluate_for(key, candidate)),
            },
            Condition::Or(one, other) => match one.evaluate_for(key, candidate) {
                Truth::Yes => Truth::Yes,
                truth => truth.max(other.evaluate_for(key, candidate)),
            },
        }
    }

    /// Returns true if the condition depends on the command that tracer ran.
    pub fn needs_command(&self) -> bool {
        match self {
            Condition::Command => true,
            Condition::Compare(..) | Condition::Flag(_) | Condition::Known(_) => false,
            Condition::Tree(condition)
            | Condition::Parent(condition)
            | Condition::Not(condition) => condition.needs_command(),
            Condition::And(one, other) | Condition::Or(one, other) => {
                one.needs_command() || other.needs_command()
            }
        }
    }

    /// Returns true if the condition depends on the process alone, not on its
    /// relatives.
    pub fn is_local(&self) -> bool {
        match self {
            Condition::Compare(..) | Condition::Flag(_) | Condition::Known(_) => true,
            Condition::Tree(_) | Condition::Command | Condition::Parent(_) => false,
            Condition::Not(condition) => condition.is_local(),
            Condition::And(one, other) | Condition::Or(one, other) => {
                one.is_local() && other.is_local()
            }
        }
    }
}
