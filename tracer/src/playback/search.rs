//! Looking for an event, forwards or back, piece by piece: who has something
//! else to do meanwhile goes on between two pieces, and may give it up. The
//! stage is told nothing before the place is gone to.

use std::io::{Read, Seek};

use super::Playback;
use crate::{event::Event, recording::Error};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Forward,
    Back,
}

/// How far a search has come. It is over when somebody moves the playback.
#[derive(Clone, Debug)]
pub struct Search {
    way: Way,
    /// Where it began, in events; back: the last that can be meant.
    from: u64,
    /// Back: blocks that have not been looked through.
    blocks: usize,
    /// Forwards: the event that had been read beyond the stage.
    ahead: Option<Event>,
    /// How many events have been looked through, of how many.
    looked: u64,
    all: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Behind so many events.
    Place(u64),
    Nothing,
    /// There is more to be looked through.
    NotYet,
}

impl Search {
    /// How much of what there is has been looked through, from 0 to 1.
    pub fn share(&self) -> f64 {
        self.looked as f64 / self.all.max(1) as f64
    }

    pub fn way(&self) -> Way {
        self.way
    }
}

impl<R: Read + Seek> Playback<R> {
    /// Begins to look for an event behind this place or before it.
    pub fn search(&mut self, way: Way) -> Result<Search, Error> {
        let (from, blocks, all) = match way {
            Way::Forward => {
                if !self.come_back()? {
                    self.seek_block(self.position)?;
                }
                let ahead = self.events().saturating_sub(self.position);
                (self.position, 0, ahead)
            }
            Way::Back => {
                // The event that one stands behind is not meant.
                let limit = self.position.saturating_sub(1);
                (limit, self.contents.blocks_before(limit), limit)
            }
        };
        let ahead = self.leave();
        Ok(Search {
            way,
            from,
            blocks,
            ahead,
            looked: 0,
            all,
        })
    }

    /// Looks through about so many events more, never less than one block back.
    pub fn look_on(
        &mut self,
        search: &mut Search,
        wanted: &mut dyn FnMut(&Event) -> bool,
        events: u64,
    ) -> Result<Found, Error> {
        let until = search.looked.saturating_add(events);
        while search.looked < until {
            let found = match search.way {
                Way::Forward => self.look_at_next(search, wanted)?,
                Way::Back => self.look_through_block(search, wanted)?,
            };
            if found != Found::NotYet {
                return Ok(found);
            }
        }
        Ok(Found::NotYet)
    }

    fn look_at_next(
        &mut self,
        search: &mut Search,
        wanted: &mut dyn FnMut(&Event) -> bool,
    ) -> Result<Found, Error> {
        let next = match search.ahead.take() {
            Some(next) => Some(next),
            None => self.chain.next_event()?,
        };
        let Some(event) = next else {
            return Ok(Found::Nothing);
        };
        search.looked += 1;
        let number = self.chain.number();
        let is_meant = !self.chain.is_recalling() && number > search.from;
        Ok(match is_meant && wanted(&event) {
            true => Found::Place(number),
            false => Found::NotYet,
        })
    }

    /// Of the events of a block the last one counts.
    fn look_through_block(
        &mut self,
        search: &mut Search,
        wanted: &mut dyn FnMut(&Event) -> bool,
    ) -> Result<Found, Error> {
        let Some(block) = search.blocks.checked_sub(1) else {
            return Ok(Found::Nothing);
        };
        search.blocks = block;
        let (begin, end) = self.contents.events_of(block);
        self.seek_block(begin)?;
        let end = end.min(search.from);
        let mut found = Found::NotYet;
        while let Some(event) = self.chain.next_event()? {
            search.looked += 1;
            let number = self.chain.number();
            if number <= end && !self.chain.is_recalling() && wanted(&event) {
                found = Found::Place(number);
            }
            if number >= end {
                break;
            }
        }
        Ok(found)
    }
}
