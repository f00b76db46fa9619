//! Where a reader stands between two events, so that another can go on from
//! there as if it had read what lies before.

use std::io::{Read, Seek};

use super::Reader;
use crate::recording::Error;

/// What a reader knows of what it has read, besides the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::recording) struct Standing {
    /// The block that holds the last event.
    pub offset: u64,
    /// Events of the recording up to and with that one.
    pub number: u64,
    /// The latest time given out.
    pub latest: u64,
    /// Events are missing, and no checkpoint has said yet who is there.
    pub lacks: bool,
    /// A checkpoint that follows is told, as at the beginning.
    pub begins: bool,
    /// The first event of the recording is one that was told before.
    pub repeats: bool,
}

impl<R: Read> Reader<R> {
    /// None while it tells what is not of the stream.
    pub(in crate::recording) fn standing(&self) -> Option<Standing> {
        let recalls = self.recalls || self.block.recalls || self.healing.is_telling();
        let waits = self.completion.is_some() || self.held.is_some();
        (!recalls && !waits).then(|| Standing {
            offset: self.block.offset,
            number: self.number(),
            latest: self.latest,
            lacks: self.healing.is_due(),
            begins: self.begins,
            repeats: self.repeats,
        })
    }

    /// Before this place the latest time was that, and nothing is missing there.
    pub(in crate::recording) fn has_told(&mut self, latest: u64) {
        self.latest = latest;
        self.begins = false;
    }

    /// Goes on from there. False if the recording has no such place.
    pub(in crate::recording) fn stand_at(&mut self, place: &Standing) -> Result<bool, Error>
    where
        R: Seek,
    {
        self.resume_at(place.offset)?;
        while self.number() < place.number {
            if self.next_event()?.is_none() || self.offset() != place.offset {
                break;
            }
        }
        if self.number() != place.number {
            return Ok(false);
        }
        (self.begins, self.repeats) = (place.begins, place.repeats);
        self.latest = place.latest;
        if place.lacks {
            self.healing.lack();
        }
        Ok(true)
    }
}
