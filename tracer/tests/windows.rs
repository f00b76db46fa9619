//! A window that `tracer cut` copies answers as the whole recording does with the same
//! `--since` and `--until`.
//!
//! The full sweep runs on recordings made for real: `cargo xtask sweep windows`.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

use std::collections::BTreeSet;

use serde_json::Value;
use tracer::event::{Event, What};

#[path = "support/commands.rs"]
mod commands;
#[path = "support/families.rs"]
mod families;
#[path = "support/storm.rs"]
mod storm;

use commands::{Scratch, done, events, recordings};

/// A window as options of a command, and its end in ns since boot.
#[derive(Debug)]
struct Window {
    options: Vec<String>,
    until: Option<u64>,
}

/// Outputs that are compared, as options of `tracer replay`. All of them are lines.
const OUTPUTS: [&[&str]; 3] = [
    &["--json"],
    &["--report", "--json", "--all"],
    &["--events", "--json"],
];

/// Returns windows with an end, a beginning, and both, spread over a recording.
fn windows(events: &[Event], count: u64) -> Vec<Window> {
    let times = || events.iter().map(|event| event.at);
    let (began, ended) = (times().min().unwrap(), times().max().unwrap());
    let length = ended - began;
    let option = |name: &str, ns: u64| {
        let time = format!("+{}.{:09}s", ns / 1_000_000_000, ns % 1_000_000_000);
        [format!("--{name}"), time]
    };
    let window = |number: u64| {
        let (at, later) = (length * (number + 1) / (count + 2), length / (count + 2));
        let until = began + at + if number % 3 == 2 { later } else { 0 };
        let options = match number % 3 {
            0 => option("until", at).to_vec(),
            1 => option("since", at).to_vec(),
            _ => [option("since", at), option("until", at + later)].concat(),
        };
        Window {
            options,
            until: (number % 3 != 1).then_some(until),
        }
    };
    (0..count).map(window).collect()
}

/// Asserts that a part ends when it was asked to, and that what lasts is counted up to then.
#[track_caller]
fn assert_end(part: &str, lines: &str, until: u64) {
    let last = events(part).pop().unwrap();
    assert_eq!((last.at, &last.what), (until, &What::PartEnd));
    for line in lines.lines() {
        let process: Value = serde_json::from_str(line).unwrap();
        if process["state"] == "zombie"
            && let Some(since) = process["zombie_start_ns"].as_u64()
        {
            assert_eq!(process["zombie_ns"], until - since, "{process}");
        }
    }
}

/// Returns the first line that only one side has, and that of the other, from shortly before
/// the place where they differ.
fn difference(part: &BTreeSet<&str>, whole: &BTreeSet<&str>) -> String {
    let first = |one: &BTreeSet<&str>, other: &BTreeSet<&str>| {
        let line = one.difference(other).next();
        line.map_or_else(String::new, |line: &&str| (*line).to_owned())
    };
    let (part, whole) = (first(part, whole), first(whole, part));
    let same = part.bytes().zip(whole.bytes()).take_while(|(a, b)| a == b);
    let from = same.count().saturating_sub(200);
    let rest = |line: &str| line.chars().skip(from).take(400).collect::<String>();
    let (part, whole) = (rest(&part), rest(&whole));
    format!("the part says  …{part}\nthe whole says …{whole}")
}

/// Asserts that a part answers as the window of the whole. Returns the number of lines.
#[track_caller]
fn assert_window(scratch: &Scratch, whole: &str, window: &Window) -> usize {
    let part = scratch.path("part");
    let options: Vec<_> = window.options.iter().map(String::as_str).collect();
    done(&[&["cut", whole, &part, "--force"], &options[..]].concat());
    let mut lines = 0;
    for output in OUTPUTS {
        let of_part = done(&[&["replay", &part], output].concat());
        let of_whole = done(&[&["replay", whole], output, &options[..]].concat());
        if let Some(until) = window.until
            && output == ["--json"]
        {
            assert_end(&part, &of_part, until);
        }
        let [cut, asked]: [BTreeSet<_>; 2] = [&of_part, &of_whole].map(|it| it.lines().collect());
        let difference = difference(&cut, &asked);
        assert!(cut == asked, "{window:?} {output:?}:\n{difference}");
        lines += asked.len();
    }
    lines
}

/// Compares this number of windows. Returns the number of lines that were equal.
fn assert_windows(name: &str, events: Vec<Event>, count: u64) -> usize {
    let scratch = Scratch::new(name);
    let windows = windows(&events, count);
    let whole = scratch.record("whole", events);
    let lines = windows
        .iter()
        .map(|window| assert_window(&scratch, &whole, window));
    lines.sum()
}

#[test]
fn windows_of_families_answer_as_the_whole() {
    let lines = (0..2).map(|seed| {
        let story = families::Families::story(seed, 250, seed == 1);
        assert_windows(&format!("window-{seed}"), story, 6)
    });
    assert!(lines.sum::<usize>() > 1000);
}

#[test]
fn windows_of_a_storm_answer_as_the_whole() {
    let storm = storm::Storm::default().take(4_000).collect();
    assert!(assert_windows("window-storm", storm, 3) > 1000);
}

#[test]
#[ignore = "a sweep: cargo xtask sweep windows"]
fn windows_of_real_recordings_answer_as_the_whole() {
    for path in recordings() {
        let path = path.to_str().unwrap();
        let lines = assert_windows("window-real", events(path), 50);
        println!("{path}: {lines} lines of 50 windows agree");
    }
}
