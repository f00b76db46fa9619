//! One segment of a flight recorder, known by the event that it begins with.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use crate::{
    event::{Segment, Session, What},
    recording::{self, ChainPart, Ending, PartSource, Reader, open_regular},
};

/// Beginning of a segment: its file and its session event.
#[derive(Clone, Debug)]
pub struct SegmentHead {
    /// File of the segment.
    pub path: PathBuf,
    at: u64,
    session: Box<Session>,
}

impl SegmentHead {
    /// Reads the beginning of a segment. Returns `None` if it has none or cannot
    /// be read.
    pub fn read(path: PathBuf) -> Option<SegmentHead> {
        SegmentHead::try_read(path).ok().flatten()
    }

    /// Reads the beginning of a segment. Returns `None` if nothing has been
    /// written to it yet.
    ///
    /// If the first block is damaged, the session comes from the checkpoint
    /// behind it.
    pub fn try_read(path: PathBuf) -> Result<Option<SegmentHead>, recording::Error> {
        let mut reader = match Reader::new(open_regular(&path)?) {
            Err(recording::Error::Empty) => return Ok(None),
            reader => reader?,
        };
        let mut began = None;
        while let Some(event) = reader.next_event()? {
            let at = *began.get_or_insert(event.at);
            match event.what {
                What::Session(session) => return Ok(Some(SegmentHead { path, at, session })),
                What::Gap(_) => {}
                _ => break,
            }
        }
        match reader.ending() {
            Some(Ending::Torn { bytes: 0, .. }) => Ok(None),
            _ => Err(recording::Error::Beginning),
        }
    }

    /// Returns the position of the segment in its trace.
    ///
    /// A recording in one file has none.
    pub fn segment(&self) -> Option<Segment> {
        self.session.segment
    }

    /// Returns the session that the segment belongs to.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the time of the first event, ns since boot.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Returns true if the trace continues in `next`.
    pub fn is_before(&self, next: &SegmentHead) -> bool {
        let segments = self.segment().zip(next.segment());
        self.session.boot_id == next.session.boot_id
            && segments.is_some_and(|(segment, next)| segment.is_before(&next))
    }

    /// Returns the segment as a part of a chain; `open` opens its file.
    pub fn part<R>(&self, open: impl FnMut(&Path) -> io::Result<R> + 'static) -> ChainPart<R> {
        let (path, mut open) = (self.path.clone(), open);
        ChainPart {
            open: PartSource::Reopen(Box::new(move || open(&path))),
            segment: self.segment(),
            realtime_offset: Some(self.session.realtime_offset),
            at: self.at,
        }
    }
}

/// Opens a segment as a file, for playback.
pub fn open(path: &Path) -> io::Result<File> {
    open_regular(path)
}
