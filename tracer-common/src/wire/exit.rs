//! A task has entered `do_exit`.

use super::{Comm, Group, Header, Ties, record};
use crate::maps::FaultCounts;

record! {
    Exit: Exit {
        head: Header,
        /// The task's own exit code, in wait status form.
        code: i32,
        /// `signal->group_exit_code`, meant when [`EXIT_GROUP_EXIT`] is set.
        group_code: i32,
        flags: u32,
        exit_signal: i32,
        /// How the parent treats the deaths of its children, meant for the last
        /// thread: [`super::CARE_IGNORED`] and the others.
        care: u32,
        zero: u32,
        ties: Ties,
        /// Of all children that the process has waited for, and theirs.
        children: ChildUsage,
        parent: Group,
        /// Who inherits the children, meant when [`EXIT_REAPER`] is set.
        reaper: Group,
        usage: Usage,
        comm: Comm,
    }
}

record! {
    /// An [`Exit`] of a task that has counted page faults: of the others, all
    /// counters are zero.
    ExitCounted: ExitCounted {
        exit: Exit,
        /// User page faults of the task since tracing began, meant when
        /// faults are traced.
        faults: FaultCounts,
    }
}

record! {
    /// `head.who` has called `do_exit`; [`Exit`] follows.
    ExitStart: ExitStart {
        head: Header,
    }
}

/// The last thread of its group.
pub const EXIT_GROUP_DEAD: u32 = 1 << 0;
/// This kernel does not say reliably whether the group is dead.
pub const EXIT_GROUP_DEAD_UNKNOWN: u32 = 1 << 1;
/// SIGNAL_GROUP_EXIT: `group_code` is what wait will report.
pub const EXIT_GROUP_EXIT: u32 = 1 << 2;
/// `reaper` is known. Without it the group has no children, or its ancestors
/// are too many to look through.
pub const EXIT_REAPER: u32 = 1 << 5;

record! {
    /// The kernel's own accounting: of a task at its exit, or of a whole
    /// thread group (`signal_struct`) at its end. Times in ns.
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
    /// What `wait_task_zombie` has added up in `signal_struct`. Times in ns.
    ChildUsage {
        utime: u64,
        stime: u64,
        nvcsw: u64,
        nivcsw: u64,
        min_flt: u64,
        maj_flt: u64,
        /// The highest of any of them, pages.
        maxrss: u64,
    }
}
