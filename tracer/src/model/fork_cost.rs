//! The cost of each fork: time in the kernel, and pages copied on write because of
//! it.

use serde::{Deserialize, Serialize};

use super::Key;
use crate::event::AddressSpace;

/// The cost so far of a fork that copied an address space.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ForkCost {
    /// Time from the call to the creation of the task, ns.
    pub took: Option<u64>,
    /// Size of the address space that was copied.
    pub space: AddressSpace,
    /// Pages the parent has copied on write since.
    pub parent_copies: u64,
    /// Pages the child copied on write until it stopped sharing them.
    pub child_copies: u64,
    /// Largest number of copies by the parent in one second: the second since boot,
    /// and the copies.
    pub peak: (u64, u64),
    /// Time the parent's first copies were counted, ns since boot. They were made
    /// at most a second before.
    pub first: Option<u64>,
    /// Time the parent's last copies were counted, ns since boot.
    pub last: Option<u64>,
    /// Time and reason the child stopped sharing memory with its parent.
    pub ended: Option<SharingEnd>,
    /// True if another fork may have caused some of the copies.
    pub ambiguous: bool,
    /// Copies of the parent in the second being counted: the second since boot, and
    /// the copies.
    pub(super) second: (u64, u64),
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
    /// Returns the copies of the parent and the child.
    pub fn copies(&self) -> u64 {
        self.parent_copies.saturating_add(self.child_copies)
    }

    pub(super) fn charge_parent(&mut self, at: u64, copies: u64) {
        self.parent_copies = self.parent_copies.saturating_add(copies);
        self.first.get_or_insert(at);
        self.last = Some(at);
        let second = at / 1_000_000_000;
        if self.second.0 != second {
            self.second = (second, 0);
        }
        self.second.1 = self.second.1.saturating_add(copies);
        if self.second.1 > self.peak.1 {
            self.peak = self.second;
        }
    }
}

/// The forks of a process with children that share its memory.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Forks {
    /// The newest child.
    pub(super) newest: Key,
    /// Number of children that have neither exec'ed nor exited.
    pub(super) open: u32,
    /// True if others shared the memory when the newest was created.
    pub(super) ambiguous: bool,
}
