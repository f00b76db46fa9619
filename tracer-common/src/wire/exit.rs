//! A task entered `do_exit`.

use super::{Comm, Group, Header, Ties, record};
use crate::maps::FaultCounts;

record! {
    /// A task exits that has counted no page faults.
    Exit: Exit {
        head: Header,
        /// The task's own exit code, in wait status form.
        code: i32,
        /// `signal->group_exit_code`; valid if [`EXIT_GROUP_EXIT`] is set.
        group_code: i32 = "`signal->group_exit_code`, meant when [`EXIT_GROUP_EXIT`] is set.",
        flags: u32,
        exit_signal: i32,
        /// Treatment of child deaths by the parent, a set of bits
        /// ([`super::CARE_IGNORED`] and the others); valid for the last thread.
        care: u32 = "How the parent treats the deaths of its children, meant for the last thread: [`super::CARE_IGNORED`] and the others.",
        zero: u32,
        ties: Ties,
        /// Usage of all children that the process has waited for, and of theirs.
        children: ChildUsage = "Of all children that the process has waited for, and theirs.",
        parent: Group,
        /// Process that inherits the children; valid if [`EXIT_REAPER`] is set.
        reaper: Group = "Who inherits the children, meant when [`EXIT_REAPER`] is set.",
        usage: Usage,
        comm: Comm,
    }
}

record! {
    /// A task exits that has counted page faults.
    ExitCounted: ExitCounted {
        exit: Exit,
        /// User page faults of the task since tracing began; valid if faults are
        /// traced.
        faults: FaultCounts = "User page faults of the task since tracing began, meant when faults are traced.",
    }
}

record! {
    /// `head.who` called `do_exit`. An [`Exit`] or [`ExitCounted`] follows.
    ExitStart: ExitStart {
        head: Header,
    }
}

/// The task is the last thread of its group.
pub const EXIT_GROUP_DEAD: u32 = 1 << 0;
/// The kernel does not report reliably whether this is the last thread.
pub const EXIT_GROUP_DEAD_UNKNOWN: u32 = 1 << 1;
/// SIGNAL_GROUP_EXIT: wait will report `group_code`.
pub const EXIT_GROUP_EXIT: u32 = 1 << 2;
/// `reaper` is known. If not set, the group has no children, or too many ancestors
/// to search.
pub const EXIT_REAPER: u32 = 1 << 5;

record! {
    /// The kernel's accounting: of a task at its exit, or of a whole thread group
    /// (`signal_struct`) at its end. Times in ns.
    Usage {
        utime: u64,
        stime: u64,
        /// Time on CPU as the scheduler counted it.
        runtime: u64,
        nvcsw: u64,
        nivcsw: u64,
        min_flt: u64,
        maj_flt: u64,
        /// Highest resident set of the group, pages; 0: not kept.
        maxrss: u64,
    }
}

record! {
    /// The sums over reaped children that `wait_task_zombie` keeps in
    /// `signal_struct`. Times in ns.
    ChildUsage {
        utime: u64,
        stime: u64,
        nvcsw: u64,
        nivcsw: u64,
        min_flt: u64,
        maj_flt: u64,
        /// Highest resident set of any of them, pages.
        maxrss: u64 = "The highest of any of them, pages.",
    }
}
