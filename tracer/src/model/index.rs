//! What the model keeps over all processes beside them: who lives, who is a
//! zombie, who waits for whom. Each is a function of the processes alone and
//! is brought up to date by [`Model::change`], the only door to a process's
//! state; [`Model::change_unindexed`] is for what they do not depend on.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{Key, Model, Process, State, retention::Eviction};
use crate::event::ProcessId;

#[derive(Clone, Default, PartialEq)]
pub(super) struct Index {
    /// Who is in the kernel's process table, as far as we know; in no order.
    pub present: HashSet<Key, foldhash::fast::FixedState>,
    pub alive: usize,
    /// Whose exit is known.
    pub exited: u64,
    pub zombies: BTreeSet<Key>,
    /// The dead not yet reaped, by who may reap them and the number that its
    /// wait will return.
    unreaped: HashMap<Claim, Claimant, foldhash::fast::FixedState>,
    /// Who has a parent now that is not the one it hangs below in the fork
    /// tree: (parent, child). The gone are not in it, so it is no larger than
    /// the kernel's process table.
    adopted: BTreeSet<(Key, Key)>,
}

/// An owner and the number that its wait returns for a dead process.
pub(super) type Claim = (Key, u32);

/// Who claims a number of an owner's, and whether by guess.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Claimant {
    key: Key,
    told: bool,
}

/// By which owners and numbers, as in [`Index::unreaped`], a dead process can be
/// waited for.
#[derive(Clone, Copy, Default, PartialEq)]
struct Claims {
    /// A notification said which number the owner sees.
    told: bool,
    by: [Option<Claim>; 3],
}

/// What of a process the index depends on.
#[derive(Clone, Copy, PartialEq)]
struct IndexedState {
    state: State,
    exited: bool,
    adopted_by: Option<Key>,
    claims: Claims,
    /// To whom it leads: they are kept as long as it is.
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

/// Until a notification says which number its owner sees, it is the one in the
/// initial pid namespace or the one in its own.
fn claims(process: &Process, state: State) -> Claims {
    let mut claims = Claims {
        told: process.seen_pid.is_some(),
        by: [None; 3],
    };
    if !matches!(state, State::Exiting | State::Zombie) {
        return claims;
    }
    if let Some(owner) = process.parent {
        let told = process.seen_pid.unwrap_or(process.id.tgid);
        claims.by[0] = Some((owner, told));
        let own = process.ns.map(|(pid, _)| pid);
        claims.by[1] = own
            .filter(|&pid| process.seen_pid.is_none() && pid != told)
            .map(|pid| (owner, pid));
    }
    let tracer = process.pending.as_ref().and_then(|pending| pending.tracer);
    claims.by[2] = tracer.map(|tracer| (tracer, process.seen_pid.unwrap_or(process.id.tgid)));
    claims
}

impl Index {
    /// A process is no longer what it was. What stayed the same is not touched.
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
        // A recording may have said another number.
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

    /// The later goes before the earlier, but no guess before what was told.
    fn claim(&mut self, key: Key, before: &Claims, after: &Claims) {
        for claim in before.by.iter().flatten() {
            if self.unreaped(claim.0, claim.1) == Some(key) {
                self.unreaped.remove(claim);
            }
        }
        for claim in after.by.iter().flatten() {
            let told = after.told;
            let claimant = Claimant { key, told };
            let holder = self.unreaped.entry(*claim).or_insert(claimant);
            if told || !holder.told {
                *holder = claimant;
            }
        }
    }

    /// A process that was just made up.
    pub fn add(&mut self, key: Key, process: &Process) {
        let indexed = IndexedState::of(process);
        self.enter(key, indexed.state);
        self.count_exit(false, indexed.exited);
        self.adopt(key, None, indexed.adopted_by);
        self.claim(key, &Claims::default(), &indexed.claims);
    }

    pub fn unreaped(&self, owner: Key, number: u32) -> Option<Key> {
        let claimant = self.unreaped.get(&(owner, number));
        claimant.map(|claimant| claimant.key)
    }

    /// The numbers that dead processes are waited for by, in order. Which of two
    /// processes holds a number depends on the order in which they claimed it.
    pub fn claims(&self) -> Vec<(Claim, Claimant)> {
        let mut claims: Vec<_> = self.unreaped.iter().map(|(&it, &by)| (it, by)).collect();
        claims.sort_unstable_by_key(|&(claim, _)| claim);
        claims
    }

    /// Nobody waits for anybody.
    #[cfg(test)]
    pub fn has_no_unreaped(&self) -> bool {
        self.unreaped.is_empty() && self.adopted.is_empty() && self.zombies.is_empty()
    }

    pub fn adopted(&self, owner: Key) -> impl Iterator<Item = Key> + '_ {
        let children = self.adopted.range((owner, Key::FIRST)..=(owner, Key::LAST));
        children.map(|&(_, child)| child)
    }
}

impl Model {
    /// Changes a process and keeps the indices true.
    pub(super) fn change<R>(&mut self, key: Key, change: impl FnOnce(&mut Process) -> R) -> R {
        let Some(process) = self.processes.get_mut(key) else {
            // Whoever was let go changes no more.
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

    /// Changes of a process what no index depends on.
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

    /// Counts who leads to whom.
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

    /// Takes a process out of all indices and out of the table.
    pub(super) fn remove(&mut self, key: Key) {
        if let Some(process) = self.processes.remove(key) {
            let indexed = IndexedState::of(&process);
            self.index.remove(key, &indexed);
            self.count_references(&indexed.references, &[]);
            self.processes.recycle(process);
        }
    }

    /// Makes the index from the processes, but for what it does not depend on
    /// them alone: how many have exited, and who holds which claim. False if a
    /// process refers to one that is not kept, or a claim is not its holder's.
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

    /// That every index says what the processes say.
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
        // Two may claim one number, when the end of one was missed; then the
        // index has the later. It never has one that claims nothing.
        for (&claim, &Claimant { key, .. }) in &self.index.unreaped {
            assert!(claimed.contains(&(claim, key)), "{claim:?} → {key:?}");
        }
    }
}
