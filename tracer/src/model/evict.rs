//! Evicts processes that the retention policy does not keep, and restarts the counts
//! at a later time.

use std::collections::BTreeSet;

use super::{
    Key, Model, Preference, Process, ProcessRef, Retention,
    archive::Evicted,
    process::{Eviction, GRACE},
    retention::{Decision, Retained},
};

impl Model {
    /// Starts counting at `at`, which is the latest time so far or just after it.
    /// Earlier events no longer count, and processes that left the process table
    /// before are evicted, except those that others refer to and those with a last
    /// record still to come. From here on `retention` applies.
    pub fn count_from(&mut self, at: u64, retention: Retention) {
        let now = self.now;
        let is_over = |process: &Process| {
            let left = process.left_table_at();
            let grace_over = left.is_none_or(|left| now.saturating_sub(left) >= GRACE);
            process.state().is_gone() && (process.freed_at.is_some() || grace_over)
        };
        let over = self
            .processes
            .since(0)
            .filter(|(_, process)| is_over(process));
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
                process.eviction = Eviction::Pinned;
            }
            if is_free {
                retained.evictable.push(key);
            }
        }
        let mut left_table: Vec<(u64, Key)> = retained.worthy.drain().collect();
        left_table.extend(retained.incomplete.drain(..));
        left_table.extend(retained.left_table.drain(..));
        left_table.sort_unstable();
        self.retained = retained;
        self.evict();
        let mut retained = Retained::new(retention);
        for (at, key) in left_table {
            if let Some(process) = self.processes.get_mut(key)
                && process.eviction != Eviction::Pinned
            {
                process.eviction = Eviction::NotYet;
                retained.left_table.push_back((at, key));
            }
        }
        let pinned = self.processes.since(0);
        let pinned = pinned.filter(|(_, process)| process.eviction == Eviction::Pinned);
        pinned.for_each(|(key, _)| retained.pinned.push(key));
        self.retained = retained;
        self.reset_counts(at);
    }

    /// Marks what left the process table before [`Self::began`] for eviction, as far as nothing
    /// refers to it: a checkpoint only mentions it.
    pub(super) fn evict_mentioned(&mut self) {
        let is_over = |process: &Process| {
            let is_free = process.freed_at.is_some() && process.reference_count == 0;
            is_free && !self.is_of_this_part(process)
        };
        let all = self.processes.since(0);
        let over = all.filter(|(_, process)| is_over(process));
        for key in over.map(|(key, _)| key).collect::<Vec<_>>() {
            if let Some(process) = self.processes.get_mut(key) {
                process.eviction = Eviction::Now;
            }
            self.retained.mark_evictable(key);
        }
    }

    /// Retains the processes of this preference before others, as far as the policy
    /// allows. What was evicted before stays evicted.
    pub fn prefer(&mut self, preference: Preference) {
        self.preference = preference;
    }

    /// Returns true unless a process had left the process table before [`Self::began`].
    /// Such a process is retained because others refer to it or its last record was
    /// still to come; no count includes it.
    pub fn is_of_this_part(&self, process: &Process) -> bool {
        let left = process.left_table_at();
        !process.state().is_gone() || left.is_none_or(|left| left >= self.began())
    }

    /// Returns the listed processes that [are of this part](Self::is_of_this_part), in
    /// order of appearance.
    pub fn processes_of_this_part(&self) -> impl Iterator<Item = (Key, ProcessRef<'_>)> {
        let all = self.processes();
        all.filter(|(_, process)| self.is_of_this_part(process))
    }

    /// Evicts the processes that the policy does not retain. Takes constant time
    /// for each.
    pub(super) fn evict(&mut self) {
        if !self.retained.is_due(self.now) {
            return;
        }
        self.collapse_lineages();
        let mut parents = BTreeSet::new();
        let mut youngest = Key::FIRST;
        let mut tally = std::mem::take(&mut self.retained.tally);
        while let Some(decision) = self.retained.next(&mut self.processes, self.now) {
            let key = match decision {
                Decision::Evict(key) => key,
                Decision::Rate(at, key) => {
                    let process = self.processes.get(key);
                    let wanted = process.is_some() && self.preference.wants(self, key);
                    self.retained.offer(at, key, process, wanted);
                    continue;
                }
            };
            let Some(process) = self.processes.get_mut(key) else {
                continue;
            };
            if !process.state().is_gone() {
                // It was found alive and will leave again.
                let before = std::mem::replace(&mut process.eviction, Eviction::NotYet);
                self.retained.release(before);
                continue;
            }
            if process.reference_count > 0 {
                if process.eviction != Eviction::Pinned {
                    process.eviction = Eviction::Pinned;
                    self.retained.pinned.push(key);
                }
                continue;
            }
            let parent = process.tree_parent;
            let is_own = process.lost_parent().is_none();
            youngest = youngest.max(key);
            let is_counted = !self.retained.uncounted && self.is_of_this_part(&self.processes[key]);
            let is_awaited = is_counted && self.archive.awaits(tally.processes);
            let wanted = is_awaited && self.archive.wants(self, key);
            let mut reaped = None;
            if is_counted {
                reaped = tally.add_evicted(key, self);
            }
            // Before the parent may be evicted, too.
            if let Some(parent) = parent {
                parents.insert(parent);
                self.change_unindexed(parent, |process| process.count_evicted_child(is_own));
            }
            let Some(process) = self.remove(key) else {
                continue;
            };
            self.retained.release(process.eviction);
            if is_awaited {
                let cgroup = process.cgroup.and_then(|id| self.cgroups.paths.get(&id));
                let more = Evicted {
                    wanted,
                    cgroup,
                    reaped,
                };
                self.archive.add(key, process, more);
            } else {
                self.processes.recycle(process);
            }
        }
        self.retained.tally = tally;
        for parent in parents {
            let mut children =
                self.change_unindexed(parent, |process| std::mem::take(&mut process.tree_children));
            // Most children are younger than the evicted ones.
            children.retain(|&child| child > youngest || self.processes.get(child).is_some());
            self.change_unindexed(parent, |process| process.tree_children = children);
        }
    }
}

impl Process {
    /// Returns the time at which it left the process table, for one that has; the
    /// latest possible one if it was reaped unseen. None if nothing is known.
    fn left_table_at(&self) -> Option<u64> {
        let exited = self.exited_at.or(self.zombie_at);
        let left = match self.autoreaped {
            Some(true) => exited,
            _ => self.reaped_at.or(self.vanished_at),
        };
        left.or(self.freed_at).or(exited)
    }
}
