//! Creation of processes and changes of their identity: snapshot, fork, first run,
//! exec and renames; and forks that failed.

use smallvec::SmallVec;

use super::{
    Creation, Execution, ForkFailures, Key, Model, Process, SharingEnd, State, Thread, WaitStatus,
};
use crate::event::{
    Comm, Exec, FirstRun, Fork, ForkFailed, ProcessId, Snapshot, TaskId, Text, Who,
};

/// Clone flags (include/uapi/linux/sched.h).
const CLONE_VM: u64 = 0x100;
const CLONE_VFORK: u64 = 0x4000;
const CLONE_THREAD: u64 = 0x10000;
/// CLONE_NEW*: new namespaces.
const CLONE_NEW: u64 = 0x7e02_0080;

/// Maximum number of distinct callers and errors of failed forks.
const FAILURES_KEPT: usize = 1024;

fn creation(fork: &Fork) -> Creation {
    match fork.clone_flags {
        _ if fork.kthread => Creation::Kthread,
        Some(flags) if flags & CLONE_VFORK != 0 => Creation::Vfork,
        Some(flags) if flags & (CLONE_VM | CLONE_NEW) != 0 => Creation::Clone,
        _ => Creation::Fork,
    }
}

impl Process {
    fn found_alive(&mut self, id: TaskId, comm: Comm, generation: u32) {
        if self.end_inferred && self.ended_by != id.pid {
            self.revive();
        }
        // Found while it was in `do_exit`: its own record is more reliable.
        if self.is_known_exited() {
            return;
        }
        if self.found_exited_at().is_some() {
            // Only the leader has exited.
            self.status = None;
        }
        self.insert_thread(id, comm).generation = generation;
    }

    /// A task found in `do_exit`. Its exit record may still follow.
    fn found_exiting(&mut self, id: TaskId) {
        if !self.is_known_exited() {
            self.drop_thread(id);
            self.exiting_when_found |= id.pid == self.id.tgid;
        }
    }

    fn leader_found_exited(&mut self, at: u64, id: TaskId, status: i32) {
        self.drop_thread(id);
        self.leader_exit.get_or_insert(status);
        if self.freed_at.is_none() && self.reaped_at.is_none_or(|reaped| reaped < at) {
            // It was inferred to be reaped, but it is still present.
            (self.reaped_at, self.reaped_by) = (None, None);
            self.autoreaped = None;
        }
        if self.zombie_at.is_none() {
            self.pending_mut().rare.found_exited_at.get_or_insert(at);
        }
        if self.threads.is_empty() {
            self.status.get_or_insert(WaitStatus(status));
        }
    }
}

impl Model {
    pub(super) fn on_snapshot(&mut self, at: u64, who: Who, snapshot: &Snapshot) {
        let key = self.of(who);
        // Generation of the current snapshot; 0 means none.
        let generation = self.generation.saturating_add(1);
        self.change(key, |process| {
            process.generation = generation;
            match snapshot.zombie {
                None if snapshot.exiting => process.found_exiting(who.task),
                None => process.found_alive(who.task, snapshot.comm, generation),
                Some(status) if who.is_leader() => {
                    process.leader_found_exited(at, who.task, status);
                }
                // An exited thread that is still to be released.
                Some(_) => {
                    process.drop_thread(who.task);
                }
            }
        });
        if !who.is_leader() || self.processes[key].state().is_gone() {
            return;
        }
        self.on_care(at, Some(key), snapshot.sigchld_policy);
        snapshot.argv.iter().for_each(|it| self.programs.add(it));
        let parent = self.parent_of(snapshot.parent);
        self.attach_to_tree(key, parent);
        let tracer = snapshot.relations.and_then(|relations| relations.tracer);
        let tracer = tracer.map(|tracer| self.ensure(tracer));
        self.change(key, |process| {
            let exited = process.state() != State::Alive;
            let tracer = tracer.filter(|_| exited && tracer != parent);
            process.found_with_owner(at, parent, tracer);
            process.kthread = snapshot.kthread;
            process.exit_signal = Some(snapshot.exit_signal);
            process.relations = snapshot.relations.or(process.relations);
            process.cgroup = snapshot.cgroup.or(process.cgroup);
            process.ns = Some((snapshot.ns_pid, snapshot.ns_level));
            let renamed = process.known_comm() != Some(snapshot.comm);
            if !snapshot.is_anonymous() {
                process.rename(at, snapshot.comm);
            }
            if process.created_by == Creation::Missed {
                process.created_by = Creation::Snapshot;
            }
            // A different name means that an exec was missed. With the same name,
            // the arguments from exec are complete, while /proc can be rewritten.
            if renamed && snapshot.argv.is_some() {
                process.snapshot_argv = snapshot.argv.clone();
                process.snapshot_argv_cut = false;
                process.snapshot_argv_at = at;
            }
        });
    }

    pub(super) fn on_fork(&mut self, at: u64, who: Who, fork: &Fork) {
        let key = self.of(who);
        let is_thread = match fork.clone_flags {
            Some(flags) => flags & CLONE_THREAD != 0,
            None => !who.is_leader(),
        };
        self.change(key, |process| {
            if !process.is_known_exited() {
                process.insert_thread(who.task, fork.comm);
            }
        });
        if is_thread {
            self.totals.threads = self.totals.threads.saturating_add(1);
            return;
        }
        self.totals.forks = self.totals.forks.saturating_add(1);
        let second = self.history.at(at);
        second.forks = second.forks.saturating_add(1);
        let parent = self.parent_of(fork.parent);
        let parent_now = self.heir(parent);
        let argv = self.inherited_argv(at, fork.by.process);
        self.attach_to_tree(key, parent);
        self.change(key, |process| {
            process.created_by = creation(fork);
            process.clone_flags = fork.clone_flags;
            process.kthread = fork.kthread;
            process.exit_signal = Some(fork.exit_signal);
            // Records of later events may have arrived first; they are newer.
            process.relations = process.relations.or(fork.relations);
            process.cgroup = process.cgroup.or(fork.cgroup);
            process.ns = Some((fork.ns_pid, fork.ns_level));
            process.forked_at = Some(at);
            process.forked_by = Some(fork.by);
            process.rename(at, fork.comm);
            if process.snapshot_argv.is_none() {
                (process.snapshot_argv, process.snapshot_argv_cut) = argv;
                process.snapshot_argv_at = at;
            }
            process.original_parent = parent;
            process.parent = process.parent.or(parent_now);
        });
        if let Some(space) = fork.copied {
            self.on_copied(at, key, fork, space);
        }
        if self.processes[key].created_by == Creation::Vfork
            && let Some(caller) = self.processes.find(fork.by.process)
        {
            self.change_unindexed(caller, |caller| {
                if let Some(thread) = caller.thread_mut(fork.by.task) {
                    thread.vfork_child = Some(key);
                }
            });
        }
    }

    /// Ends the vforks of the threads of `caller` for which `ended` is true: each of
    /// these threads ended at `at`, and its child holds it no longer.
    pub(super) fn end_vforks(&mut self, at: u64, caller: Key, ended: impl Fn(&Thread) -> bool) {
        let threads = self.processes[caller].threads.iter();
        let children: SmallVec<[Key; 1]> = threads
            .filter(|thread| ended(thread))
            .filter_map(|thread| thread.vfork_child)
            .collect();
        for child in children {
            self.change_unindexed(child, |child| {
                if child.executions.is_empty() && child.state() == State::Alive {
                    child.pending_mut().rare.vfork_caller_ended_at = Some(at);
                }
            });
        }
    }

    /// Returns the parent's arguments, which a child has until it execs.
    fn inherited_argv(&self, at: u64, parent: ProcessId) -> (Option<Text>, bool) {
        let Some(parent) = self
            .processes
            .find(parent)
            .map(|parent| &self.processes[parent])
        else {
            return (None, false);
        };
        match parent.arguments_at(at) {
            Some((argv, cut)) => (Some(argv.clone()), cut),
            None => (None, false),
        }
    }

    pub(super) fn on_wakeup_new(&mut self, at: u64, who: Who) {
        let key = self.of(who);
        if who.is_leader() {
            self.change_unindexed(key, |process| process.runnable_at = Some(at));
        }
    }

    pub(super) fn on_first_run(&mut self, at: u64, who: Who, first: &FirstRun) {
        let key = self.of(who);
        if who.is_leader() {
            self.change_unindexed(key, |process| {
                process.runnable_at = first.runnable.or(process.runnable_at);
                process.first_ran_at = Some(at);
            });
        }
    }

    pub(super) fn on_exec(&mut self, at: u64, who: Who, exec: &Exec) {
        self.totals.execs = self.totals.execs.saturating_add(1);
        let second = self.history.at(at);
        second.execs = second.execs.saturating_add(1);
        let key = self.of(who);
        let texts = [Some(&exec.filename), exec.argv.as_ref()];
        self.programs.add_program(texts.into_iter().flatten());
        // The count of another thread must not be attributed to the leader.
        if let Some(copies) = exec.copies.filter(|_| exec.old_pid == who.task.pid) {
            self.advance_copies(at, who, copies);
        }
        self.stops_sharing(key, SharingEnd::Exec(at));
        self.leaves_forked_memory(key, exec.copies.is_some());
        self.end_vforks(at, key, |thread| thread.id.pid != exec.old_pid);
        self.change(key, |process| {
            process.rename_by_exec(at, exec.comm);
            process.relations = exec.relations.or(process.relations);
            let place = process
                .executions
                .partition_point(|earlier| earlier.at <= at);
            let execution = Execution {
                at,
                exec: exec.clone(),
            };
            process.executions.insert(place, execution);
            process.limit_executions();
            if process.is_known_exited() {
                return;
            }
            process.replace_threads(who.task, exec);
            process.move_states_to_leader(at, who.task, exec.old_pid);
            process.leader_exit = None;
            process.forget_found_exit();
            process.exiting_when_found = false;
        });
    }

    pub(super) fn on_comm(&mut self, at: u64, who: Who, comm: Comm) {
        let key = self.of(who);
        self.change_unindexed(key, |process| {
            if who.is_leader() {
                process.rename(at, comm);
            }
            if let Some(thread) = process.thread_mut(who.task) {
                thread.comm = comm;
            }
        });
    }

    /// Marks a process as vanished because a younger process has its PID: its exit
    /// was missed.
    pub(super) fn supersede(&mut self, old: Key, new: Key) {
        let began = self.processes[new].id.start;
        self.change(old, |process| {
            if !process.state().is_gone() {
                process.vanish(began);
            }
        });
    }
}

impl Process {
    /// Removes all other threads (`de_thread`, fs/exec.c). The caller has taken the
    /// leader's PID and start time.
    fn replace_threads(&mut self, leader: TaskId, exec: &Exec) {
        let caller = |thread: &&mut Thread| thread.id.pid == exec.old_pid;
        let counted = self.threads.iter_mut().find(caller);
        let counted = counted.map(|thread| thread.faults.take());
        let known = counted.is_some();
        let before = self.threads_seen;
        self.retain_threads(|_| false);
        // The snapshot that contained the process may be incomplete: it contains the
        // caller too.
        let generation = self.generation;
        let thread = self.insert_thread(leader, exec.comm);
        thread.generation = generation;
        thread.faults = counted.flatten();
        if known {
            // The caller was counted before and has yet to exit.
            self.threads_seen = before;
            self.dropped -= 1;
        }
    }
}

impl Model {
    pub(super) fn on_fork_failed(&mut self, at: u64, who: Who, failed: &ForkFailed) {
        self.totals.failed_forks = self.totals.failed_forks.saturating_add(1);
        self.of(who);
        let kind = (who.process, failed.errno);
        if self.failed_forks.len() >= FAILURES_KEPT && !self.failed_forks.contains_key(&kind) {
            // Drops the one with the oldest latest failure.
            let oldest = self.failed_forks.iter();
            let oldest = oldest.min_by_key(|(_, failures)| failures.last_at);
            if let Some((&oldest, _)) = oldest {
                self.failed_forks.remove(&oldest);
            }
        }
        let failures = self
            .failed_forks
            .entry(kind)
            .or_insert_with(|| ForkFailures {
                count: 0,
                first_at: at,
                last_at: at,
                last: failed.clone(),
                by: who.process,
            });
        failures.count = failures.count.saturating_add(1);
        failures.last_at = at;
        failures.last = failed.clone();
    }

    /// Returns the failed forks by caller and error. If there are very many, only
    /// the latest.
    pub fn failed_forks(&self) -> impl Iterator<Item = &ForkFailures> {
        self.failed_forks.values()
    }
}
