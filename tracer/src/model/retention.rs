//! Retention of exited processes. Processes that have left the process table are
//! evicted if they are too many or too old; the [`Tally`] still counts them. The
//! latest are retained, and earlier ones by their [worth](super::worth). Eviction
//! depends on events alone, so that live tracing and replay retain the same
//! processes.
//!
//! A process is never evicted while a retained process refers to it: as its parent,
//! as an ancestor of a running process, or as the heir of its children. A [lineage](super::lineage)
//! of such processes collapses. If very many are still referred to, fewer are retained for
//! themselves, so memory is bounded by the policy and the present processes.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    Key, Process, Tally,
    pinned::{self, Pinned},
    process::{Eviction, GRACE},
    table::Table,
    worth::{Kind, Worthy},
};

/// Number of processes that are retained although they pin very many others.
const LEAST: usize = 64;

/// Policy for processes that have left the process table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Number of such processes retained. A quarter are the latest ones, the others
    /// are those worth most: those of the [preference](super::Preference), deaths by
    /// signal, zombies that lasted, forks that cost, failures. If there are few of these, more of the latest are retained. Up to a
    /// thirty-second more may remain for a while, because eviction works in batches.
    pub exited: usize,
    /// Maximum time since they left the process table, ns.
    pub max_age: u64,
    /// Memory for the programs, arguments and file names of all retained processes, bytes.
    /// Beyond it, the longest are cut.
    pub programs: u64,
}

impl Retention {
    /// Retains every process, as long as there is memory (about 1 KiB each).
    pub const ALL: Retention = Retention {
        exited: usize::MAX,
        max_age: u64::MAX,
        programs: u64::MAX,
    };
    /// Memory for programs in a trace, which may go on for months, bytes.
    pub const PROGRAMS_OF_A_TRACE: u64 = 40 << 20;
}

impl Default for Retention {
    /// Retains 20,000, about 20 MiB, of any age, with programs of up to 192 MiB.
    fn default() -> Self {
        Retention {
            exited: 20_000,
            max_age: u64::MAX,
            programs: 192 << 20,
        }
    }
}

/// Result of [`Retained::next`].
pub(super) enum Decision {
    /// The process is evicted.
    Evict(Key),
    /// The process, which left the process table at that time, is no longer one of the
    /// latest, and is to be [offered](Retained::offer) by worth.
    Rate(u64, Key),
}

/// State of eviction, and the tally of evicted processes.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Retained {
    pub(super) policy: Retention,
    /// Latest processes that left the process table, in that order, with the time.
    /// Some may have turned out to be present.
    pub(super) left_table: VecDeque<(u64, Key)>,
    /// Earlier ones that are kept by worth.
    pub(super) worthy: Worthy,
    /// Processes that the policy no longer retains.
    pub(super) overdue: Vec<(u64, Key)>,
    /// Overdue processes that still lack records, in the order they were noticed.
    pub(super) incomplete: VecDeque<(u64, Key)>,
    /// Overdue processes with no reference left.
    pub(super) evictable: Vec<Key>,
    /// Overdue processes to which others refer.
    pub(super) pinned: Pinned,
    /// Counts over the evicted processes.
    pub(super) tally: Tally,
    /// True if evicted processes are not tallied.
    pub(super) uncounted: bool,
    /// Number of processes that exited before the checkpoint at which the model
    /// started.
    pub(super) exited_before_checkpoint: u64,
}

impl Retained {
    pub fn new(policy: Retention) -> Self {
        Retained {
            policy,
            ..Retained::default()
        }
    }

    /// Retains no exited process and tallies none.
    pub fn none() -> Self {
        Retained {
            policy: Retention {
                exited: 0,
                max_age: 0,
                ..Retention::ALL
            },
            uncounted: true,
            ..Retained::default()
        }
    }

    pub fn policy(&self) -> Retention {
        self.policy
    }

    /// Records that a process has left the process table.
    pub fn record_departure(&mut self, now: u64, key: Key) {
        self.left_table.push_back((now, key));
    }

    /// Marks an overdue process as evictable: its last reference was dropped or its
    /// last record arrived.
    pub fn mark_evictable(&mut self, key: Key) {
        self.evictable.push(key);
    }

    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Sets the number of processes that exited before the checkpoint.
    pub fn set_exited_before_checkpoint(&mut self, exited_before_checkpoint: u64) {
        self.exited_before_checkpoint = exited_before_checkpoint;
    }

    pub fn exited_before_checkpoint(&self) -> u64 {
        self.exited_before_checkpoint
    }

    /// Returns the number of processes that may be retained for themselves: fewer than by the
    /// policy if they pin very many others, such as a chain of ancestors each.
    fn room(&self) -> usize {
        let Retention { exited, .. } = self.policy;
        let excess = self.pinned.count().saturating_sub(2 * pinned::most(exited));
        exited.saturating_sub(excess).max(exited.min(LEAST))
    }

    /// Returns the next process to evict, or to rate.
    pub(super) fn next(&mut self, processes: &mut Table, now: u64) -> Option<Decision> {
        loop {
            if let Some(key) = self.evictable.pop() {
                return Some(Decision::Evict(key));
            }
            if self.is_grace_over(now)
                && let Some((_, key)) = self.incomplete.pop_front()
            {
                return Some(Decision::Evict(key));
            }
            if let Some((at, key)) = self.overdue.pop() {
                match processes.get_mut(key) {
                    // It must not delay those behind it.
                    Some(process)
                        if process.freed_at.is_none() && now.saturating_sub(at) < GRACE =>
                    {
                        let before = std::mem::replace(&mut process.eviction, Eviction::Awaited);
                        self.release(before);
                        self.incomplete.push_back((at, key));
                        continue;
                    }
                    _ => return Some(Decision::Evict(key)),
                }
            }
            let &(at, key) = self.left_table.front()?;
            let (exited, max_age) = (self.room(), self.policy.max_age);
            let is_old = now.saturating_sub(at) > max_age;
            if self.left_table.len() + self.worthy.len() <= exited && !is_old {
                return None;
            }
            self.left_table.pop_front();
            if !is_old {
                return Some(Decision::Rate(at, key));
            }
            self.overdue.push((at, key));
        }
    }

    /// Keeps a process by worth, or does not retain it. `wanted` is true if the reader
    /// asks for it.
    pub(super) fn offer(&mut self, at: u64, key: Key, process: Option<&Process>, wanted: bool) {
        let (exited, overdue) = (self.room(), &mut self.overdue);
        match process {
            Some(process) => {
                let place = (at, key);
                (self.worthy).offer(place, Kind::of(process, wanted), exited, overdue);
            }
            None => overdue.push((at, key)),
        }
    }

    /// Counts a process that no longer has this progress.
    pub(super) fn release(&mut self, eviction: Eviction) {
        if eviction == Eviction::Pinned {
            self.pinned.release();
        }
    }

    fn is_grace_over(&self, now: u64) -> bool {
        let first = self.incomplete.front();
        first.is_some_and(|&(at, _)| now.saturating_sub(at) >= GRACE)
    }

    /// Returns true if processes are to be evicted. Expires those kept by worth.
    pub(super) fn is_due(&mut self, now: u64) -> bool {
        let (exited, max_age) = (self.room(), self.policy.max_age);
        if self.worthy.may_be_too_old(now, max_age) {
            self.worthy.expire(now, max_age, &mut self.overdue);
        }
        let too_many =
            self.left_table.len() + self.worthy.len() > exited.saturating_add(exited / 32);
        let too_old = |&(at, _): &(u64, Key)| now.saturating_sub(at) > max_age;
        too_many
            || self.left_table.front().is_some_and(too_old)
            || !self.evictable.is_empty()
            || !self.overdue.is_empty()
            || self.is_grace_over(now)
    }
}
