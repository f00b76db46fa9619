//! `release_task`: an exited task leaves the process table.

use super::{Header, Who, record};

record! {
    /// `head.who` was released.
    Reap: Reap {
        head: Header,
        /// The task that released it: the waiting task, or the exited task itself.
        by: Who = "The task that released it: the one that waited, or the dead one itself.",
    }
}
