//! [`Implied`]: a fact about the subject that the events of another process show.

use super::{ProcessId, Text};

/// A fact about the subject that follows from events of another process. A recording
/// of one process tree has it in place of those events. Without a fact, it marks the
/// time of the last event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Implied {
    /// Process with the events: the parent before, or the caller of the fork.
    pub by: ProcessId,
    /// The subject's parent from now on; none if unchanged.
    pub parent: Option<ProcessId>,
    /// Pages that the parent copied on write since its previous event of this kind,
    /// because of the fork that created the subject.
    pub copies: u64,
    /// True if another fork may have caused some of the copies.
    pub ambiguous: bool,
    /// Arguments that the subject inherited at its fork, NUL-separated; none if
    /// unchanged.
    pub argv: Option<Text>,
    /// True if [`Self::argv`] is truncated.
    pub argv_cut: bool,
    /// True if the exit of the subject's owner released it: nobody waited for it.
    pub released: bool,
    /// True if the caller of the vfork that created the subject ended, so that the
    /// subject holds it no longer.
    pub caller_ended: bool,
}

impl Implied {
    /// Returns true if the event says more than its time.
    pub fn has_fact(&self) -> bool {
        let Implied {
            by: _,
            parent,
            copies,
            ambiguous: _,
            argv,
            argv_cut: _,
            released,
            caller_ended,
        } = self;
        parent.is_some() || *copies > 0 || argv.is_some() || *released || *caller_ended
    }
}
