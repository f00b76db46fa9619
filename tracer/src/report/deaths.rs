//! The section on deaths: deaths by signal first, then failures, then ends that were not
//! observed, each with PID, time, lifetime and cause. Equal deaths of one command share a
//! row, so that a storm does not hide the others.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    layout::Rows,
    scope::Scope,
    table::{Cell, Column, Holds, Output, TableKind},
};
use crate::{
    event::{Comm, Text},
    model::{Key, Killed, Outcome, Process, Sender},
};

const ROWS: usize = 40;

/// Number of equal deaths that have a row each. More share one.
const UNFOLDED: usize = 3;

/// Deaths.
pub static DEATHS: TableKind = TableKind {
    name: "deaths",
    about: "deaths by signal, then failures, then ends that were not seen, the latest first. \
            Without --top each death has a row; with --top more than three equal deaths of one \
            command share a row. A filter shows successes too",
    columns: &[
        Column::right("count", "count", "number of deaths"),
        Column::time("first", "first", "time of the first of several deaths"),
        Column::time(
            "exit",
            "ended",
            "time of the death, or of the last of several",
        ),
        Column::left("process", "process", "process, or the last of several").of(Holds::Process),
        Column::left("outcome", "outcome", "outcome").of(Holds::Outcome),
        Column::left(
            "oom",
            "",
            "memory limit that was reached, after an OOM kill",
        ),
        Column::left("sender", "sent by", "sender of the signal").of(Holds::Sender),
        Column::right(
            "lifetime_ns",
            "lifetime",
            "time from fork to exit; the longest of several",
        ),
        Column::left(
            "argv",
            "command line",
            "command line, or that of the last of several",
        )
        .of(Holds::Arguments),
    ],
};

/// What equal deaths have in common, in the order of the table.
type DeathKind = (u8, Outcome, Option<Comm>, Option<Sender>, Option<String>);

/// A death: its time, if known, the process and how long it lived.
type Death = (Option<u64>, Key, Option<u64>);

fn kind(process: &Process) -> Option<DeathKind> {
    let outcome = process.outcome();
    let order = match outcome {
        Outcome::Killed(_) => 0,
        Outcome::Code(_) => 1,
        Outcome::Unseen => 2,
        Outcome::Ok => 3,
        Outcome::Alive => return None,
    };
    let sender = Killed::of(process).map(|killed| killed.sender);
    let oom = process.oom().map(|victim| victim.to_string());
    Some((order, outcome, process.known_comm(), sender, oom))
}

/// Writes the section.
pub fn write(scope: &Scope<'_>, page: &mut dyn Output) {
    let mut kinds: BTreeMap<DeathKind, Vec<Death>> = BTreeMap::new();
    let mut counts = [0_u64; 4];
    for (key, process) in scope.processes() {
        let Some(kind) = kind(&process) else { continue };
        counts[usize::from(kind.0)] += 1;
        if kind.1 != Outcome::Ok || scope.filtered.is_some() {
            let lifetime = process.lifetime(scope.model.now());
            let death = (process.exited_at, key, lifetime);
            kinds.entry(kind).or_default().push(death);
        }
    }
    let unfolded = match scope.layout.rows {
        Rows::All => usize::MAX,
        Rows::Usual | Rows::Top(_) => UNFOLDED,
    };
    // A row is a run of deaths, the earliest first.
    let mut rows: Vec<(u8, Vec<Death>)> = Vec::new();
    for ((order, ..), mut deaths) in kinds {
        deaths.sort_unstable();
        if deaths.len() > unfolded {
            rows.push((order, deaths));
        } else {
            rows.extend(deaths.into_iter().map(|death| (order, vec![death])));
        }
    }
    if rows.is_empty() {
        page.section(&format!(
            "Deaths: none by signal or with an error code{}",
            scope.evicted_note()
        ));
        return;
    }
    rows.sort_by_key(|(order, deaths)| (*order, Reverse(deaths.last().copied())));
    let [signals, failures, unseen, successes] = counts;
    let mut title = format!("Deaths: {signals} by signal, {failures} with an error code");
    if unseen > 0 {
        title.push_str(&format!(", {unseen} not seen"));
    }
    if scope.filtered.is_some() {
        title.push_str(&format!(", {successes} ok"));
    }
    page.section(&format!("{title}{}", scope.evicted_note()));
    let total = rows.len();
    let mut rows = rows.iter().map(|(_, deaths)| row(scope, deaths));
    page.table(scope, &DEATHS, (ROWS, total), &mut rows);
}

/// Returns the row of equal deaths, of which there is at least one.
fn row(scope: &Scope<'_>, deaths: &[Death]) -> Vec<Cell> {
    let (at, key, _) = deaths[deaths.len() - 1];
    let process = scope.model.process(key);
    let several = deaths.len() > 1;
    let first = deaths.iter().find_map(|&(at, ..)| at);
    let longest = deaths.iter().filter_map(|&(_, _, lifetime)| lifetime).max();
    vec![
        Cell::Count(deaths.len() as u64),
        match several {
            true => Cell::known(first, Cell::Time),
            false => Cell::Nothing,
        },
        Cell::known(at, Cell::Time),
        match several {
            true => Cell::Several(key),
            false => Cell::Process(key),
        },
        Cell::Outcome(process.outcome()),
        Cell::some(process.oom(), |victim| Cell::Text(format!("OOM: {victim}"))),
        Cell::some(Killed::of(&process), |killed| Cell::Sender(killed.sender)),
        Cell::known(longest, Cell::Duration),
        Cell::some(process.argv(), |argv| Cell::Arguments(Text::new(argv))),
    ]
}
