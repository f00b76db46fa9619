//! Repair after lost events: at the next checkpoint the reader emits a snapshot of the existing
//! tasks, so that processes that exited meanwhile do not remain. A checkpoint of version 2 is
//! such a snapshot. For version 1 a [`SnapshotFn`] derives one; this file must not know how.

use std::collections::VecDeque;

use crate::event::{Event, What};

/// Derives the events of a snapshot from the events of a version 1 checkpoint.
pub type SnapshotFn = fn(&[Event]) -> Vec<Event>;

/// Collects a checkpoint and emits the snapshot that repairs a gap.
#[derive(Default)]
pub(super) struct GapRepair {
    snapshot_fn: Option<SnapshotFn>,
    /// True if events are missing since the last checkpoint.
    due: bool,
    /// Events of the current checkpoint, if all of them have been read so far.
    collected: Option<Vec<Event>>,
    /// True if the checkpoint is a snapshot (version 2), false if it repeats events (version 1).
    is_snapshot: bool,
    /// Events to emit.
    pending: VecDeque<Event>,
}

impl GapRepair {
    /// Enables repair.
    pub fn with(snapshot_fn: SnapshotFn) -> GapRepair {
        GapRepair {
            snapshot_fn: Some(snapshot_fn),
            ..GapRepair::default()
        }
    }

    /// Returns true if the next checkpoint is to be emitted as a snapshot.
    pub fn is_due(&self) -> bool {
        self.due && self.snapshot_fn.is_some()
    }

    /// Notes that events are missing.
    pub fn mark_due(&mut self) {
        self.due = true;
    }

    /// Begins a checkpoint in a block of format version `version`.
    pub fn begin(&mut self, version: u16) {
        self.collected = self.is_due().then(Vec::new);
        self.is_snapshot = version >= 2;
    }

    /// Gives up the current checkpoint: a part of it is missing.
    pub fn interrupt(&mut self) {
        self.collected = None;
    }

    /// Takes the next event of a checkpoint. Returns the `SnapshotEnd` that completes it, which
    /// holds once every event before its own time has been emitted.
    pub fn collect(&mut self, event: Event) -> Option<Event> {
        let (Some(collected), Some(snapshot_fn)) = (&mut self.collected, self.snapshot_fn) else {
            return None;
        };
        match &event.what {
            What::SnapshotEnd(_) if self.is_snapshot => {
                self.pending = std::mem::take(collected).into();
                (self.due, self.collected) = (false, None);
                return Some(event);
            }
            // These were emitted when the trace began.
            What::Session(_) | What::Cgroup(_) if self.is_snapshot => {}
            What::Summary(_) => {
                collected.push(event);
                self.pending = snapshot_fn(collected).into();
                (self.due, self.collected) = (false, None);
            }
            _ => collected.push(event),
        }
        None
    }

    /// Returns true if events are waiting to be emitted.
    pub fn is_emitting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Returns the next event to emit.
    pub fn next(&mut self) -> Option<Event> {
        self.pending.pop_front()
    }

    /// Resets the state for a new position in the stream.
    pub fn reset(&mut self) {
        *self = GapRepair {
            snapshot_fn: self.snapshot_fn,
            ..GapRepair::default()
        };
    }
}
