//! A process's treatment of its children's exits: its SIGCHLD policy, its wait
//! calls, and the process that would inherit from it.

use serde::{Deserialize, Serialize};

use crate::event::{ProcessId, SigchldPolicy, Waits};

/// A process's treatment of its children's exits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reaping {
    /// Its SIGCHLD policy and the time it was read: at the latest exit of a child,
    /// or when the process was found.
    pub sigchld_policy: Option<(u64, SigchldPolicy)>,
    /// Process that would inherit its zombies: the nearest child subreaper above
    /// it, or the init of its pid namespace.
    pub heir: Option<ProcessId>,
    /// Its wait calls, read once a second.
    pub waits: Option<Waits>,
    /// Calls counted by earlier tracers, included in [`Self::waits`].
    pub(super) waits_before: u64,
    /// Number of children it has reaped by waiting.
    pub reaped: u64,
    /// Time of its last reap, ns since boot.
    pub last_reaped: Option<u64>,
}

impl Reaping {
    /// Prepares for a tracer with wait counts that start at zero.
    pub(super) fn reset_counters(&mut self) {
        self.waits_before = self.waits.map_or(0, |waits| waits.count);
    }

    pub(super) fn set_waits(&mut self, waits: Waits) {
        self.waits = Some(Waits {
            count: self.waits_before.saturating_add(waits.count),
            last: waits.last,
        });
    }

    /// Returns the time it last waited, by a counted call or a child it reaped.
    pub fn last_waited(&self) -> Option<u64> {
        self.waits.map(|waits| waits.last).max(self.last_reaped)
    }
}
