//! How a process stands to others, as of the moment of an event: what it
//! belongs to, how it treats its children's deaths, what those used.

use serde::{Deserialize, Serialize};

use super::{ProcessId, Text};

/// What a process belongs to besides its parent. Numbers are those of the
/// initial pid namespace; 0: of none that can be seen, as of kernel threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relations {
    pub pgid: u32,
    pub sid: u32,
    /// Who traces the task (ptrace(2)), strace or a debugger.
    pub tracer: Option<ProcessId>,
}

/// How a process treats the deaths of its children.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigchldPolicy {
    pub sigchld: Disposition,
    /// SA_NOCLDWAIT: the kernel reaps its children. False also where
    /// [`Self::from_proc`].
    pub nocldwait: bool,
    /// Its main thread has SIGCHLD blocked: it hears of a death by waiting,
    /// sigwait(3) or signalfd(2), or never.
    pub blocked: bool,
    /// All of it is stopped, by a signal.
    pub stopped: bool,
    /// Read in `/proc`, which does not say [`Self::nocldwait`].
    pub from_proc: bool,
}

impl SigchldPolicy {
    /// Whether SA_NOCLDWAIT is set, where that is known.
    pub fn known_nocldwait(self) -> Option<bool> {
        (!self.from_proc).then_some(self.nocldwait)
    }
}

/// What a process has set for a signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Disposition {
    #[default]
    Default,
    Ignored,
    Caught,
}

impl Disposition {
    pub fn name(self) -> &'static str {
        match self {
            Disposition::Default => "default",
            Disposition::Ignored => "ignored",
            Disposition::Caught => "caught",
        }
    }
}

/// What the children used that a process has waited for, and theirs
/// (RUSAGE_CHILDREN, getrusage(2)). Times in ns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildUsage {
    pub utime: u64,
    pub stime: u64,
    pub nvcsw: u64,
    pub nivcsw: u64,
    pub min_flt: u64,
    pub maj_flt: u64,
    /// The highest resident set of any of them, pages; 0: none had one.
    pub maxrss: u64,
}

/// The wait system calls of a process since tracing began, whether or not they
/// returned a child.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    pub count: u64,
    /// When the last one was entered, ns since boot.
    pub last: u64,
}

/// A cgroup of the hierarchy that is looked at: the unified one, or where
/// controllers have hierarchies of their own (v1), that of one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cgroup {
    /// Its number in the hierarchy: the inode number of its directory.
    pub id: u64,
    /// Below the hierarchy's root, beginning with `/`.
    pub path: Text,
}

/// A process has been moved to another cgroup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    pub cgroup: u64,
}
