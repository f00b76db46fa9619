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
    /// The makers by process, as far as they differ.
    first_maker: Option<Key>,
    several_makers: bool,
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
        group.several_makers |= group.first_maker.is_some() && group.first_maker != maker;
        group.first_maker = group.first_maker.or(maker);
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
    let rows = groups.into_iter().map(|((command, by), group)| {
        let by = match (group.first_maker, by) {
            (Some(maker), _) if !group.several_makers => name(model, maker),
            (_, Some(by)) => format!("{by} (several)"),
            (_, None) => "unknown".to_owned(),
        };
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
