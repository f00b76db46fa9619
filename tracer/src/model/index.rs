//! Indices over all processes: which are running, which are zombies, and which
//! owner can reap which exited process. Each index depends on the processes alone.
//! [`Model::change`] keeps them up to date and is the only way to change what they
//! depend on; [`Model::change_unindexed`] is for everything else.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{Key, Model, Process, State, retention::Eviction};
use crate::event::ProcessId;

/// The indices.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Index {
    /// Processes believed to be in the kernel's process table, in no order.
    pub present: HashSet<Key, foldhash::fast::FixedState>,
    /// Number of running processes.
    pub alive: usize,
    /// Number of processes with a known exit.
    pub exited: u64,
    /// Current zombies.
    pub zombies: BTreeSet<Key>,
    /// Exited processes not yet reaped, by the owner that may reap them and the PID
    /// that its wait will return.
    unreaped: HashMap<Claim, Claimant, foldhash::fast::FixedState>,
    /// (parent, child) for children with a parent other than their parent in the
    /// fork tree. Holds only processes present, so it is no larger than the
    /// kernel's process table.
    adopted: BTreeSet<(Key, Key)>,
}

/// An owner and the PID that its wait returns for an exited process.
pub(super) type Claim = (Key, u32);

/// The process that holds a claim, and true if a notification confirmed it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Claimant {
    key: Key,
    confirmed: bool,
}

/// The claims of an exited process, as in [`Index::unreaped`].
#[derive(Clone, Copy, Default, PartialEq)]
struct Claims {
    /// True if a notification reported the PID that the owner sees.
    confirmed: bool,
    by: [Option<Claim>; 3],
}

/// The part of a process that the indices depend on.
#[derive(Clone, Copy, PartialEq)]
struct IndexedState {
    state: State,
    exited: bool,
    adopted_by: Option<Key>,
    claims: Claims,
    /// References to other processes, which are retained as long as this one is.
    references: [Option<Key>; 5],
}

impl IndexedState {
    fn of(process: &Process) -> IndexedState {
        let state = process.state();
        let parent = process.parent.filter(|_| !state.is_gone());
        IndexedState {
            state,
            exited: process.exited_at.is_some(),
            adopted_by: parent.filter(|_| process.parent != process.tree_parent),
            claims: claims(process, state),
            references: [
                process.tree_parent,
                process.original_parent,
                process.parent,
                process.heir,
                process.pending.as_ref().and_then(|pending| pending.tracer),
            ],
        }
    }
}

/// Returns the claims of a process. Until a notification reports the PID that the
/// owner sees, it may be the PID in the initial namespace or in the process's own.
fn claims(process: &Process, state: State) -> Claims {
    let mut claims = Claims {
        confirmed: process.seen_pid.is_some(),
        by: [None; 3],
    };
    if !matches!(state, State::Exiting | State::Zombie) {
        return claims;
    }
    if let Some(owner) = process.parent {
        let seen = process.seen_pid.unwrap_or(process.id.tgid);
        claims.by[0] = Some((owner, seen));
        let own = process.ns.map(|(pid, _)| pid);
        claims.by[1] = own
            .filter(|&pid| process.seen_pid.is_none() && pid != seen)
            .map(|pid| (owner, pid));
    }
    let tracer = process.pending.as_ref().and_then(|pending| pending.tracer);
    claims.by[2] = tracer.map(|tracer| (tracer, process.seen_pid.unwrap_or(process.id.tgid)));
    claims
}

impl Index {
    /// Updates the indices after a change. Only what changed is touched.
    fn update(&mut self, key: Key, before: &IndexedState, after: &IndexedState) {
        if before.state != after.state {
            self.leave(key, before.state);
            self.enter(key, after.state);
        }
        self.count_exit(before.exited, after.exited);
        if before.adopted_by != after.adopted_by {
            self.adopt(key, before.adopted_by, after.adopted_by);
        }
        if before.claims != after.claims {
            self.claim(key, &before.claims, &after.claims);
        }
    }

    fn remove(&mut self, key: Key, indexed: &IndexedState) {
        self.leave(key, indexed.state);
        self.adopt(key, indexed.adopted_by, None);
        self.claim(key, &indexed.claims, &Claims::default());
    }

    fn leave(&mut self, key: Key, state: State) {
        if !state.is_gone() {
            self.present.remove(&key);
        }
        match state {
            State::Alive => self.alive -= 1,
            State::Zombie => {
                self.zombies.remove(&key);
            }
            State::Exiting | State::Reaped | State::Vanished => {}
        }
    }

    fn enter(&mut self, key: Key, state: State) {
        if !state.is_gone() {
            self.present.insert(key);
        }
        match state {
            State::Alive => self.alive += 1,
            State::Zombie => {
                self.zombies.insert(key);
            }
            State::Exiting | State::Reaped | State::Vanished => {}
        }
    }

    fn count_exit(&mut self, before: bool, after: bool) {
        // The count in a recording may be wrong, so it must not underflow.
        let exited = self.exited.saturating_add(u64::from(after));
        self.exited = exited.saturating_sub(u64::from(before));
    }

    fn adopt(&mut self, key: Key, before: Option<Key>, after: Option<Key>) {
        if let Some(owner) = before {
            self.adopted.remove(&(owner, key));
        }
        if let Some(owner) = after {
            self.adopted.insert((owner, key));
        }
    }

    /// Replaces the claims of a process. A later claim replaces an earlier one, but
    /// a guess never replaces a confirmed claim.
    fn claim(&mut self, key: Key, before: &Claims, after: &Claims) {
        for claim in before.by.iter().flatten() {
            if self.unreaped(claim.0, claim.1) == Some(key) {
                self.unreaped.remove(claim);
            }
        }
        for claim in after.by.iter().flatten() {
            let confirmed = after.confirmed;
            let claimant = Claimant { key, confirmed };
            let holder = self.unreaped.entry(*claim).or_insert(claimant);
            if confirmed || !holder.confirmed {
                *holder = claimant;
            }
        }
    }

    /// Adds a process that was just inserted.
    pub fn add(&mut self, key: Key, process: &Process) {
        let indexed = IndexedState::of(process);
        self.enter(key, indexed.state);
        self.count_exit(false, indexed.exited);
        self.adopt(key, None, indexed.adopted_by);
        self.claim(key, &Claims::default(), &indexed.claims);
    }

    /// Returns the exited process that `owner`'s wait for `number` returns.
    pub fn unreaped(&self, owner: Key, number: u32) -> Option<Key> {
        let claimant = self.unreaped.get(&(owner, number));
        claimant.map(|claimant| claimant.key)
    }

    /// Returns all claims in order. If two processes claim one PID, the holder
    /// depends on the order of their claims, so claims must be saved.
    pub fn claims(&self) -> Vec<(Claim, Claimant)> {
        let mut claims: Vec<_> = self.unreaped.iter().map(|(&it, &by)| (it, by)).collect();
        claims.sort_unstable_by_key(|&(claim, _)| claim);
        claims
    }

    /// Returns true if no exited process, adopted child or zombie is indexed.
    #[cfg(test)]
    pub fn has_no_unreaped(&self) -> bool {
        self.unreaped.is_empty() && self.adopted.is_empty() && self.zombies.is_empty()
    }

    /// Returns the present children that were reparented to `owner`.
    pub fn adopted(&self, owner: Key) -> impl Iterator<Item = Key> + '_ {
        let children = self.adopted.range((owner, Key::FIRST)..=(owner, Key::LAST));
        children.map(|&(_, child)| child)
    }
}

impl Model {
    /// Changes a process and updates the indices.
    pub(super) fn change<R>(&mut self, key: Key, change: impl FnOnce(&mut Process) -> R) -> R {
        let Some(process) = self.processes.get_mut(key) else {
            // An evicted process no longer changes.
            return change(&mut Process::new(ProcessId::default()));
        };
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
                if process.reference_count == 0 && process.eviction == Eviction::Now {
                    self.retained.mark_evictable(to);
                }
            }
        }
    }

    /// Removes a process from all indices and from the table.
    pub(super) fn remove(&mut self, key: Key) {
        if let Some(process) = self.processes.remove(key) {
            let indexed = IndexedState::of(&process);
            self.index.remove(key, &indexed);
            self.count_references(&indexed.references, &[]);
            self.processes.recycle(process);
        }
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
        let mut claimed = BTreeSet::new();
        let mut present = HashSet::default();
        let mut reference_count: HashMap<Key, u32> = HashMap::new();
        for (key, process) in self.processes() {
            let indexed = IndexedState::of(process);
            present.extend((!indexed.state.is_gone()).then_some(key));
            for to in indexed.references.into_iter().flatten() {
                assert!(self.contains(to), "{key:?} leads to {to:?}, who was let go");
                *reference_count.entry(to).or_default() += 1;
            }
            alive += usize::from(indexed.state == State::Alive);
            zombies.extend((indexed.state == State::Zombie).then_some(key));
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
        for (key, process) in self.processes() {
            assert_eq!(
                process.reference_count,
                reference_count.get(&key).copied().unwrap_or(0)
            );
        }
        assert_eq!(self.index.present, present);
        assert_eq!(self.index.alive, alive);
        assert_eq!(self.index.zombies, zombies);
        assert_eq!(self.index.adopted, adopted);
        // Two processes may claim one PID if an exit was missed; the index then has
        // the later. It never holds a claim that its process does not make.
        for (&claim, &Claimant { key, .. }) in &self.index.unreaped {
            assert!(claimed.contains(&(claim, key)), "{claim:?} → {key:?}");
        }
    }
}
