//! How much of the past is kept. Processes that are gone are let go when they
//! are too many or gone for too long, the first to go first; what remains of
//! them is counted in the [`Tally`]. It depends on events alone, so that
//! a replay keeps just what the live trace kept.
//!
//! Nobody is let go whom another process that is kept leads to: its parent, the
//! ancestors of whoever lives, the heir of its children. So what is kept is
//! bounded by the policy, by those who live, and by their ancestors.

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::{Key, Model, Process, Table, Tally};

/// How many of those who are gone a model keeps, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// So many, the latest to go. A thirtieth more may be there for a while:
    /// they are let go in batches.
    pub exited: usize,
    /// Nobody who is gone for longer than this, ns.
    pub max_age: u64,
}

impl Retention {
    /// Everyone, as long as there is memory (about 1 KiB each).
    pub const ALL: Retention = Retention {
        exited: usize::MAX,
        max_age: u64::MAX,
    };
}

impl Default for Retention {
    /// The last 20,000 to go, about 20 MiB, however long ago.
    fn default() -> Self {
        Retention {
            exited: 20_000,
            max_age: u64::MAX,
        }
    }
}

/// Records of a death come up to an RCU grace period after it is over (about
/// 40 ms), more on a machine in trouble: until they have come, or for so long,
/// nobody is let go. ns.
const GRACE: u64 = 5_000_000_000;

/// Whether a process is to be let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Eviction {
    NotYet,
    /// As soon as its last record has come, or its time is over.
    Awaited,
    /// As soon as nobody leads to it.
    Now,
}

#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Retained {
    policy: Retention,
    /// Who has gone when, in that order. Some may have turned out to live.
    left_table: VecDeque<(u64, Key)>,
    /// Overdue, with records that may yet come; by when they were noticed.
    incomplete: VecDeque<(u64, Key)>,
    /// Overdue, and nothing holds them any more.
    evictable: Vec<Key>,
    /// All who were let go.
    tally: Tally,
    /// Nobody will ask for it.
    uncounted: bool,
    /// Who had ended before one came in: only their number is known.
    exited_before_checkpoint: u64,
}

impl Retained {
    pub fn new(policy: Retention) -> Self {
        Retained {
            policy,
            ..Retained::default()
        }
    }

    /// Keeps nobody who is gone, and counts none of them.
    pub fn none() -> Self {
        Retained {
            policy: Retention {
                exited: 0,
                max_age: 0,
            },
            uncounted: true,
            ..Retained::default()
        }
    }

    pub fn policy(&self) -> Retention {
        self.policy
    }

    /// A process has left the process table.
    pub fn record_departure(&mut self, now: u64, key: Key) {
        self.left_table.push_back((now, key));
    }

    /// Nobody leads to an overdue process any more, or its last record came.
    pub fn mark_evictable(&mut self, key: Key) {
        self.evictable.push(key);
    }

    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// One comes in where so many have ended of whom nothing is told.
    pub fn set_exited_before_checkpoint(&mut self, exited_before_checkpoint: u64) {
        self.exited_before_checkpoint = exited_before_checkpoint;
    }

    pub fn exited_before_checkpoint(&self) -> u64 {
        self.exited_before_checkpoint
    }

    /// The next to be let go.
    fn next(&mut self, processes: &mut Table, now: u64, too_many: &mut usize) -> Option<Key> {
        if let Some(key) = self.evictable.pop() {
            return Some(key);
        }
        if self.is_grace_over(now)
            && let Some((_, key)) = self.incomplete.pop_front()
        {
            if let Some(process) = processes.get_mut(key) {
                process.eviction = Eviction::Now;
            }
            return Some(key);
        }
        loop {
            let &(at, key) = self.left_table.front()?;
            let age = now.saturating_sub(at);
            if *too_many == 0 && age <= self.policy.max_age {
                return None;
            }
            *too_many = too_many.saturating_sub(1);
            self.left_table.pop_front();
            match processes.get_mut(key) {
                // It must not hold up those behind it.
                Some(process) if process.freed_at.is_none() && age < GRACE => {
                    process.eviction = Eviction::Awaited;
                    self.incomplete.push_back((at, key));
                }
                _ => return Some(key),
            }
        }
    }

    fn is_grace_over(&self, now: u64) -> bool {
        let first = self.incomplete.front();
        first.is_some_and(|&(at, _)| now.saturating_sub(at) >= GRACE)
    }

    fn is_due(&self, now: u64) -> bool {
        let Retention { exited, max_age } = self.policy;
        let too_many = self.left_table.len() > exited.saturating_add(exited / 32);
        let too_old = |&(at, _): &(u64, Key)| now.saturating_sub(at) > max_age;
        too_many
            || self.left_table.front().is_some_and(too_old)
            || !self.evictable.is_empty()
            || self.is_grace_over(now)
    }
}

impl Model {
    /// Begins to count at that time, the latest so far or just behind it: what
    /// happened before is no longer counted, and processes that were gone before
    /// are no longer kept, but for those that others lead to and those of which
    /// the last record is still to come. From here on it keeps so much of the past.
    pub fn count_from(&mut self, at: u64, retention: Retention) {
        let now = self.now;
        let is_over = |process: &Process| {
            let gone = process.reaped_at.or(process.vanished_at);
            let gone = gone.or(process.exited_at);
            let patience = gone.is_none_or(|gone| now.saturating_sub(gone) >= GRACE);
            process.state().is_gone() && (process.freed_at.is_some() || patience)
        };
        let over = self.processes().filter(|(_, process)| is_over(process));
        let over: Vec<(Key, bool)> = over
            .map(|(key, it)| (key, it.reference_count == 0))
            .collect();
        let mut retained = Retained {
            policy: Retention::ALL,
            uncounted: true,
            ..std::mem::take(&mut self.retained)
        };
        retained.evictable.clear();
        for (key, is_free) in over {
            if let Some(process) = self.processes.get_mut(key) {
                process.eviction = Eviction::Now;
            }
            if is_free {
                retained.evictable.push(key);
            }
        }
        let left_table = retained
            .incomplete
            .drain(..)
            .chain(retained.left_table.drain(..));
        let left_table: VecDeque<(u64, Key)> = left_table.collect();
        self.retained = retained;
        self.evict();
        let mut retained = Retained::new(retention);
        for (at, key) in left_table {
            if let Some(process) = self.processes.get_mut(key)
                && process.eviction != Eviction::Now
            {
                process.eviction = Eviction::NotYet;
                retained.left_table.push_back((at, key));
            }
        }
        self.retained = retained;
        self.reset_counts(at);
    }

    /// Lets go whom the policy does not keep. Constant time for each.
    pub(super) fn evict(&mut self) {
        if !self.retained.is_due(self.now) {
            return;
        }
        let mut too_many = self.retained.left_table.len();
        too_many = too_many.saturating_sub(self.retained.policy.exited);
        let mut parents = BTreeSet::new();
        let mut youngest = Key::FIRST;
        let mut tally = std::mem::take(&mut self.retained.tally);
        while let Some(key) = self
            .retained
            .next(&mut self.processes, self.now, &mut too_many)
        {
            let Some(process) = self.processes.get_mut(key) else {
                continue;
            };
            if !process.state().is_gone() {
                // It was found alive; it will go again.
                process.eviction = Eviction::NotYet;
                continue;
            }
            if process.reference_count > 0 {
                process.eviction = Eviction::Now;
                continue;
            }
            parents.extend(process.tree_parent);
            youngest = youngest.max(key);
            if !self.retained.uncounted {
                tally.add_evicted(self, key);
            }
            self.remove(key);
        }
        self.retained.tally = tally;
        for parent in parents {
            let mut children =
                self.change_unindexed(parent, |process| std::mem::take(&mut process.tree_children));
            // Most were made after those who go.
            children.retain(|&child| child > youngest || self.contains(child));
            self.change_unindexed(parent, |process| process.tree_children = children);
        }
    }
}
