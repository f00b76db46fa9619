//! Counts over many processes, so that reports also cover evicted ones. A tally
//! only grows by whole processes. Its size is bounded by the number of distinct
//! kinds; further kinds are counted together.

use std::{
    collections::{BTreeMap, HashMap},
    ops::AddAssign,
};

use serde::{Deserialize, Serialize};

use super::{Creation, Key, Outcome, Process, State};
use crate::event::{Comm, ProcessId};

/// Maximum number of distinct kinds per category.
const KINDS: usize = 4096;
/// Maximum number of distinct parents per kind of process.
const PARENTS: usize = 64;

/// Counts over many processes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Number of processes counted.
    pub processes: u64,
    /// Number created in each way.
    pub created: BTreeMap<Creation, u64>,
    /// Number with a known exit, by outcome.
    pub ended: BTreeMap<Outcome, u64>,
    /// Number reaped by a wait.
    pub reaped_by_wait: u64,
    /// Number reaped by the kernel.
    pub reaped_by_kernel: u64,
    /// Number reaped, including unobserved reaps.
    pub reaped: u64,
    /// Number vanished.
    pub vanished: u64,
    /// Processes forked while tracing, by command and by the parent's command.
    pub started: Kinds<(Option<Comm>, Option<Option<Comm>>), Started>,
    /// Processes killed by a signal.
    pub killed: Kinds<Killed, u64>,
    /// Time zombies waited, by owner.
    pub reapers: Reapers,
}

/// Counts by kind, up to a maximum number of kinds, and the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "K: Ord + Deserialize<'de>, V: Deserialize<'de>"))]
pub struct Kinds<K, V> {
    /// Counts of the first kinds.
    pub by_kind: BTreeMap<K, V>,
    /// Count of all further kinds.
    pub rest: V,
}

impl<K, V: Default> Default for Kinds<K, V> {
    fn default() -> Self {
        Kinds {
            by_kind: BTreeMap::new(),
            rest: V::default(),
        }
    }
}

impl<K: Ord, V: Default> Kinds<K, V> {
    /// Returns the count of a kind.
    fn of(&mut self, kind: K) -> &mut V {
        match self.by_kind.len() < KINDS || self.by_kind.contains_key(&kind) {
            true => self.by_kind.entry(kind).or_default(),
            false => &mut self.rest,
        }
    }
}

/// Processes of one kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// Number of processes.
    pub count: u64,
    /// Number with each outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Number per parent.
    pub parents: ParentCounts,
}

/// Number of processes of one kind per original parent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ParentCounts {
    /// Command name of each parent, and the number of its children.
    pub by_parent: BTreeMap<ProcessId, (Option<Comm>, u64)>,
    /// True if there are more parents than are listed.
    pub more: bool,
}

/// A kind of death by signal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Killed {
    /// Command name, if known.
    pub comm: Option<Comm>,
    /// Signal number.
    pub signal: i32,
    /// Sender of the signal.
    pub sender: Sender,
    /// True if the process dumped core.
    pub core_dumped: bool,
}

/// The sender of a fatal signal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Sender {
    /// The OOM killer.
    OomKiller,
    /// The kernel: a fault or a terminal.
    Kernel,
    /// The process itself.
    Itself,
    /// Another process: its command name and PID.
    Process(Comm, u32),
    /// The signal was not seen.
    Unknown,
}

/// Time zombies waited until they were reaped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reapers {
    /// By owner; none if the owner is unknown.
    pub by_owner: BTreeMap<Option<Key>, Latencies>,
    /// For evicted owners, by command name: the number of owners and the times.
    pub by_name: BTreeMap<Option<Comm>, (u64, Latencies)>,
}

/// Durations: their number and distribution, with three significant digits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latencies {
    /// Number of durations.
    pub count: u64,
    /// Longest duration, ns.
    pub max: u64,
    by_length: HashMap<u64, u64, foldhash::fast::FixedState>,
}

impl Latencies {
    /// Adds a duration in ns.
    pub fn add(&mut self, ns: u64) {
        add(&mut self.count, 1);
        self.max = self.max.max(ns);
        add(self.by_length.entry(three_digits(ns)).or_default(), 1);
    }

    /// Returns the nearest-rank percentile in ns, truncated to three digits; 100 is
    /// exact.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        if percent == 100 {
            return (self.count > 0).then_some(self.max);
        }
        let rank = self.count.saturating_mul(percent).div_ceil(100).max(1);
        let mut below = 0;
        let reaches = |&(_, count): &(u64, u64)| {
            add(&mut below, count);
            below >= rank
        };
        let mut lengths: Vec<_> = self.by_length.iter().map(|(&ns, &n)| (ns, n)).collect();
        lengths.sort_unstable();
        lengths.into_iter().find(reaches).map(|(ns, _)| ns)
    }
}

impl AddAssign<&Latencies> for Latencies {
    fn add_assign(&mut self, other: &Latencies) {
        add(&mut self.count, other.count);
        self.max = self.max.max(other.max);
        for (&ns, count) in &other.by_length {
            add(self.by_length.entry(ns).or_default(), *count);
        }
    }
}

/// Adds without overflow, because a recording can hold any number.
fn add(count: &mut u64, more: u64) {
    *count = count.saturating_add(more);
}

/// Truncates a number to the three digits that reports show.
fn three_digits(ns: u64) -> u64 {
    let unit = 10_u64.pow(ns.checked_ilog10().unwrap_or(0).saturating_sub(2));
    ns / unit * unit
}

impl Tally {
    /// Counts one more process, with its original parent.
    pub(super) fn add(&mut self, process: &Process, parent: Option<&Process>, now: u64) {
        let (state, outcome) = (process.state(), process.outcome());
        add(&mut self.processes, 1);
        add(self.created.entry(process.created_by).or_default(), 1);
        if process.exited_at.is_some() {
            add(self.ended.entry(outcome).or_default(), 1);
        }
        add(&mut self.reaped, u64::from(state == State::Reaped));
        add(&mut self.vanished, u64::from(state == State::Vanished));
        add(
            &mut self.reaped_by_kernel,
            u64::from(process.autoreaped == Some(true)),
        );
        if process.reaped_by.is_some() {
            add(&mut self.reaped_by_wait, 1);
            if let Some(latency) = process.zombie_time(now) {
                let owner = self.reapers.by_owner.entry(process.parent);
                owner.or_default().add(latency);
            }
        }
        if process.forked_at.is_some() {
            self.add_started(process, parent, outcome);
        }
        if let Some(killed) = Killed::of(process) {
            add(self.killed.of(killed), 1);
        }
    }

    fn add_started(&mut self, process: &Process, parent: Option<&Process>, outcome: Outcome) {
        let by = parent.map(Process::known_comm);
        let started = self.started.of((process.known_comm(), by));
        add(&mut started.count, 1);
        add(started.outcomes.entry(outcome).or_default(), 1);
        let Some(parent) = parent else { return };
        let ParentCounts { by_parent, more } = &mut started.parents;
        if by_parent.len() < PARENTS || by_parent.contains_key(&parent.id) {
            let entry = by_parent.entry(parent.id).or_default();
            *entry = (parent.known_comm(), entry.1.saturating_add(1));
        } else {
            *more = true;
        }
    }

    /// Counts one more process, which is evicted.
    pub(super) fn add_evicted(
        &mut self,
        key: Key,
        process: &Process,
        parent: Option<&Process>,
        now: u64,
    ) {
        self.add(process, parent, now);
        // No retained process refers to it, so it will reap no other.
        if let Some(reaped) = self.reapers.by_owner.remove(&Some(key)) {
            let comm = process.known_comm();
            let named = match self.reapers.by_name.len() < KINDS {
                true => comm,
                false => None,
            };
            let (owners, latencies) = self.reapers.by_name.entry(named).or_default();
            add(owners, 1);
            *latencies += &reaped;
        }
    }
}

impl Killed {
    /// Returns the kind of death of a process; none if no signal ended it.
    pub fn of(process: &Process) -> Option<Killed> {
        let status = process.status?;
        Some(Killed {
            comm: process.known_comm(),
            signal: status.signal()?,
            sender: Sender::of(process),
            core_dumped: status.core_dumped(),
        })
    }
}

impl Sender {
    /// Returns the sender of the signal that ended a process.
    pub fn of(process: &Process) -> Sender {
        if process.oom().is_some() {
            return Sender::OomKiller;
        }
        match process.fatal_signal() {
            Some((_, signal)) if signal.from_kernel() => Sender::Kernel,
            Some((_, signal)) if signal.by.process == process.id => Sender::Itself,
            Some((_, signal)) => Sender::Process(signal.by_comm, signal.by.process.tgid),
            None => Sender::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_match_a_sorted_list() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile(50), None);
        let mut list: Vec<u64> = (1..=250).map(|n| n * n * 1_009).collect();
        list.iter().for_each(|&ns| latencies.add(ns));
        list.sort_unstable();
        for percent in [1, 50, 99, 100] {
            let exact = list[(list.len() * percent).div_ceil(100) - 1];
            let found = latencies.percentile(percent as u64).unwrap();
            assert!(
                found <= exact && exact - found <= exact / 100,
                "{found} {exact}"
            );
        }
        assert_eq!(latencies.percentile(100), Some(250 * 250 * 1_009));
    }

    #[test]
    fn numbers_are_truncated_to_three_digits() {
        for (ns, cut) in [
            (0, 0),
            (7, 7),
            (999, 999),
            (1_009, 1_000),
            (12_345_678, 12_300_000),
        ] {
            assert_eq!(three_digits(ns), cut);
        }
    }
}
