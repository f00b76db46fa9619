//! The steps after `do_exit`: zombie, last switch, reap and free. Any record may be
//! missing; the others then supply the facts.

use super::{
    Key, Model, Process, State,
    process::{Eviction, Pending, Rare, SIGCHLD},
    unmatched::Unmatched,
};
use crate::event::{ExitedProcess, LastSwitch, Notify, Reap, Usage, Wait, Who};

/// Maximum number of unmatched waits kept for exits that are reported late. More
/// than the CPUs can have in flight; the rest are waits for stopped children.
const UNMATCHED_KEPT: usize = 64;

impl Model {
    pub(super) fn on_notify(&mut self, at: u64, who: Who, notify: &Notify) {
        let owner = self.ensure(notify.owner);
        self.on_care(at, Some(owner), notify.sigchld_policy);
        if let Some(heir) = notify.heir {
            self.on_heir(owner, heir);
        }
        if notify.exited == ExitedProcess::Subject {
            if let Some(subject) = self.exited_process(who) {
                self.on_subject_notify(at, subject, owner, notify);
            }
            return;
        }
        let subject = self.of(who);
        let exited = match notify.exited {
            ExitedProcess::ChildPid(pid) => self.processes.find_pid(pid),
            ExitedProcess::Child | ExitedProcess::Subject => {
                self.index.unreaped(subject, notify.seen_pid)
            }
        };
        let Some(exited) = exited else { return };
        let process = &self.processes[exited];
        // A zombie keeps its PID, so this is the right process even if its own
        // records were lost, unless its parent is another one.
        if !process.has_exited() && process.parent != Some(subject) {
            return;
        }
        self.change(exited, |process| {
            let had_exited = process.has_exited();
            process.seen_pid = Some(notify.seen_pid);
            process.retain_threads(|_| false);
            if !had_exited {
                process.zombie_at = Some(at);
                process.zombie_inferred = true;
            }
            process.revoke_release();
            process.hand_over(at, Some(owner), None);
            if notify.autoreap && process.sends_sigchld() {
                process.release_by_exit(at, Some(subject));
            }
            process.settle();
        });
        self.match_waits(exited);
    }

    /// Returns true if a notification of `owner` at `at` is not the first one for this
    /// process: it was a zombie before, and passes to another owner.
    fn is_handed_over(&self, at: u64, exited: Key, owner: Key) -> bool {
        let process = &self.processes[exited];
        let notified = process.zombie_at.filter(|_| !process.zombie_inferred);
        // `exit_notify` comes before the last switch.
        let last_switch = process.last_switch.as_ref().map(|&(at, _)| at);
        let found = process.found_exited_at().filter(|_| {
            process.was_found_as_zombie()
                && (process.owner() != Some(owner) || !process.former_owners().is_empty())
        });
        let known = [notified, last_switch, found];
        known.into_iter().flatten().any(|known| known < at)
    }

    /// Handles a further `do_notify_parent` for a zombie. The caller is the previous
    /// owner: a parent or tracer that exits, or a tracer that waits.
    fn on_repeated_notify(&mut self, at: u64, exited: Key, owner: Key, notify: &Notify) {
        let process = &self.processes[exited];
        let previous = match process.owner() == Some(owner) {
            true => process.former_owners().last().and_then(|last| last.owner),
            false => process.owner(),
        };
        let previous_exits = previous.is_some_and(|previous| self.processes[previous].has_exited());
        let discarded = notify.autoreap && process.sends_sigchld();
        self.change(exited, |process| {
            process.seen_pid = Some(notify.seen_pid);
            if discarded && !previous_exits {
                // The tracer's wait releases it, which the next record reports.
                return;
            }
            process.revoke_release();
            process.hand_over(at, Some(owner), None);
            if discarded {
                process.release_by_exit(at, previous);
            }
        });
        self.match_waits(exited);
    }

    /// Handles `do_notify_parent` with the exited process as its argument.
    fn on_subject_notify(&mut self, at: u64, exited: Key, owner: Key, notify: &Notify) {
        if self.is_handed_over(at, exited, owner) {
            return self.on_repeated_notify(at, exited, owner, notify);
        }
        // If the parent at the exit still runs, a different process notified first
        // is a tracer (`ptrace_reparented`). The zombie goes to the parent once the
        // tracer has waited.
        let process = &self.processes[exited];
        let parent = process.parent.filter(|&parent| {
            process.exited_at.is_some() && parent != owner && !self.processes[parent].has_exited()
        });
        let heir = self.heir(Some(owner));
        self.attach_to_tree(exited, parent.or(Some(owner)));
        self.change(exited, |process| {
            process.retain_threads(|_| false);
            process.seen_pid = Some(notify.seen_pid);
            match parent {
                Some(_) => process.pending_mut().tracer = Some(owner),
                None => process.parent = heir,
            }
            if notify.autoreap && process.sends_sigchld() {
                process.autoreaped = Some(true);
                process.zombie_at = None;
            } else {
                if process.reaped_at.is_none() && process.freed_at.is_none() {
                    process.autoreaped = None;
                }
                process.zombie_at = Some(at);
            }
            process.zombie_inferred = false;
            process.settle();
        });
        self.match_waits(exited);
    }

    pub(super) fn on_last_switch(&mut self, at: u64, who: Who, switch: &LastSwitch) {
        let Some(key) = self.exited_process(who) else {
            return;
        };
        self.change(key, |process| {
            if who.is_leader() && process.has_new_leader(at) {
                return;
            }
            let unseen_exit = process.drop_thread(who.task);
            let leader_exited = process.leader_exit.is_some() || who.is_leader();
            if unseen_exit && leader_exited && process.threads.is_empty() && !process.has_exited() {
                // The exit record was lost, and this was the last thread.
                process.zombie_at = Some(at);
                process.zombie_inferred = true;
                process.end_inferred = true;
                process.ended_by = who.task.pid;
            }
            process.record_last_switch(at, who.task.pid, switch);
            process.settle();
        });
        self.match_waits(key);
    }

    pub(super) fn on_wait(&mut self, at: u64, who: Who, wait: &Wait) {
        let owner = self.of(who);
        let claimed = self.index.unreaped(owner, wait.child);
        if let Some(child) = claimed.filter(|&child| self.processes[child].may_be_reaped(at)) {
            self.change(child, |process| process.waited_for(at, who, owner));
            self.count_reap(at, who.process);
            return;
        }
        // Without a claim only the PID identifies the child: its PID in the initial
        // namespace, which most processes share. Its process may have been freed
        // before this record and the PID reused.
        let child = self.processes.with_pid(wait.child).take(2).find(|&child| {
            let child = &self.processes[child];
            let goes_by_it = child.seen_pid.is_none_or(|pid| pid == wait.child);
            child.parent == Some(owner) && goes_by_it && child.may_be_reaped(at)
        });
        if let Some(child) = child {
            self.change(child, |process| process.waited_for(at, who, owner));
            self.count_reap(at, who.process);
            return;
        }
        // The child has stopped or continued, or its exit is reported later.
        if self.unmatched.len() >= UNMATCHED_KEPT {
            self.unmatched.pop_front();
        }
        self.unmatched.push_back(Unmatched {
            at,
            by: who,
            owner,
            number: wait.child,
        });
    }

    /// Handles `release_task`, called by the process that waited, by an owner that
    /// exits, or by the exited process itself.
    pub(super) fn on_reap(&mut self, at: u64, who: Who, reap: &Reap) {
        let Some(key) = self.exited_process(who) else {
            return;
        };
        let by = self.processes.find(reap.by.process);
        let exited = by.and_then(|by| self.processes[by].exited_at);
        // A process cannot wait any more once it exits.
        let exiting = exited.is_some_and(|exited| exited <= at);
        self.change(key, |process| {
            if !who.is_leader() {
                process.drop_thread(who.task);
            } else if reap.by.process == who.process {
                process.retain_threads(|_| false);
                process.reaped_at = Some(at);
                process.autoreaped = Some(true);
            } else {
                process.retain_threads(|_| false);
                match exiting {
                    true => process.release_by_exit(at, by),
                    false => process.reap(at, reap.by),
                }
            }
        });
        if who.is_leader() && reap.by.process != who.process && !exiting {
            self.count_reap(at, reap.by.process);
        }
    }

    /// Matches a wait that was reported before the exit of this process.
    pub(super) fn match_waits(&mut self, key: Key) {
        if self.unmatched.is_empty() {
            return;
        }
        let process = &self.processes[key];
        let own_pid = process.ns.map(|(pid, _)| pid);
        let pids = [Some(process.id.tgid), process.seen_pid, own_pid];
        let meant = |wait: &Unmatched| {
            // Most waits are for other PIDs, and a comparison is cheaper than a look-up.
            pids.contains(&Some(wait.number))
                && self.index.unreaped(wait.owner, wait.number) == Some(key)
                && process
                    .exited_at
                    .or(process.zombie_at)
                    .is_some_and(|death| death <= wait.at)
                && process.may_be_reaped(wait.at)
        };
        if let Some(place) = self.unmatched.iter().position(meant)
            && let Some(wait) = self.unmatched.remove(place)
        {
            self.change(key, |process| {
                process.waited_for(wait.at, wait.by, wait.owner)
            });
            self.count_reap(wait.at, wait.by.process);
        }
    }

    /// Returns the process of an exited task. For a thread, only if the process is
    /// known: its leader may have been freed first, and then the kernel side read
    /// the leader's start time from reused memory. The same for a process older than
    /// the trace: it exited before the trace began, since its exit was not seen and
    /// it is in no snapshot, and only the end of its reap falls into the trace.
    fn exited_process(&mut self, who: Who) -> Option<Key> {
        if who.is_leader() && who.process.start >= self.traced_since {
            Some(self.of(who))
        } else {
            self.processes.find(who.process)
        }
    }

    pub(super) fn on_free(&mut self, at: u64, who: Who, group: Option<&Usage>) {
        let Some(key) = self.exited_process(who) else {
            return;
        };
        if !who.is_leader() {
            self.change(key, |process| {
                process.drop_thread(who.task);
                process.close_thread_states(who.task);
            });
            return;
        }
        // A tracer that exits notifies the parent, unless that ignores SIGCHLD: then the
        // tracer's exit releases the zombie.
        let tracer = self.processes[key].tracer();
        let tracer_exit = tracer.and_then(|tracer| self.processes[tracer].exited_at);
        self.change(key, |process| {
            process.retain_threads(|_| false);
            process.close_all_states();
            process.vanished_at = None;
            if let Some(exit) = tracer_exit.filter(|_| process.reap_kind().is_none()) {
                process.hand_over(exit, process.parent, None);
                process.release_by_exit(exit, tracer);
            }
            process.clear_pending();
            process.freed_at = Some(at);
            if process.autoreaped.is_none() && process.zombie_at.is_none() {
                process.autoreaped = process.kernel_reaps().then_some(true);
            }
            if let Some(group) = group {
                let maxrss = group.maxrss.max(process.usage.maxrss);
                process.usage = Usage { maxrss, ..*group };
                process.usage_complete = true;
                process.accounted = true;
            }
            if let Some(sig) = process.status.and_then(|status| status.signal()) {
                process.signals.retain(|(_, signal)| signal.sig == sig);
            }
        });
        let is_free = self.change_unindexed(key, |process| {
            let was_awaited = process.eviction == Eviction::Awaited;
            if was_awaited {
                process.eviction = Eviction::Now;
            }
            was_awaited && process.reference_count == 0
        });
        if is_free {
            self.retained.mark_evictable(key);
        }
    }
}

impl Process {
    pub(super) fn pending_mut(&mut self) -> &mut Pending {
        self.pending.get_or_insert_default()
    }

    /// Drops pending records, which are no longer needed; keeps the rare facts.
    fn clear_pending(&mut self) {
        let rare = self.pending.take().map(|pending| pending.rare);
        if let Some(rare) = rare.filter(|rare| *rare != Rare::default()) {
            self.pending_mut().rare = rare;
        }
    }

    /// Returns true if the exit signal is SIGCHLD. The kernel reaps only such
    /// processes by itself.
    fn sends_sigchld(&self) -> bool {
        self.exit_signal.is_none_or(|signal| signal == SIGCHLD)
    }

    /// Returns true if the process has exited and no reap before `at` is known.
    fn may_be_reaped(&self, at: u64) -> bool {
        self.has_exited()
            && self.reaped_at.is_none()
            && self.autoreaped != Some(true)
            && self.exited_at.is_none_or(|exited| exited <= at)
            && self.freed_at.is_none_or(|freed| at <= freed)
    }

    fn waited_for(&mut self, at: u64, by: Who, owner: Key) {
        let holds = self.tracer() == Some(owner) && self.parent != Some(owner);
        if holds && !self.kernel_reaps() {
            // The parent has yet to be notified.
            self.hand_over(at, self.parent, None);
            return;
        }
        self.reap(at, by);
    }

    fn reap(&mut self, at: u64, by: Who) {
        if self.tracer().is_some() {
            self.hand_over(at, self.parent, None);
        }
        self.reaped_at = Some(at);
        self.reaped_by = Some(by);
        self.autoreaped = Some(false);
        self.forget_late_zombie_start(at);
    }

    /// Drops a start inferred from the last switch that turns out to be later than
    /// the reap. The last switch was only an upper bound.
    pub(super) fn forget_late_zombie_start(&mut self, reaped: u64) {
        if self.zombie_inferred && self.zombie_at.is_some_and(|zombie| reaped < zombie) {
            self.zombie_at = None;
            self.zombie_inferred = false;
        }
    }

    /// Records the last switch of a thread. It is that of the process if the thread
    /// was the last; until that is known, the latest is kept.
    fn record_last_switch(&mut self, at: u64, tid: u32, switch: &LastSwitch) {
        if !self.has_exited() {
            self.pending_mut().switch = Some((at, tid, switch.clone()));
        } else if (tid == self.ended_by || self.ended_by == 0)
            && self.exited_at.is_none_or(|exited| exited <= at)
        {
            self.last_switch = Some((at, switch.clone()));
        }
    }

    /// Applies records of an exit that arrived early, and infers what missing
    /// records imply.
    pub(super) fn settle(&mut self) {
        if !self.has_exited() {
            return;
        }
        let pending = self.pending.as_mut();
        if let Some((at, tid, switch)) = pending.and_then(|pending| pending.switch.take()) {
            self.record_last_switch(at, tid, &switch);
        }
        if let Some(&(at, _)) = self.last_switch.as_ref()
            && self.zombie_at.is_none()
            && (self.state() == State::Exiting || self.reaped_at.is_some_and(|reaped| at < reaped))
        {
            // `exit_notify` comes before the last switch, so no notification will
            // follow.
            self.zombie_at = Some(at);
            self.zombie_inferred = true;
        }
        if self.zombie_inferred && self.state() == State::Zombie && self.kernel_reaps() {
            self.autoreaped = Some(true);
            self.zombie_at = None;
            self.zombie_inferred = false;
        }
        let done = |pending: &Pending| {
            pending.tracer.is_none() && pending.switch.is_none() && pending.charged.is_empty()
        };
        if self.exited_at.is_some() && self.pending.as_deref().is_some_and(done) {
            self.clear_pending();
        }
    }
}
