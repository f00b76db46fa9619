//! Time that a process's threads spent in each task state, and the state changes
//! themselves if they were streamed.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::event::{StateTimes, States, TaskId, TaskState, Wakeups};

/// Maximum number of changes kept per process, the latest.
const CHANGES_KEPT: usize = 4096;

/// Task states of a process's threads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scheduling {
    /// Times of the threads that have exited.
    pub(super) ended: StateTimes,
    pub(super) ended_wakeups: Wakeups,
    pub(super) ended_missed: u64,
    /// Latest report of each running thread.
    pub(super) open: BTreeMap<TaskId, States>,
    /// True if the exit of a thread or the end of a tracer was missed, so that the
    /// last times are not counted.
    pub(super) incomplete: bool,
    /// Number of threads with a report.
    pub(super) threads: u32,
    /// Time the first of them was first seen, ns since boot.
    pub counted_since: Option<u64>,
    /// State changes, the oldest first.
    pub(super) changes: VecDeque<StateChange>,
    /// True if older changes were dropped from `changes`.
    pub(super) dropped_changes: bool,
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
    pub(super) fn update(&mut self, id: TaskId, states: States) {
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
    pub(super) fn close_unseen(&mut self, of: TaskId) {
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

    pub(super) fn change(&mut self, change: StateChange) {
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
