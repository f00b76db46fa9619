//! What started what, and what became of it: processes by command and by who
//! made them.

use std::cmp::Reverse;

use super::{
    outcome,
    page::{Align, Page},
    words::{comm_and_pid, command_name},
};
use crate::model::{ParentCounts, Tally};

const ROWS: usize = 5;

pub fn write(tally: &Tally, page: &mut Page) {
    let mut groups: Vec<_> = tally.started.by_kind.iter().collect();
    if groups.is_empty() {
        page.section("Started: nothing");
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
            makers(&group.makers),
            outcome::outcomes(&group.outcomes),
        ]
    });
    let heads = [
        ("count", Align::Right),
        ("command", Align::Left),
        ("started by", Align::Left),
        ("what became of them", Align::Left),
    ];
    page.table(heads, &rows.collect::<Vec<_>>());
}

/// `cron[812]`, with `and 3 more` when others of its name made some too.
fn makers(makers: &ParentCounts) -> String {
    let ParentCounts { by_parent, more } = makers;
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
