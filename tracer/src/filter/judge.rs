//! An expression that was understood, and what it says of a process.

use regex::bytes::Regex;

use super::{
    field::{Field, Subject, command_line},
    truth::Truth,
    value::{Value, Wanted},
};
use crate::model::{Key, Model};

#[derive(Clone, Debug)]
pub enum Test {
    Compare(&'static Field, Wanted),
    Flag(&'static Field),
    /// Whether a field is known.
    Known(&'static Field),
    /// A pattern in the name or in the command line.
    Said(Regex),
    /// Of the process or of one of its ancestors in the fork tree.
    Tree(Box<Test>),
    /// Of whoever must reap it now.
    Parent(Box<Test>),
    Not(Box<Test>),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
}

impl Test {
    pub fn judge(&self, model: &Model, key: Key, now: u64) -> Truth {
        let value = |field: &Field| {
            (field.of)(&Subject {
                model,
                key,
                process: model.process(key),
                now,
            })
        };
        match self {
            Test::Compare(field, wanted) => wanted.meets(&value(field)),
            Test::Flag(field) => match value(field) {
                Value::Flag(flag) => flag.into(),
                Value::Unknown => Truth::Unknown,
                Value::Number(_) | Value::AtLeast(_) | Value::Text(_) | Value::Word(_) => {
                    Truth::Yes
                }
                Value::Absent => Truth::No,
            },
            Test::Known(field) => (value(field) != Value::Unknown).into(),
            Test::Said(pattern) => said(pattern, model, key),
            Test::Tree(test) => ancestry(model, key)
                .map(|key| test.judge(model, key, now))
                .max()
                .unwrap_or(Truth::No),
            Test::Parent(test) => match model.process(key).parent {
                Some(parent) => test.judge(model, parent, now),
                None => Truth::Unknown,
            },
            Test::Not(test) => !test.judge(model, key, now),
            // The second is not asked where the first decides.
            Test::And(one, other) => match one.judge(model, key, now) {
                Truth::No => Truth::No,
                truth => truth.min(other.judge(model, key, now)),
            },
            Test::Or(one, other) => match one.judge(model, key, now) {
                Truth::Yes => Truth::Yes,
                truth => truth.max(other.judge(model, key, now)),
            },
        }
    }

    pub fn is_local(&self) -> bool {
        match self {
            Test::Compare(..) | Test::Flag(_) | Test::Known(_) | Test::Said(_) => true,
            Test::Tree(_) | Test::Parent(_) => false,
            Test::Not(test) => test.is_local(),
            Test::And(one, other) | Test::Or(one, other) => one.is_local() && other.is_local(),
        }
    }
}

/// The process, who made it, who made that one, and so on.
fn ancestry(model: &Model, key: Key) -> impl Iterator<Item = Key> {
    std::iter::successors(Some(key), |&key| model.tree_parent(key))
}

fn said(pattern: &Regex, model: &Model, key: Key) -> Truth {
    let process = model.process(key);
    let parts = [
        process.known_comm().map(|comm| comm.as_bytes().to_vec()),
        command_line(process),
    ];
    let found = parts.iter().flatten().any(|part| pattern.is_match(part));
    match parts.iter().all(Option::is_some) || process.kthread {
        _ if found => Truth::Yes,
        true => Truth::No,
        false => Truth::Unknown,
    }
}
