//! The cost of each fork: time in the kernel, and pages copied on write because of
//! it.

use serde::{Deserialize, Serialize};

use super::Key;
use crate::event::{AddressSpace, CopyCount};

/// The cost so far of a fork that copied an address space.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ForkCost {
    /// Time from the call to the creation of the task, ns.
    pub took: Option<u64>,
    /// Size of the address space that was copied.
    pub space: AddressSpace,
    /// Pages the parent has copied on write since.
    pub parent: Copies,
    /// Pages the child copied on write until it stopped sharing them.
    pub child: Copies,
    /// Pages copied by either.
    pub both: Copies,
    /// Time and reason the child stopped sharing memory with its parent.
    pub ended: Option<SharingEnd>,
    /// True if another fork may have caused some of the copies.
    pub ambiguous: bool,
}

/// Pages copied on write, and when. A running task's copies are counted once a
/// second, so each was made up to a second before it was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copies {
    /// Number of pages.
    pub count: u64,
    /// Largest number of pages counted in one second since boot.
    pub peak: u64,
    first: u64,
    last: u64,
    /// Pages counted in the second of [`Self::last`].
    latest: u64,
}

impl Copies {
    /// Returns the time the first copies were counted, ns since boot. None if there
    /// were none.
    pub fn first(&self) -> Option<u64> {
        (self.count > 0).then_some(self.first)
    }

    /// Returns the time the last copies were counted, ns since boot. None if there
    /// were none.
    pub fn last(&self) -> Option<u64> {
        (self.count > 0).then_some(self.last)
    }

    /// Adds copies that were counted at this time.
    fn add(&mut self, at: u64, copies: u64) {
        const SECOND: u64 = 1_000_000_000;
        if copies == 0 {
            return;
        }
        if self.count == 0 {
            self.first = at;
        }
        if self.count == 0 || self.last / SECOND != at / SECOND {
            self.latest = 0;
        }
        self.last = at;
        self.count = self.count.saturating_add(copies);
        self.latest = self.latest.saturating_add(copies);
        self.peak = self.peak.max(self.latest);
    }
}

impl From<Copies> for CopyCount {
    fn from(copies: Copies) -> CopyCount {
        let Copies {
            count,
            peak,
            first,
            last,
            latest,
        } = copies;
        CopyCount {
            count,
            peak,
            first,
            last,
            latest,
        }
    }
}

impl From<CopyCount> for Copies {
    fn from(counted: CopyCount) -> Copies {
        let CopyCount {
            count,
            peak,
            first,
            last,
            latest,
        } = counted;
        Copies {
            count,
            peak,
            first,
            last,
            latest,
        }
    }
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
    /// The newest child. None if it was gone at the checkpoint that the model began with.
    pub(super) newest: Option<Key>,
    /// Number of children that have neither exec'ed nor exited.
    pub(super) open: u32,
    /// True if others shared the memory when the newest was created.
    pub(super) ambiguous: bool,
}
