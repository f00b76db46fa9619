//! What started what, and what became of it: processes by command and by who
//! made them.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    command, name,
    outcome::{Outcome, Outcomes},
    page::{Align, Page},
};
use crate::model::{Key, Model};

const ROWS: usize = 5;

#[derive(Default)]
struct Group {
    count: u64,
    /// How many each process made.
    makers: BTreeMap<Key, u64>,
    outcomes: Outcomes,
}

pub fn write(model: &Model, page: &mut Page) {
    let mut groups: BTreeMap<(String, Option<String>), Group> = BTreeMap::new();
    for (key, process) in model
        .processes()
        .filter(|(_, process)| process.forked_at.is_some())
    {
        let maker = process.original_parent;
        let by = maker.map(|maker| command(model, maker));
        let group = groups.entry((command(model, key), by)).or_default();
        group.count += 1;
        if let Some(maker) = maker {
            *group.makers.entry(maker).or_default() += 1;
        }
        group.outcomes.add(Outcome::of(process));
    }
    if groups.is_empty() {
        page.section("Started: nothing");
        return;
    }
    let kinds = groups.len();
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, group)| Reverse(group.count));
    groups.truncate(ROWS);
    let cut = if kinds > ROWS {
        format!(": the top {ROWS} of {kinds} kinds")
    } else {
        "".into()
    };
    page.section(&format!("Started, by command{cut}"));
    let rows = groups.into_iter().map(|((command, _), group)| {
        let by = makers(model, &group);
        [
            group.count.to_string(),
            command,
            by,
            group.outcomes.to_string(),
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
fn makers(model: &Model, group: &Group) -> String {
    let most = group
        .makers
        .iter()
        .max_by_key(|&(&key, &made)| (made, Reverse(key)));
    match (most, group.makers.len()) {
        (None, _) => "unknown".to_owned(),
        (Some((&most, _)), 1) => name(model, most),
        (Some((&most, _)), count) => format!("{} and {} more", name(model, most), count - 1),
    }
}
