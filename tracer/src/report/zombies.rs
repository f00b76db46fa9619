//! The section on zombies: their owners, reap latencies, and current zombies.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
};

use super::{
    scope::Scope,
    table::{Cell, Column, Holds, Output, TableKind},
    words::{command_name, process_name},
};
use crate::{
    event::units::{bytes, plural},
    model::{Key, Latencies, Model, OwnedZombies, OwnerTally, State, ZombieTime},
};

const OWNER_ROWS: usize = 4;
const ZOMBIE_ROWS: usize = 10;

/// Owners of zombies.
pub static OWNERS: TableKind = TableKind {
    name: "owners",
    about: "processes that own or owned zombies; counts are of all their children. In text, \
            owners without zombies are grouped by command. In JSON the keys are those of the \
            format `owners`",
    columns: &[
        Column::right("zombies", "zombies", "zombies not reaped"),
        Column::left(
            "owner",
            "owner",
            "process that must wait for them, or their number",
        ),
        Column::right("oldest_ns", "oldest", "age of the oldest zombie"),
        Column::right("reaped", "reaped", "zombies reaped"),
        Column::right(
            "latency_p50_ns",
            "latency p50",
            "time as a zombie of the reaped ones, median of the known times",
        ),
        Column::right("latency_p99_ns", "p99", "99th percentile"),
        Column::right("latency_max_ns", "max", "maximum"),
        Column::right(
            "left",
            "left",
            "zombies that it left unreaped for a second or longer and no longer owns",
        ),
        Column::right("left_max_ns", "longest", "longest time that it left one"),
    ],
};

/// Zombies.
pub static ZOMBIES: TableKind = TableKind {
    name: "zombies",
    about: "processes that are zombies at the end, the oldest first",
    columns: &[
        Column::right("age_ns", "age", "time as a zombie"),
        Column::json("age_at_least", "true if the age is a lower bound").of(Holds::Flag),
        Column::left("process", "zombie", "process").of(Holds::Process),
        Column::left("owner", "owner", "process that must wait for it").of(Holds::Process),
        Column::left("outcome", "outcome", "outcome").of(Holds::Outcome),
    ],
};

fn age(age: ZombieTime) -> Cell {
    match age.exact() {
        Some(ns) => Cell::Duration(ns),
        None => Cell::AtLeast(age.min),
    }
}

/// Returns the processes that a filter is about as owners: those that it keeps, and the
/// owners of those.
fn filtered_owners(scope: &Scope<'_>) -> HashSet<Option<Key>> {
    let ended = scope
        .processes()
        .filter(|(_, it)| it.state() != State::Alive);
    let now = scope.model.now();
    let owners = ended.flat_map(|(_, process)| {
        let owned = process.tenures(now).map(|tenure| tenure.owner);
        Vec::from_iter(owned.chain([process.owner()]))
    });
    let kept = scope.processes().map(|(key, _)| Some(key));
    kept.chain(owners).collect()
}

/// Returns the owners of zombies by name. Owners without unreaped children are
/// grouped by command, so that a shell loop is not a thousand owners.
fn by_owner(scope: &Scope<'_>) -> Vec<(String, OwnedZombies)> {
    let model = scope.model;
    let filtered = scope.filtered.as_ref().map(|_| filtered_owners(scope));
    let all_processes = filtered.is_some().then(|| model.tally());
    let tally = all_processes.as_ref().unwrap_or(&scope.tally);
    let mut all: Vec<(String, OwnedZombies)> = Vec::new();
    // By command: number of owners, PID of one of them, former zombies.
    let mut clean: BTreeMap<String, (u64, Option<u32>, OwnerTally)> = BTreeMap::new();
    for (key, owner) in model.owners(tally, model.now()) {
        if filtered
            .as_ref()
            .is_some_and(|owners| !owners.contains(&key))
        {
            continue;
        }
        let Some(key) = key.filter(|_| owner.unreaped == 0) else {
            all.push((owner_name(model, key), owner));
            continue;
        };
        let process = model.process(key);
        let same = clean.entry(command_name(process.known_comm())).or_default();
        same.0 += 1;
        same.1 = Some(process.id.tgid);
        same.2 += &owner.former;
    }
    let evicted = tally.reapers.by_name.iter().filter(|_| filtered.is_none());
    for (&comm, (owners, former)) in evicted {
        let same = clean.entry(command_name(comm)).or_default();
        same.0 += owners;
        same.2 += former;
    }
    for (command, (owners, pid, former)) in clean {
        let name = match (owners, pid) {
            (1, Some(pid)) => format!("{command}[{pid}]"),
            _ => format!("{command} × {owners}"),
        };
        let owner = OwnedZombies {
            former,
            ..OwnedZombies::default()
        };
        all.push((name, owner));
    }
    all.sort_by_key(|(_, owner)| {
        let longest = owner.former.left.values().map(|left| left.longest).max();
        let reaped = owner.former.reaped.percentile(100);
        Reverse((owner.unreaped, longest, reaped))
    });
    all
}

/// Returns the number of zombies that an owner left unreaped for a second or longer, and
/// the longest time.
fn left(former: &OwnerTally) -> [Cell; 2] {
    let count: u64 = former.left.values().map(|left| left.times.count).sum();
    let longest = former.left.values().map(|left| left.longest).max();
    [
        Cell::some(longest, |_| Cell::Count(count)),
        Cell::some(longest, age),
    ]
}

fn owner_name(model: &Model, owner: Option<Key>) -> String {
    owner.map_or_else(|| "unknown".to_owned(), |owner| process_name(model, owner))
}

fn percentile(latencies: &Latencies, percent: u64) -> Cell {
    match latencies.count {
        0 => Cell::Nothing,
        _ => Cell::known(latencies.percentile(percent), Cell::Duration),
    }
}

/// Returns the zombies of the report: those that a filter keeps, and those of an owner
/// that it keeps.
fn zombies(scope: &Scope<'_>) -> Vec<Key> {
    let model = scope.model;
    let owner_is_kept = |key| {
        let owner = model.process(key).owner();
        owner.is_some_and(|owner| scope.keeps(owner))
    };
    let zombies = model.zombies();
    zombies
        .filter(|&key| scope.keeps(key) || owner_is_kept(key))
        .collect()
}

/// Writes the owners of zombies.
pub fn owners(scope: &Scope<'_>, page: &mut dyn Output) {
    let owners = by_owner(scope);
    let zombies = zombies(scope).len() as u64;
    let unreaped = plural(zombies, "zombie", "zombies");
    let none = match owners.is_empty() {
        true => "; none were reaped either",
        false => "",
    };
    page.section(&format!(
        "Not reaped: {unreaped}{}{none}",
        memory(scope.model, zombies)
    ));
    let total = owners.len();
    let reaped = owners.iter().map(|(_, owner)| &owner.former.reaped);
    let (inexact, unknown) = reaped.fold((0_u64, 0_u64), |(inexact, unknown), reaped| {
        (
            inexact.saturating_add(reaped.inexact),
            unknown.saturating_add(reaped.unknown),
        )
    });
    let mut rows = owners.into_iter().map(|(name, owner)| {
        let [left, longest] = left(&owner.former);
        vec![
            Cell::Count(owner.unreaped),
            Cell::Text(name),
            Cell::some(owner.oldest, age),
            Cell::Count(owner.former.reaped.count),
            percentile(&owner.former.reaped, 50),
            percentile(&owner.former.reaped, 99),
            percentile(&owner.former.reaped, 100),
            left,
            longest,
        ]
    });
    page.table(scope, &OWNERS, (OWNER_ROWS, total), &mut rows);
    if inexact > 0 {
        let zombies = plural(inexact, "zombie", "zombies");
        page.line(&format!(
            "  Start or reap of {zombies} were not seen: these latencies are lower bounds"
        ));
    }
    if unknown > 0 {
        let zombies = plural(unknown, "zombie", "zombies");
        page.line(&format!(
            "  How long {zombies} waited is not known: the latencies leave them out"
        ));
    }
}

/// Returns the memory held by zombies: one `task_struct` each. Their stacks were freed
/// at the last switch.
fn memory(model: &Model, zombies: u64) -> String {
    let size = model.session().and_then(|session| session.task_struct_size);
    match (size, zombies) {
        (Some(size), 1..) => {
            format!(", holding at least {}", bytes(size.saturating_mul(zombies)))
        }
        _ => String::new(),
    }
}

/// Writes the current zombies, the oldest first.
pub fn unreaped(scope: &Scope<'_>, page: &mut dyn Output) {
    let model = scope.model;
    let zombies = zombies(scope).into_iter();
    let mut zombies: Vec<_> = zombies
        .map(|key| (model.process(key).zombie_time(model.now()), key))
        .collect();
    if zombies.is_empty() {
        return;
    }
    zombies.sort_by_key(|&(age, key)| (Reverse(age), key));
    page.section("Oldest zombies");
    let total = zombies.len();
    let mut rows = zombies.into_iter().map(|(of, key)| {
        let zombie = model.process(key);
        vec![
            Cell::known(of, age),
            Cell::known(of, |age| Cell::Flag(age.exact().is_none())),
            Cell::Process(key),
            Cell::known(zombie.owner(), Cell::Process),
            Cell::Outcome(zombie.outcome()),
        ]
    });
    page.table(scope, &ZOMBIES, (ZOMBIE_ROWS, total), &mut rows);
}
