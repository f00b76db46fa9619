//! `do_notify_parent`: a dead group's parent is told. This is the start of
//! the zombie, unless the parent does not want to know.

use super::{Group, Header, record};

record! {
    /// `head.who` is the task that did the telling: of the dead group itself,
    /// or, without [`NOTIFY_SELF`], a dying parent that hands its zombie on.
    Notify: Notify {
        head: Header,
        owner: Group,
        /// The dead process's number as its owner sees it.
        seen_pid: u32,
        flags: u32,
        /// How the owner treats the deaths of its children.
        care: u32,
        zero: u32,
        /// Who would inherit from the owner; tgid 0: it has too many ancestors
        /// to look through.
        heir: Group,
    }
}

/// `head.who` belongs to the dead group.
pub const NOTIFY_SELF: u32 = 1 << 0;
/// SA_NOCLDWAIT: the kernel reaps, there is no zombie.
pub const NOTIFY_AUTOREAP: u32 = 1 << 1;
/// The owner lives in the initial pid namespace: `seen_pid` is the pid.
pub const NOTIFY_INIT_NS: u32 = 1 << 2;
