//! How a process comes to be and what it becomes: snapshot, fork, first run,
//! exec, its name.

use super::{Creation, Execution, Key, Model, Process, Thread};
use crate::event::{Comm, Exec, Fork, ProcessId, Snapshot, TaskId, Text, Who};

/// Clone flags (include/uapi/linux/sched.h).
const CLONE_VM: u64 = 0x100;
const CLONE_VFORK: u64 = 0x4000;
const CLONE_THREAD: u64 = 0x10000;
/// CLONE_NEW*: namespaces of its own.
const CLONE_NEW: u64 = 0x7e02_0080;

fn creation(fork: &Fork) -> Creation {
    match fork.clone_flags {
        _ if fork.kthread => Creation::Kthread,
        Some(flags) if flags & CLONE_VFORK != 0 => Creation::Vfork,
        Some(flags) if flags & (CLONE_VM | CLONE_NEW) != 0 => Creation::Clone,
        _ => Creation::Fork,
    }
}

impl Process {
    /// A thread that lives, whether or not it was known.
    fn has_thread(&mut self, id: TaskId, comm: Comm) {
        if !self.threads.iter().any(|thread| thread.id == id) {
            self.threads.push(Thread {
                id,
                comm,
                faults: Default::default(),
            });
            self.threads_seen += 1;
        }
    }
}

impl Model {
    pub(super) fn on_snapshot(&mut self, at: u64, who: Who, snapshot: &Snapshot) {
        let key = self.of(who);
        let generation = self.generation;
        let parent = self.parent_of(snapshot.parent);
        self.change(key, |process| {
            process.generation = generation;
            // The iterator found it after its end was told, or before: what
            // the kernel said at the time of the event is the better witness.
            if process.exited_at.is_some() || process.state().is_gone() {
                return;
            }
            match snapshot.zombie {
                Some(status) if who.is_leader() => {
                    process.zombie_when_found = true;
                    process.status = Some(super::WaitStatus(status));
                }
                Some(_) => {}
                None => process.has_thread(who.task, snapshot.comm),
            }
        });
        if !who.is_leader() {
            return;
        }
        let process = &mut self.processes[key];
        if process.created_by == Creation::Missed {
            process.created_by = Creation::Snapshot;
            process.rename(snapshot.comm);
            process.kthread = snapshot.kthread;
            process.exit_signal = Some(snapshot.exit_signal);
            process.ns = Some((snapshot.ns_pid, snapshot.ns_level));
            process.snapshot_argv = snapshot.argv.clone();
        }
        if process.parent.is_none() && !process.state().is_gone() {
            process.parent = parent;
            self.hang(key, parent);
        }
        if snapshot.zombie.is_some()
            && let Some(owner) = parent
        {
            self.unreaped.insert((owner, who.process.tgid), key);
            self.unreaped.insert((owner, snapshot.ns_pid), key);
        }
        self.history.at(at);
    }

    pub(super) fn on_fork(&mut self, at: u64, who: Who, fork: &Fork) {
        let key = self.of(who);
        let is_thread = match fork.clone_flags {
            Some(flags) => flags & CLONE_THREAD != 0,
            None => !who.is_leader(),
        };
        self.processes[key].has_thread(who.task, fork.comm);
        if is_thread {
            self.totals.threads += 1;
            return;
        }
        self.totals.forks += 1;
        self.history.at(at).forks += 1;
        let parent = self.parent_of(fork.parent);
        let argv = self.inherited_argv(fork.by.process);
        let process = &mut self.processes[key];
        process.created_by = creation(fork);
        process.clone_flags = fork.clone_flags;
        process.kthread = fork.kthread;
        process.exit_signal = Some(fork.exit_signal);
        process.ns = Some((fork.ns_pid, fork.ns_level));
        process.forked_at = Some(at);
        process.forked_by = Some(fork.by);
        // An exec or a change of name may have been told first.
        if !process.named {
            process.rename(fork.comm);
        }
        (process.snapshot_argv, process.snapshot_argv_cut) = argv;
        process.original_parent = parent;
        process.parent = process.parent.or(parent);
        self.hang(key, parent);
    }

    /// A child runs with its parent's arguments until it execs.
    fn inherited_argv(&self, parent: ProcessId) -> (Option<Text>, bool) {
        let Some(parent) = self.find(parent).map(|parent| &self.processes[parent]) else {
            return (None, false);
        };
        let argv = match parent.executions.last() {
            Some(execution) => execution.exec.argv.clone(),
            None => parent.snapshot_argv.clone(),
        };
        (argv, parent.argv_cut() == Some(true))
    }

    /// The process with that identity; the idle task (0) is nobody.
    pub(super) fn parent_of(&mut self, id: ProcessId) -> Option<Key> {
        (id.tgid != 0).then(|| self.ensure(id))
    }

    /// Hangs a process into the fork tree, once.
    fn hang(&mut self, key: Key, parent: Option<Key>) {
        if let Some(parent) = parent
            && parent != key
            && self.processes[key].tree_parent.is_none()
            && !self.descends(parent, key)
        {
            self.processes[key].tree_parent = Some(parent);
            self.processes[parent].tree_children.push(key);
        }
    }

    /// Whether `key` hangs below `ancestor`: a placeholder that turns out to
    /// be older than its parent must not close a circle.
    fn descends(&self, key: Key, ancestor: Key) -> bool {
        // Only a process that already has children can be an ancestor.
        !self.processes[ancestor].tree_children.is_empty()
            && std::iter::successors(Some(key), |&key| self.processes[key].tree_parent)
                .any(|key| key == ancestor)
    }

    pub(super) fn on_wakeup_new(&mut self, at: u64, who: Who) {
        let key = self.of(who);
        if who.is_leader() {
            self.processes[key].runnable_at = Some(at);
        }
    }

    pub(super) fn on_first_run(&mut self, at: u64, who: Who) {
        let key = self.of(who);
        if who.is_leader() {
            self.processes[key].first_ran_at = Some(at);
        }
    }

    pub(super) fn on_exec(&mut self, at: u64, who: Who, exec: &Exec) {
        self.totals.execs += 1;
        self.history.at(at).execs += 1;
        let key = self.of(who);
        let process = &mut self.processes[key];
        process.rename(exec.comm);
        process.executions.push(Execution {
            at,
            exec: Box::new(exec.clone()),
        });
        // All other threads are dead (`de_thread`, fs/exec.c), and the caller
        // has taken the leader's number and start time.
        process
            .threads
            .retain(|thread| thread.id.pid == exec.old_pid);
        match process.threads.first_mut() {
            Some(thread) => thread.id = who.task,
            None => process.has_thread(who.task, exec.comm),
        }
        process.threads[0].comm = exec.comm;
        process.leader_exit = None;
    }

    pub(super) fn on_comm(&mut self, who: Who, comm: Comm) {
        let key = self.of(who);
        let process = &mut self.processes[key];
        if who.is_leader() {
            process.rename(comm);
        }
        if let Some(thread) = process
            .threads
            .iter_mut()
            .find(|thread| thread.id == who.task)
        {
            thread.comm = comm;
        }
    }
}
