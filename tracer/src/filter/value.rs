//! Values of fields and their comparison with the operand of an expression.

use std::{borrow::Cow, cmp::Ordering};

use regex::bytes::Regex;

use super::truth::Truth;

/// The value of a field for one process.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    Number(u64),
    /// A lower bound: some of it was not observed.
    AtLeast(u64),
    /// Bounds of a number that is not known exactly, the lower one first.
    Between(u64, u64),
    Text(Cow<'a, [u8]>),
    /// Texts that the process had one after the other. If false, there may have
    /// been others.
    Texts(Vec<Cow<'a, [u8]>>, bool),
    Word(&'static str),
    Flag(bool),
    /// The process is known to have no value, such as an exit code before it exits.
    Absent,
    Unknown,
}

impl Value<'_> {
    /// Returns true if the value is known, or a lower bound or a part of it.
    pub fn is_known(&self) -> bool {
        match self {
            Value::Unknown => false,
            Value::Texts(texts, complete) => *complete || !texts.is_empty(),
            Value::Number(_) | Value::AtLeast(_) | Value::Between(..) => true,
            Value::Text(_) | Value::Word(_) | Value::Flag(_) | Value::Absent => true,
        }
    }

    /// Returns the number, or [`Value::Unknown`] for `None`.
    pub fn known(number: Option<u64>) -> Value<'static> {
        number.map_or(Value::Unknown, Value::Number)
    }
}

/// A comparison operator.
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

/// An operator with its right-hand side.
#[derive(Clone, Debug)]
pub enum Comparison {
    Number(Operator, u64),
    Text(Operator, Vec<u8>),
    Word(Operator, &'static str),
    Pattern { matches: bool, pattern: Regex },
    OneOf(Vec<Comparison>),
}

impl Comparison {
    /// Compares a value; an unknown value gives [`Truth::Unknown`].
    pub fn matches(&self, value: &Value<'_>) -> Truth {
        if *value == Value::Unknown {
            return Truth::Unknown;
        }
        match (self, value) {
            (comparison, Value::Texts(texts, complete)) => comparison.matches_any(texts, *complete),
            (Comparison::OneOf(several), value) => several
                .iter()
                .map(|comparison| comparison.matches(value))
                .max()
                .unwrap_or(Truth::No),
            (Comparison::Number(operator, operand), Value::Number(number)) => {
                operator.holds(number.cmp(operand)).into()
            }
            (Comparison::Number(operator, operand), Value::AtLeast(number)) => {
                at_least(*number, *operator, *operand)
            }
            (Comparison::Number(operator, operand), Value::Between(min, max)) => {
                between((*min, *max), *operator, *operand)
            }
            (Comparison::Text(operator, operand), Value::Text(text)) => {
                operator.holds(text.as_ref().cmp(operand)).into()
            }
            (Comparison::Word(operator, operand), Value::Word(word)) => {
                operator.holds(word.cmp(operand)).into()
            }
            (Comparison::Pattern { matches, pattern }, Value::Text(text)) => {
                (pattern.is_match(text) == *matches).into()
            }
            // An absent value is unequal to every operand and matches no pattern.
            (Comparison::Number(operator, _) | Comparison::Text(operator, _), _)
            | (Comparison::Word(operator, _), _) => (*operator == Operator::Unequal).into(),
            (Comparison::Pattern { matches, .. }, _) => (!matches).into(),
        }
    }

    /// Compares several texts: `==` and `=~` hold if they hold for any of them, `!=`
    /// and `!~` if they hold for all.
    fn matches_any(&self, texts: &[Cow<'_, [u8]>], complete: bool) -> Truth {
        let negated = matches!(
            self,
            Comparison::Text(Operator::Unequal, _) | Comparison::Pattern { matches: false, .. }
        );
        let mut each = texts
            .iter()
            .map(|text| self.matches(&Value::Text(Cow::Borrowed(text))) == Truth::Yes);
        let decided = each.any(|holds| holds != negated);
        match (decided || complete, decided != negated) {
            (true, holds) => holds.into(),
            (false, _) => Truth::Unknown,
        }
    }
}

/// Compares a number between two bounds. Between them, every operator changes its
/// result only at the operand.
fn between((min, max): (u64, u64), operator: Operator, operand: u64) -> Truth {
    let holds = |number: u64| operator.holds(number.cmp(&operand));
    let inside = operand.clamp(min, max);
    match [min, inside, max].map(holds) {
        [true, true, true] => Truth::Yes,
        [false, false, false] => Truth::No,
        _ => Truth::Unknown,
    }
}

/// Compares a number of which only the lower bound is known.
fn at_least(bound: u64, operator: Operator, operand: u64) -> Truth {
    match operator {
        Operator::More if bound > operand => Truth::Yes,
        Operator::AtLeast if bound >= operand => Truth::Yes,
        Operator::Unequal if bound > operand => Truth::Yes,
        Operator::Equal | Operator::AtMost if bound > operand => Truth::No,
        Operator::Less if bound >= operand => Truth::No,
        Operator::Equal
        | Operator::Unequal
        | Operator::Less
        | Operator::AtMost
        | Operator::More
        | Operator::AtLeast => Truth::Unknown,
    }
}
