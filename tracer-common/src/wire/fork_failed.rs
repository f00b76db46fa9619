//! A failed fork, vfork or clone.

use super::{Comm, Header, record};

record! {
    /// A fork by `head.who` failed. Figures are as of the return to user space, or
    /// [`FIGURE_UNKNOWN`] if the kernel does not have them.
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

/// Value of a figure that the kernel does not have.
pub const FIGURE_UNKNOWN: u64 = u64::MAX;
