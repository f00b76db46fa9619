//! The section on processes killed by a signal, with the sender.

use std::cmp::Reverse;

use super::{
    outcome::signal_text,
    page::{Align, Page},
    words::{command_name, plural},
};
use crate::{
    event::Purpose,
    model::{Killed, Model, Sender, Tally},
};

const ROWS: usize = 4;

/// Writes the section.
pub fn write(model: &Model, tally: &Tally, page: &mut Page) {
    let mut groups: Vec<_> = tally.killed.by_kind.iter().collect();
    let deaths = groups.iter().map(|&(_, count)| count).sum::<u64>() + tally.killed.rest;
    if deaths == 0 {
        page.section("Killed by a signal: none");
        return;
    }
    let kinds = groups.len();
    groups.sort_by_key(|&(_, count)| Reverse(count));
    groups.truncate(ROWS);
    let cut = if kinds > ROWS {
        format!(", the top {ROWS} of {kinds} kinds")
    } else {
        "".into()
    };
    let deaths = plural(deaths, "process", "processes");
    page.section(&format!("Killed by a signal: {deaths}{cut}"));
    let rows = groups.into_iter().map(|(killed, count)| {
        let Killed {
            comm,
            signal,
            ref sender,
            core_dumped,
        } = *killed;
        [
            count.to_string(),
            command_name(comm),
            signal_text(signal),
            sender_text(model, sender),
            if core_dumped { "core dumped" } else { "" }.to_owned(),
        ]
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

/// Returns the sender of a fatal signal, or the reason why it is unknown.
pub fn sender_text(model: &Model, sender: &Sender) -> String {
    match sender {
        Sender::OomKiller => "the kernel: out of memory".to_owned(),
        Sender::Kernel => "the kernel".to_owned(),
        Sender::Itself => "itself".to_owned(),
        Sender::Process(comm, pid) => format!("{comm}[{pid}]"),
        Sender::Unknown => format!("unknown: {}", why_unknown(model)),
    }
}

fn why_unknown(model: &Model) -> &'static str {
    let missing = model
        .session()
        .and_then(|session| session.missing(Purpose::Signal));
    if missing.is_some() {
        "no hook available"
    } else if model.gaps().is_empty() {
        "not observed"
    } else {
        "records were lost"
    }
}
