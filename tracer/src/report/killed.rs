//! The section on processes killed by a signal, by kind, with the sender.

use std::cmp::Reverse;

use super::{
    scope::Scope,
    table::{Cell, Column, Holds, Output, TableKind},
};
use crate::{event::units::plural, model::Killed};

const ROWS: usize = 4;

/// Processes killed by a signal.
pub static KILLED: TableKind = TableKind {
    name: "killed",
    about: "deaths by signal, by kind; counts include processes that are no longer listed",
    columns: &[
        Column::right("count", "count", "number of processes"),
        Column::left("comm", "command", "command name"),
        Column::left("signal", "signal", "signal").of(Holds::Signal),
        Column::left("sender", "sent by", "sender of the signal").of(Holds::Sender),
        Column::left("core_dumped", "", "true if they dumped core").of(Holds::Flag),
    ],
};

/// Writes the section.
pub fn write(scope: &Scope<'_>, page: &mut dyn Output) {
    let killed = &scope.tally.killed;
    let mut kinds: Vec<_> = killed.by_kind.iter().collect();
    let listed = kinds.iter().map(|&(_, times)| times.count).sum::<u64>();
    let deaths = listed + killed.rest.count;
    if deaths == 0 {
        page.section("Killed by a signal: none");
        return;
    }
    kinds.sort_by_key(|&(_, times)| Reverse(times.count));
    let deaths = plural(deaths, "process", "processes");
    page.section(&format!("Killed by a signal: {deaths}"));
    let total = kinds.len();
    let mut rows = kinds.into_iter().map(|(killed, times)| {
        let Killed {
            comm,
            signal,
            ref sender,
            core_dumped,
        } = *killed;
        vec![
            Cell::Count(times.count),
            Cell::Command(comm),
            Cell::Signal(signal),
            Cell::Sender(sender.clone()),
            Cell::Flag(core_dumped),
        ]
    });
    page.table(scope, &KILLED, (ROWS, total), &mut rows);
}
