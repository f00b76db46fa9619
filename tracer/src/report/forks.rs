//! The section on the cost of forks: memory copied and time taken by process, and
//! forks that a cheaper call could replace.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    page::{Align, Page},
    words::{evicted_note, plural, process_name},
};
use crate::{
    event::{Purpose, units},
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

/// Writes the section, if there were forks.
pub fn write(model: &Model, page: &mut Page) {
    let mut parents: BTreeMap<Key, Forks> = BTreeMap::new();
    for (_, child, cost, parent) in forks(model) {
        parents.entry(parent).or_default().add(child, cost);
    }
    let vfork_waits: Vec<u64> = model
        .processes()
        .filter(|(_, child)| child.created_by == Creation::Vfork)
        .filter_map(|(_, child)| child.vfork_wait(model.now()))
        .collect();
    if parents.is_empty() && vfork_waits.is_empty() {
        return;
    }
    let all: u64 = parents.values().map(|forks| forks.forks).sum();
    page.section(&format!(
        "Forks that copied an address space: {all}{}",
        evicted_note(model)
    ));
    if let Some(&longest) = vfork_waits.iter().max() {
        page.line(&format!(
            "  plus {} vfork or posix_spawn calls without a copy; the caller waited {}, {} at most",
            vfork_waits.len(),
            units::duration(vfork_waits.iter().copied().fold(0, u64::saturating_add)),
            units::duration(longest),
        ));
    }
    if parents.is_empty() {
        return;
    }
    let copies_missing = not_served(model, Purpose::Cow);
    if let Some(why) = &copies_missing {
        page.line(&format!("  Copies on write unknown: {why}"));
    }
    if let Some(why) = not_served(model, Purpose::ForkStart) {
        page.line(&format!("  Durations unknown: {why}"));
    }
    table(model, page, &parents, copies_missing.is_none());
    for sentence in notes(model, &parents) {
        page.labelled("  note", &sentence);
    }
}

/// Iterates over retained children with a copied address space, the cost of their
/// fork, and their parent.
fn forks(model: &Model) -> impl Iterator<Item = (Key, &Process, &ForkCost, Key)> {
    model.processes().filter_map(|(key, child)| {
        let parent = model.find(child.forked_by?.process)?;
        Some((key, child, child.fork_cost.as_deref()?, parent))
    })
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
        Some(hook) if hook.hook.is_none() => Some(hook.loses.clone()),
        Some(_) => None,
    }
}

fn table(model: &Model, page: &mut Page, parents: &BTreeMap<Key, Forks>, copies_known: bool) {
    let mut rows: Vec<_> = parents.iter().collect();
    rows.sort_by_key(|(key, forks)| {
        let copies = forks.parent_copies.saturating_add(forks.child_copies);
        (Reverse(forks.took), Reverse(copies), **key)
    });
    let more = rows.len().saturating_sub(ROWS);
    let known = |is_known: bool, text: String| if is_known { text } else { "?".to_owned() };
    let rows: Vec<_> = rows
        .iter()
        .take(ROWS)
        .map(|(key, forks)| {
            let timed = forks.timed == forks.forks;
            let mark = if forks.ambiguous { "~" } else { "" };
            let copies = |count: u64| known(copies_known, format!("{mark}{count}"));
            [
                forks.forks.to_string(),
                known(timed, units::duration(forks.took)),
                known(timed, units::duration(forks.longest)),
                forks.pages.to_string(),
                copies(forks.parent_copies),
                copies(forks.child_copies),
                process_name(model, **key),
            ]
        })
        .collect();
    page.table(
        [
            ("forks", Align::Right),
            ("time", Align::Right),
            ("longest", Align::Right),
            ("max pages", Align::Right),
            ("parent copied", Align::Right),
            ("children copied", Align::Right),
            ("process", Align::Left),
        ],
        &rows,
    );
    if more > 0 {
        page.line(&format!("  and {more} more"));
    }
    if parents.values().any(|forks| forks.ambiguous) {
        page.line("  ~ several forks shared the memory; copies are charged to the latest");
    }
}

/// Returns notes on forks that a cheaper call could replace, and on snapshots.
fn notes(model: &Model, parents: &BTreeMap<Key, Forks>) -> Vec<String> {
    let page_size = model.session().map_or(0, |session| session.page_size);
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
                process_name(model, key),
                plural(count, "fork", "forks"),
                units::duration(took),
                units::duration(latest_exec),
            ));
        }
    }
    for (key, child, cost, parent) in forks(model) {
        let shared = match (child.forked_at, cost.ended) {
            (Some(forked), Some(ended)) => ended.at().saturating_sub(forked),
            (Some(forked), None) => model.now().saturating_sub(forked),
            (None, _) => 0,
        };
        if shared >= SNAPSHOT && cost.parent.count >= MANY_PAGES {
            sentences.push(format!(
                "{}: while its child {} shared its memory for {}, it copied {}, at most {} in one second{}",
                process_name(model, parent),
                process_name(model, key),
                units::duration(shared),
                units::bytes(cost.parent.count.saturating_mul(page_size)),
                units::bytes(cost.parent.peak.saturating_mul(page_size)),
                if cost.ambiguous { " (with other forks)" } else { "" },
            ));
        }
    }
    sentences.truncate(ROWS);
    sentences
}
