//! What the moments of a task's life say, one struct each, in the kernel's
//! words. A field that may be unknown is an `Option`; zero is never "unknown".

use serde::{Deserialize, Serialize};

use super::{ChildUsage, Comm, FaultTally, ProcessId, Relations, SigchldPolicy, Text, Who};

/// `copy_process` has made a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Fork {
    /// The task that called fork, vfork or clone.
    pub by: Who,
    /// `real_parent`: the caller's own parent under CLONE_PARENT.
    pub parent: ProcessId,
    /// CLONE_* without the exit signal (include/uapi/linux/sched.h).
    pub clone_flags: Option<u64>,
    /// PF_KTHREAD is set.
    pub kthread: bool,
    /// Sent to the parent at exit; -1: none, a thread.
    pub exit_signal: i32,
    /// Its number in its own pid namespace, and how deep that namespace is.
    pub ns_pid: u32,
    pub ns_level: u32,
    pub comm: Comm,
    /// When the caller began to make it, ns since boot.
    pub requested_at: Option<u64>,
    /// What was copied of the caller's address space; none where it is shared,
    /// or not known.
    pub copied: Option<AddressSpace>,
    /// Pages that the calling task had copied on write until then, since
    /// tracing began.
    pub by_copies: Option<u64>,
    pub relations: Option<Relations>,
    /// The number of its cgroup: see [`super::Cgroup`].
    pub cgroup: Option<u64>,
}

/// A fork, vfork or clone that failed, and what stood in its way as far as that
/// could be read at that moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkFailed {
    pub errno: i32,
    pub comm: Comm,
    /// Tasks of the caller's real user, and the caller's RLIMIT_NPROC.
    pub processes: Option<u64>,
    pub max_processes: Option<u64>,
    /// Tasks in the fullest of the cgroups above the caller, and its pids.max;
    /// none where no limit is set.
    pub pids: Option<u64>,
    pub max_pids: Option<u64>,
}

/// What fork copies of an address space: the page tables, not the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressSpace {
    /// Pages mapped: as many entries were copied. Unknown where this kernel's
    /// counter is not found; a few dozen may be missing where it counts per CPU.
    pub pages: Option<u64>,
    /// Bytes of the page tables that were made.
    pub page_tables: u64,
}

/// A task that existed before tracing began, or was found again after a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    pub parent: ProcessId,
    pub kthread: bool,
    /// A zombie already, with this wait status.
    pub zombie: Option<i32>,
    pub exit_signal: i32,
    pub ns_pid: u32,
    pub ns_level: u32,
    pub comm: Comm,
    /// /proc/PID/cmdline, of the leader; unknown when it could not be read.
    pub argv: Option<Text>,
    pub relations: Option<Relations>,
    pub sigchld_policy: Option<SigchldPolicy>,
    /// The number of its cgroup: see [`super::Cgroup`].
    pub cgroup: Option<u64>,
}

/// exec has put another program in place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exec {
    /// The caller's pid before exec: another than the task's when a thread
    /// that was not the leader called it.
    pub old_pid: u32,
    pub comm: Comm,
    pub filename: Text,
    /// Only the beginning of the file name is known.
    pub filename_cut: bool,
    /// NUL-separated; unknown when the memory could not be read.
    pub argv: Option<Text>,
    /// Bytes of all arguments; `argv` is cut when this is more.
    pub argv_total: u32,
    /// Pages that the task had copied on write until then, since tracing began.
    pub copies: Option<u64>,
    pub relations: Option<Relations>,
}

/// A signal was sent that ends the process unless it is blocked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    pub sig: i32,
    /// `si_code`: positive from the kernel, else from a process.
    pub code: i32,
    pub by: Who,
    pub by_comm: Comm,
    /// Sent to the whole process, not to one thread.
    pub group: bool,
}

impl Signal {
    /// Raised by the kernel: a fault, the OOM killer, a terminal.
    pub fn from_kernel(&self) -> bool {
        self.code > 0
    }
}

/// The kernel's accounting, of a task or a whole thread group. Times in ns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// User and system time as the kernel samples them: whole ticks, so that
    /// short lives show 0. [`Self::runtime`] is exact.
    pub utime: u64,
    pub stime: u64,
    /// Time on CPU as the scheduler counted it.
    pub runtime: u64,
    /// Voluntary and involuntary context switches.
    pub nvcsw: u64,
    pub nivcsw: u64,
    /// Minor and major faults, those of the kernel on user memory included.
    pub min_flt: u64,
    pub maj_flt: u64,
    /// Highest resident set of the process, pages; unknown where the kernel
    /// has not kept it (yet).
    pub maxrss: Option<u64>,
}

impl Usage {
    /// The accounting of two threads of one process.
    pub fn plus(self, other: Usage) -> Usage {
        Usage {
            utime: self.utime.saturating_add(other.utime),
            stime: self.stime.saturating_add(other.stime),
            runtime: self.runtime.saturating_add(other.runtime),
            nvcsw: self.nvcsw.saturating_add(other.nvcsw),
            nivcsw: self.nivcsw.saturating_add(other.nivcsw),
            min_flt: self.min_flt.saturating_add(other.min_flt),
            maj_flt: self.maj_flt.saturating_add(other.maj_flt),
            maxrss: self.maxrss.max(other.maxrss),
        }
    }
}

/// A task has entered `do_exit`.
#[derive(Clone, Debug, PartialEq)]
pub struct Exit {
    /// The task's own exit code, in wait status form.
    pub code: i32,
    /// SIGNAL_GROUP_EXIT: what wait will report for the process.
    pub group_code: Option<i32>,
    /// Whether this was the group's last thread, where the kernel says it.
    pub group_dead: Option<bool>,
    /// Of the process, sent to the parent.
    pub exit_signal: i32,
    pub parent: ProcessId,
    pub sigchld: Sigchld,
    /// Who inherits the children, if the group is dead and has any.
    pub reaper: Option<ProcessId>,
    pub usage: Usage,
    /// Of the task since tracing began; unknown when faults are not traced.
    pub faults: Option<FaultTally>,
    pub comm: Comm,
    pub relations: Option<Relations>,
    /// The parent's, when the last thread exits.
    pub sigchld_policy: Option<SigchldPolicy>,
    /// Of all the children that the process has waited for.
    pub children: Option<ChildUsage>,
}

/// What the parent does with SIGCHLD, read when the last thread exits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sigchld {
    /// Default or caught: a child becomes a zombie.
    Zombie,
    /// SIG_IGN: the kernel reaps and sends nothing.
    Ignored,
    /// SA_NOCLDWAIT: the kernel reaps.
    NoCldWait,
}

/// `do_notify_parent` has told an owner of a death.
#[derive(Clone, Debug, PartialEq)]
pub struct Notify {
    /// Who must reap.
    pub owner: ProcessId,
    /// The dead process's number as its owner sees it.
    pub seen_pid: u32,
    /// The dead process is the event's own subject; otherwise the subject is a
    /// dying parent that hands its zombie on, and this says its pid if known.
    pub exited: ExitedProcess,
    /// SA_NOCLDWAIT: reaped by the kernel, no zombie.
    pub autoreap: bool,
    /// The owner's.
    pub sigchld_policy: Option<SigchldPolicy>,
    /// Who would inherit from the owner if that died: the nearest subreaper
    /// above it, or its pid namespace's init.
    pub heir: Option<ProcessId>,
}

/// Which process a [`Notify`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitedProcess {
    Subject,
    /// A zombie of the subject's, by its pid in the initial namespace.
    ChildPid(u32),
    /// A zombie of the subject's that only `seen_pid` names.
    Child,
}

/// A new task runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FirstRun {
    /// When it was made runnable, ns since boot, unless [`super::Kind::WakeupNew`]
    /// told it.
    pub runnable: Option<u64>,
}

/// A dead task was switched out for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastSwitch {
    /// The next task, which ran `finish_task_switch`; pid 0 is the idle task.
    pub next_pid: u32,
    pub next_tgid: u32,
    pub next_comm: Comm,
}

/// A wait system call returned to the event's subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {
    /// The child's number in the caller's pid namespace; it may have stopped
    /// or continued rather than died.
    pub child: u32,
}

/// `release_task` was called for a dead task.
#[derive(Clone, Debug, PartialEq)]
pub struct Reap {
    /// Who called it: the task that waited, or the dead one itself where
    /// nobody wants to know.
    pub by: Who,
}

/// Records are missing here.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// Lost after this time and before the event's own. ns since boot.
    pub since: u64,
    /// How many of what, by [`super::Kind`] name.
    pub lost: Vec<Lost>,
    pub cause: GapCause,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    pub kind: super::Kind,
    pub count: u64,
}

impl Gap {
    /// Whether more room in the kernel's buffer would have held what is missing.
    pub fn larger_buffer_helps(&self) -> bool {
        self.cause
            .larger_buffer_helps(self.lost.iter().map(|lost| lost.kind))
    }
}

impl GapCause {
    /// The same for what is missing of those kinds.
    pub fn larger_buffer_helps(self, mut lost: impl Iterator<Item = super::Kind>) -> bool {
        self == GapCause::NoRoom && lost.any(|kind| !kind.is_count())
    }
}

/// UnknownReason there is a [`Gap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GapCause {
    /// The kernel found no room for records; `lost` says for which.
    NoRoom,
    /// A part of a recording cannot be read. Of what kinds its events were
    /// nobody knows, so `lost` is empty; how many, if what follows tells.
    Unreadable { events: Option<u64> },
    /// The kernel skipped programs of ours, because one was preempted on that CPU
    /// while it ran; `lost` says what they tell. Not every run would have told
    /// something, so that it is at most as much.
    Skipped,
    /// No tracer was at work; `lost` is empty, and what happened nobody knows.
    Untraced,
}
