//! `release_task`: a dead task is taken out of the process table.

use super::{Header, Who, record};

record! {
    Reap: Reap {
        head: Header,
        /// The task that released it: the one that waited, or the dead one
        /// itself.
        by: Who,
    }
}
