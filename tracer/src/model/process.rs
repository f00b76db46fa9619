//! One process and its story so far. Facts only: what they mean together is
//! said by the methods, so that nothing is stored twice.

use crate::event::{
    Comm, Exec, Faults, LastSwitch, ProcessId, Sigchld, Signal, TaskId, Usage, Who,
};

/// A process in its [`super::Model`]; valid for that model and its clones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub(super) u32);

impl Key {
    /// Its place in the order of appearance, for tables beside the model.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// How a process came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// Its own copy of the address space.
    Fork,
    /// The caller was held until exec or exit: vfork, posix_spawn.
    Vfork,
    /// clone with shared parts or new namespaces.
    Clone,
    Kthread,
    /// It ran when tracing began, or was found again after a gap.
    Snapshot,
    /// It was created while we looked, but the record is lost.
    Missed,
}

impl Creation {
    pub fn name(self) -> Option<&'static str> {
        match self {
            Creation::Fork => Some("fork"),
            Creation::Vfork => Some("vfork"),
            Creation::Clone => Some("clone"),
            Creation::Kthread => Some("kthread"),
            Creation::Snapshot => Some("snapshot"),
            Creation::Missed => None,
        }
    }
}

/// Where a process is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Alive,
    /// All threads have exited; neither zombie nor reaped as far as we know.
    Exiting,
    Zombie,
    /// Reaped: by a wait, by the kernel, or by someone unseen.
    Reaped,
    /// Gone without a trace: its end lies in a gap.
    Vanished,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Alive => "alive",
            State::Exiting => "exiting",
            State::Zombie => "zombie",
            State::Reaped => "reaped",
            State::Vanished => "vanished",
        }
    }

    /// No longer in the kernel's process table.
    pub fn is_gone(self) -> bool {
        matches!(self, State::Reaped | State::Vanished)
    }
}

/// What wait reports, as the kernel encodes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WaitStatus(pub i32);

impl WaitStatus {
    /// The argument of exit, if it was not a signal.
    pub fn exit_code(self) -> Option<i32> {
        (self.0 & 0x7f == 0).then_some(self.0 >> 8 & 0xff)
    }

    /// The signal that killed it, if one did.
    pub fn signal(self) -> Option<i32> {
        Some(self.0 & 0x7f).filter(|&signal| signal != 0)
    }

    pub fn core_dumped(self) -> bool {
        self.0 & 0x80 != 0
    }
}

/// A living thread.
#[derive(Clone, Debug)]
pub struct Thread {
    pub id: TaskId,
    pub comm: Comm,
    /// Counted so far; already part of the process's sum.
    pub faults: Faults,
}

/// A program that the process ran.
#[derive(Clone, Debug)]
pub struct Execution {
    pub at: u64,
    pub exec: Box<Exec>,
}

#[derive(Clone, Debug)]
pub struct Process {
    pub id: ProcessId,
    /// Empty also while unknown: see [`Self::known_comm`].
    pub comm: Comm,
    pub(super) named: bool,
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
    /// Children of others that this process inherited.
    pub(super) adopted: Vec<Key>,

    /// Command line when it was found by the snapshot; NUL-separated.
    pub snapshot_argv: Option<crate::event::Text>,
    /// [`Self::snapshot_argv`] is only the beginning.
    pub(super) snapshot_argv_cut: bool,
    pub executions: Vec<Execution>,
    pub threads: Vec<Thread>,
    /// All threads ever seen, the leader included.
    pub threads_seen: u32,

    pub forked_at: Option<u64>,
    pub runnable_at: Option<u64>,
    pub first_ran_at: Option<u64>,
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
    /// Deadly signals sent to it, the oldest first; once dead, the fatal one.
    pub signals: Vec<(u64, Signal)>,
    pub oom_victim: bool,

    /// User faults of all threads since tracing began.
    pub faults: Faults,
    /// Accounting: of the threads that have exited, or of the whole life once
    /// [`Self::usage_complete`].
    pub usage: Usage,
    pub usage_complete: bool,
    pub(super) accounted: bool,

    pub(super) leader_exit: Option<i32>,
    pub(super) generation: u32,
}

/// SIGCHLD (signal(7)), the only child signal for which the kernel reaps by
/// itself (`do_notify_parent`, kernel/signal.c).
const SIGCHLD: i32 = 17;

impl Process {
    pub(super) fn new(id: ProcessId) -> Self {
        Process {
            id,
            comm: Comm::default(),
            named: false,
            created_by: Creation::Missed,
            clone_flags: None,
            ns: None,
            kthread: false,
            forked_by: None,
            original_parent: None,
            parent: None,
            tree_parent: None,
            tree_children: Vec::new(),
            adopted: Vec::new(),
            snapshot_argv: None,
            snapshot_argv_cut: false,
            executions: Vec::new(),
            threads: Vec::new(),
            threads_seen: 0,
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
            oom_victim: false,
            faults: Faults::default(),
            usage: Usage::default(),
            usage_complete: false,
            accounted: false,
            leader_exit: None,
            generation: 0,
        }
    }

    pub fn state(&self) -> State {
        if self.reaped_at.is_some() || self.freed_at.is_some() || self.autoreaped == Some(true) {
            State::Reaped
        } else if self.vanished_at.is_some() {
            State::Vanished
        } else if self.zombie_at.is_some() || self.zombie_when_found {
            State::Zombie
        } else if self.exited_at.is_some() {
            State::Exiting
        } else {
            State::Alive
        }
    }

    /// The kernel will reap it by itself.
    pub(super) fn reaps_itself(&self) -> bool {
        self.exit_signal == Some(SIGCHLD)
            && matches!(self.sigchld, Some(Sigchld::Ignored | Sigchld::NoCldWait))
    }

    /// The arguments it runs with, NUL-separated; unknown when a read failed
    /// or it was born of a process whose arguments are unknown.
    pub fn argv(&self) -> Option<&[u8]> {
        match self.executions.last() {
            Some(execution) => execution.exec.argv.as_ref(),
            None => self.snapshot_argv.as_ref(),
        }
        .map(|argv| argv.as_bytes())
    }

    /// Whether [`Self::argv`] is only the beginning of the arguments.
    pub fn argv_cut(&self) -> Option<bool> {
        match self.executions.last() {
            Some(Execution { exec, .. }) => {
                let argv = exec.argv.as_ref()?;
                Some(argv.as_bytes().len() < exec.argv_total as usize)
            }
            None => self.snapshot_argv.as_ref().map(|_| self.snapshot_argv_cut),
        }
    }

    /// The command name, if any event has told it.
    pub fn known_comm(&self) -> Option<Comm> {
        self.named.then_some(self.comm)
    }

    pub(super) fn rename(&mut self, comm: Comm) {
        self.comm = comm;
        self.named = true;
    }

    /// [`Self::usage`], if any thread has been accounted yet.
    pub fn known_usage(&self) -> Option<&Usage> {
        self.accounted.then_some(&self.usage)
    }

    /// The signal that killed it and when it was sent, if it was seen.
    pub fn fatal_signal(&self) -> Option<&(u64, Signal)> {
        let sig = self.status?.signal()?;
        self.signals.iter().find(|(_, signal)| signal.sig == sig)
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

    pub fn is_reparented(&self) -> bool {
        self.original_parent.is_some() && self.original_parent != self.parent
    }
}
