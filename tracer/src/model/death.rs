//! The end of a process: the signal, the OOM killer's choice and `do_exit`. Each
//! record may arrive late or not at all, so each handler sets only what its record
//! reports.

use super::{Key, Model, Process, SharingEnd, WaitStatus};
use crate::event::{Exit, FaultTally, OomVictim, Signal, TaskId, Who};

/// Maximum number of fatal signals kept per process. The first of each number
/// decides, so a flood changes nothing.
const SIGNALS_KEPT: usize = 8;

impl Model {
    pub(super) fn on_signal(&mut self, at: u64, who: Who, signal: &Signal) {
        let key = self.of(who);
        self.change_unindexed(key, |process| process.record_signal(at, signal));
    }

    /// Stores the reason, unless the cause is already known. A second thread may be
    /// marked without an entry in the log.
    pub(super) fn on_oom_victim(&mut self, who: Who, victim: &OomVictim) {
        let key = self.of(who);
        self.change_unindexed(key, |process| match process.oom() {
            Some(known) if known.cause().is_some() => {}
            Some(_) | None => process.pending_mut().rare.oom = Some(victim.clone()),
        });
    }

    pub(super) fn on_exit_start(&mut self, at: u64, who: Who) {
        let key = self.of(who);
        self.change_unindexed(key, |process| {
            process.pending_mut().exit_start = Some((who.task.pid, at))
        });
    }

    /// Handles the exit of a thread, and of the process if it was the last.
    pub(super) fn on_exit(&mut self, at: u64, who: Who, exit: &Exit) {
        let key = self.of(who);
        self.end_vforks(at, key, |thread| thread.id == who.task);
        let (counted, last) = self.change(key, |process| {
            let counted = process.record_thread_exit(at, who.task, exit);
            let all_seen = process.threads.is_empty() && process.leader_exit.is_some();
            (counted, exit.group_dead.unwrap_or(all_seen))
        });
        if let Some(faults) = exit.faults {
            let before = counted.map_or(FaultTally::default(), |counted| *counted);
            self.charge(at, key, faults.since(before));
        }
        if last {
            self.on_group_dead(at, key, who, exit);
        } else {
            // The leader's record may arrive after that of the last thread.
            self.change(key, |process| process.set_status(None));
        }
    }

    fn on_group_dead(&mut self, at: u64, key: Key, who: Who, exit: &Exit) {
        if self.processes[key].exited_at.is_none() {
            let second = self.history.at(at);
            second.exits = second.exits.saturating_add(1);
        }
        let parent = self.parent_of(exit.parent);
        self.on_care(at, parent, exit.sigchld_policy);
        self.attach_to_tree(key, parent);
        let parent = self.heir(parent);
        self.end_vforks(at, key, |_| true);
        self.change(key, |process| {
            // Threads with lost exit records.
            process.retain_threads(|_| false);
            process.end_inferred = exit.group_dead.is_none();
            if process.exited_at.is_none_or(|earlier| earlier <= at) {
                let start = process
                    .pending
                    .as_mut()
                    .and_then(|pending| pending.exit_start.take());
                let own = start.filter(|&(pid, start)| pid == who.task.pid && start <= at);
                process.exited_at = Some(own.map_or(at, |(_, start)| start));
                process.ended_by = who.task.pid;
                process.sigchld = Some(exit.sigchld);
            }
            // The owner in the notification is more reliable.
            if process.zombie_at.is_none() || process.zombie_inferred {
                process.parent = parent;
            }
            process.relations = exit.relations.or(process.relations);
            process.children = exit.children.map(Box::new).or(process.children.take());
            process.set_status(Some(exit.code));
            process.settle();
        });
        self.stops_sharing(key, SharingEnd::Exit(at));
        self.match_waits(key);
        if let Some(reaper) = exit.reaper {
            let reaper = self.ensure(reaper);
            self.reparent_children(at, key, reaper);
        }
    }
}

impl Process {
    /// Keeps the earliest signal of each number, in order of time.
    fn record_signal(&mut self, at: u64, signal: &Signal) {
        let same = |(_, earlier): &(u64, Signal)| earlier.sig == signal.sig;
        if let Some(known) = self.signals.iter().position(same) {
            if self.signals[known].0 <= at {
                return;
            }
            self.signals.remove(known);
        }
        let place = self.signals.partition_point(|&(earlier, _)| earlier <= at);
        self.signals.insert(place, (at, signal.clone()));
        self.signals.truncate(SIGNALS_KEPT);
    }

    /// Records the exit of any thread. Returns the faults counted for it so far.
    fn record_thread_exit(
        &mut self,
        at: u64,
        task: TaskId,
        exit: &Exit,
    ) -> Option<Box<FaultTally>> {
        if !self.usage_complete {
            self.usage = self.usage.plus(exit.usage);
            self.accounted = true;
        }
        self.exit_signal = Some(exit.exit_signal);
        if exit.group_code.is_some() {
            self.group_code = exit.group_code;
        }
        if task.pid == self.id.tgid && self.has_new_leader(at) {
            // The old leader, replaced by the thread that called exec, which has
            // the same identity now.
            self.dropped = self.dropped.saturating_sub(1);
            return None;
        }
        if task.pid == self.id.tgid {
            self.leader_exit = Some(exit.code);
            self.rename(at, exit.comm);
        }
        self.remove_exited_thread(task)
    }

    /// Returns true if a thread other than the leader called exec after `since`.
    pub(super) fn has_new_leader(&self, since: u64) -> bool {
        let later = self.executions.iter().rev();
        later
            .take_while(|execution| execution.at > since)
            .any(|execution| execution.exec.old_pid != self.id.tgid)
    }

    /// Sets the status that wait reports. `wait_task_zombie` (kernel/exit.c)
    /// reports the group's code if there is one, else the leader's own; if neither
    /// was seen, the last thread's is used.
    fn set_status(&mut self, last: Option<i32>) {
        if self.exited_at.is_some() {
            let reported = self.group_code.or(self.leader_exit).map(WaitStatus);
            self.status = reported.or(self.status).or(last.map(WaitStatus));
        }
    }
}
