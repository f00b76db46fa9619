//! A new task: `copy_process` has created it, and it has not run yet.

use super::{Comm, Group, Header, Ties, Who, record};

record! {
    /// `head.who` was created.
    Fork: Fork {
        head: Header,
        /// The task that called clone, fork or vfork.
        by: Who,
        /// `real_parent`: not the caller's group under CLONE_PARENT.
        parent: Group,
        /// `kernel_clone_args.flags`, or [`FLAGS_UNKNOWN`].
        clone_flags: u64,
        /// PF_* of the child (include/linux/sched.h).
        task_flags: u32,
        exit_signal: i32,
        /// PID of the child in its own pid namespace. `ns_level` is the depth of
        /// that namespace.
        ns_pid: u32 = "The child's number in its own pid namespace, and how deep that is.",
        ns_level: u32,
        /// Start of the caller's request, ns since boot; 0: unknown.
        asked: u64 = "When the caller asked for it, ns since boot; 0: unknown.",
        /// Pages mapped by the child's address space, as far as the kernel has
        /// summed its counters, or [`PAGES_UNKNOWN`]. Valid if the child has an
        /// address space of its own.
        pages: u64 = "Pages that the child's address space maps, as far as the kernel has added them up; [`PAGES_UNKNOWN`]. Meant when it has one of its own.",
        /// Bytes of the child's page tables.
        page_tables: u64,
        /// Pages that the calling task has copied on write so far.
        by_copies: u64,
        comm: Comm,
        ties: Ties,
        /// ID of its cgroup; 0: not read.
        cgroup: u64 = "The number of its cgroup; 0: not read.",
    }
}

/// Value of `Fork::pages` on kernels whose counters are not supported.
pub const PAGES_UNKNOWN: u64 = u64::MAX;

/// The child shares its parent's memory (include/uapi/linux/sched.h).
pub const CLONE_VM: u64 = 0x100;

/// Value of `Fork::clone_flags` where `sched_process_fork` is hooked, which does
/// not pass the flags.
pub const FLAGS_UNKNOWN: u64 = u64::MAX;

record! {
    /// `wake_up_new_task` made `head.who` runnable. Sent only if the task's
    /// [`super::FirstRun`] cannot report it.
    WakeupNew: WakeupNew {
        head: Header,
    }
}
