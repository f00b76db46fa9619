//! Cgroups of the hierarchy that is looked at, and who goes where.

use super::{Header, record};

record! {
    /// A cgroup was made, or somebody went to one.
    Cgroup: Cgroup {
        head: Header,
        id: u64,
        path_len: u32,
        zero: u32,
        path: CgroupPath,
    }
}

/// As much of a path as is told.
pub type CgroupPath = [u8; 512];

record! {
    /// The process of `head.who` has gone to another cgroup.
    Moved: Moved {
        head: Header,
        cgroup: u64,
    }
}
