//! The parts of a trace: how each recording is opened, and what was wrong with it. This file
//! must not know how parts are joined.

use std::io::{self, Read};

use super::{
    damage::{Damage, Ending, Trailing, Unknown},
    error::Error,
    gap_repair::SnapshotFn,
    memory_limit::MemoryLimit,
    reader::Reader,
};
use crate::event::Segment;

/// The way to read each part.
#[derive(Clone, Copy, Default)]
pub(super) struct ReadOptions {
    /// See [`Reader::with_gap_repair`].
    pub snapshot_fn: Option<SnapshotFn>,
    /// See [`Reader::with_memory_limit`].
    pub memory: Option<MemoryLimit>,
}

impl ReadOptions {
    pub fn apply<R: Read>(self, mut reader: Reader<R>) -> Reader<R> {
        if let Some(snapshot_fn) = self.snapshot_fn {
            reader = reader.with_gap_repair(snapshot_fn);
        }
        if let Some(limit) = self.memory {
            reader = reader.with_memory_limit(limit);
        }
        reader
    }
}

/// The way to open a part.
pub enum PartSource<R> {
    /// Already open. It can be taken once, so it must be the only part.
    Once(Option<R>),
    /// Opened by this function each time it is needed.
    Reopen(Box<dyn FnMut() -> io::Result<R>>),
}

impl<R> PartSource<R> {
    fn open(&mut self) -> io::Result<R> {
        match self {
            PartSource::Once(from) => from.take().ok_or_else(|| io::ErrorKind::NotSeekable.into()),
            PartSource::Reopen(open) => open(),
        }
    }
}

/// One recording of a chain.
pub struct ChainPart<R> {
    /// Opens the recording.
    pub open: PartSource<R>,
    /// The segment that the recording is, or none if it is a whole trace.
    pub segment: Option<Segment>,
    /// CLOCK_REALTIME minus CLOCK_BOOTTIME at the beginning of the recording, ns, if known.
    pub realtime_offset: Option<i64>,
    /// Time at which the recording begins, ns since boot, or 0 if unknown.
    pub at: u64,
}

impl<R> ChainPart<R> {
    /// Opens the recording.
    pub fn open(&mut self) -> io::Result<R> {
        self.open.open()
    }
}

impl<R: Read> ChainPart<R> {
    pub(super) fn read(&mut self, options: ReadOptions) -> Result<Reader<R>, Error> {
        Ok(options.apply(Reader::new(self.open()?)?))
    }
}

/// A part that could be opened, with reports on the parts before it that could not.
pub(super) struct OpenedPart<R> {
    pub part: usize,
    pub reader: Reader<R>,
    /// The reports, each with the index of the part.
    pub refused: Vec<(usize, PartReport)>,
}

/// Opens the first part that can be opened, starting with `part`. A recorder may remove its
/// oldest segments at any time, so earlier parts may be missing.
pub(super) fn open_from<R: Read>(
    parts: &mut [ChainPart<R>],
    mut part: usize,
    options: ReadOptions,
) -> Result<OpenedPart<R>, Error> {
    let mut refused = Vec::new();
    loop {
        let is_last = part + 1 == parts.len();
        let next = parts.get_mut(part).ok_or(Error::Empty)?;
        match next.read(options) {
            Ok(reader) => {
                return Ok(OpenedPart {
                    part,
                    reader,
                    refused,
                });
            }
            Err(why) if is_last => return Err(why),
            Err(why) => {
                let report = PartReport {
                    refused: Some(why.to_string()),
                    ..PartReport::default()
                };
                refused.push((part, report));
            }
        }
        part += 1;
    }
}

/// A report on what was wrong with a part that has been read.
#[derive(Clone, Debug, Default)]
pub struct PartReport {
    /// Error message, if the part could not be opened.
    pub refused: Option<String>,
    /// Damage in the part.
    pub damage: Vec<Damage>,
    /// Counts of what a later version wrote and this one skipped.
    pub unknown: Unknown,
    /// Ending of the part, or none if its end was not reached.
    pub ending: Option<Ending>,
    /// What follows the end mark of the part.
    pub trailing: Option<Trailing>,
    /// Number of events that are missing between this part and the one before, because parts
    /// between them are missing.
    pub missing_before: u64,
}

impl PartReport {
    /// Returns true if everything that was written has been read and understood.
    pub fn is_complete(&self) -> bool {
        let missing = |damage: &Damage| damage.events != Some(0);
        let cut = matches!(self.ending, Some(Ending::Torn { bytes: 1.., .. }));
        let damaged = self.refused.is_some() || self.damage.iter().any(missing);
        let follows = self.trailing.is_some() || self.missing_before > 0;
        !damaged && !cut && !follows && self.unknown == Unknown::default()
    }
}
