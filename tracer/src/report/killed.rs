//! Deaths by signal, with who sent it.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    command,
    outcome::signal_text,
    page::{Align, Page},
    plural,
};
use crate::{
    event::Purpose,
    model::{Model, Process},
};

const ROWS: usize = 4;

pub fn write(model: &Model, page: &mut Page) {
    let mut groups: BTreeMap<[String; 4], u64> = BTreeMap::new();
    let mut deaths = 0;
    for (key, process) in model.processes() {
        let Some(status) = process.status else {
            continue;
        };
        let Some(signal) = status.signal() else {
            continue;
        };
        let core = if status.core_dumped() {
            "core dumped"
        } else {
            ""
        };
        let row = [
            command(model, key),
            signal_text(signal),
            sender(model, process),
            core.into(),
        ];
        *groups.entry(row).or_default() += 1;
        deaths += 1;
    }
    if deaths == 0 {
        page.section("Killed by a signal: nobody");
        return;
    }
    let kinds = groups.len();
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, count)| Reverse(*count));
    groups.truncate(ROWS);
    let cut = if kinds > ROWS {
        format!(", the top {ROWS} of {kinds} kinds")
    } else {
        "".into()
    };
    let deaths = plural(deaths, "process", "processes");
    page.section(&format!("Killed by a signal: {deaths}{cut}"));
    let rows = groups
        .into_iter()
        .map(|([command, signal, sender, core], count)| {
            [count.to_string(), command, signal, sender, core]
        });
    let heads = [
        ("count", Align::Right),
        ("command", Align::Left),
        ("signal", Align::Left),
        ("sent by", Align::Left),
        ("", Align::Left),
    ];
    page.table(heads, &rows.collect::<Vec<_>>());
}

/// Who sent the fatal signal, or why that is unknown.
fn sender(model: &Model, process: &Process) -> String {
    if process.oom_victim {
        return "the kernel: out of memory".to_owned();
    }
    match process.fatal_signal() {
        Some((_, signal)) if signal.from_kernel() => "the kernel".to_owned(),
        Some((_, signal)) if signal.by.process == process.id => "itself".to_owned(),
        Some((_, signal)) => format!("{}[{}]", signal.by_comm, signal.by.process.tgid),
        None => format!("unknown: {}", why_unknown(model)),
    }
}

fn why_unknown(model: &Model) -> &'static str {
    let missing = model
        .session()
        .and_then(|session| session.missing(Purpose::Signal));
    if missing.is_some() {
        "no hook for it"
    } else if model.gaps().is_empty() {
        "not witnessed"
    } else {
        "records were lost"
    }
}
