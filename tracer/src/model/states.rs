//! How long the threads of a process were in which state, and where they were
//! sent one by one, the changes themselves.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{Model, Process};
use crate::event::{StateTimes, States, TaskId, TaskState, Wakeups, Who};

/// So many changes are kept of a process, the latest.
const CHANGES_KEPT: usize = 4096;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scheduling {
    /// Of the threads that have ended.
    ended: StateTimes,
    ended_wakeups: Wakeups,
    ended_missed: u64,
    /// As last told of those that live.
    open: BTreeMap<TaskId, States>,
    /// A thread's end was missed, or that of the tracer that counted: what was
    /// done last is not counted.
    incomplete: bool,
    /// Threads of which anything was told.
    threads: u32,
    /// When the first of them was first seen.
    pub counted_since: Option<u64>,
    /// The oldest first.
    changes: VecDeque<StateChange>,
    /// Older changes are no longer in `changes`.
    dropped_changes: bool,
}

/// A thread, by its number, is in a state from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChange {
    pub at: u64,
    pub pid: u32,
    pub state: TaskState,
}

/// UnknownReason there is more than what was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingStates {
    /// The record of a thread's end was lost, or came never.
    End,
    /// Of so many threads nothing was told: not yet, or it was lost, or they found
    /// no room in the kernel's table.
    Threads(u32),
}

impl Scheduling {
    fn update(&mut self, id: TaskId, states: States) {
        let since = self.counted_since.unwrap_or(states.began);
        self.counted_since = Some(since.min(states.began));
        let known = if states.state == TaskState::Dead {
            let known = self.open.remove(&id);
            self.end(states);
            known
        } else {
            self.open.insert(id, states)
        };
        if known.is_none() {
            self.threads = self.threads.saturating_add(1);
        }
    }

    fn end(&mut self, states: States) {
        self.ended = self.ended.plus(states.times);
        self.ended_wakeups = self.ended_wakeups.plus(states.wakeups);
        self.ended_missed = self.ended_missed.saturating_add(states.missed);
    }

    /// Its end was not told and will not be.
    fn close_unseen(&mut self, of: TaskId) {
        if let Some(states) = self.open.remove(&of) {
            self.incomplete = true;
            self.end(states);
        }
    }

    /// Nobody will be told of any more under the counts that are known.
    pub(super) fn close_all_unseen(&mut self) {
        for states in std::mem::take(&mut self.open).into_values() {
            self.incomplete = true;
            self.end(states);
        }
    }

    /// Turns on a CPU that are counted as waits for one: see [`States::missed`].
    pub fn missed(&self) -> u64 {
        let open = self.open.values().map(|states| states.missed);
        open.fold(self.ended_missed, u64::saturating_add)
    }

    fn change(&mut self, change: StateChange) {
        if self.changes.len() >= CHANGES_KEPT {
            self.changes.pop_front();
            self.dropped_changes = true;
        }
        self.changes.push_back(change);
    }

    /// The changes that are kept, the oldest first.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = &StateChange> {
        self.changes.iter()
    }

    /// From when on no change is missing: the first, unless it had any before.
    pub fn changes_since(&self) -> Option<u64> {
        self.changes.front().map(|change| change.at)
    }

    /// Earlier changes than the first were let go.
    pub fn dropped_changes(&self) -> bool {
        self.dropped_changes
    }
}

impl Process {
    /// Time of all threads in each state, those in which they are counted up to
    /// `now`; unknown where states are not counted. Linear in the threads.
    pub fn state_times(&self, now: u64) -> Option<StateTimes> {
        let scheduling = self.scheduling.as_deref()?;
        let open = scheduling.open.values();
        Some(open.fold(scheduling.ended, |sum, states| {
            // Who is reaped does nothing; how it ended is on its way, or lost.
            sum.plus(match self.state().is_gone() {
                true => states.times,
                false => states.until(now),
            })
        }))
    }

    /// What the figures lack; none where nothing is counted, too.
    pub fn missing_states(&self) -> Option<MissingStates> {
        let scheduling = self.scheduling.as_deref()?;
        let untold = self.threads_seen.saturating_sub(scheduling.threads);
        match (scheduling.incomplete, untold) {
            (true, _) => Some(MissingStates::End),
            (false, 0) => None,
            (false, untold) => Some(MissingStates::Threads(untold)),
        }
    }

    /// Something was told of every thread that was seen, and no end was missed:
    /// all is counted from [`Scheduling::counted_since`] on.
    pub fn states_are_complete(&self) -> bool {
        self.scheduling.is_some() && self.missing_states().is_none()
    }

    /// Wake-ups of all threads that were followed by a turn on a CPU.
    pub fn wakeups(&self) -> Option<Wakeups> {
        let scheduling = self.scheduling.as_deref()?;
        let open = scheduling.open.values();
        let sum = |sum: Wakeups, states: &States| sum.plus(states.wakeups);
        Some(open.fold(scheduling.ended_wakeups, sum))
    }

    /// The state of its main thread and since when, as last told. Linear in the
    /// changes that came since its last.
    pub fn main_state(&self) -> Option<(TaskState, u64)> {
        let scheduling = self.scheduling.as_deref()?;
        let counted = scheduling.open.get(&self.id.leader().task);
        let counted = counted.map(|main| (main.state, main.since));
        let mut changes = scheduling.changes.iter().rev();
        let changed = changes.find(|change| change.pid == self.id.tgid);
        let changed = changed.map(|change| (change.state, change.at));
        let told = counted.into_iter().chain(changed);
        let latest = told.max_by_key(|&(_, since)| since);
        latest.filter(|&(state, _)| state != TaskState::Dead)
    }

    /// From being made runnable to running for the first time.
    pub fn first_run_latency(&self) -> Option<u64> {
        Some(self.first_ran_at?.saturating_sub(self.runnable_at?))
    }

    /// A thread that was not the leader has called exec, and is the leader now.
    pub(super) fn move_states_to_leader(&mut self, at: u64, leader: TaskId, old_pid: u32) {
        if let Some(scheduling) = &mut self.scheduling
            && old_pid != leader.pid
        {
            if scheduling
                .changes
                .iter()
                .any(|change| change.pid == old_pid)
            {
                // Whoever calls exec runs.
                let numbers = [(old_pid, TaskState::Dead), (leader.pid, TaskState::Running)];
                for (pid, state) in numbers {
                    scheduling.change(StateChange { at, pid, state });
                }
            }
            scheduling.close_unseen(leader);
            let mut callers = scheduling.open.keys().filter(|id| id.pid == old_pid);
            let caller = callers.next().copied();
            if let Some(states) = caller.and_then(|caller| scheduling.open.remove(&caller)) {
                scheduling.open.insert(leader, states);
            }
        }
    }

    /// A thread has been freed.
    pub(super) fn close_thread_states(&mut self, of: TaskId) {
        if let Some(scheduling) = &mut self.scheduling {
            scheduling.close_unseen(of);
        }
    }

    /// All threads are gone.
    pub(super) fn close_all_states(&mut self) {
        if let Some(scheduling) = &mut self.scheduling {
            scheduling.close_all_unseen();
        }
    }
}

impl Model {
    /// Told once a second, and at a task's end: its process may have been
    /// forgotten.
    pub(super) fn on_states(&mut self, who: Who, states: States) {
        self.scheduling(who, |scheduling| scheduling.update(who.task, states));
    }

    pub(super) fn on_state(&mut self, at: u64, who: Who, state: TaskState) {
        let pid = who.task.pid;
        self.scheduling(who, |scheduling| {
            scheduling.change(StateChange { at, pid, state });
        });
    }

    fn scheduling(&mut self, who: Who, tell: impl FnOnce(&mut Scheduling)) {
        if let Some(key) = self.find(who.process) {
            self.change(key, |process| {
                tell(process.scheduling.get_or_insert_default());
            });
        }
    }
}
