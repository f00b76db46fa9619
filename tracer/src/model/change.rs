//! The only way to change a process: [`Model::change`] keeps the [`Index`] and the
//! reference counts up to date.

#[cfg(test)]
use std::collections::{BTreeSet, HashMap, HashSet};

#[cfg(test)]
use super::State;
use super::{
    Key, Model, Process,
    index::{Claim, Claimant, Index, IndexedState},
    process::Eviction,
};
use crate::event::ProcessId;

impl Model {
    /// Changes a process and updates the indices.
    pub(super) fn change<R>(&mut self, key: Key, change: impl FnOnce(&mut Process) -> R) -> R {
        let Some(process) = self.processes.get_mut(key) else {
            // An evicted process no longer changes.
            return change(&mut Process::new(ProcessId::default()));
        };
        if let Some(changed) = &mut self.changed {
            changed.push(key);
        }
        let before = IndexedState::of(process);
        let result = change(process);
        let after = IndexedState::of(process);
        if before != after {
            self.index.update(key, &before, &after);
            self.totals.exits = self.index.exited;
            self.count_references(&before.references, &after.references);
            if after.state.is_gone() && !before.state.is_gone() {
                self.retained.record_departure(self.now, key);
            }
        }
        result
    }

    /// Changes parts of a process that no index depends on.
    pub(super) fn change_unindexed<R>(
        &mut self,
        key: Key,
        change: impl FnOnce(&mut Process) -> R,
    ) -> R {
        let Some(process) = self.processes.get_mut(key) else {
            return change(&mut Process::new(ProcessId::default()));
        };
        if let Some(changed) = &mut self.changed {
            changed.push(key);
        }
        #[cfg(debug_assertions)]
        let before = IndexedState::of(process);
        let result = change(process);
        #[cfg(debug_assertions)]
        assert!(
            before == IndexedState::of(process),
            "this is Model::change's"
        );
        result
    }

    /// Updates the reference counts after a change of references.
    fn count_references(&mut self, before: &[Option<Key>], after: &[Option<Key>]) {
        if before == after {
            return;
        }
        for &to in after.iter().flatten() {
            if let Some(process) = self.processes.get_mut(to) {
                process.reference_count += 1;
            }
        }
        for &to in before.iter().flatten() {
            if let Some(process) = self.processes.get_mut(to) {
                process.reference_count -= 1;
                let is_due = matches!(process.eviction, Eviction::Now | Eviction::Pinned);
                if process.reference_count == 0 && is_due {
                    self.retained.mark_evictable(to);
                }
            }
        }
    }

    /// Removes a process from all indices and from the table.
    pub(super) fn remove(&mut self, key: Key) -> Option<Box<Process>> {
        let process = self.processes.remove(key)?;
        let indexed = IndexedState::of(&process);
        self.index.remove(key, &indexed);
        self.count_references(&indexed.references, &[]);
        Some(process)
    }

    /// Rebuilds the indices from the processes. The number of exits and the holders
    /// of claims are passed in, because the processes alone do not determine them.
    /// Returns false if a process refers to one that is not retained, or if a claim
    /// does not match its holder.
    pub(super) fn rebuild_index(&mut self, exited: u64, claims: Vec<(Claim, Claimant)>) -> bool {
        let mut index = Index::default();
        let mut reference_count = Vec::new();
        for (key, process) in self.processes.since(0) {
            index.add(key, process);
            reference_count.extend(IndexedState::of(process).references.into_iter().flatten());
        }
        for to in reference_count {
            match self.processes.get_mut(to) {
                Some(process) => {
                    process.reference_count = process.reference_count.saturating_add(1)
                }
                None => return false,
            }
        }
        let is_held = |&(claim, claimant): &(Claim, Claimant)| {
            let holder = self.processes.get(claimant.key);
            holder.is_some_and(|it| IndexedState::of(it).claims.by.contains(&Some(claim)))
        };
        if !claims.iter().all(is_held) {
            return false;
        }
        index.exited = exited;
        index.unreaped = claims.into_iter().collect();
        self.index = index;
        true
    }

    /// Asserts that every index agrees with the processes.
    #[cfg(test)]
    pub(super) fn check_index(&self) {
        let (mut alive, mut zombies, mut adopted) = (0, BTreeSet::new(), BTreeSet::new());
        let mut exiting = BTreeSet::new();
        let mut claimed = BTreeSet::new();
        let mut present = HashSet::default();
        let mut reference_count: HashMap<Key, u32> = HashMap::new();
        for (key, process) in self.processes.since(0) {
            let indexed = IndexedState::of(process);
            present.extend((!indexed.state.is_gone()).then_some(key));
            for to in indexed.references.into_iter().flatten() {
                assert!(
                    self.processes.get(to).is_some(),
                    "{key:?} refers to {to:?}, which was evicted"
                );
                *reference_count.entry(to).or_default() += 1;
            }
            alive += usize::from(indexed.state == State::Alive);
            zombies.extend((indexed.state == State::Zombie).then_some(key));
            exiting.extend((indexed.state == State::Exiting).then_some(key));
            adopted.extend(indexed.adopted_by.map(|owner| (owner, key)));
            claimed.extend(
                indexed
                    .claims
                    .by
                    .into_iter()
                    .flatten()
                    .map(|claim| (claim, key)),
            );
        }
        for (key, process) in self.processes.since(0) {
            assert_eq!(
                process.reference_count,
                reference_count.get(&key).copied().unwrap_or(0)
            );
        }
        assert_eq!(self.index.present, present);
        assert_eq!(self.index.alive, alive);
        assert_eq!(self.index.zombies, zombies);
        assert_eq!(self.index.exiting, exiting);
        assert_eq!(self.index.adopted, adopted);
        // Two processes may claim one PID if an exit was missed; the index then has
        // the later. It never holds a claim that its process does not make.
        for (&claim, &Claimant { key, .. }) in &self.index.unreaped {
            assert!(claimed.contains(&(claim, key)), "{claim:?} → {key:?}");
        }
    }
}
