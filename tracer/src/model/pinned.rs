//! The list of exited processes that are retained because others refer to them.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Key;

/// Minimum number of pinned processes from which lineages are collapsed.
const LEAST: usize = 256;

/// Returns the number of processes that may be pinned where `exited` are retained.
pub(super) fn most(exited: usize) -> usize {
    (exited / 4).max(LEAST)
}

/// Exited processes that the policy does not retain, but others refer to.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Pinned {
    /// The oldest first. Some are no longer pinned.
    keys: VecDeque<Key>,
    /// Length of the list at which it is examined.
    examined_at: usize,
    /// Number of pinned processes.
    count: usize,
}

impl Pinned {
    /// Appends a process.
    pub fn push(&mut self, key: Key) {
        self.keys.push_back(key);
        self.count = self.count.saturating_add(1);
    }

    /// Counts a process that is no longer pinned.
    pub fn release(&mut self) {
        self.count = self.count.saturating_sub(1);
    }

    /// Returns the number of pinned processes.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Takes the list if it is to be examined. `most` is the number that may be pinned.
    pub fn take_due(&mut self, most: usize) -> Option<VecDeque<Key>> {
        let is_due = self.keys.len() > self.examined_at.max(most.saturating_mul(2));
        is_due.then(|| std::mem::take(&mut self.keys))
    }

    /// Puts the list back after it has been examined.
    pub fn put_back(&mut self, keys: VecDeque<Key>) {
        // The cost of an examination is shared by as many new processes.
        self.examined_at = keys.len().saturating_mul(2);
        self.keys = keys;
    }
}
