//! The list of processes, one line each. A filtered summary has it after the head.

use super::{
    scope::Scope,
    table::{Cell, Column, Holds, Output, TableKind},
};
use crate::{
    event::Text,
    model::{Key, Killed},
};

/// Usual number of rows: a filter is a question about each process.
const ROWS: usize = 1000;

/// Processes.
pub static PROCESSES: TableKind = TableKind {
    name: "processes",
    about: "processes in the order of appearance; `replay --json` has all facts about each",
    columns: &[
        Column::time("start", "started", "time of the fork"),
        Column::left("process", "process", "process").of(Holds::Process),
        Column::right(
            "lifetime_ns",
            "lifetime",
            "time from fork to exit, or until now",
        ),
        Column::left("outcome", "outcome", "outcome").of(Holds::Outcome),
        Column::left("sender", "killed by", "sender of the signal that killed it")
            .of(Holds::Sender),
        Column::left("parent", "parent", "current parent").of(Holds::Process),
        Column::left("argv", "command line", "command line").of(Holds::Arguments),
    ],
};

/// Writes the section.
pub fn write(scope: &Scope<'_>, page: &mut dyn Output) {
    let keys: Vec<Key> = scope.processes().map(|(key, _)| key).collect();
    if keys.is_empty() {
        page.section("Processes: none");
        return;
    }
    page.section(&format!("Processes{}", scope.evicted_note()));
    let total = keys.len();
    let mut rows = keys.into_iter().map(|key| {
        let process = scope.model.process(key);
        let lifetime = process.lifetime(scope.model.now());
        vec![
            Cell::Time(process.id.start),
            Cell::Process(key),
            Cell::known(lifetime, Cell::Duration),
            Cell::Outcome(process.outcome()),
            Cell::some(Killed::of(&process), |killed| Cell::Sender(killed.sender)),
            Cell::known(process.parent, Cell::Process),
            Cell::some(process.argv(), |argv| Cell::Arguments(Text::new(argv))),
        ]
    });
    page.table(scope, &PROCESSES, (ROWS, total), &mut rows);
}
