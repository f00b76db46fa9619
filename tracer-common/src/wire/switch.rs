//! The two context switches of a life that matter: the first in, the last out.

use super::{Comm, Header, record};

record! {
    /// `head.who` is about to run for the first time.
    FirstRun: FirstRun {
        head: Header,
        /// When `wake_up_new_task` made it runnable, ns since boot; 0: unknown,
        /// or told by a [`super::WakeupNew`].
        runnable: u64,
    }
}

record! {
    /// `head.who` is dead (TASK_DEAD) and will not run again; the next task
    /// runs `finish_task_switch` and drops the stack.
    LastSwitch: LastSwitch {
        head: Header,
        next_pid: u32,
        next_tgid: u32,
        next_comm: Comm,
    }
}
