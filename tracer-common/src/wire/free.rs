//! `delayed_put_task_struct`, an RCU grace period after `release_task`.

use super::{Header, Usage, record};

record! {
    /// The task struct of `head.who` was freed.
    Free: Free {
        head: Header,
        /// Usage of the whole group over its whole life, all threads included;
        /// zero if the task is not the leader.
        group: Usage = "Of the whole group over its whole life, all threads accounted; zeroes for a task that is not the leader.",
    }
}
