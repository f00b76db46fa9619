//! The section on the cost of forks: memory copied and time taken by process, and
//! forks that a cheaper call could replace.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    scope::Scope,
    table::{Cell, Column, Holds, Output, TableKind},
    words::process_name,
};
use crate::{
    event::{
        Purpose,
        units::{self, plural},
    },
    model::{Creation, ForkCost, Key, Model, Process, SharingEnd},
};

const ROWS: usize = 10;

/// Threshold for a note on forks: pages.
const MANY_PAGES: u64 = 1000;
/// Threshold for a note on forks: time, ns.
const LONG: u64 = 1_000_000;
/// Maximum time from fork to exec, ns, of a child that did not need the copy.
const SOON: u64 = 100_000_000;
/// Minimum time, ns, that a child shares its parent's memory to count as a
/// snapshot of it.
const SNAPSHOT: u64 = 1_000_000_000;

/// Totals over the forks of one process.
#[derive(Default)]
struct Forks {
    forks: u64,
    timed: u64,
    took: u64,
    longest: u64,
    pages: u64,
    parent_copies: u64,
    child_copies: u64,
    ambiguous: bool,
    /// Forks whose child called exec soon.
    avoidable: Avoidable,
}

/// Totals over forks that posix_spawn or vfork could replace.
#[derive(Clone, Copy, Default)]
struct Avoidable {
    forks: u64,
    /// Time of all of them, ns.
    took: u64,
    /// Pages of the largest.
    pages: u64,
    /// Longest time from fork to exec, ns.
    latest_exec: u64,
}

/// Forks by the process that called fork.
pub static FORKS: TableKind = TableKind {
    name: "forks",
    about: "forks that copied an address space, by the process that called fork",
    columns: &[
        Column::right("forks", "forks", "number of forks"),
        Column::right(
            "took_ns",
            "time",
            "time of all of them in the kernel; unknown if that of one is",
        ),
        Column::right(
            "longest_ns",
            "longest",
            "longest time of one, of those that are known",
        ),
        Column::right(
            "pages",
            "max pages",
            "pages mapped when fork was called, the maximum",
        ),
        Column::right(
            "parent_copies",
            "parent copied",
            "pages that the process copied on write because of them",
        ),
        Column::right(
            "child_copies",
            "children copied",
            "pages that the children copied on write",
        ),
        Column::json(
            "ambiguous",
            "true if several forks shared the memory: copies are charged to the latest",
        )
        .of(Holds::Flag),
        Column::left("process", "process", "process that called fork").of(Holds::Process),
    ],
};

/// The costliest forks.
pub static COSTLIEST: TableKind = TableKind {
    name: "costliest_forks",
    about: "single forks that copied an address space, those that took longest first",
    columns: &[
        Column::right("took_ns", "time", "time in the kernel"),
        Column::time("at", "at", "time of the fork"),
        Column::right("pages", "pages", "pages mapped when fork was called"),
        Column::right(
            "parent_copies",
            "parent copied",
            "pages that the parent copied on write because of it",
        ),
        Column::right(
            "child_copies",
            "child copied",
            "pages that the child copied on write",
        ),
        Column::json(
            "ambiguous",
            "true if several forks shared the memory: copies are charged to the latest",
        )
        .of(Holds::Flag),
        Column::left("parent", "process", "process that called fork").of(Holds::Process),
        Column::left("child", "child", "process that was created").of(Holds::Process),
    ],
};

/// A fork that copied an address space.
struct Fork {
    /// The child.
    key: Key,
    parent: Option<Key>,
    /// Time in the kernel, ns.
    took: Option<u64>,
    /// Pages that either copied.
    copies: u64,
}

/// The forks of a report.
#[derive(Default)]
struct Found {
    forks: Vec<Fork>,
    by_parent: BTreeMap<Option<Key>, Forks>,
    /// True if several forks shared the memory of some.
    ambiguous: bool,
    /// Times that vfork blocked its caller, ns.
    vfork_waits: Vec<u64>,
    /// Notes on parents that copied many pages while a child shared their memory.
    snapshots: Vec<String>,
}

/// Writes the section, if there were forks.
pub fn write(scope: &Scope<'_>, page: &mut dyn Output) {
    let model = scope.model;
    let Found {
        forks,
        by_parent: parents,
        ambiguous,
        vfork_waits,
        snapshots,
    } = find(scope);
    if forks.is_empty() && vfork_waits.is_empty() {
        return;
    }
    page.section(&format!(
        "Forks that copied an address space: {}{}",
        forks.len(),
        scope.evicted_note()
    ));
    if let Some(&longest) = vfork_waits.iter().max() {
        page.line(&format!(
            "  plus {} vfork or posix_spawn calls without a copy; the caller waited {}, {} at most",
            vfork_waits.len(),
            units::duration(vfork_waits.iter().copied().fold(0, u64::saturating_add)),
            units::duration(longest),
        ));
    }
    if forks.is_empty() {
        return;
    }
    let copies_missing = not_served(model, Purpose::Cow);
    if let Some(why) = &copies_missing {
        page.line(&format!("  Copies on write unknown: {why}"));
    }
    if let Some(why) = not_served(model, Purpose::ForkStart) {
        page.line(&format!("  Durations unknown: {why}"));
    }
    by_parent(scope, page, &parents, copies_missing.is_none());
    page.section("Costliest forks");
    costliest(scope, page, forks, copies_missing.is_none());
    if ambiguous {
        page.line("  ~ several forks shared the memory; copies are charged to the latest");
    }
    for sentence in notes(model, &parents)
        .into_iter()
        .chain(snapshots)
        .take(ROWS)
    {
        page.labelled("  note", &sentence);
    }
}

/// Finds the forks among the listed processes.
fn find(scope: &Scope<'_>) -> Found {
    let model = scope.model;
    let mut found = Found::default();
    for (key, child) in model.processes() {
        if !is_kept(scope, key, &child) {
            continue;
        }
        if child.created_by == Creation::Vfork {
            found.vfork_waits.extend(child.vfork_wait(model.now()));
        }
        let cost = child.fork_cost.as_deref();
        let Some(cost) = cost.filter(|_| model.is_of_this_part(&child)) else {
            continue;
        };
        let parent = parent(scope, &child);
        found.by_parent.entry(parent).or_default().add(&child, cost);
        found.ambiguous |= cost.ambiguous;
        if found.snapshots.len() < ROWS {
            found.snapshots.extend(snapshot(model, key, &child, parent));
        }
        found.forks.push(Fork {
            key,
            parent,
            took: cost.took,
            copies: cost.parent.count.saturating_add(cost.child.count),
        });
    }
    found
}

/// Returns the process that created another.
fn parent(scope: &Scope<'_>, child: &Process) -> Option<Key> {
    scope.model.find(child.forked_by?.process)
}

/// Returns true if the report is about a fork: about its child or about its parent.
fn is_kept(scope: &Scope<'_>, key: Key, child: &Process) -> bool {
    scope.keeps(key) || parent(scope, child).is_some_and(|parent| scope.keeps(parent))
}

impl Forks {
    fn add(&mut self, child: &Process, cost: &ForkCost) {
        let pages = cost.space.pages.unwrap_or(0);
        let took = cost.took.unwrap_or(0);
        self.forks += 1;
        self.timed += u64::from(cost.took.is_some());
        self.took = self.took.saturating_add(took);
        self.longest = self.longest.max(took);
        self.pages = self.pages.max(pages);
        self.parent_copies = self.parent_copies.saturating_add(cost.parent.count);
        self.child_copies = self.child_copies.saturating_add(cost.child.count);
        self.ambiguous |= cost.ambiguous;
        if let (Some(SharingEnd::Exec(exec)), Some(forked)) = (cost.ended, child.forked_at) {
            let after = exec.saturating_sub(forked);
            if after < SOON {
                let avoidable = &mut self.avoidable;
                avoidable.forks += 1;
                avoidable.took = avoidable.took.saturating_add(took);
                avoidable.pages = avoidable.pages.max(pages);
                avoidable.latest_exec = avoidable.latest_exec.max(after);
            }
        }
    }
}

fn not_served(model: &Model, purpose: Purpose) -> Option<String> {
    let hook = model.session()?.hook(purpose);
    match hook {
        None => Some("the trace does not say".to_owned()),
        Some(hook) if hook.hook.is_none() => Some(hook.loses.to_string()),
        Some(_) => None,
    }
}

/// Returns a number of copied pages.
fn copies(count: u64, ambiguous: bool, is_known: bool) -> Cell {
    match (is_known, ambiguous) {
        (false, _) => Cell::Unknown,
        (true, false) => Cell::Count(count),
        (true, true) => Cell::Estimate(count),
    }
}

fn by_parent(
    scope: &Scope<'_>,
    page: &mut dyn Output,
    parents: &BTreeMap<Option<Key>, Forks>,
    copies_known: bool,
) {
    let mut parents: Vec<_> = parents.iter().collect();
    parents.sort_by_key(|(key, forks)| {
        let copies = forks.parent_copies.saturating_add(forks.child_copies);
        (Reverse(forks.took), Reverse(copies), **key)
    });
    let total = parents.len();
    let mut rows = parents.into_iter().map(|(&key, forks)| {
        let all_timed = forks.timed == forks.forks;
        vec![
            Cell::Count(forks.forks),
            Cell::known(all_timed.then_some(forks.took), Cell::Duration),
            Cell::known((forks.timed > 0).then_some(forks.longest), Cell::Duration),
            Cell::known((forks.pages > 0).then_some(forks.pages), Cell::Count),
            copies(forks.parent_copies, forks.ambiguous, copies_known),
            copies(forks.child_copies, forks.ambiguous, copies_known),
            Cell::Flag(forks.ambiguous),
            Cell::known(key, Cell::Process),
        ]
    });
    page.table(scope, &FORKS, (ROWS, total), &mut rows);
}

fn costliest(scope: &Scope<'_>, page: &mut dyn Output, mut forks: Vec<Fork>, copies_known: bool) {
    forks.sort_by_key(|fork| (Reverse(fork.took), Reverse(fork.copies), fork.key));
    let total = forks.len();
    let mut rows = forks.into_iter().filter_map(|fork| {
        let child = scope.model.process(fork.key);
        let cost = child.fork_cost.as_deref()?;
        Some(vec![
            Cell::known(cost.took, Cell::Duration),
            Cell::known(child.forked_at, Cell::Time),
            Cell::known(cost.space.pages, Cell::Count),
            copies(cost.parent.count, cost.ambiguous, copies_known),
            copies(cost.child.count, cost.ambiguous, copies_known),
            Cell::Flag(cost.ambiguous),
            Cell::known(fork.parent, Cell::Process),
            Cell::Process(fork.key),
        ])
    });
    page.table(scope, &COSTLIEST, (ROWS, total), &mut rows);
}

/// Returns notes on forks that a cheaper call could replace.
fn notes(model: &Model, parents: &BTreeMap<Option<Key>, Forks>) -> Vec<String> {
    let mut sentences = Vec::new();
    for (&key, forks) in parents {
        let Avoidable {
            forks: count,
            took,
            pages,
            latest_exec,
        } = forks.avoidable;
        if count > 0 && (took >= LONG || pages >= MANY_PAGES) {
            sentences.push(format!(
                "{}: {} of up to {pages} pages took {}, and the children called exec within {}: \
                 posix_spawn or vfork would avoid the copying",
                parent_name(model, key),
                plural(count, "fork", "forks"),
                units::duration(took),
                units::duration(latest_exec),
            ));
        }
    }
    sentences
}

/// Returns a note on a fork whose parent copied many pages while the child shared its
/// memory for long.
fn snapshot(model: &Model, key: Key, child: &Process, parent: Option<Key>) -> Option<String> {
    let cost = child.fork_cost.as_deref()?;
    let forked = child.forked_at?;
    let ended = cost.ended.map_or(model.now(), SharingEnd::at);
    let shared = ended.saturating_sub(forked);
    if shared < SNAPSHOT || cost.parent.count < MANY_PAGES {
        return None;
    }
    let page_size = model.session().map_or(0, |session| session.page_size);
    Some(format!(
        "{}: while its child {} shared its memory for {}, it copied {}, at most {} in one second{}",
        parent_name(model, parent),
        process_name(model, key),
        units::duration(shared),
        units::bytes(cost.parent.count.saturating_mul(page_size)),
        units::bytes(cost.parent.peak.saturating_mul(page_size)),
        if cost.ambiguous {
            " (with other forks)"
        } else {
            ""
        },
    ))
}

fn parent_name(model: &Model, parent: Option<Key>) -> String {
    parent.map_or_else(|| "?".to_owned(), |parent| process_name(model, parent))
}
