//! A fork, vfork or clone has failed.

use super::{Comm, Header, record};

record! {
    /// `head.who` called it. Figures are as of the return to user space;
    /// [`NOT_KNOWN`] where this kernel does not have them.
    ForkFailed: ForkFailed {
        head: Header,
        errno: i32,
        zero: u32,
        comm: Comm,
        /// Tasks of the caller's user, and RLIMIT_NPROC.
        processes: u64,
        max_processes: u64,
        /// Tasks in a cgroup above the caller and its pids.max.
        pids: u64,
        max_pids: u64,
    }
}

pub const NOT_KNOWN: u64 = u64::MAX;
