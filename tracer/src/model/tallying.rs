//! Counts processes in a [`Tally`].

use super::{
    Key, Killed, Model, Outcome, OwnerTally, ParentCounts, Process, ReapKind, Reapers, Started,
    State, Successor, Tally, Tenure, TenureEnd,
    counts::add,
    tally::{DETAILS, KINDS},
};
use crate::event::{Comm, ProcessId};

/// Maximum number of distinct parents per kind of process.
const PARENTS: usize = 64;

impl Tally {
    /// Counts one more process, with its original parent. What happened to it before
    /// the counts begin is not counted.
    pub(super) fn add(&mut self, process: &Process, model: &Model) {
        let (state, outcome) = (process.state(), process.outcome());
        let is_counted = |at: u64| at >= model.began();
        add(&mut self.processes, 1);
        if process.forked_at.is_none_or(is_counted) {
            add(self.created.entry(process.created_by).or_default(), 1);
        }
        if process.exited_at.is_some_and(is_counted) {
            add(self.ended.entry(outcome).or_default(), 1);
        }
        add(&mut self.reaped, u64::from(state == State::Reaped));
        add(&mut self.vanished, u64::from(state == State::Vanished));
        add(
            &mut self.reaped_by_kernel,
            u64::from(process.autoreaped == Some(true)),
        );
        let reaped = process.reap_kind();
        let by_exit = reaped == Some(ReapKind::OwnerExit);
        add(&mut self.released_by_exit, u64::from(by_exit));
        let by_wait = reaped == Some(ReapKind::Wait);
        add(&mut self.reaped_by_wait, u64::from(by_wait));
        self.reapers.add(process, model);
        if process.forked_at.is_some_and(is_counted) {
            self.add_started(process, model.original_parent(process), outcome);
        }
        if let Some(killed) = Killed::of(process) {
            self.killed.of(killed).add(process.end_seen_at());
        }
    }

    fn add_started(
        &mut self,
        process: &Process,
        parent: Option<(ProcessId, Option<Comm>)>,
        outcome: Outcome,
    ) {
        let by = parent.map(|(_, comm)| comm);
        let kind = (process.known_comm(), by);
        let is_known = |it: &Started| it.outcomes.contains_key(&outcome);
        let has_room =
            self.outcomes < DETAILS || self.started.by_kind.get(&kind).is_some_and(is_known);
        let started = match has_room {
            true => self.started.of(kind),
            false => &mut self.started.rest,
        };
        add(&mut started.count, 1);
        let known = started.outcomes.len();
        add(started.outcomes.entry(outcome).or_default(), 1);
        add(&mut self.outcomes, (started.outcomes.len() - known) as u64);
        let Some((parent, comm)) = parent else { return };
        let ParentCounts { by_parent, more } = &mut started.parents;
        let known = by_parent.len();
        if known < PARENTS && self.parents < DETAILS || by_parent.contains_key(&parent) {
            let entry = by_parent.entry(parent).or_default();
            *entry = (comm, entry.1.saturating_add(1));
            add(&mut self.parents, (by_parent.len() - known) as u64);
        } else {
            *more = true;
        }
    }

    /// Counts one more process, which is evicted. Returns its former zombies.
    pub(super) fn add_evicted(&mut self, key: Key, model: &Model) -> Option<OwnerTally> {
        let process = model.process(key);
        self.add(&process, model);
        // No retained process refers to it, so it will own no other zombie.
        let zombies = self.reapers.by_owner.remove(&Some(key))?;
        let comm = process.known_comm();
        let named = match self.reapers.by_name.len() < KINDS {
            true => comm,
            false => None,
        };
        let (owners, all) = self.reapers.by_name.entry(named).or_default();
        add(owners, 1);
        *all += &zombies;
        Some(zombies)
    }
}

impl Reapers {
    /// Counts the time that a process was a zombie, for each of its owners.
    pub(super) fn add(&mut self, process: &Process, model: &Model) {
        for tenure in process.tenures(model.now()) {
            if let Some(end) = tenure.end {
                let owner = self.by_owner.entry(tenure.owner).or_default();
                owner.add(&tenure, end, model.successor(process, &tenure));
            }
        }
    }
}

impl Model {
    /// Returns the zombies that their owners left unreaped for a second or longer:
    /// those evicted, and `zombies`, the retained ones with [`Process::was_left`]. There
    /// are no latencies.
    pub fn left_zombies(&self, zombies: impl Iterator<Item = Key>) -> Reapers {
        let mut left = self.retained.tally().reapers.without_latencies();
        for zombie in zombies.filter(|&zombie| self.has_in_this_part(zombie)) {
            left.add(&self.process(zombie), self);
        }
        left
    }

    /// Returns the process that reaped a zombie after this tenure, or owns it now.
    pub(super) fn successor(&self, process: &Process, tenure: &Tenure) -> Successor {
        let named = |id| {
            let known = self.processes.find(id).map(|key| &self.processes[key]);
            Successor::One(id, known.and_then(Process::known_comm))
        };
        let reaper = process.reaped_by.map(|by| named(by.process));
        let owner = process.owner().map(|owner| named(self.process(owner).id));
        match tenure.end {
            Some(TenureEnd::Reaped(ReapKind::Wait)) => reaper,
            Some(TenureEnd::Inherited(kind) | TenureEnd::Untraced(kind)) => match kind {
                Some(ReapKind::Wait) => reaper,
                _ => owner,
            },
            Some(TenureEnd::Reaped(_)) | None => None,
        }
        .unwrap_or_default()
    }
}
