//! The section on started processes: counts by command, with their creators and
//! outcomes.

use std::cmp::Reverse;

use super::{
    outcome,
    page::{Align, Page},
    words::{comm_and_pid, command_name},
};
use crate::model::{ParentCounts, Tally};

const ROWS: usize = 5;

/// Writes the section.
pub fn write(tally: &Tally, page: &mut Page) {
    let mut groups: Vec<_> = tally.started.by_kind.iter().collect();
    if groups.is_empty() {
        page.section("Started: none");
        return;
    }
    let kinds = groups.len();
    groups.sort_by_key(|(_, group)| Reverse(group.count));
    groups.truncate(ROWS);
    let cut = if kinds > ROWS {
        format!(": the top {ROWS} of {kinds} kinds")
    } else {
        "".into()
    };
    page.section(&format!("Started, by command{cut}"));
    let rows = groups.into_iter().map(|(&(comm, _), group)| {
        [
            group.count.to_string(),
            command_name(comm),
            parents(&group.parents),
            outcome::outcomes(&group.outcomes),
        ]
    });
    let heads = [
        ("count", Align::Right),
        ("command", Align::Left),
        ("started by", Align::Left),
        ("outcome", Align::Left),
    ];
    page.table(heads, &rows.collect::<Vec<_>>());
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
