//! Reports of a reader besides events: unreadable parts, unknown contents and the ending.

use std::fmt;

/// An unreadable part of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Offset, bytes.
    pub offset: u64,
    /// Length, bytes.
    pub bytes: u64,
    /// Number of missing blocks, or none if the next block does not show it.
    pub blocks: Option<u32>,
    /// Number of missing events, or none if the next block does not show it.
    pub events: Option<u64>,
}

/// Counts of what a later version wrote and this one does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    /// Events and list entries.
    pub events: u64,
    /// Blocks.
    pub blocks: u64,
}

/// The ending of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The recording has its end mark.
    Clean,
    /// The end mark is missing: the writer was killed or is still running, or the file was cut.
    Torn {
        /// Offset up to which all blocks were read.
        offset: u64,
        /// Bytes after that, which are no complete block.
        bytes: u64,
    },
}

/// Bytes behind the end mark, which are not part of the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trailing {
    /// Offset, bytes.
    pub offset: u64,
    /// Length, bytes.
    pub bytes: u64,
    /// True if they begin like a recording: two files were joined.
    pub is_recording: bool,
}

impl fmt::Display for Trailing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Trailing { offset, bytes, .. } = self;
        write!(
            f,
            "{bytes} bytes behind the end mark, at offset {offset}, are "
        )?;
        match self.is_recording {
            true => write!(
                f,
                "another recording, which is not read: `tail -c +{}` splits it off",
                offset.saturating_add(1)
            ),
            false => write!(f, "not part of the recording and not read"),
        }
    }
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
            _ => write!(f, "the number of missing events is unknown"),
        }
    }
}
