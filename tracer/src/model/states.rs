//! Time that a process's threads spent in each task state, and the state changes
//! themselves if they were streamed.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{Model, Process};
use crate::event::{StateTimes, States, TaskId, TaskState, Wakeups, Who};

/// Maximum number of changes kept per process, the latest.
const CHANGES_KEPT: usize = 4096;

/// Task states of a process's threads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scheduling {
    /// Times of the threads that have exited.
    ended: StateTimes,
    ended_wakeups: Wakeups,
    ended_missed: u64,
    /// Latest report of each running thread.
    open: BTreeMap<TaskId, States>,
    /// True if the exit of a thread or the end of a tracer was missed, so that the
    /// last times are not counted.
    incomplete: bool,
    /// Number of threads with a report.
    threads: u32,
    /// Time the first of them was first seen, ns since boot.
    pub counted_since: Option<u64>,
    /// State changes, the oldest first.
    changes: VecDeque<StateChange>,
    /// True if older changes were dropped from `changes`.
    dropped_changes: bool,
}

/// A change of a thread's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChange {
    /// Time of the change, ns since boot.
    pub at: u64,
    /// PID of the thread.
    pub pid: u32,
    /// New state.
    pub state: TaskState,
}

/// The reason the counted times are incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingStates {
    /// The record of a thread's exit was lost or never arrived.
    End,
    /// This number of threads has no report: not yet, or it was lost, or the
    /// kernel's table was full.
    Threads(u32),
}

impl Scheduling {
    /// Applies a report of a thread.
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

    /// Closes a thread with a missed end: no further report will follow.
    fn close_unseen(&mut self, of: TaskId) {
        if let Some(states) = self.open.remove(&of) {
            self.incomplete = true;
            self.end(states);
        }
    }

    /// Closes all running threads, because no further report will follow in the
    /// current counters.
    pub(super) fn close_all_unseen(&mut self) {
        for states in std::mem::take(&mut self.open).into_values() {
            self.incomplete = true;
            self.end(states);
        }
    }

    /// Returns the number of turns on a CPU that are counted as runnable: see
    /// [`States::missed`].
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

    /// Returns the changes kept, the oldest first.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = &StateChange> {
        self.changes.iter()
    }

    /// Returns the time from which no change is missing: the first change, if any.
    pub fn changes_since(&self) -> Option<u64> {
        self.changes.front().map(|change| change.at)
    }

    /// Returns true if changes before the first were dropped.
    pub fn dropped_changes(&self) -> bool {
        self.dropped_changes
    }
}

impl Process {
    /// Returns the time of all threads in each state, the current states counted up
    /// to `now`. None if states are not counted. Takes time linear in the threads.
    pub fn state_times(&self, now: u64) -> Option<StateTimes> {
        let scheduling = self.scheduling.as_deref()?;
        let open = scheduling.open.values();
        Some(open.fold(scheduling.ended, |sum, states| {
            // A reaped process has no current state; its last report is on its way
            // or lost.
            sum.plus(match self.state().is_gone() {
                true => states.times,
                false => states.until(now),
            })
        }))
    }

    /// Returns what the figures lack; none if they are complete or nothing is
    /// counted.
    pub fn missing_states(&self) -> Option<MissingStates> {
        let scheduling = self.scheduling.as_deref()?;
        let unreported = self.threads_seen.saturating_sub(scheduling.threads);
        match (scheduling.incomplete, unreported) {
            (true, _) => Some(MissingStates::End),
            (false, 0) => None,
            (false, unreported) => Some(MissingStates::Threads(unreported)),
        }
    }

    /// Returns true if every thread has a report and no exit was missed, so that
    /// everything is counted from [`Scheduling::counted_since`] on.
    pub fn states_are_complete(&self) -> bool {
        self.scheduling.is_some() && self.missing_states().is_none()
    }

    /// Returns the wake-ups of all threads that were followed by a turn on a CPU.
    pub fn wakeups(&self) -> Option<Wakeups> {
        let scheduling = self.scheduling.as_deref()?;
        let open = scheduling.open.values();
        let sum = |sum: Wakeups, states: &States| sum.plus(states.wakeups);
        Some(open.fold(scheduling.ended_wakeups, sum))
    }

    /// Returns the state of the main thread and the time it was entered, ns since
    /// boot. Takes time linear in the changes since its last.
    pub fn main_state(&self) -> Option<(TaskState, u64)> {
        let scheduling = self.scheduling.as_deref()?;
        let counted = scheduling.open.get(&self.id.leader().task);
        let counted = counted.map(|main| (main.state, main.since));
        let mut changes = scheduling.changes.iter().rev();
        let changed = changes.find(|change| change.pid == self.id.tgid);
        let changed = changed.map(|change| (change.state, change.at));
        let known = counted.into_iter().chain(changed);
        let latest = known.max_by_key(|&(_, since)| since);
        latest.filter(|&(state, _)| state != TaskState::Dead)
    }

    /// Returns the time from being made runnable to the first run, ns.
    pub fn first_run_latency(&self) -> Option<u64> {
        Some(self.first_ran_at?.saturating_sub(self.runnable_at?))
    }

    /// Moves the state of a thread that called exec to the leader, whose place it
    /// took.
    pub(super) fn move_states_to_leader(&mut self, at: u64, leader: TaskId, old_pid: u32) {
        if let Some(scheduling) = &mut self.scheduling
            && old_pid != leader.pid
        {
            if scheduling
                .changes
                .iter()
                .any(|change| change.pid == old_pid)
            {
                // The caller of exec is running.
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

    /// Closes the states of a freed thread.
    pub(super) fn close_thread_states(&mut self, of: TaskId) {
        if let Some(scheduling) = &mut self.scheduling {
            scheduling.close_unseen(of);
        }
    }

    /// Closes the states of all threads.
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
        // Read once a second and at a task's end, so the process may have been
        // evicted.
        self.scheduling(who, |scheduling| scheduling.update(who.task, states));
    }

    pub(super) fn on_state(&mut self, at: u64, who: Who, state: TaskState) {
        let pid = who.task.pid;
        self.scheduling(who, |scheduling| {
            scheduling.change(StateChange { at, pid, state });
        });
    }

    fn scheduling(&mut self, who: Who, change: impl FnOnce(&mut Scheduling)) {
        if let Some(key) = self.find(who.process) {
            self.change(key, |process| {
                change(process.scheduling.get_or_insert_default());
            });
        }
    }
}
