//! `do_notify_parent`: the parent of an exited process is notified. The process
//! becomes a zombie here, unless its parent discards exit statuses.

use super::{Group, Header, record};

record! {
    /// `head.who` notified `owner` of an exit: its own if [`NOTIFY_SELF`] is set,
    /// otherwise that of a zombie which it passes on while it exits itself.
    Notify: Notify {
        head: Header,
        owner: Group,
        /// PID of the exited process in its owner's namespace.
        seen_pid: u32 = "The dead process's number as its owner sees it.",
        flags: u32,
        /// Treatment of child deaths by the owner, a set of bits
        /// ([`super::CARE_IGNORED`] and the others).
        care: u32 = "How the owner treats the deaths of its children.",
        zero: u32,
        /// Process that would inherit the owner's children; tgid 0: the owner has
        /// too many ancestors to search.
        heir: Group = "Who would inherit from the owner; tgid 0: it has too many ancestors to look through.",
    }
}

/// `head.who` belongs to the exited group.
pub const NOTIFY_SELF: u32 = 1 << 0;
/// The kernel reaps the process because of SA_NOCLDWAIT or an ignored SIGCHLD:
/// there is no zombie.
pub const NOTIFY_AUTOREAP: u32 = 1 << 1;
/// The owner is in the initial pid namespace: `seen_pid` is the PID.
pub const NOTIFY_INIT_NS: u32 = 1 << 2;
