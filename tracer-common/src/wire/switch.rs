//! The first switch to a task and the last switch from it.

use super::{Comm, Header, record};

record! {
    /// `head.who` is about to run for the first time.
    FirstRun: FirstRun {
        head: Header,
        /// When `wake_up_new_task` made it runnable, ns since boot; 0: unknown or
        /// reported by a [`super::WakeupNew`].
        runnable: u64 = "When `wake_up_new_task` made it runnable, ns since boot; 0: unknown, or told by a [`super::WakeupNew`].",
    }
}

record! {
    /// `head.who` (TASK_DEAD) was switched out for the last time. The next task
    /// runs `finish_task_switch` and drops its stack.
    LastSwitch: LastSwitch {
        head: Header,
        next_pid: u32,
        next_tgid: u32,
        next_comm: Comm,
    }
}
