//! Task states of a process: queries over its threads, and the handlers of reports and
//! state changes.

use super::{MissingStates, Model, Process, Scheduling, State, StateChange};
use crate::event::{StateTimes, States, TaskId, TaskState, Wakeups, Who};

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

    /// Returns true if the task has yet to report its final states: it runs, or its
    /// process is exiting and this is the last thread.
    fn may_have_states(&self, task: TaskId) -> bool {
        let is_open = |scheduling: &Scheduling| scheduling.open.contains_key(&task);
        self.has_thread(task)
            || self.scheduling.as_deref().is_some_and(is_open)
            || self.state() == State::Exiting && self.ended_by == task.pid
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
    /// Handles states read once a second, and the final ones at a task's end. Those
    /// read just before the end may arrive after it.
    pub(super) fn on_states(&mut self, who: Who, states: States) {
        // The process may have been evicted.
        let Some(key) = self.processes.find(who.process) else {
            return;
        };
        if states.state == TaskState::Dead || self.processes[key].may_have_states(who.task) {
            self.scheduling(who, |scheduling| scheduling.update(who.task, states));
        }
    }

    pub(super) fn on_state(&mut self, at: u64, who: Who, state: TaskState) {
        let pid = who.task.pid;
        self.scheduling(who, |scheduling| {
            scheduling.change(StateChange { at, pid, state });
        });
    }

    fn scheduling(&mut self, who: Who, change: impl FnOnce(&mut Scheduling)) {
        if let Some(key) = self.processes.find(who.process) {
            self.change(key, |process| {
                change(process.scheduling.get_or_insert_default());
            });
        }
    }
}
