//! What a reader says about a recording besides its events: what is missing,
//! what it did not understand, how it ended.

use std::fmt;

/// A part of the recording that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    pub offset: u64,
    pub bytes: u64,
    /// How many blocks and how many events are missing; unknown where the next
    /// block does not tell.
    pub blocks: Option<u32>,
    pub events: Option<u64>,
}

/// What a later version's writer has put in that this one does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    pub events: u64,
    pub blocks: u64,
}

/// How a recording ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With the mark that the writer sets last.
    Clean,
    /// Without it: the writer was killed, or the file was cut. Everything up
    /// to `offset` was read; the `bytes` after it are of no whole block.
    Torn { offset: u64, bytes: u64 },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Damage {
            offset,
            bytes,
            blocks,
            events,
        } = self;
        write!(f, "{bytes} bytes at offset {offset} are unreadable: ")?;
        match (blocks, events) {
            (_, Some(0)) => write!(f, "no events are missing"),
            (Some(1), Some(1)) => write!(f, "1 block with 1 event is missing"),
            (Some(1), Some(events)) => write!(f, "1 block with {events} events is missing"),
            (Some(blocks), Some(events)) => {
                write!(f, "{blocks} blocks with {events} events are missing")
            }
            _ => write!(f, "it is not known how many events are missing"),
        }
    }
}
