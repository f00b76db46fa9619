//! What each fork cost: the time in the kernel, and the pages copied on write
//! because of it, charged to the parent and to the child.
//!
//! A page is copied only while somebody else maps it too, so what a parent
//! copies after a fork and before its next one is that fork's doing, however
//! late the parent's count is read. Where it has several children that still
//! share its memory, or is itself such a child, the page may have been shared
//! by another of these forks: then the cost is marked.

use serde::{Deserialize, Serialize};

use super::{Key, Model, Process};
use crate::event::{AddressSpace, Faults, Fork, Who};

/// The cost of a fork that copied an address space, so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ForkCost {
    /// From the call to the new task's being made, ns.
    pub took: Option<u64>,
    /// What was copied at once.
    pub space: AddressSpace,
    /// Pages that the parent has copied on write since.
    pub parent_copies: u64,
    /// Pages that the child copied on write until it stopped sharing them.
    pub child_copies: u64,
    /// Most copies by the parent in a second, and in which (since boot).
    pub peak: (u64, u64),
    /// When the parent's first and last copies were counted: they were made
    /// at most a second before.
    pub first: Option<u64>,
    pub last: Option<u64>,
    /// When the child stopped sharing memory with its parent: by exec or by
    /// its exit.
    pub ended: Option<SharingEnd>,
    /// Some of the copies may be another fork's doing.
    pub ambiguous: bool,
    /// Copies of the parent in the second that is being counted.
    second: (u64, u64),
}

/// How a child stopped sharing its parent's memory, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SharingEnd {
    Exec(u64),
    Exit(u64),
}

impl SharingEnd {
    pub fn at(self) -> u64 {
        match self {
            SharingEnd::Exec(at) | SharingEnd::Exit(at) => at,
        }
    }
}

impl ForkCost {
    pub fn copies(&self) -> u64 {
        self.parent_copies.saturating_add(self.child_copies)
    }

    fn charge_parent(&mut self, at: u64, copies: u64) {
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

/// The forks of a process whose children share its memory.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Forks {
    newest: Key,
    /// Children that have neither exec'ed nor died.
    open: u32,
    /// Others shared the memory when the newest was made.
    ambiguous: bool,
}

impl Process {
    /// Still in the memory that it was forked with.
    fn shares_parent_memory(&self) -> bool {
        let cost = self.fork_cost.as_ref();
        cost.is_some_and(|cost| cost.ended.is_none())
    }
}

impl Model {
    /// A process was forked with an address space of its own.
    pub(super) fn on_copied(&mut self, at: u64, child: Key, fork: &Fork, space: AddressSpace) {
        let parent = self.of(fork.by);
        if let Some(copies) = fork.by_copies {
            self.advance_copies(at, fork.by, copies);
        }
        self.change_unindexed(child, |process| {
            // An exec may have been told already.
            let ended = process
                .executions
                .first()
                .map(|exec| SharingEnd::Exec(exec.at));
            process.fork_cost = Some(Box::new(ForkCost {
                took: fork.requested_at.map(|asked| at.saturating_sub(asked)),
                space,
                ended,
                ..ForkCost::default()
            }));
        });
        self.change_unindexed(parent, |process| {
            let open = process.forks.map_or(0, |forks| forks.open);
            process.forks = Some(Forks {
                newest: child,
                open: open.saturating_add(1),
                ambiguous: open > 0 || process.shares_parent_memory(),
            });
        });
    }

    /// The number of copies on write that a task has made is known at a moment
    /// between the readings of its counters.
    pub(super) fn advance_copies(&mut self, at: u64, who: Who, copies: u64) {
        let key = self.of(who);
        let new = self.change_unindexed(key, |process| {
            let faults = &mut process.thread_mut(who.task)?.faults;
            let told = faults.as_ref().map_or(0, |told| told.classes.cow_copy);
            let new = copies.checked_sub(told).filter(|&new| new > 0)?;
            faults.get_or_insert_default().classes.cow_copy = copies;
            Some(new)
        });
        if let Some(new) = new {
            let classes = Faults {
                cow_copy: new,
                ..Faults::default()
            };
            self.charge(at, key, classes.into());
        }
    }

    /// A process has copied pages: whose fork was it?
    pub(super) fn charge_copies(&mut self, at: u64, key: Key, copies: u64) {
        if let Some(forks) = self.processes[key].forks {
            self.change_unindexed(forks.newest, |child| {
                if let Some(cost) = &mut child.fork_cost {
                    cost.charge_parent(at, copies);
                    cost.ambiguous |= forks.ambiguous;
                }
            });
        } else if self.processes[key].shares_parent_memory() {
            self.change_unindexed(key, |process| {
                if let Some(cost) = &mut process.fork_cost {
                    cost.child_copies = cost.child_copies.saturating_add(copies);
                }
            });
        }
    }

    /// A process no longer shares the memory that it was forked with. What its
    /// parent copies from now on is still of before, or of another fork.
    pub(super) fn stops_sharing(&mut self, key: Key, ended: SharingEnd) {
        let parent = self.change_unindexed(key, |process| {
            let cost = process.fork_cost.as_mut()?;
            if cost.ended.is_some() {
                return None;
            }
            cost.ended = Some(ended);
            process.original_parent
        });
        if let Some(parent) = parent {
            self.change_unindexed(parent, |process| {
                if let Some(forks) = &mut process.forks {
                    forks.open = forks.open.saturating_sub(1);
                }
            });
        }
    }
}
