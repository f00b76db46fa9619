//! Events that a user can jump to.

use crate::event::{Event, ExitedProcess, What};

/// A kind of event to search for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchTarget {
    /// The exit of a process.
    Exit,
    /// The moment at which a process becomes a zombie.
    Zombie,
    /// A gap in the recording.
    Gap,
}

impl SearchTarget {
    /// Returns the target's name in messages.
    pub fn name(self) -> &'static str {
        match self {
            SearchTarget::Exit => "exit",
            SearchTarget::Zombie => "zombie",
            SearchTarget::Gap => "gap",
        }
    }

    /// Returns true if `event` is of this kind.
    pub fn matches(self, event: &Event) -> bool {
        match (self, &event.what) {
            (SearchTarget::Exit, What::Exit(exit)) => exit.group_dead != Some(false),
            (SearchTarget::Zombie, What::Notify(notify)) => {
                notify.exited == ExitedProcess::Subject && !notify.autoreap
            }
            (SearchTarget::Gap, What::Gap(_)) => true,
            _ => false,
        }
    }
}
