//! What was lost between two blocks a reader makes good at the next checkpoint:
//! there it says which tasks exist, as a snapshot does, so that a process that
//! ended meanwhile does not stay. A checkpoint of version 2 is such a snapshot; of
//! an older one a snapshot is concluded, how this file must not know.

use std::collections::VecDeque;

use crate::event::{Event, What};

/// Makes of a checkpoint's events those of a snapshot of that moment.
pub type RollCall = fn(&[Event]) -> Vec<Event>;

#[derive(Default)]
pub(super) struct Healing {
    by: Option<RollCall>,
    /// Events are missing since the last checkpoint.
    due: bool,
    /// What has been read of one, from its first event on.
    gathered: Option<Vec<Event>>,
    /// It is a snapshot as the kernel told it, not events told again.
    is_snapshot: bool,
    told: VecDeque<Event>,
}

impl Healing {
    pub fn by(roll_call: RollCall) -> Healing {
        Healing {
            by: Some(roll_call),
            ..Healing::default()
        }
    }

    pub fn is_due(&self) -> bool {
        self.due && self.by.is_some()
    }

    /// Events are missing.
    pub fn lack(&mut self) {
        self.due = true;
    }

    /// A checkpoint begins here, in a block of that version.
    pub fn begin(&mut self, version: u16) {
        self.gathered = self.is_due().then(Vec::new);
        self.is_snapshot = version >= 2;
    }

    /// A part of the checkpoint is missing: it does not name all.
    pub fn interrupt(&mut self) {
        self.gathered = None;
    }

    /// Takes the next event of a checkpoint. Gives back the one that completes a
    /// snapshot: it is true as soon as what happened meanwhile has been told.
    pub fn gather(&mut self, event: Event) -> Option<Event> {
        let (Some(gathered), Some(roll_call)) = (&mut self.gathered, self.by) else {
            return None;
        };
        match &event.what {
            What::SnapshotEnd(_) if self.is_snapshot => {
                self.told = std::mem::take(gathered).into();
                (self.due, self.gathered) = (false, None);
                return Some(event);
            }
            // How it was made, and where, was told when the trace began.
            What::Session(_) | What::Cgroup(_) if self.is_snapshot => {}
            What::Summary(_) => {
                gathered.push(event);
                self.told = roll_call(gathered).into();
                (self.due, self.gathered) = (false, None);
            }
            _ => gathered.push(event),
        }
        None
    }

    /// There is something to be told now.
    pub fn is_telling(&self) -> bool {
        !self.told.is_empty()
    }

    /// What is to be told now.
    pub fn next(&mut self) -> Option<Event> {
        self.told.pop_front()
    }

    /// The stream begins anew.
    pub fn forget(&mut self) {
        *self = Healing {
            by: self.by,
            ..Healing::default()
        };
    }
}
