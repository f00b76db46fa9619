//! What a field says of a process, and how it compares.

use std::{borrow::Cow, cmp::Ordering};

use regex::bytes::Regex;

use super::truth::Truth;

#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    Number(u64),
    /// So much, and perhaps more: the rest was not witnessed.
    AtLeast(u64),
    Text(Cow<'a, [u8]>),
    Word(&'static str),
    Flag(bool),
    /// It has none: the exit code of one that lives.
    Absent,
    Unknown,
}

impl Value<'_> {
    /// One that may not be known.
    pub fn known(number: Option<u64>) -> Value<'static> {
        number.map_or(Value::Unknown, Value::Number)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Relation {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Relation::Equal => ordering.is_eq(),
            Relation::Unequal => ordering.is_ne(),
            Relation::Less => ordering.is_lt(),
            Relation::AtMost => ordering.is_le(),
            Relation::More => ordering.is_gt(),
            Relation::AtLeast => ordering.is_ge(),
        }
    }
}

/// What a value is compared with.
#[derive(Clone, Debug)]
pub enum Wanted {
    Number(Relation, u64),
    Text(Relation, Vec<u8>),
    Word(Relation, &'static str),
    Pattern { matches: bool, pattern: Regex },
    OneOf(Vec<Wanted>),
}

impl Wanted {
    pub fn meets(&self, value: &Value<'_>) -> Truth {
        if *value == Value::Unknown {
            return Truth::Unknown;
        }
        match (self, value) {
            (Wanted::OneOf(several), value) => several
                .iter()
                .map(|wanted| wanted.meets(value))
                .max()
                .unwrap_or(Truth::No),
            (Wanted::Number(relation, wanted), Value::Number(number)) => {
                relation.holds(number.cmp(wanted)).into()
            }
            (Wanted::Number(relation, wanted), Value::AtLeast(number)) => {
                at_least(*number, *relation, *wanted)
            }
            (Wanted::Text(relation, wanted), Value::Text(text)) => {
                relation.holds(text.as_ref().cmp(wanted)).into()
            }
            (Wanted::Word(relation, wanted), Value::Word(word)) => {
                relation.holds(word.cmp(wanted)).into()
            }
            (Wanted::Pattern { matches, pattern }, Value::Text(text)) => {
                (pattern.is_match(text) == *matches).into()
            }
            // What is not there differs from everything and is nothing else.
            (Wanted::Number(relation, _) | Wanted::Text(relation, _), _)
            | (Wanted::Word(relation, _), _) => (*relation == Relation::Unequal).into(),
            (Wanted::Pattern { matches, .. }, _) => (!matches).into(),
        }
    }
}

/// Of a number only its lower bound is known.
fn at_least(bound: u64, relation: Relation, wanted: u64) -> Truth {
    match relation {
        Relation::More if bound > wanted => Truth::Yes,
        Relation::AtLeast if bound >= wanted => Truth::Yes,
        Relation::Unequal if bound > wanted => Truth::Yes,
        Relation::Equal | Relation::AtMost if bound > wanted => Truth::No,
        Relation::Less if bound >= wanted => Truth::No,
        Relation::Equal
        | Relation::Unequal
        | Relation::Less
        | Relation::AtMost
        | Relation::More
        | Relation::AtLeast => Truth::Unknown,
    }
}
