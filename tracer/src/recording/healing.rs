//! What was lost between two blocks a reader makes good at the next checkpoint:
//! there it says who is still there, as a snapshot would, so that whoever ended
//! meanwhile does not stay. How that is concluded this file must not know.

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

    /// A checkpoint begins here.
    pub fn begin(&mut self) {
        self.gathered = self.is_due().then(Vec::new);
    }

    /// A part of the checkpoint is missing: it does not name all.
    pub fn interrupt(&mut self) {
        self.gathered = None;
    }

    /// The next event of a checkpoint, the last of which is its summary.
    pub fn gather(&mut self, event: Event) {
        let (Some(gathered), Some(roll_call)) = (&mut self.gathered, self.by) else {
            return;
        };
        let is_last = matches!(event.what, What::Summary(_));
        gathered.push(event);
        if is_last {
            self.told = roll_call(gathered).into();
            (self.due, self.gathered) = (false, None);
        }
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
