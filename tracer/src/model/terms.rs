//! The words in which the model speaks of a process: its key, how it came to
//! be, where it is in its life, what wait says of it.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// A process in its [`super::Model`]; valid for that model and its clones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key(NonZeroU32);

impl Key {
    pub(super) const FIRST: Key = Key(NonZeroU32::MIN);
    pub(super) const LAST: Key = Key(NonZeroU32::MAX);

    pub(super) fn at(index: usize) -> Key {
        // Four billion processes do not fit into any memory.
        Key(NonZeroU32::MIN.saturating_add(index as u32))
    }

    /// Its place in the order of appearance, for tables beside the model.
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// How a process came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Creation {
    /// Its own copy of the address space.
    Fork,
    /// The caller was held until exec or exit: vfork, posix_spawn.
    Vfork,
    /// clone with shared parts or new namespaces.
    Clone,
    Kthread,
    /// It ran when tracing began, or was found again after a gap.
    Snapshot,
    /// It was created while we looked, but the record is lost.
    Missed,
}

impl Creation {
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

/// Where a process is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Alive,
    /// All threads have exited; neither zombie nor reaped as far as we know.
    Exiting,
    Zombie,
    /// Reaped: by a wait, by the kernel, or by someone unseen.
    Reaped,
    /// Gone without a trace: its end lies in a gap.
    Vanished,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Alive => "alive",
            State::Exiting => "exiting",
            State::Zombie => "zombie",
            State::Reaped => "reaped",
            State::Vanished => "vanished",
        }
    }

    /// No longer in the kernel's process table.
    pub fn is_gone(self) -> bool {
        matches!(self, State::Reaped | State::Vanished)
    }
}

/// What wait reports, as the kernel encodes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WaitStatus(pub i32);

impl WaitStatus {
    /// The argument of exit, if it was not a signal.
    pub fn exit_code(self) -> Option<i32> {
        (self.0 & 0x7f == 0).then_some(self.0 >> 8 & 0xff)
    }

    /// The signal that killed it, if one did.
    pub fn signal(self) -> Option<i32> {
        Some(self.0 & 0x7f).filter(|&signal| signal != 0)
    }

    pub fn core_dumped(self) -> bool {
        self.0 & 0x80 != 0
    }
}

/// What became of a process, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// Exit code 0.
    Ok,
    /// Another exit code.
    Code(i32),
    /// By this signal.
    Killed(i32),
    Alive,
    /// It has ended, but how was not seen.
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
