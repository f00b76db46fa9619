//! The section on started processes: counts by command, with their creators and
//! outcomes.

use std::cmp::Reverse;

use super::{
    outcome,
    scope::Scope,
    table::{Cell, Column, Holds, Output, TableKind},
    words::comm_and_pid,
};
use crate::model::ParentCounts;

const ROWS: usize = 5;

/// Started processes.
pub static STARTED: TableKind = TableKind {
    name: "started",
    about: "started processes, by command and by the command of the process that started them; \
            counts include processes that are no longer listed",
    columns: &[
        Column::right("count", "count", "number of processes"),
        Column::left("comm", "command", "command name"),
        Column::left("started_by", "started by", "processes that started them"),
        Column::left(
            "outcomes",
            "outcome",
            "their outcomes with the number of each",
        )
        .of(Holds::Outcomes),
    ],
};

/// Writes the section.
pub fn write(scope: &Scope<'_>, page: &mut dyn Output) {
    let mut kinds: Vec<_> = scope.tally.started.by_kind.iter().collect();
    if kinds.is_empty() {
        page.section("Started: none");
        return;
    }
    kinds.sort_by_key(|(_, kind)| Reverse(kind.count));
    page.section("Started, by command");
    let total = kinds.len();
    let mut rows = kinds.into_iter().map(|(&(comm, _), kind)| {
        vec![
            Cell::Count(kind.count),
            Cell::Command(comm),
            Cell::Text(parents(&kind.parents)),
            Cell::Outcomes(outcome::most_frequent(&kind.outcomes)),
        ]
    });
    page.table(scope, &STARTED, (ROWS, total), &mut rows);
}
/// Returns `cron[812]`, followed by `and 3 more` if other processes created some.
fn parents(parents: &ParentCounts) -> String {
    let ParentCounts { by_parent, more } = parents;
    let most = by_parent
        .iter()
        .max_by_key(|&(&id, &(_, made))| (made, Reverse(id.start), Reverse(id)));
    let Some((id, &(comm, _))) = most else {
        return "unknown".to_owned();
    };
    let most = comm_and_pid(comm, id.tgid);
    let at_least = if *more { "at least " } else { "" };
    match by_parent.len() + usize::from(*more) {
        1 => most,
        count => format!("{most} and {at_least}{} more", count - 1),
    }
}
