//! Indices over all processes: which are running, which are zombies, and which
//! owner can reap which exited process. Each index depends on the processes alone.
//! [`super::Model::change`] keeps them up to date and is the only way to change what they
//! depend on; [`super::Model::change_unindexed`] is for everything else.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{Key, Process, State, former_owner::FORMER_OWNERS};

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
    /// Processes that are exiting.
    pub exiting: BTreeSet<Key>,
    /// Exited processes not yet reaped, by the owner that may reap them and the PID
    /// that its wait will return.
    pub(super) unreaped: HashMap<Claim, Claimant, foldhash::fast::FixedState>,
    /// (parent, child) for children with a parent other than their parent in the
    /// fork tree. Holds only processes present, so it is no larger than the
    /// kernel's process table.
    pub(super) adopted: BTreeSet<(Key, Key)>,
}

/// An owner and the PID that its wait returns for an exited process.
pub(super) type Claim = (Key, u32);

/// The process that holds a claim, and true if a notification confirmed it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Claimant {
    pub(super) key: Key,
    pub(super) confirmed: bool,
}

/// The claims of an exited process, as in [`Index::unreaped`].
#[derive(Clone, Copy, Default, PartialEq)]
pub(super) struct Claims {
    /// True if a notification reported the PID that the owner sees.
    pub(super) confirmed: bool,
    pub(super) by: [Option<Claim>; 3],
}

/// The part of a process that the indices depend on.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct IndexedState {
    pub(super) state: State,
    pub(super) exited: bool,
    pub(super) adopted_by: Option<Key>,
    pub(super) claims: Claims,
    /// References to other processes, which are retained as long as this one is.
    pub(super) references: [Option<Key>; 5 + FORMER_OWNERS],
}

impl IndexedState {
    pub(super) fn of(process: &Process) -> IndexedState {
        let state = process.state();
        let parent = process.parent.filter(|_| !state.is_gone());
        IndexedState {
            state,
            exited: process.exited_at.is_some(),
            adopted_by: parent.filter(|_| process.parent != process.tree_parent),
            claims: claims(process, state),
            references: references(process),
        }
    }
}

fn references(process: &Process) -> [Option<Key>; 5 + FORMER_OWNERS] {
    let mut references = [None; 5 + FORMER_OWNERS];
    references[0] = process.tree_parent;
    let lost = process.lost_parent().map(|lost| lost.key);
    references[1] = process
        .original_parent
        .filter(|&parent| Some(parent) != lost);
    references[2] = process.parent;
    references[3] = process.heir;
    // Most processes have none of the others.
    if let Some(pending) = &process.pending {
        references[4] = pending.tracer;
        let former = pending.rare.former_owners.iter().map(|former| former.owner);
        references[5..]
            .iter_mut()
            .zip(former)
            .for_each(|(place, owner)| *place = owner);
    }
    references
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
    claims.by[2] = process
        .tracer()
        .map(|tracer| (tracer, process.seen_pid.unwrap_or(process.id.tgid)));
    claims
}

impl Index {
    /// Updates the indices after a change. Only what changed is touched.
    pub(super) fn update(&mut self, key: Key, before: &IndexedState, after: &IndexedState) {
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

    pub(super) fn remove(&mut self, key: Key, indexed: &IndexedState) {
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
            State::Exiting => {
                self.exiting.remove(&key);
            }
            State::Reaped | State::Vanished => {}
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
            State::Exiting => {
                self.exiting.insert(key);
            }
            State::Reaped | State::Vanished => {}
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
