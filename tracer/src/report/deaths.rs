//! The section on failures: the latest processes with an error code, killed by a
//! signal, or with an end that was not observed.

use super::{
    outcome,
    page::{Align, Page},
    words::{evicted_note, process_name, time},
};
use crate::{
    event::{command_line, units::duration},
    model::{Key, Model, Outcome, Process},
};

const ROWS: usize = 40;

/// Returns the outcome of a process, with the constraint of an OOM kill.
fn ended(process: &Process) -> String {
    let outcome = outcome::text(process.outcome());
    match process.oom() {
        Some(victim) => format!("{outcome}, OOM: {victim}"),
        None => outcome,
    }
}

/// Writes the section.
pub fn write(model: &Model, page: &mut Page) {
    let bad = |process: &Process| match process.outcome() {
        Outcome::Ok | Outcome::Alive => false,
        Outcome::Code(_) | Outcome::Killed(_) | Outcome::Unseen => true,
    };
    let mut deaths: Vec<(Option<u64>, Key)> = model
        .processes()
        .filter(|(_, process)| bad(process))
        .map(|(key, process)| (process.exited_at, key))
        .collect();
    if deaths.is_empty() {
        page.section("Failures: none");
        return;
    }
    deaths.sort();
    let earlier = deaths.len().saturating_sub(ROWS);
    let cut = match earlier {
        0 => String::new(),
        earlier => format!(", the latest {ROWS}; {earlier} earlier ones not listed"),
    };
    page.section(&format!("Failures{cut}{}", evicted_note(model)));
    let rows = deaths[earlier..].iter().map(|&(at, key)| {
        let process = model.process(key);
        let lived = process.lifetime(model.now());
        [
            at.map_or_else(|| "unknown".to_owned(), |at| time(model, page, at, 3)),
            process_name(model, key),
            ended(process),
            lived.map_or_else(|| "?".to_owned(), duration),
            process.argv().map(command_line).unwrap_or_default(),
        ]
    });
    let heads = [
        ("ended", Align::Left),
        ("process", Align::Left),
        ("outcome", Align::Left),
        ("lifetime", Align::Right),
        ("command line", Align::Left),
    ];
    page.table(heads, &rows.collect::<Vec<_>>());
}
