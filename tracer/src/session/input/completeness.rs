//! How much of a recording could be read, and the exit code for it.

use crate::session::console::exit::{Exit, OK, RECORDING_INCOMPLETE};

/// Maximum number of damaged places, or of unreadable segments, in notices. `tracer info` lists
/// all.
pub const LISTED: usize = 10;

/// How much of a recording could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completeness {
    /// True if everything that was recorded could be read.
    pub is_complete: bool,
    /// True if nothing is damaged, and the recording has its end or is still being written.
    pub is_whole: bool,
}

impl Default for Completeness {
    fn default() -> Self {
        Completeness {
            is_complete: true,
            is_whole: true,
        }
    }
}

impl Completeness {
    /// Returns the completeness of two recordings together.
    pub fn and(self, other: Completeness) -> Completeness {
        Completeness {
            is_complete: self.is_complete && other.is_complete,
            is_whole: self.is_whole && other.is_whole,
        }
    }

    /// Returns the exit code of a command that has done its work.
    pub fn exit(self) -> Exit {
        match self.is_whole {
            true => OK,
            false => RECORDING_INCOMPLETE,
        }
    }
}
