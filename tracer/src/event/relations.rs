//! A process's relations to others at the moment of an event: process group,
//! session, tracer, user and cgroup, its treatment of SIGCHLD, its wait calls and its
//! children's usage.

use std::{fmt, num::NonZeroU32};

use serde::{Deserialize, Serialize};

use super::{ProcessId, Text};

/// A user ID in the initial user namespace, as the kernel stores it (`kuid_t`). The
/// kernel's -1 is no user.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Uid(NonZeroU32);

impl Uid {
    /// The superuser.
    pub const ROOT: Uid = Uid(NonZeroU32::MIN);

    /// Returns the user with that ID; none for -1.
    pub fn new(id: u32) -> Option<Uid> {
        Uid::from_plus_1(id.wrapping_add(1))
    }

    /// Returns the user with an ID to which 1 was added; none for 0.
    pub fn from_plus_1(id: u32) -> Option<Uid> {
        NonZeroU32::new(id).map(Uid)
    }

    /// Returns the ID.
    pub fn get(self) -> u32 {
        self.0.get() - 1
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// Process group, session, ptrace tracer and user of a process. PIDs are those of the
/// initial namespace; 0 if there is none or it is not visible, as for kernel
/// threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relations {
    /// Process group ID.
    pub pgid: u32,
    /// Session ID.
    pub sid: u32,
    /// Process that traces the task (ptrace(2)): strace or a debugger.
    pub tracer: Option<ProcessId>,
    /// Real user.
    pub uid: Option<Uid>,
    /// Effective user, which the kernel checks permissions for.
    pub euid: Option<Uid>,
}

/// A process's treatment of its children's exits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigchldPolicy {
    /// Disposition of SIGCHLD.
    pub sigchld: Disposition,
    /// SA_NOCLDWAIT: the kernel reaps the children. Always false if
    /// [`Self::from_proc`].
    pub nocldwait: bool,
    /// True if the main thread blocks SIGCHLD. It then notices an exit only by
    /// wait, sigwait(3) or signalfd(2).
    pub blocked: bool,
    /// True if the whole process is stopped by a signal.
    pub stopped: bool,
    /// True if read from `/proc`, which does not show [`Self::nocldwait`].
    pub from_proc: bool,
}

impl SigchldPolicy {
    /// Returns true if SA_NOCLDWAIT is set; none if unknown.
    pub fn known_nocldwait(self) -> Option<bool> {
        (!self.from_proc).then_some(self.nocldwait)
    }
}

/// Disposition of a signal (signal(7)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Disposition {
    /// The default action.
    #[default]
    Default,
    /// SIG_IGN.
    Ignored,
    /// A handler is installed.
    Caught,
}

impl Disposition {
    /// Returns the name used in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Disposition::Default => "default",
            Disposition::Ignored => "ignored",
            Disposition::Caught => "caught",
        }
    }
}

/// Usage of the children that a process has waited for, and of their descendants
/// (RUSAGE_CHILDREN, getrusage(2)). Times in ns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildUsage {
    /// User time.
    pub utime: u64,
    /// System time.
    pub stime: u64,
    /// Voluntary context switches.
    pub nvcsw: u64,
    /// Involuntary context switches.
    pub nivcsw: u64,
    /// Minor faults.
    pub min_flt: u64,
    /// Major faults.
    pub maj_flt: u64,
    /// Highest resident set size of any of them, in pages; 0 if none had one.
    pub maxrss: u64,
}

/// Wait system calls of a process since tracing began, including those that
/// returned no child.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    /// Number of calls.
    pub count: u64,
    /// Time the last call was entered, ns since boot.
    pub last: u64,
}

/// A cgroup of the tracked hierarchy: the unified one, or on hosts with version 1
/// hierarchies one of those.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cgroup {
    /// ID in the hierarchy: the inode number of its directory.
    pub id: u64,
    /// Path below the root of the hierarchy, with a leading `/`.
    pub path: Text,
}

/// A process was moved to another cgroup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// ID of the new cgroup.
    pub cgroup: u64,
}
