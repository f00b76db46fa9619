//! Formatting and parsing of durations, counts and sizes. These are pure functions,
//! placed here because every module that shows a figure may import this one.
//!
//! Figures are truncated, never rounded up: an age of 59.99 s is not yet a minute,
//! and no figure claims more than was measured.

use std::{fmt, time::Duration};

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Formats nanoseconds as `812 ns`, `12.5 µs`, `4.2 ms`, `3.1 s`, `4m 12s`, `2h
/// 03m` or `5d 07h`: at most seven characters up to a hundred days.
pub fn duration(ns: u64) -> String {
    match ns {
        0..MICROSECOND => format!("{ns} ns"),
        MICROSECOND..MILLISECOND => format!("{} µs", scaled(ns, MICROSECOND)),
        MILLISECOND..SECOND => format!("{} ms", scaled(ns, MILLISECOND)),
        SECOND..MINUTE => format!("{} s", scaled(ns, SECOND)),
        MINUTE..HOUR => format!("{}m {:02}s", ns / MINUTE, ns % MINUTE / SECOND),
        HOUR..DAY => format!("{}h {:02}m", ns / HOUR, ns % HOUR / MINUTE),
        DAY.. => format!("{}d {:02}h", ns / DAY, ns % DAY / HOUR),
    }
}

/// Formats a number with its noun: `1 process`, `2 processes`.
pub fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Formats a number as `9999`, `12.3k`, `123k` or `4.5M`: at most five characters
/// below 10^15.
pub fn count(number: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (1_000_000_000_000, "T"),
        (1_000_000_000, "G"),
        (1_000_000, "M"),
        (1_000, "k"),
    ];
    if number < 10_000 {
        return number.to_string();
    }
    let (unit, name) = UNITS
        .into_iter()
        .find(|&(unit, _)| number >= unit)
        .unwrap_or((1, ""));
    format!("{}{name}", scaled(number, unit))
}

/// Formats bytes as `512 B`, `9.5 KiB` or `16.0 MiB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (1 << 40, "TiB"),
        (1 << 30, "GiB"),
        (1 << 20, "MiB"),
        (1 << 10, "KiB"),
    ];
    match UNITS.into_iter().find(|&(unit, _)| bytes >= unit) {
        Some((unit, name)) => format!("{} {name}", scaled(bytes, unit)),
        None => format!("{bytes} B"),
    }
}

/// Formats `number / unit`, with one decimal below a hundred. A figure that grows
/// on screen keeps its width at most steps.
fn scaled(number: u64, unit: u64) -> String {
    let whole = number / unit;
    // Uses u128: ten times the remainder of a terabyte can exceed u64.
    let tenth = (number % unit) as u128 * 10 / unit as u128;
    if whole < 100 {
        format!("{whole}.{tenth}")
    } else {
        whole.to_string()
    }
}

/// Error returned for a duration or a size that cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitError {
    /// The unit is not known.
    UnknownUnit {
        /// Unit that was given.
        unit: String,
        /// Units that are known, as text.
        known: &'static str,
    },
    /// The part before the unit is not a number.
    NotANumber(String),
    /// The value is negative or too large.
    OutOfRange(String),
}

impl UnitError {
    fn unknown(unit: &str, known: &'static str) -> UnitError {
        let unit = unit.to_owned();
        UnitError::UnknownUnit { unit, known }
    }
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnitError::UnknownUnit { unit, known } => {
                write!(f, "unknown unit {unit:?} (use {known})")
            }
            UnitError::NotANumber(digits) => write!(f, "not a number: {digits:?}"),
            UnitError::OutOfRange(text) => write!(f, "{text} is out of range"),
        }
    }
}

impl std::error::Error for UnitError {}

/// Parses `500ms`, `10s`, `5m` or `8h`; a bare number is seconds.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        unit => return Err(UnitError::unknown(unit, "ms, s, m, h or d")),
    };
    let number: f64 = digits
        .parse()
        .map_err(|_| UnitError::NotANumber(digits.to_owned()))?;
    Duration::try_from_secs_f64(number * seconds)
        .map_err(|_| UnitError::OutOfRange(text.to_owned()))
}

/// Parses `512K`, `64M`, `2GiB` or `1.5T`. All units are binary; a bare number is
/// bytes.
pub fn parse_bytes(text: &str) -> Result<u64, UnitError> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        unit => return Err(UnitError::unknown(unit, "K, M, G or T")),
    };
    let number: f64 = digits
        .parse()
        .map_err(|_| UnitError::NotANumber(digits.to_owned()))?;
    let bytes = number * (1_u64 << shift) as f64;
    match bytes.is_finite() && (0.0..u64::MAX as f64).contains(&bytes) {
        true => Ok(bytes as u64),
        false => Err(UnitError::OutOfRange(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_format_at_every_scale() {
        let cases = [
            (0, "0 ns"),
            (812, "812 ns"),
            (1_000, "1.0 µs"),
            (12_540, "12.5 µs"),
            (812_999, "812 µs"),
            (4_200_000, "4.2 ms"),
            (999_999_999, "999 ms"),
            (3_100_000_000, "3.1 s"),
            (59_999_999_999, "59.9 s"),
            (252 * SECOND, "4m 12s"),
            (2 * HOUR + 3 * MINUTE + 59 * SECOND, "2h 03m"),
            (5 * DAY + 7 * HOUR, "5d 07h"),
        ];
        for (ns, text) in cases {
            assert_eq!(duration(ns), text);
        }
        assert_eq!(duration(u64::MAX), "213503d 23h");
    }

    #[test]
    fn counts_have_a_bounded_width() {
        let cases = [
            (0, "0"),
            (9_999, "9999"),
            (10_000, "10.0k"),
            (12_345, "12.3k"),
            (999_999, "999k"),
            (1_234_567, "1.2M"),
            (45_000_000_000, "45.0G"),
            (7_800_000_000_000, "7.8T"),
        ];
        for (number, text) in cases {
            assert_eq!(count(number), text);
        }
        assert_eq!(count(u64::MAX), "18446744T");
    }

    #[test]
    fn durations_out_of_range_are_refused_in_words() {
        for text in ["99999999999999999999s", "1e300d", "-1s"] {
            let error = parse_duration(text).unwrap_err();
            assert_eq!(error.to_string(), format!("{text} is out of range"));
        }
    }

    #[test]
    fn sizes_parse_in_all_spellings() {
        assert_eq!(parse_bytes("2GiB"), Ok(2 << 30));
        assert_eq!(parse_bytes("1.5m"), Ok(3 << 19));
        assert_eq!(parse_bytes("65536"), Ok(1 << 16));
        for nonsense in ["", "GiB", "2 GiB of it", "-1K", "1e300T", "nanG", "2Q"] {
            assert!(parse_bytes(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn sizes_are_binary() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(9_792), "9.5 KiB");
        assert_eq!(bytes(16 << 20), "16.0 MiB");
        assert_eq!(bytes(u64::MAX), "16777215 TiB");
    }
}
