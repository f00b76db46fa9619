//! Counts over many processes, so that reports also cover evicted ones. A tally
//! only grows by whole processes. Its size is bounded by the number of distinct
//! kinds; further kinds are counted together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Creation, Key, Occurrences, Outcome, Process, left::OwnerTally};
use crate::event::{Comm, ProcessId};

/// Maximum number of distinct kinds per category.
pub(super) const KINDS: usize = 4096;
/// Maximum number of outcomes, and of parents, that are counted separately for all kinds of
/// started processes together.
pub(super) const DETAILS: u64 = 1 << 16;

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
    /// Number released by the exit of an owner that had not waited.
    pub released_by_exit: u64,
    /// Number reaped, including unobserved reaps.
    pub reaped: u64,
    /// Number vanished.
    pub vanished: u64,
    /// Processes forked while tracing, by command and by the parent's command.
    pub started: Kinds<(Option<Comm>, Option<Option<Comm>>), Started>,
    /// Number of outcomes that [`Self::started`] counts separately.
    pub(super) outcomes: u64,
    /// Number of parents that it counts separately.
    pub(super) parents: u64,
    /// Processes killed by a signal.
    pub killed: Kinds<Killed, Occurrences>,
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
    pub(super) fn of(&mut self, kind: K) -> &mut V {
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

/// Time zombies waited until they were reaped or passed to another owner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reapers {
    /// By owner; none if the owner is unknown.
    pub by_owner: BTreeMap<Option<Key>, OwnerTally>,
    /// For evicted owners, by command name: the number of owners and their zombies.
    pub by_name: BTreeMap<Option<Comm>, (u64, OwnerTally)>,
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

impl Reapers {
    /// Returns a copy that lacks the latencies.
    pub(super) fn without_latencies(&self) -> Reapers {
        let owned = |owned: &OwnerTally| OwnerTally {
            left: owned.left.clone(),
            ..OwnerTally::default()
        };
        let has_left = |owned: &OwnerTally| !owned.left.is_empty();
        let by_owner = self.by_owner.iter().filter(|(_, it)| has_left(it));
        let by_name = self.by_name.iter().filter(|(_, (_, it))| has_left(it));
        Reapers {
            by_owner: by_owner.map(|(&owner, it)| (owner, owned(it))).collect(),
            by_name: by_name
                .map(|(&comm, (owners, it))| (comm, (*owners, owned(it))))
                .collect(),
        }
    }
}
