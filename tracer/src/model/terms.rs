//! Basic terms of the model: process keys, creation, state, wait status and
//! outcome.

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

/// Identifies a process in its [`super::Model`]. Valid for that model and its
/// clones. 64 bits, because a machine can create four billion processes in some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key(NonZeroU64);

impl Key {
    pub(super) const FIRST: Key = Key(NonZeroU64::MIN);
    pub(super) const LAST: Key = Key(NonZeroU64::MAX);

    pub(super) fn at(index: usize) -> Key {
        Key(NonZeroU64::MIN.saturating_add(index as u64))
    }

    /// Returns the position in order of appearance, for tables beside the model.
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// The way a process was created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Creation {
    /// fork: its own copy of the address space.
    Fork,
    /// vfork or posix_spawn: the caller was blocked until exec or exit.
    Vfork,
    /// clone with shared parts or new namespaces.
    Clone,
    /// A kernel thread.
    Kthread,
    /// It existed when tracing began, or was found again after a gap.
    Snapshot,
    /// Created while tracing, but the record was lost.
    Missed,
}

impl Creation {
    /// Returns the name used in reports and JSON; none if the fork was missed.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Creation::Fork => Some("fork"),
            Creation::Vfork => Some("vfork"),
            Creation::Clone => Some("clone"),
            Creation::Kthread => Some("kthread"),
            Creation::Snapshot => Some("snapshot"),
            Creation::Missed => None,
        }
    }
}

/// State of a process in its life cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// At least one thread runs.
    Alive,
    /// All threads have exited; the process is neither a zombie nor known to be
    /// reaped.
    Exiting,
    /// Exited and not yet reaped.
    Zombie,
    /// Reaped by a wait, by the kernel, or unobserved.
    Reaped,
    /// No longer present, with its exit in a gap.
    Vanished,
}

impl State {
    /// Returns the name used in reports, JSON and filters.
    pub fn name(self) -> &'static str {
        match self {
            State::Alive => "alive",
            State::Exiting => "exiting",
            State::Zombie => "zombie",
            State::Reaped => "reaped",
            State::Vanished => "vanished",
        }
    }

    /// Returns true if the process is no longer in the kernel's process table.
    pub fn is_gone(self) -> bool {
        matches!(self, State::Reaped | State::Vanished)
    }
}

/// The way a process left the process table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ReapKind {
    /// By a wait of its owner.
    Wait,
    /// By the kernel as it exited: its parent discards exit statuses.
    Autoreap,
    /// By the exit of its owner, which never waited for it.
    OwnerExit,
    /// By a call that was not seen.
    Unseen,
}

impl ReapKind {
    /// Returns the name used in JSON.
    pub fn name(self) -> &'static str {
        match self {
            ReapKind::Wait => "wait",
            ReapKind::Autoreap => "autoreap",
            ReapKind::OwnerExit => "owner_exit",
            ReapKind::Unseen => "unseen",
        }
    }
}

/// Status that wait reports, in the kernel's encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WaitStatus(pub i32);

impl WaitStatus {
    /// Returns the argument of exit, unless a signal ended the process.
    pub fn exit_code(self) -> Option<i32> {
        (self.0 & 0x7f == 0).then_some(self.0 >> 8 & 0xff)
    }

    /// Returns the signal that ended the process, if one did.
    pub fn signal(self) -> Option<i32> {
        Some(self.0 & 0x7f).filter(|&signal| signal != 0)
    }

    /// Returns true if the process dumped core.
    pub fn core_dumped(self) -> bool {
        self.0 & 0x80 != 0
    }
}

/// The end of a process, in brief.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// Exited with code 0.
    Ok,
    /// Exited with another code.
    Code(i32),
    /// Killed by this signal.
    Killed(i32),
    /// Still running.
    Alive,
    /// Exited, but the status was not seen.
    Unseen,
}

impl From<WaitStatus> for Outcome {
    fn from(status: WaitStatus) -> Self {
        match (status.signal(), status.exit_code()) {
            (Some(signal), _) => Outcome::Killed(signal),
            (None, Some(0) | None) => Outcome::Ok,
            (None, Some(code)) => Outcome::Code(code),
        }
    }
}
