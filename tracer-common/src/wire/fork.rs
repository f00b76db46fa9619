//! A new task: `copy_process` has made it, nothing has run it yet.

use super::{Comm, Group, Header, Who, record};

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
        comm: Comm,
    }
}

/// `sched_process_fork` does not say the clone flags.
pub const FLAGS_UNKNOWN: u64 = u64::MAX;

record! {
    /// `wake_up_new_task` has made `head.who` runnable.
    WakeupNew: WakeupNew {
        head: Header,
    }
}
