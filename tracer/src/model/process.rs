//! One process and its story so far. Facts only: what they mean together is
//! said by the methods, so that nothing is stored twice.

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use super::{
    Reaping,
    fork_cost::{ForkCost, Forks},
    reap::SIGCHLD,
    recent::Recent,
    retention::Eviction,
    states::Scheduling,
    terms::{Creation, Key, Outcome, State, WaitStatus},
};
use crate::event::{
    ChildUsage, Comm, Exec, FaultPlaces, FaultTally, Faults, LastSwitch, OomVictim, ProcessId,
    Relations, Sigchld, Signal, TaskId, Text, Usage, Who,
};

/// A living thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    pub id: TaskId,
    pub comm: Comm,
    /// Counted so far; already part of the process's sum. Most threads end
    /// before anybody reads their counters.
    pub(super) faults: Option<Box<FaultTally>>,
    /// The last snapshot that named it.
    pub(super) generation: u32,
}

/// A program that the process ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    pub at: u64,
    pub exec: Exec,
}

/// Records that came before their turn, and other rare things.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Pending {
    /// The last switch of one of its threads, by number.
    pub switch: Option<(u64, u32, LastSwitch)>,
    /// Which thread called `do_exit` last, and when.
    pub exit_start: Option<(u32, u64)>,
    /// What threads had counted that are gone though their exits have not been
    /// told: part of the process's sum.
    pub charged: Vec<(TaskId, Box<FaultTally>)>,
    /// Who waits for it before its parent may: a tracer (ptrace(2)).
    pub tracer: Option<Key>,
    /// The OOM killer chose it, and why; stays.
    pub oom: Option<OomVictim>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Process {
    pub id: ProcessId,
    /// Empty also while unknown: see [`Self::known_comm`].
    pub comm: Comm,
    /// When it had that name; 0: unknown.
    pub(super) named_at: u64,
    pub created_by: Creation,
    pub clone_flags: Option<u64>,
    /// Number in its own pid namespace, and that namespace's depth.
    pub ns: Option<(u32, u32)>,
    pub kthread: bool,
    /// Who called fork: the process, and which of its threads.
    pub forked_by: Option<Who>,

    /// Who made it; unknown for a process older than the trace.
    pub original_parent: Option<Key>,
    /// Who must reap it now; none: the kernel's idle task, or unknown.
    pub parent: Option<Key>,
    /// Where it hangs in the fork tree: the original parent, or for a process
    /// older than the trace the parent it was found with.
    pub(super) tree_parent: Option<Key>,
    /// Whose [`Self::tree_parent`] this is, in order of appearance.
    pub(super) tree_children: Vec<Key>,
    /// Who inherited its children.
    pub(super) heir: Option<Key>,
    /// Who had its number before.
    #[serde(skip)]
    pub(super) predecessor: Option<Key>,
    /// How often others lead to it: see [`super::index`].
    #[serde(skip)]
    pub(super) reference_count: u32,
    /// Whether it is to be let go.
    pub(super) eviction: Eviction,

    /// Command line when it was found by the snapshot, or of the parent it
    /// was forked from; NUL-separated.
    pub snapshot_argv: Option<Text>,
    /// [`Self::snapshot_argv`] is only the beginning.
    pub(super) snapshot_argv_cut: bool,
    pub(super) snapshot_argv_at: u64,
    /// The programs it ran, the latest last; of very many, the latest.
    #[serde(with = "super::saved::list")]
    pub executions: SmallVec<[Execution; 1]>,
    /// How many earlier ones are no longer in [`Self::executions`].
    pub executions_left_out: u32,
    #[serde(with = "super::saved::list")]
    pub threads: SmallVec<[Thread; 1]>,
    /// All threads ever seen, the leader included.
    pub threads_seen: u32,
    /// Threads known to be gone whose exits have not been told (yet).
    pub(super) dropped: u32,

    pub forked_at: Option<u64>,
    pub runnable_at: Option<u64>,
    pub first_ran_at: Option<u64>,
    /// When the last thread called `do_exit`: by that function's own hook where
    /// there is one, else by the nearest that was seen.
    pub exited_at: Option<u64>,
    pub zombie_at: Option<u64>,
    /// No notification was seen: it was a zombie at this time at the latest.
    pub zombie_inferred: bool,
    /// A zombie already when it was found.
    pub zombie_when_found: bool,
    pub last_switch: Option<(u64, LastSwitch)>,
    pub reaped_at: Option<u64>,
    pub reaped_by: Option<Who>,
    /// The kernel reaped it. Unknown until it is dead.
    pub autoreaped: Option<bool>,
    pub freed_at: Option<u64>,
    /// Its end was missed; noticed at this time.
    pub vanished_at: Option<u64>,

    pub status: Option<WaitStatus>,
    /// Whether the parent wanted to know, read when the last thread exited.
    pub sigchld: Option<Sigchld>,
    pub exit_signal: Option<i32>,
    /// Deadly signals sent to it, the oldest first; once freed, the fatal one.
    pub signals: Vec<(u64, Signal)>,

    /// Faults of all threads since tracing began, and where they fell.
    pub faults: Faults,
    pub places: FaultPlaces,
    /// Of one that lives long enough for its counters to be read.
    pub recent_faults: Option<Box<Recent>>,
    /// What the fork that made it cost; none if no address space was copied.
    pub fork_cost: Option<Box<ForkCost>>,
    /// Those that it made.
    pub(super) forks: Option<Forks>,
    /// Accounting: of the threads that have exited, or of the whole life once
    /// [`Self::usage_complete`].
    pub usage: Usage,
    pub usage_complete: bool,
    pub(super) accounted: bool,

    /// In which states its threads were; none: nothing is known.
    pub scheduling: Option<Box<Scheduling>>,

    /// Its process group, session and tracer, as last told.
    pub relations: Option<Relations>,
    /// The number of its cgroup: see [`super::Model::cgroup`].
    pub cgroup: Option<u64>,
    /// How it treats its children's deaths; none: nothing is known.
    pub reaping: Option<Box<Reaping>>,
    /// What the children used that it waited for, and theirs; known when it
    /// has ended.
    pub children: Option<Box<ChildUsage>>,

    pub(super) leader_exit: Option<i32>,
    pub(super) group_code: Option<i32>,
    /// The thread that exited last; 0: unknown.
    pub(super) ended_by: u32,
    /// That its threads are all dead was concluded, not told.
    pub(super) end_inferred: bool,
    /// Its number as its owner sees it.
    pub(super) seen_pid: Option<u32>,
    pub(super) pending: Option<Box<Pending>>,
    /// The last snapshot that named it.
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
            executions: SmallVec::new(),
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
            zombie_when_found: false,
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

    pub fn state(&self) -> State {
        if self.reaped_at.is_some() || self.freed_at.is_some() || self.autoreaped == Some(true) {
            return State::Reaped;
        }
        match self.vanished_at.is_some() {
            // Dead and no longer there: somebody has reaped it.
            true if self.has_exited() => State::Reaped,
            true => State::Vanished,
            false if self.zombie_at.is_some() || self.was_found_as_zombie() => State::Zombie,
            false if self.exited_at.is_some() => State::Exiting,
            false => State::Alive,
        }
    }

    pub fn outcome(&self) -> Outcome {
        match self.status {
            Some(status) => Outcome::from(status),
            None if self.state() == State::Alive => Outcome::Alive,
            None => Outcome::Unseen,
        }
    }

    /// All threads are dead, whatever became of it then.
    pub(super) fn has_exited(&self) -> bool {
        self.exited_at.is_some() || self.zombie_at.is_some() || self.was_found_as_zombie()
    }

    /// No thread of it can be alive. A dead leader that was found alone can
    /// still turn out to have threads.
    pub(super) fn is_known_exited(&self) -> bool {
        self.exited_at.is_some() || self.zombie_at.is_some() || self.state().is_gone()
    }

    /// A leader that is dead makes a zombie only when no other thread lives.
    fn was_found_as_zombie(&self) -> bool {
        self.zombie_when_found && self.threads.is_empty()
    }

    /// It turns out that some thread lived on.
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

    /// The kernel will reap it by itself.
    pub(super) fn kernel_reaps(&self) -> bool {
        self.exit_signal == Some(SIGCHLD)
            && matches!(self.sigchld, Some(Sigchld::Ignored | Sigchld::NoCldWait))
    }

    /// [`Self::usage`], if any thread has been accounted yet.
    pub fn known_usage(&self) -> Option<&Usage> {
        self.accounted.then_some(&self.usage)
    }

    /// UnknownReason the OOM killer chose it, if it did.
    pub fn oom(&self) -> Option<&OomVictim> {
        self.pending.as_ref()?.oom.as_ref()
    }

    /// The signal that killed it and when it was sent, if it was seen.
    pub fn fatal_signal(&self) -> Option<&(u64, Signal)> {
        let sig = self.status?.signal()?;
        let in_time = |at: u64| self.exited_at.is_none_or(|exited| at <= exited);
        let mut signals = self.signals.iter();
        signals.find(|&&(at, ref signal)| signal.sig == sig && in_time(at))
    }

    /// How long it was, or has been, a zombie; `now` ends an unfinished one.
    /// Unknown when either end was not witnessed.
    pub fn zombie_time(&self, now: u64) -> Option<u64> {
        if self.autoreaped == Some(true) {
            return Some(0);
        }
        let end = match self.state() {
            State::Zombie => now,
            _ => self.reaped_at?,
        };
        Some(end.saturating_sub(self.zombie_at?))
    }

    /// How long it lived, from `start_boottime` to `do_exit`.
    pub fn lifetime(&self, now: u64) -> Option<u64> {
        let end = match self.state() {
            State::Alive => now,
            _ => self.exited_at?,
        };
        Some(end.saturating_sub(self.id.start))
    }

    /// How long vfork has held the caller: until the child runs another program
    /// or ends; `now` ends an unfinished one. The caller goes on a little
    /// earlier, when the old memory is given up (`mm_release`, kernel/fork.c).
    pub fn vfork_wait(&self, now: u64) -> Option<u64> {
        let since = self
            .forked_at
            .filter(|_| self.created_by == Creation::Vfork)?;
        let exec = self
            .executions
            .first()
            .filter(|_| self.executions_left_out == 0);
        let until = match (exec, self.state()) {
            (Some(exec), _) => exec.at,
            (None, State::Alive) => now,
            (None, _) => self.exited_at?,
        };
        Some(until.saturating_sub(since))
    }

    /// How many attach_to_tree below it in the fork tree, of those that are kept.
    pub fn tree_child_count(&self) -> usize {
        self.tree_children.len()
    }

    pub fn is_reparented(&self) -> bool {
        self.original_parent.is_some() && self.original_parent != self.parent
    }
}
