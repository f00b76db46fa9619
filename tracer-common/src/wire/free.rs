//! `delayed_put_task_struct`: an RCU grace period after `release_task`.

use super::{Header, Usage, record};

record! {
    Free: Free {
        head: Header,
        /// Of the whole group over its whole life, all threads accounted;
        /// zeroes for a task that is not the leader.
        group: Usage,
    }
}
