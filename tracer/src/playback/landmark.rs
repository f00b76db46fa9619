//! What one looks for in a recording.

use crate::event::{Event, ExitedProcess, What};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landmark {
    /// A process has ended.
    Exit,
    /// A process has become a zombie.
    Zombie,
    /// Something is missing.
    Gap,
}

impl Landmark {
    pub fn name(self) -> &'static str {
        match self {
            Landmark::Exit => "exit",
            Landmark::Zombie => "zombie",
            Landmark::Gap => "gap",
        }
    }

    pub fn is(self, event: &Event) -> bool {
        match (self, &event.what) {
            (Landmark::Exit, What::Exit(exit)) => exit.group_dead != Some(false),
            (Landmark::Zombie, What::Notify(told)) => {
                told.exited == ExitedProcess::Subject && !told.autoreap
            }
            (Landmark::Gap, What::Gap(_)) => true,
            _ => false,
        }
    }
}
