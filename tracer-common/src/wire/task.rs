//! A task that existed before tracing began, from the task iterator.

use super::{Comm, Group, Header, Ties, record};

record! {
    /// `head.who` exists.
    Task: Task {
        head: Header,
        parent: Group,
        task_flags: u32,
        /// 0 alive, 0x20 EXIT_ZOMBIE (include/linux/sched.h).
        exit_state: u32,
        exit_code: i32,
        ns_pid: u32,
        ns_level: u32,
        exit_signal: i32,
        /// PID in the pid namespace that `/proc` shows; 0: none.
        proc_pid: u32 = "Its number in the pid namespace that `/proc` shows; 0: none.",
        /// Treatment of child deaths by the process, a set of bits
        /// ([`super::CARE_IGNORED`] and the others).
        care: u32 = "How it treats the deaths of its children.",
        ties: Ties,
        /// ID of its cgroup; 0: not read.
        cgroup: u64 = "The number of its cgroup; 0: not read.",
        comm: Comm,
    }
}

/// EXIT_ZOMBIE (include/linux/sched.h).
pub const EXIT_ZOMBIE: u32 = 0x20;
/// EXIT_DEAD (include/linux/sched.h).
pub const EXIT_DEAD: u32 = 0x10;
/// PF_KTHREAD (include/linux/sched.h).
pub const PF_KTHREAD: u32 = 0x0020_0000;
/// PF_EXITING (include/linux/sched.h).
pub const PF_EXITING: u32 = 0x0000_0004;
