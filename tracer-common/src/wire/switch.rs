//! The two context switches of a life that matter: the first in, the last out.

use super::{Comm, Header, record};

record! {
    /// `head.who` is about to run for the first time.
    FirstRun: FirstRun {
        head: Header,
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
