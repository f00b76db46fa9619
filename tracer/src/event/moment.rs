//! The content of events in a task's life, one struct per event, in the kernel's
//! terms.
//!
//! A field that may be unknown is an `Option`; zero never means "unknown". This
//! module must not know how the events are recorded or interpreted.

use serde::{Deserialize, Serialize};

use super::{ChildUsage, Comm, FaultTally, ProcessId, Relations, SigchldPolicy, Text, Who};

/// A task created by `copy_process`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fork {
    /// Task that called fork, vfork or clone.
    pub by: Who,
    /// Parent at creation, `real_parent`: under CLONE_PARENT, the caller's own
    /// parent.
    pub parent: ProcessId,
    /// CLONE_* flags without the exit signal (include/uapi/linux/sched.h).
    pub clone_flags: Option<u64>,
    /// True if PF_KTHREAD is set.
    pub kthread: bool,
    /// Signal sent to the parent at exit; -1 for a thread, which sends none.
    pub exit_signal: i32,
    /// PID in the task's own pid namespace.
    pub ns_pid: u32,
    /// Depth of the task's pid namespace; 0 is the initial one.
    pub ns_level: u32,
    /// Command name, inherited from the caller.
    pub comm: Comm,
    /// Time the caller entered the fork, ns since boot.
    pub requested_at: Option<u64>,
    /// Copied part of the caller's address space; none if the address space is
    /// shared or if this is unknown.
    pub copied: Option<AddressSpace>,
    /// Pages the calling task had copied on write by then, since tracing began.
    pub by_copies: Option<u64>,
    /// Process group, session and ptrace tracer.
    pub relations: Option<Relations>,
    /// ID of the task's cgroup, see [`super::Cgroup`].
    pub cgroup: Option<u64>,
}

/// A fork, vfork or clone that failed, with the limits that could be read at that
/// moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkFailed {
    /// Error returned to the caller, as a positive number.
    pub errno: i32,
    /// Command name of the caller.
    pub comm: Comm,
    /// Number of tasks of the caller's real user.
    pub processes: Option<u64>,
    /// The caller's RLIMIT_NPROC.
    pub max_processes: Option<u64>,
    /// Number of tasks in the fullest cgroup above the caller; none if no limit is
    /// set.
    pub pids: Option<u64>,
    /// `pids.max` of that cgroup.
    pub max_pids: Option<u64>,
}

/// Size of what fork copies of an address space: page tables, not pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressSpace {
    /// Mapped pages, each of which needed a page table entry copied. Unknown if
    /// this kernel's counter is not found; a lower bound on kernels that count per
    /// CPU (since 6.2), where up to a few dozen are missing, and unknown if all are.
    pub pages: Option<u64>,
    /// Size of the page tables created, in bytes.
    pub page_tables: u64,
}

/// A task that existed before tracing began, or was found again after a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Parent at the time of the snapshot.
    pub parent: ProcessId,
    /// True if the task is a kernel thread.
    pub kthread: bool,
    /// Wait status if the task is already a zombie.
    pub zombie: Option<i32>,
    /// True if the task has called `do_exit` and is not a zombie yet.
    pub exiting: bool,
    /// Signal sent to the parent at exit; -1 for a thread.
    pub exit_signal: i32,
    /// PID in the task's own pid namespace.
    pub ns_pid: u32,
    /// Depth of the task's pid namespace; 0 is the initial one.
    pub ns_level: u32,
    /// Command name.
    pub comm: Comm,
    /// The leader's /proc/PID/cmdline, NUL-separated; unknown if it could not be
    /// read.
    pub argv: Option<Text>,
    /// Process group, session and ptrace tracer.
    pub relations: Option<Relations>,
    /// The process's own treatment of SIGCHLD.
    pub sigchld_policy: Option<SigchldPolicy>,
    /// ID of the task's cgroup, see [`super::Cgroup`].
    pub cgroup: Option<u64>,
}

impl Snapshot {
    /// Returns true if the task is not named: it is known only from events about
    /// others.
    pub fn is_anonymous(&self) -> bool {
        self.comm == Comm::default() && self.argv.is_none()
    }
}

/// A successful exec: the process runs another program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exec {
    /// The caller's PID before exec. It differs from the subject's PID if a thread
    /// other than the leader called exec.
    pub old_pid: u32,
    /// Command name after exec.
    pub comm: Comm,
    /// Path passed to exec.
    pub filename: Text,
    /// True if `filename` holds only the beginning of the path.
    pub filename_cut: bool,
    /// Arguments, NUL-separated; unknown if the memory could not be read.
    pub argv: Option<Text>,
    /// Length of all arguments in bytes. `argv` is truncated if this is larger.
    pub argv_total: u32,
    /// Pages the task had copied on write by then, since tracing began.
    pub copies: Option<u64>,
    /// Process group, session and ptrace tracer.
    pub relations: Option<Relations>,
}

/// A signal that ends the process unless it is blocked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Signal number.
    pub sig: i32,
    /// `si_code`: positive if the kernel raised the signal, otherwise a process
    /// sent it.
    pub code: i32,
    /// Task that sent the signal.
    pub by: Who,
    /// Command name of the sender.
    pub by_comm: Comm,
    /// True if sent to the whole process rather than to one thread.
    pub group: bool,
}

impl Signal {
    /// Returns true if the kernel raised the signal: a fault, the OOM killer or a
    /// terminal.
    pub fn from_kernel(&self) -> bool {
        self.code > 0
    }
}

/// Kernel accounting of a task or of a whole thread group. Times in ns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// User time as the kernel samples it, in whole ticks: short lives show 0.
    /// [`Self::runtime`] is exact.
    pub utime: u64,
    /// System time, sampled like [`Self::utime`].
    pub stime: u64,
    /// Time on CPU as counted by the scheduler.
    pub runtime: u64,
    /// Voluntary context switches.
    pub nvcsw: u64,
    /// Involuntary context switches.
    pub nivcsw: u64,
    /// Minor faults, including the kernel's faults on user memory.
    pub min_flt: u64,
    /// Major faults, including the kernel's faults on user memory.
    pub maj_flt: u64,
    /// Highest resident set size of the process, in pages; unknown if the kernel
    /// has not recorded it (yet).
    pub maxrss: Option<u64>,
}

impl Usage {
    /// Returns the combined accounting of two threads of one process.
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

/// A task that entered `do_exit`.
#[derive(Clone, Debug, PartialEq)]
pub struct Exit {
    /// The task's own exit code, as a wait status.
    pub code: i32,
    /// SIGNAL_GROUP_EXIT: the status that wait reports for the process.
    pub group_code: Option<i32>,
    /// True if this was the last thread of the group; unknown if the kernel does
    /// not report it.
    pub group_dead: Option<bool>,
    /// The process's exit signal, sent to its parent.
    pub exit_signal: i32,
    /// Parent of the process.
    pub parent: ProcessId,
    /// The parent's SIGCHLD setting at the exit.
    pub sigchld: Sigchld,
    /// Process that inherits the children, if the group has exited and has any.
    pub reaper: Option<ProcessId>,
    /// Accounting of the task.
    pub usage: Usage,
    /// Page faults of the task since tracing began; unknown if faults are not
    /// traced.
    pub faults: Option<FaultTally>,
    /// Command name at exit.
    pub comm: Comm,
    /// Process group, session and ptrace tracer.
    pub relations: Option<Relations>,
    /// The parent's treatment of SIGCHLD, reported when the last thread exits.
    pub sigchld_policy: Option<SigchldPolicy>,
    /// Usage of all children the process has waited for.
    pub children: Option<ChildUsage>,
}

/// The parent's SIGCHLD setting, read when the last thread exits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sigchld {
    /// Default or caught: an exited child becomes a zombie.
    Zombie,
    /// SIG_IGN: the kernel reaps the child and sends no signal.
    Ignored,
    /// SA_NOCLDWAIT: the kernel reaps the child.
    NoCldWait,
}

/// `do_notify_parent` has notified an owner of an exited process.
#[derive(Clone, Debug, PartialEq)]
pub struct Notify {
    /// Process that must reap the exited one.
    pub owner: ProcessId,
    /// PID of the exited process in the owner's pid namespace.
    pub seen_pid: u32,
    /// Identifies the exited process: the event's subject, or a zombie that the
    /// exiting subject passes to a new owner.
    pub exited: ExitedProcess,
    /// SA_NOCLDWAIT: the kernel reaps the process, and it never becomes a zombie.
    pub autoreap: bool,
    /// The owner's treatment of SIGCHLD.
    pub sigchld_policy: Option<SigchldPolicy>,
    /// Process that would inherit from the owner if the owner exited: the nearest
    /// child subreaper above it, or the init of its pid namespace.
    pub heir: Option<ProcessId>,
}

/// Identifies the exited process that a [`Notify`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitedProcess {
    /// The subject of the event.
    Subject,
    /// A zombie child of the subject, by its PID in the initial namespace.
    ChildPid(u32),
    /// A zombie child of the subject, known only by `seen_pid`.
    Child,
}

/// A new task ran for the first time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FirstRun {
    /// Time it was made runnable, ns since boot; none if [`super::Kind::WakeupNew`]
    /// reported it.
    pub runnable: Option<u64>,
}

/// An exited task was switched out for the last time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastSwitch {
    /// PID of the next task, which ran `finish_task_switch`; 0 is the idle task.
    pub next_pid: u32,
    /// Process of the next task.
    pub next_tgid: u32,
    /// Command name of the next task.
    pub next_comm: Comm,
}

/// A wait system call returned a child to the event's subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {
    /// PID of the child in the caller's pid namespace. The child may have stopped
    /// or continued rather than exited.
    pub child: u32,
}

/// `release_task` was called for an exited task.
#[derive(Clone, Debug, PartialEq)]
pub struct Reap {
    /// Task that called it: the one that waited, or the exited task itself if no
    /// parent waits for it.
    pub by: Who,
}

/// Records are missing before this event.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// Start of the interval, ns since boot. It ends at the event's own time.
    pub since: u64,
    /// Number of lost records per kind.
    pub lost: Vec<Lost>,
    /// Reason for the gap.
    pub cause: GapCause,
}

/// Lost records of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    /// Kind of the records.
    pub kind: super::Kind,
    /// Number of records lost.
    pub count: u64,
}

impl Gap {
    /// Returns true if a larger ring buffer would have held the lost records.
    pub fn larger_buffer_helps(&self) -> bool {
        self.cause
            .larger_buffer_helps(self.lost.iter().map(|lost| lost.kind))
    }
}

impl GapCause {
    /// Returns true if a larger ring buffer would have held lost records of these
    /// kinds.
    pub fn larger_buffer_helps(self, mut lost: impl Iterator<Item = super::Kind>) -> bool {
        self == GapCause::NoRoom && lost.any(|kind| !kind.is_count())
    }
}

/// The reason for a [`Gap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GapCause {
    /// The kernel side found no room for records; `lost` gives their kinds.
    NoRoom,
    /// A part of a recording cannot be read. The kinds of its events are unknown,
    /// so `lost` is empty.
    Unreadable {
        /// Number of events in it, if what follows shows it.
        events: Option<u64>,
    },
    /// The kernel skipped programs because one was preempted on the same CPU while
    /// it ran; `lost` gives the kinds they report. Not every run emits a record, so
    /// the counts are upper bounds.
    Skipped,
    /// Records of kinds that a process can cause at will (changes of the command name,
    /// signals that are blocked, failed forks, cgroup moves) were beyond the budget of a
    /// user and were not sent; `lost` gives their kinds. Lives are never among them.
    OverBudget,
    /// No tracer was running; `lost` is empty and nothing is known about the
    /// interval.
    Untraced,
}
