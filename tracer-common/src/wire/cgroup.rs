//! Cgroups in the traced hierarchy: creation and moves.

use super::{Header, record};

record! {
    /// A cgroup was created.
    Cgroup: Cgroup {
        head: Header,
        id: u64,
        path_len: u32,
        zero: u32,
        path: CgroupPath,
    }
}

/// The path of a cgroup, truncated if longer.
pub type CgroupPath = [u8; 512];

record! {
    /// The process of `head.who` moved to another cgroup.
    Moved: Moved {
        head: Header,
        cgroup: u64,
    }
}
