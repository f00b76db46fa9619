//! The section on zombies: their owners, reap latencies, and current zombies.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    outcome,
    page::{Align, Page},
    words::{command_name, plural, process_name},
};
use crate::{
    event::units::{bytes, duration},
    model::{Key, Latencies, Model, OwnedZombies, Tally, ZombieAge},
};

const OWNERS: usize = 4;
const ZOMBIES: usize = 10;

fn age(age: ZombieAge) -> String {
    let over = if age.at_least { "over " } else { "" };
    format!("{over}{}", duration(age.ns))
}

/// Returns the owners of zombies by name. Owners without unreaped children are
/// grouped by command, so that a shell loop is not a thousand owners.
fn by_owner(model: &Model, tally: &Tally) -> Vec<(String, OwnedZombies)> {
    let mut all: Vec<(String, OwnedZombies)> = Vec::new();
    // By command: number of owners, PID of one of them, latencies.
    let mut clean: BTreeMap<String, (u64, Option<u32>, Latencies)> = BTreeMap::new();
    for (key, owner) in model.owners(tally, model.now()) {
        let Some(key) = key.filter(|_| owner.unreaped == 0) else {
            all.push((owner_name(model, key), owner));
            continue;
        };
        let process = model.process(key);
        let same = clean.entry(command_name(process.known_comm())).or_default();
        same.0 += 1;
        same.1 = Some(process.id.tgid);
        same.2 += &owner.reaped;
    }
    for (&comm, (owners, reaped)) in &tally.reapers.by_name {
        let same = clean.entry(command_name(comm)).or_default();
        same.0 += owners;
        same.2 += reaped;
    }
    for (command, (owners, pid, reaped)) in clean {
        let name = match (owners, pid) {
            (1, Some(pid)) => format!("{command}[{pid}]"),
            _ => format!("{command} × {owners}"),
        };
        let owner = OwnedZombies {
            reaped,
            ..OwnedZombies::default()
        };
        all.push((name, owner));
    }
    all.sort_by_key(|(_, owner)| Reverse((owner.unreaped, owner.reaped.percentile(100))));
    all
}

fn owner_name(model: &Model, owner: Option<Key>) -> String {
    owner.map_or_else(|| "unknown".to_owned(), |owner| process_name(model, owner))
}

fn percentile(latencies: &Latencies, percent: u64) -> String {
    let ns = latencies.percentile(percent);
    ns.map_or_else(|| "-".to_owned(), duration)
}

/// Writes the owners of zombies.
pub fn owners(model: &Model, tally: &Tally, page: &mut Page) {
    let mut owners = by_owner(model, tally);
    let unreaped = plural(model.zombies().len() as u64, "zombie", "zombies");
    let count = owners.len();
    owners.truncate(OWNERS);
    let cut = match count {
        0 => "; none were reaped either".to_owned(),
        _ if count > OWNERS => format!("; the top {OWNERS} of {count} owners"),
        _ => String::new(),
    };
    page.section(&format!("Not reaped: {unreaped}{}{cut}", memory(model)));
    if owners.is_empty() {
        return;
    }
    let rows = owners.iter().map(|(name, owner)| {
        [
            owner.unreaped.to_string(),
            name.clone(),
            owner.oldest.map_or_else(|| "-".to_owned(), age),
            owner.reaped.count.to_string(),
            percentile(&owner.reaped, 50),
            percentile(&owner.reaped, 99),
            percentile(&owner.reaped, 100),
        ]
    });
    let heads = [
        ("zombies", Align::Right),
        ("owner", Align::Left),
        ("oldest", Align::Right),
        ("reaped", Align::Right),
        ("latency p50", Align::Right),
        ("p99", Align::Right),
        ("max", Align::Right),
    ];
    page.table(heads, &rows.collect::<Vec<_>>());
}

/// Returns the memory held by the current zombies: one `task_struct` each. Their
/// stacks were freed at the last switch.
fn memory(model: &Model) -> String {
    let size = model.session().and_then(|session| session.task_struct_size);
    match (size, model.zombies().len() as u64) {
        (Some(size), zombies @ 1..) => {
            format!(", holding at least {}", bytes(size.saturating_mul(zombies)))
        }
        _ => String::new(),
    }
}

/// Writes the current zombies, the oldest first.
pub fn unreaped(model: &Model, page: &mut Page) {
    let mut zombies: Vec<_> = model
        .zombies()
        .map(|key| (model.zombie_age(key, model.now()), key))
        .collect();
    if zombies.is_empty() {
        return;
    }
    zombies.sort_by_key(|&(age, key)| (Reverse(age), key));
    page.section("Oldest zombies");
    let rows = zombies.iter().take(ZOMBIES).map(|&(of, key)| {
        [
            age(of),
            process_name(model, key),
            owner_name(model, model.process(key).parent),
            outcome::text(model.process(key).outcome()),
        ]
    });
    let heads = [
        ("age", Align::Right),
        ("zombie", Align::Left),
        ("owner", Align::Left),
        ("outcome", Align::Left),
    ];
    page.table(heads, &rows.collect::<Vec<_>>());
    if let Some(more) = zombies.len().checked_sub(ZOMBIES).filter(|&more| more > 0) {
        page.line(&format!("  and {more} more"));
    }
}
