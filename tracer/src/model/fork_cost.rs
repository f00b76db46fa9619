//! The cost of each fork: time in the kernel, and pages copied on write because of
//! it.

use serde::{Deserialize, Serialize};

use crate::event::{AddressSpace, CopyCount, ProcessId};

/// The cost so far of a fork that copied an address space.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ForkCost {
    /// Time from the call to the creation of the task, ns.
    pub took: Option<u64>,
    /// Size of the address space that was copied.
    pub space: AddressSpace,
    /// Pages the parent has copied on write since.
    pub parent: CopyCount,
    /// Pages the child copied on write until it stopped sharing them.
    pub child: CopyCount,
    /// Pages copied by either.
    pub both: CopyCount,
    /// Time and reason the child stopped sharing memory with its parent.
    pub ended: Option<SharingEnd>,
    /// True if another fork may have caused some of the copies.
    pub ambiguous: bool,
}

/// The reason a child stopped sharing its parent's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SharingEnd {
    /// It executed a program at this time, ns since boot.
    Exec(u64),
    /// It exited at this time, ns since boot.
    Exit(u64),
}

impl SharingEnd {
    /// Returns the time, ns since boot.
    pub fn at(self) -> u64 {
        match self {
            SharingEnd::Exec(at) | SharingEnd::Exit(at) => at,
        }
    }
}

impl ForkCost {
    pub(super) fn charge_parent(&mut self, at: u64, copies: u64) {
        self.parent.add(at, copies);
        self.both.add(at, copies);
    }

    pub(super) fn charge_child(&mut self, at: u64, copies: u64) {
        self.child.add(at, copies);
        self.both.add(at, copies);
    }
}

/// The forks of a process with children that share its memory.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Forks {
    /// The newest child. None if it is unknown at the checkpoint that the model began with.
    pub(super) newest: Option<ProcessId>,
    /// Number of children that have neither exec'ed nor exited.
    pub(super) open: u32,
    /// True if others shared the memory when the newest was created.
    pub(super) ambiguous: bool,
}
