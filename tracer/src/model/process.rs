//! One process and the facts about it. Methods derive what the facts imply, so that
//! nothing is stored twice.

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::{
    fork_cost::{ForkCost, Forks},
    former_owner::FormerOwner,
    lost_parent::LostParent,
    reaping::Reaping,
    recent::Recent,
    scheduling::Scheduling,
    terms::{Creation, Key, Outcome, State, WaitStatus},
};
use crate::event::{
    ChildUsage, Comm, Exec, FaultPlaces, FaultTally, Faults, LastSwitch, OomVictim, ProcessId,
    Relations, Sigchld, Signal, TaskId, Text, Usage, Who,
};

/// SIGCHLD (signal(7)), the only exit signal for which the kernel reaps by itself
/// (`do_notify_parent`, kernel/signal.c).
pub(super) const SIGCHLD: i32 = 17;

/// Time to wait for the last records of an exit, ns. They arrive up to an RCU grace
/// period (about 40 ms) after it, and later on a machine in trouble. Until they
/// have arrived or this time has passed, the process is not evicted.
pub(super) const GRACE: u64 = 5_000_000_000;

/// Progress of a process's eviction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Eviction {
    /// Not due.
    NotYet,
    /// Due once its last record has arrived or the grace period is over.
    Awaited,
    /// Due unless a retained process refers to it.
    Now,
    /// Due once no retained process refers to it.
    Pinned,
}

/// A running thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// Identity of the task.
    pub id: TaskId,
    /// Command name.
    pub comm: Comm,
    /// Faults counted so far, already included in the process's sum. None for most
    /// threads, which exit before their counters are read.
    pub(super) faults: Option<Box<FaultTally>>,
    /// Latest snapshot that contained the thread.
    pub(super) generation: u32,
    /// Latest child that it created by vfork.
    pub(super) vfork_child: Option<Key>,
}

/// A program that the process executed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// Time of the exec, ns since boot.
    pub at: u64,
    /// The exec event.
    pub exec: Exec,
}

/// Names that a process had before its current one, other than by exec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct EarlierNames {
    /// Distinct names, the latest last. Only the latest are kept.
    pub names: Vec<Comm>,
    /// True if earlier ones were dropped.
    pub left_out: bool,
}

/// Records that arrived early, and other rare facts. Boxed, so that most processes
/// need no memory for them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Pending {
    /// Last switch of one of its threads: time, PID and event.
    pub switch: Option<(u64, u32, LastSwitch)>,
    /// Thread that called `do_exit` last, and when.
    pub exit_start: Option<(u32, u64)>,
    /// Fault counters of threads that have ended without an exit record; included
    /// in the process's sum.
    pub charged: Vec<(TaskId, Box<FaultTally>)>,
    /// Tracer (ptrace(2)) that waits for the process before its parent may.
    pub tracer: Option<Key>,
    /// Facts that are kept for good.
    pub rare: Rare,
}

/// Facts that few processes have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Rare {
    /// Reason the OOM killer chose the process.
    pub oom: Option<OomVictim>,
    /// Names before the current one that are not by an exec.
    pub earlier_names: EarlierNames,
    /// Owners that it had as a zombie before the present one, the first one first.
    pub former_owners: Vec<FormerOwner>,
    /// Time of the snapshot that found its leader exited, ns since boot.
    pub found_exited_at: Option<u64>,
    /// Time at which the caller of vfork ended although this child still held it,
    /// ns since boot.
    pub vfork_caller_ended_at: Option<u64>,
    /// Number of evicted processes that it created.
    pub evicted_children: u64,
    /// Number of its [`Process::tree_children`] that descendants created, see `lineage`.
    pub distant_children: u64,
    /// Its parent at the fork, if that is no longer retained.
    pub lost_parent: Option<Box<LostParent>>,
}

/// The facts known about one process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// Identity.
    pub id: ProcessId,
    /// Command name. Also empty while unknown: see [`Self::known_comm`].
    pub comm: Comm,
    /// Time of the name; 0 if unknown.
    pub(super) named_at: u64,
    /// The way it was created.
    pub created_by: Creation,
    /// CLONE_* flags of the fork, if seen.
    pub clone_flags: Option<u64>,
    /// PID in its own pid namespace, and the depth of that namespace.
    pub ns: Option<(u32, u32)>,
    /// True if it is a kernel thread.
    pub kthread: bool,
    /// Task that called fork.
    pub forked_by: Option<Who>,

    /// Parent at creation; unknown for processes older than the trace.
    pub original_parent: Option<Key>,
    /// Current parent, which must reap it; none if that is the idle task or
    /// unknown.
    pub parent: Option<Key>,
    /// Parent in the fork tree: the original parent, or for processes older than
    /// the trace the parent at the snapshot.
    pub(super) tree_parent: Option<Key>,
    /// Processes with this one as [`Self::tree_parent`], in order of appearance.
    pub(super) tree_children: Vec<Key>,
    /// Process that inherited its children.
    pub(super) heir: Option<Key>,
    /// Previous process with the same PID.
    #[serde(skip)]
    pub(super) predecessor: Option<Key>,
    /// Number of references from other retained processes: see [`super::index`].
    #[serde(skip)]
    pub(super) reference_count: u32,
    /// Progress of its eviction.
    pub(super) eviction: Eviction,

    /// Command line at the snapshot, or of the parent at the fork; NUL-separated.
    pub snapshot_argv: Option<Text>,
    /// True if [`Self::snapshot_argv`] is truncated.
    pub(super) snapshot_argv_cut: bool,
    /// Time of [`Self::snapshot_argv`], ns since boot.
    pub(super) snapshot_argv_at: u64,
    /// Programs it executed, the latest last. Only the latest are kept.
    pub executions: Vec<Execution>,
    /// Number of earlier programs dropped from [`Self::executions`].
    pub executions_left_out: u32,
    /// Running threads, in order of creation.
    #[serde(with = "super::small_list")]
    pub threads: SmallVec<[Thread; 1]>,
    /// Number of threads ever seen, the leader included.
    pub threads_seen: u32,
    /// Number of threads known to have ended without an exit record (yet).
    pub(super) dropped: u32,

    /// Time of the fork, ns since boot.
    pub forked_at: Option<u64>,
    /// Time it was made runnable, ns since boot.
    pub runnable_at: Option<u64>,
    /// Time of its first run, ns since boot.
    pub first_ran_at: Option<u64>,
    /// Time the last thread called `do_exit`, ns since boot: from the hook on that
    /// function if there is one, else from the nearest event seen.
    pub exited_at: Option<u64>,
    /// Time it became a zombie, ns since boot.
    pub zombie_at: Option<u64>,
    /// True if no notification was seen. [`Self::zombie_at`] is then an upper
    /// bound.
    pub zombie_inferred: bool,
    /// True if the leader was exiting already when it was found.
    pub(super) exiting_when_found: bool,
    /// Time and event of its last switch.
    pub last_switch: Option<(u64, LastSwitch)>,
    /// Time it was reaped, ns since boot.
    pub reaped_at: Option<u64>,
    /// Task that reaped it by a wait.
    pub reaped_by: Option<Who>,
    /// True if the kernel reaped it. Unknown until it has exited.
    pub autoreaped: Option<bool>,
    /// Time its task struct was freed, ns since boot.
    pub freed_at: Option<u64>,
    /// Time at which its missed exit was noticed, ns since boot.
    pub vanished_at: Option<u64>,

    /// Wait status, once known.
    pub status: Option<WaitStatus>,
    /// The parent's SIGCHLD setting when the last thread exited.
    pub sigchld: Option<Sigchld>,
    /// Signal sent to the parent at exit.
    pub exit_signal: Option<i32>,
    /// Fatal signals sent to it, the oldest first; once freed, only the one that
    /// ended it.
    pub signals: Vec<(u64, Signal)>,

    /// Faults of all threads since tracing began, by class.
    pub faults: Faults,
    /// The same faults by region.
    pub places: FaultPlaces,
    /// Faults in each of the last seconds, for processes that live long enough for
    /// their counters to be read.
    pub recent_faults: Option<Box<Recent>>,
    /// Cost of the fork that created it; none if no address space was copied.
    pub fork_cost: Option<Box<ForkCost>>,
    /// Forks that it made.
    pub(super) forks: Option<Forks>,
    /// Accounting of the threads that have exited, or of the whole life once
    /// [`Self::usage_complete`].
    pub usage: Usage,
    /// True if [`Self::usage`] covers all threads from start to end.
    pub usage_complete: bool,
    /// True if [`Self::usage`] covers at least one thread.
    pub(super) accounted: bool,

    /// Task states of its threads; none if nothing is known.
    pub scheduling: Option<Box<Scheduling>>,

    /// Process group, session and tracer, as of the latest event.
    pub relations: Option<Relations>,
    /// ID of its cgroup: see [`super::Model::cgroup`].
    pub cgroup: Option<u64>,
    /// Treatment of its children's exits; none if nothing is known.
    pub reaping: Option<Box<Reaping>>,
    /// Usage of the children it has waited for, and of their descendants; known
    /// once it has exited.
    pub children: Option<Box<ChildUsage>>,

    /// Exit code of the leader.
    pub(super) leader_exit: Option<i32>,
    /// Exit code of the group, if there was one.
    pub(super) group_code: Option<i32>,
    /// PID of the thread that exited last; 0 if unknown.
    pub(super) ended_by: u32,
    /// True if the exit of all threads was inferred rather than reported.
    pub(super) end_inferred: bool,
    /// PID in the owner's pid namespace.
    pub(super) seen_pid: Option<u32>,
    /// Records that arrived early, and other rare facts.
    pub(super) pending: Option<Box<Pending>>,
    /// Latest snapshot that contained the process.
    pub(super) generation: u32,
}

impl Process {
    pub(super) fn new(id: ProcessId) -> Self {
        Process {
            id,
            comm: Comm::default(),
            named_at: 0,
            created_by: Creation::Missed,
            clone_flags: None,
            ns: None,
            kthread: false,
            forked_by: None,
            original_parent: None,
            parent: None,
            tree_parent: None,
            tree_children: Vec::new(),
            heir: None,
            predecessor: None,
            reference_count: 0,
            eviction: Eviction::NotYet,
            snapshot_argv: None,
            snapshot_argv_cut: false,
            snapshot_argv_at: 0,
            executions: Vec::new(),
            executions_left_out: 0,
            threads: SmallVec::new(),
            threads_seen: 0,
            dropped: 0,
            forked_at: None,
            runnable_at: None,
            first_ran_at: None,
            exited_at: None,
            zombie_at: None,
            zombie_inferred: false,
            exiting_when_found: false,
            last_switch: None,
            reaped_at: None,
            reaped_by: None,
            autoreaped: None,
            freed_at: None,
            vanished_at: None,
            status: None,
            sigchld: None,
            exit_signal: None,
            signals: Vec::new(),
            faults: Faults::default(),
            places: FaultPlaces::default(),
            recent_faults: None,
            fork_cost: None,
            forks: None,
            usage: Usage::default(),
            usage_complete: false,
            accounted: false,
            scheduling: None,
            relations: None,
            cgroup: None,
            reaping: None,
            children: None,
            leader_exit: None,
            group_code: None,
            ended_by: 0,
            end_inferred: false,
            seen_pid: None,
            pending: None,
            generation: 0,
        }
    }

    /// Returns the current state.
    pub fn state(&self) -> State {
        if self.reaped_at.is_some() || self.freed_at.is_some() || self.autoreaped == Some(true) {
            return State::Reaped;
        }
        match self.vanished_at.is_some() {
            // Exited and no longer present, so it was reaped unobserved.
            true if self.has_exited() => State::Reaped,
            true => State::Vanished,
            false if self.zombie_at.is_some() || self.was_found_as_zombie() => State::Zombie,
            false if self.exited_at.is_some() || self.was_found_exiting() => State::Exiting,
            false => State::Alive,
        }
    }

    /// Returns the outcome so far.
    pub fn outcome(&self) -> Outcome {
        match self.status {
            Some(status) => Outcome::from(status),
            None if self.state() == State::Alive => Outcome::Alive,
            None => Outcome::Unseen,
        }
    }

    /// Returns true if all threads have exited.
    pub(super) fn has_exited(&self) -> bool {
        self.exited_at.is_some()
            || self.zombie_at.is_some()
            || self.was_found_as_zombie()
            || self.was_found_exiting()
    }

    /// Returns true if no thread can be running. A leader found as a zombie does
    /// not suffice, because other threads may turn up.
    pub(super) fn is_known_exited(&self) -> bool {
        self.exited_at.is_some() || self.zombie_at.is_some() || self.state().is_gone()
    }

    /// Returns true if the leader was found as a zombie and no other thread runs.
    pub(super) fn was_found_as_zombie(&self) -> bool {
        self.found_exited_at().is_some() && self.threads.is_empty()
    }

    /// Forgets that its leader was found exited, because it executes a program.
    pub(super) fn forget_found_exit(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.rare.found_exited_at = None;
        }
    }

    /// Returns the time of the snapshot that found its leader exited, ns since boot.
    pub fn found_exited_at(&self) -> Option<u64> {
        self.pending.as_ref()?.rare.found_exited_at
    }

    /// Returns true if the leader was found in `do_exit` and no other thread runs.
    fn was_found_exiting(&self) -> bool {
        self.exiting_when_found && self.threads.is_empty()
    }

    /// Undoes an inferred exit because a thread still runs.
    pub(super) fn revive(&mut self) {
        self.exited_at = None;
        self.end_inferred = false;
        self.ended_by = 0;
        self.status = None;
        self.last_switch = None;
        self.autoreaped = None;
        if self.zombie_inferred {
            self.zombie_at = None;
            self.zombie_inferred = false;
        }
    }

    /// Returns true if the kernel reaps the process itself.
    pub(super) fn kernel_reaps(&self) -> bool {
        self.exit_signal == Some(SIGCHLD)
            && matches!(self.sigchld, Some(Sigchld::Ignored | Sigchld::NoCldWait))
    }

    /// Returns [`Self::usage`] if it covers any thread yet.
    pub fn known_usage(&self) -> Option<&Usage> {
        self.accounted.then_some(&self.usage)
    }

    /// Returns the reason the OOM killer chose the process, if it did.
    pub fn oom(&self) -> Option<&OomVictim> {
        self.pending.as_ref()?.rare.oom.as_ref()
    }

    /// Returns the time and event of the signal that ended it, if seen.
    pub fn fatal_signal(&self) -> Option<&(u64, Signal)> {
        let sig = self.status?.signal()?;
        let in_time = |at: u64| self.exited_at.is_none_or(|exited| at <= exited);
        let mut signals = self.signals.iter();
        signals.find(|&&(at, ref signal)| signal.sig == sig && in_time(at))
    }

    /// Returns the time since its last thread called `do_exit` if it is exiting, in
    /// ns.
    pub fn exiting_time(&self, now: u64) -> Option<u64> {
        let exited = self.exited_at.filter(|_| self.state() == State::Exiting)?;
        Some(now.saturating_sub(exited))
    }

    /// Returns the time from `start_boottime` to `do_exit`, in ns; up to `now` if
    /// it still runs.
    pub fn lifetime(&self, now: u64) -> Option<u64> {
        let end = match self.state() {
            State::Alive => now,
            _ => self.exited_at?,
        };
        Some(end.saturating_sub(self.id.start))
    }

    /// Returns the time vfork blocked the calling thread, in ns: until the child's
    /// exec or exit, or up to `now`. The thread resumes slightly earlier, when the
    /// child releases the old memory (`mm_release`, kernel/fork.c). It also ends when
    /// the blocked thread is killed (`wait_for_vfork_done`, kernel/fork.c).
    pub fn vfork_wait(&self, now: u64) -> Option<u64> {
        let since = self
            .forked_at
            .filter(|_| self.created_by == Creation::Vfork)?;
        if self.executions_left_out > 0 {
            return None;
        }
        let rare = self.pending.as_ref().map(|pending| &pending.rare);
        let ends = [
            self.executions.first().map(|execution| execution.at),
            self.exited_at,
            rare.and_then(|rare| rare.vfork_caller_ended_at),
        ];
        let until = match ends.into_iter().flatten().min() {
            Some(end) => end,
            None if self.state() == State::Alive => now,
            None => return None,
        };
        Some(until.saturating_sub(since))
    }

    /// Returns the earliest time at which its end was seen, ns since boot.
    pub fn end_seen_at(&self) -> Option<u64> {
        let ends = [
            self.exited_at,
            self.zombie_at,
            self.freed_at,
            self.vanished_at,
        ];
        ends.into_iter().flatten().min()
    }

    /// Returns the number of children in the fork tree, evicted ones included.
    pub fn tree_child_count(&self) -> u64 {
        self.own_child_count() + self.evicted_child_count()
    }

    /// Returns how many of them are evicted.
    pub fn evicted_child_count(&self) -> u64 {
        let pending = self.pending.as_ref();
        pending.map_or(0, |pending| pending.rare.evicted_children)
    }

    /// Visits the arguments and the file names.
    pub(super) fn each_text(&mut self, visit: &mut impl FnMut(&mut Text)) {
        self.snapshot_argv.iter_mut().for_each(&mut *visit);
        for execution in &mut self.executions {
            visit(&mut execution.exec.filename);
            execution.exec.argv.iter_mut().for_each(&mut *visit);
        }
    }

    /// Returns true if the parent is no longer the original one.
    pub fn is_reparented(&self) -> bool {
        self.original_parent.is_some() && self.original_parent != self.parent
    }
}
