//! A new task: `copy_process` has made it, nothing has run it yet.

use super::{Comm, Group, Header, Ties, Who, record};

record! {
    /// `head.who` is the child.
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
        /// The child's number in its own pid namespace, and how deep that is.
        ns_pid: u32,
        ns_level: u32,
        /// When the caller asked for it, ns since boot; 0: unknown.
        asked: u64,
        /// Pages that the child's address space maps, as far as the kernel has
        /// added them up; [`PAGES_UNKNOWN`]. Meant when it has one of its own.
        pages: u64,
        /// Bytes of the child's page tables.
        page_tables: u64,
        /// Pages that the calling task has copied on write so far.
        by_copies: u64,
        comm: Comm,
        ties: Ties,
        /// The number of its cgroup; 0: not read.
        cgroup: u64,
    }
}

/// This kernel keeps the count where we do not find it.
pub const PAGES_UNKNOWN: u64 = u64::MAX;

/// The child runs in its parent's memory (include/uapi/linux/sched.h).
pub const CLONE_VM: u64 = 0x100;

/// `sched_process_fork` does not say the clone flags.
pub const FLAGS_UNKNOWN: u64 = u64::MAX;

record! {
    /// `wake_up_new_task` has made `head.who` runnable. Sent only where the
    /// first run of the task cannot tell it.
    WakeupNew: WakeupNew {
        head: Header,
    }
}
