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
pub enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Operator {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Operator::Equal => ordering.is_eq(),
            Operator::Unequal => ordering.is_ne(),
            Operator::Less => ordering.is_lt(),
            Operator::AtMost => ordering.is_le(),
            Operator::More => ordering.is_gt(),
            Operator::AtLeast => ordering.is_ge(),
        }
    }
}

/// What a value is compared with.
#[derive(Clone, Debug)]
pub enum Comparison {
    Number(Operator, u64),
    Text(Operator, Vec<u8>),
    Word(Operator, &'static str),
    Pattern { matches: bool, pattern: Regex },
    OneOf(Vec<Comparison>),
}

impl Comparison {
    pub fn meets(&self, value: &Value<'_>) -> Truth {
        if *value == Value::Unknown {
            return Truth::Unknown;
        }
        match (self, value) {
            (Comparison::OneOf(several), value) => several
                .iter()
                .map(|wanted| wanted.meets(value))
                .max()
                .unwrap_or(Truth::No),
            (Comparison::Number(operator, wanted), Value::Number(number)) => {
                operator.holds(number.cmp(wanted)).into()
            }
            (Comparison::Number(operator, wanted), Value::AtLeast(number)) => {
                at_least(*number, *operator, *wanted)
            }
            (Comparison::Text(operator, wanted), Value::Text(text)) => {
                operator.holds(text.as_ref().cmp(wanted)).into()
            }
            (Comparison::Word(operator, wanted), Value::Word(word)) => {
                operator.holds(word.cmp(wanted)).into()
            }
            (Comparison::Pattern { matches, pattern }, Value::Text(text)) => {
                (pattern.is_match(text) == *matches).into()
            }
            // What is not there differs from everything and is nothing else.
            (Comparison::Number(operator, _) | Comparison::Text(operator, _), _)
            | (Comparison::Word(operator, _), _) => (*operator == Operator::Unequal).into(),
            (Comparison::Pattern { matches, .. }, _) => (!matches).into(),
        }
    }
}

/// Of a number only its lower bound is known.
fn at_least(bound: u64, operator: Operator, wanted: u64) -> Truth {
    match operator {
        Operator::More if bound > wanted => Truth::Yes,
        Operator::AtLeast if bound >= wanted => Truth::Yes,
        Operator::Unequal if bound > wanted => Truth::Yes,
        Operator::Equal | Operator::AtMost if bound > wanted => Truth::No,
        Operator::Less if bound >= wanted => Truth::No,
        Operator::Equal
        | Operator::Unequal
        | Operator::Less
        | Operator::AtMost
        | Operator::More
        | Operator::AtLeast => Truth::Unknown,
    }
}
