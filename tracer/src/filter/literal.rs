//! Literals: the right-hand side of a comparison, parsed as the field requires.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use super::{
    error::Problem,
    field::{FieldKind, FilterField},
    value::{Comparison, Operator},
};
use crate::event::{bytes_of, signal_name};

/// Maximum size of a compiled pattern, bytes.
const MAX_PATTERN: usize = 1 << 20;

/// Parses the right-hand side of a comparison with a field.
pub fn operand(
    field: &FilterField,
    operator: Operator,
    text: &str,
    place: Range<usize>,
) -> Result<Comparison, Problem> {
    let number = match field.kind {
        FieldKind::Count => scaled(text, COUNTS, true),
        FieldKind::Time => scaled(text, TIMES, false),
        FieldKind::Bytes => scaled(text, SIZES, false),
        FieldKind::Signal => return signal(operator, text, place),
        FieldKind::Text => return Ok(Comparison::Text(operator, bytes_of(text))),
        FieldKind::Word(words) => return word(words, operator, text, place),
        FieldKind::Flag => Err("the field takes no value".to_owned()),
    };
    match number {
        Ok(number) => Ok(Comparison::Number(operator, number)),
        Err(help) => {
            let problem = Problem::new(
                place,
                format!("`{text}` is not a valid value for {}", field.name),
            );
            Err(problem.help(help))
        }
    }
}

type Units = &'static [(&'static str, f64)];

const COUNTS: Units = &[("k", 1e3), ("M", 1e6), ("G", 1e9)];
const TIMES: Units = &[
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
    ("d", 86400e9),
];
const SIZES: Units = &[
    ("B", 1.0),
    ("KiB", 1024.0),
    ("MiB", 1048576.0),
    ("GiB", 1073741824.0),
];

fn scaled(text: &str, units: Units, bare: bool) -> Result<u64, String> {
    let names = || {
        units
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_');
    let (digits, unit) = text.split_at(split.unwrap_or(text.len()));
    let digits = digits.replace('_', "");
    let scale = match units.iter().find(|(name, _)| *name == unit) {
        Some((_, scale)) => *scale,
        None if unit.is_empty() && (bare || digits == "0") => 1.0,
        None if unit.is_empty() => return Err(format!("add a unit: {}", names())),
        None => return Err(format!("the units are {}", names())),
    };
    if let (Ok(whole), true) = (digits.parse::<u64>(), scale == 1.0) {
        return Ok(whole);
    }
    match digits.parse::<f64>() {
        // The conversion saturates at u64::MAX.
        Ok(number) => Ok((number * scale) as u64),
        Err(_) => Err("write digits, then a unit".to_owned()),
    }
}

fn signal(operator: Operator, text: &str, place: Range<usize>) -> Result<Comparison, Problem> {
    let bare = |name: &str| name.strip_prefix("SIG").unwrap_or(name).to_owned();
    let name = bare(&text.to_ascii_uppercase());
    let known = |sig: &i32| signal_name(*sig).is_some_and(|known| bare(&known) == name);
    let number = match text.parse::<u64>() {
        Ok(number) => Some(number),
        Err(_) => (1..=64).find(known).map(|sig| sig.unsigned_abs().into()),
    };
    match number {
        Some(number) => Ok(Comparison::Number(operator, number)),
        None => Err(Problem::new(place, format!("unknown signal `{text}`"))
            .help("for example: KILL, SIGSEGV, 15")),
    }
}

fn word(
    words: &[&'static str],
    operator: Operator,
    text: &str,
    place: Range<usize>,
) -> Result<Comparison, Problem> {
    match words.iter().find(|word| **word == text) {
        Some(word) => Ok(Comparison::Word(operator, word)),
        None => Err(Problem::new(place, format!("unknown value `{text}`"))
            .help(format!("one of: {}", words.join(", ")))),
    }
}

/// Returns a pattern that matches exactly a text in quotes.
pub fn verbatim(text: &str) -> String {
    let bytes = bytes_of(text);
    let chunks = bytes.utf8_chunks().map(|chunk| {
        let invalid = chunk.invalid().iter();
        let invalid: String = invalid.map(|byte| format!(r"(?-u:\x{byte:02x})")).collect();
        regex::escape(chunk.valid()) + &invalid
    });
    chunks.collect()
}

/// Compiles a pattern.
pub fn regex(text: &str, any_case: bool, place: Range<usize>) -> Result<Regex, Problem> {
    RegexBuilder::new(text)
        .case_insensitive(any_case)
        .size_limit(MAX_PATTERN)
        .build()
        .map_err(|error| {
            let error = error.to_string();
            // The crate's message shows the pattern; its last line is the reason.
            let why = error.lines().last().unwrap_or_default();
            let why = why.strip_prefix("error: ").unwrap_or(why).to_owned();
            Problem::new(place, format!("invalid pattern: {why}"))
        })
}
