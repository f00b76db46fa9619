//! What forks cost: who copied how much memory, how long that took, and which
//! forks could have been had for less.

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

/// A fork is not worth a word below so many pages, or so many ns.
const MANY_PAGES: u64 = 1000;
const LONG: u64 = 1_000_000;
/// A child that execs so soon needed nothing of what was copied, ns.
const AT_ONCE: u64 = 100_000_000;
/// A child that shares its parent's memory for so long is a snapshot, ns.
const SNAPSHOT: u64 = 1_000_000_000;

/// The forks of one process.
#[derive(Default)]
struct Maker {
    forks: u64,
    timed: u64,
    took: u64,
    longest: u64,
    pages: u64,
    parent_copies: u64,
    child_copies: u64,
    ambiguous: bool,
    /// Of children that exec'ed at once: how many, time, pages, latest exec.
    in_vain: (u64, u64, u64, u64),
}

pub fn write(model: &Model, page: &mut Page) {
    let mut makers: BTreeMap<Key, Maker> = BTreeMap::new();
    for (_, child, cost, parent) in forks(model) {
        makers.entry(parent).or_default().add(child, cost);
    }
    let held: Vec<u64> = model
        .processes()
        .filter(|(_, child)| child.created_by == Creation::Vfork)
        .filter_map(|(_, child)| child.vfork_wait(model.now()))
        .collect();
    if makers.is_empty() && held.is_empty() {
        return;
    }
    let all: u64 = makers.values().map(|maker| maker.forks).sum();
    page.section(&format!(
        "Forks that copied an address space: {all}{}",
        evicted_note(model)
    ));
    if let Some(&longest) = held.iter().max() {
        page.line(&format!(
            "  beside {} by vfork or posix_spawn, which copy nothing and held the caller for {}, {} at most",
            held.len(),
            units::duration(held.iter().copied().fold(0, u64::saturating_add)),
            units::duration(longest),
        ));
    }
    if makers.is_empty() {
        return;
    }
    let copies_missing = not_served(model, Purpose::Cow);
    if let Some(why) = &copies_missing {
        page.line(&format!("  Copies on write are not told: {why}"));
    }
    if let Some(why) = not_served(model, Purpose::ForkStart) {
        page.line(&format!("  How long they took is not told: {why}"));
    }
    table(model, page, &makers, copies_missing.is_none());
    for sentence in findings(model, &makers) {
        page.labelled("  note", &sentence);
    }
}

/// Every child that is kept and was made by copying, with what that cost.
fn forks(model: &Model) -> impl Iterator<Item = (Key, &Process, &ForkCost, Key)> {
    model.processes().filter_map(|(key, child)| {
        let parent = model.find(child.forked_by?.process)?;
        Some((key, child, child.fork_cost.as_deref()?, parent))
    })
}

impl Maker {
    fn add(&mut self, child: &Process, cost: &ForkCost) {
        let pages = cost.space.pages.unwrap_or(0);
        let took = cost.took.unwrap_or(0);
        self.forks += 1;
        self.timed += u64::from(cost.took.is_some());
        self.took = self.took.saturating_add(took);
        self.longest = self.longest.max(took);
        self.pages = self.pages.max(pages);
        self.parent_copies = self.parent_copies.saturating_add(cost.parent_copies);
        self.child_copies = self.child_copies.saturating_add(cost.child_copies);
        self.ambiguous |= cost.ambiguous;
        if let (Some(SharingEnd::Exec(exec)), Some(forked)) = (cost.ended, child.forked_at) {
            let after = exec.saturating_sub(forked);
            if after < AT_ONCE {
                let (count, in_vain, most, latest) = &mut self.in_vain;
                *count += 1;
                *in_vain = in_vain.saturating_add(took);
                *most = pages.max(*most);
                *latest = after.max(*latest);
            }
        }
    }
}

fn not_served(model: &Model, purpose: Purpose) -> Option<String> {
    let hook = model.session()?.hook(purpose);
    match hook {
        None => Some("the stream does not say how".to_owned()),
        Some(hook) if hook.hook.is_none() => Some(hook.loses.clone()),
        Some(_) => None,
    }
}

fn table(model: &Model, page: &mut Page, makers: &BTreeMap<Key, Maker>, copies_told: bool) {
    let mut rows: Vec<_> = makers.iter().collect();
    rows.sort_by_key(|(key, maker)| {
        let copies = maker.parent_copies.saturating_add(maker.child_copies);
        (Reverse(maker.took), Reverse(copies), **key)
    });
    let more = rows.len().saturating_sub(ROWS);
    let known = |told: bool, text: String| if told { text } else { "?".to_owned() };
    let rows: Vec<_> = rows
        .iter()
        .take(ROWS)
        .map(|(key, maker)| {
            let timed = maker.timed == maker.forks;
            let mark = if maker.ambiguous { "~" } else { "" };
            let copies = |count: u64| known(copies_told, format!("{mark}{count}"));
            [
                maker.forks.to_string(),
                known(timed, units::duration(maker.took)),
                known(timed, units::duration(maker.longest)),
                maker.pages.to_string(),
                copies(maker.parent_copies),
                copies(maker.child_copies),
                process_name(model, **key),
            ]
        })
        .collect();
    page.table(
        [
            ("forks", Align::Right),
            ("took", Align::Right),
            ("longest", Align::Right),
            ("pages, at most", Align::Right),
            ("parent copied", Align::Right),
            ("children copied", Align::Right),
            ("by", Align::Left),
        ],
        &rows,
    );
    if more > 0 {
        page.line(&format!("  and {more} more"));
    }
    if makers.values().any(|maker| maker.ambiguous) {
        page.line("  ~ several forks shared the memory: charged to the latest");
    }
}

/// What somebody could act on.
fn findings(model: &Model, makers: &BTreeMap<Key, Maker>) -> Vec<String> {
    let page_size = model.session().map_or(0, |session| session.page_size);
    let mut sentences = Vec::new();
    for (&key, maker) in makers {
        let (count, took, pages, latest) = maker.in_vain;
        if count > 0 && (took >= LONG || pages >= MANY_PAGES) {
            sentences.push(format!(
                "{}: {} of up to {pages} pages took {} and the children exec'ed within {}: \
                 posix_spawn or vfork would avoid the copying",
                process_name(model, key),
                plural(count, "fork", "forks"),
                units::duration(took),
                units::duration(latest),
            ));
        }
    }
    for (key, child, cost, parent) in forks(model) {
        let shared = match (child.forked_at, cost.ended) {
            (Some(forked), Some(ended)) => ended.at().saturating_sub(forked),
            (Some(forked), None) => model.now().saturating_sub(forked),
            (None, _) => 0,
        };
        if shared >= SNAPSHOT && cost.parent_copies >= MANY_PAGES {
            sentences.push(format!(
                "{}: while its child {} shared its memory, for {}, it copied {}, at most {} in a second{}",
                process_name(model, parent),
                process_name(model, key),
                units::duration(shared),
                units::bytes(cost.parent_copies.saturating_mul(page_size)),
                units::bytes(cost.peak.1.saturating_mul(page_size)),
                if cost.ambiguous { " (with other forks)" } else { "" },
            ));
        }
    }
    sentences.truncate(ROWS);
    sentences
}
