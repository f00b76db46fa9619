//! Where a chain stands between two events, so that it can come back and go on
//! as if it had read all that lies before.

use std::io::{Read, Seek};

use super::Chain;
use crate::{
    event::{Event, What},
    recording::{Error, reader::Standing},
};

/// A place between two events of a chain. It holds for this chain and for others
/// over the same parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    part: usize,
    standing: Standing,
    /// Events of the stream before it, and the latest time of those.
    pub events: u64,
    pub latest: u64,
}

impl Position {
    /// As many words it takes to write one down.
    pub const WORDS: usize = 6;

    /// The part of the chain that it lies in.
    pub fn part(&self) -> usize {
        self.part
    }

    /// To be written down: where it lies in its part.
    pub fn to_words(self) -> [u64; Position::WORDS] {
        let Standing {
            offset,
            number,
            latest,
            lacks,
            begins,
            repeats,
        } = self.standing;
        let flags = u64::from(lacks) | u64::from(begins) << 1 | u64::from(repeats) << 2;
        [offset, number, latest, flags, self.events, self.latest]
    }

    pub fn of_words(part: usize, words: [u64; Position::WORDS]) -> Position {
        let [offset, number, told, flags, events, latest] = words;
        let is_set = |flag: u64| flags & flag != 0;
        Position {
            part,
            standing: Standing {
                offset,
                number,
                latest: told,
                lacks: is_set(1),
                begins: is_set(2),
                repeats: is_set(4),
            },
            events,
            latest,
        }
    }
}

impl<R: Read> Chain<R> {
    /// Notes whether the event that is given out is a gap.
    pub(super) fn note_gap(&mut self, event: Option<&Event>) {
        self.is_behind_gap = event.is_some_and(|event| matches!(event.what, What::Gap(_)));
    }

    /// Where it stands. None right behind a gap and while it tells who is there:
    /// then it can be asked again behind one of the next events.
    pub fn position(&self) -> Option<Position> {
        let between = self.held.is_none() && self.missing == 0 && !self.is_behind_gap;
        let standing = self.reader.standing().filter(|_| between)?;
        Some(Position {
            part: self.at,
            standing,
            events: self.number(),
            latest: self.latest,
        })
    }
}

impl<R: Read + Seek> Chain<R> {
    /// The latest time of all events before this place, which the chain has not
    /// read all: what is missing from here on is missing since then.
    pub fn has_told(&mut self, latest: u64) {
        self.latest = latest;
        self.reader.has_told(latest);
    }

    /// Goes on from a position. False if there is no such place, and then the
    /// chain is at no place at all, until it is sent to one.
    pub fn resume(&mut self, position: &Position) -> Result<bool, Error> {
        if position.part >= self.parts.len() {
            return Ok(false);
        }
        self.enter(position.part)?;
        let stands = self.reader.stand_at(&position.standing)?;
        self.latest = position.latest;
        Ok(stands && self.number() == position.events)
    }
}
