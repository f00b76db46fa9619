//! Searching for events, forward or backward and piece by piece, so that a caller can do other
//! work between two pieces or give up. A search does not move the playhead.

use std::io::{Read, Seek};

use super::{
    playhead::Playback,
    stage::{Place, Stage},
};
use crate::{event::Event, recording::Error};

/// The direction of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards the end.
    Forward,
    /// Towards the beginning.
    Back,
}

/// The progress of a search. Moving the playhead invalidates it.
#[derive(Clone, Debug)]
pub struct Search {
    direction: Direction,
    /// Forward: the events before the start. Backward: the last event that can match.
    from: u64,
    /// Backward: blocks that have not been searched.
    blocks: usize,
    /// Forward: the event that had been read ahead of the playhead.
    ahead: Option<Event>,
    /// Events searched so far.
    searched: u64,
    /// Events to search in all.
    all: u64,
}

/// The result of one piece of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchStep {
    /// An event matches; this many events precede the place directly after it.
    Found(u64),
    /// No event matches.
    Exhausted,
    /// The search is not finished.
    Pending,
}

impl Search {
    /// Returns the fraction searched so far, from 0 to 1.
    pub fn share(&self) -> f64 {
        self.searched as f64 / self.all.max(1) as f64
    }

    /// Returns the direction of the search.
    pub fn direction(&self) -> Direction {
        self.direction
    }
}

impl<R: Read + Seek> Playback<R> {
    /// Begins a search for an event after or before the playhead.
    pub fn search(&mut self, direction: Direction) -> Result<Search, Error> {
        let (from, blocks, all) = match direction {
            Direction::Forward => {
                if !self.unpark_reader()? {
                    self.seek_block(self.position)?;
                }
                let ahead = self.events().saturating_sub(self.position);
                (self.position, 0, ahead)
            }
            Direction::Back => {
                // The event directly before the playhead cannot match.
                let limit = self.position.saturating_sub(1);
                (limit, self.index.blocks_before(limit), limit)
            }
        };
        let ahead = self.park_reader();
        Ok(Search {
            direction,
            from,
            blocks,
            ahead,
            searched: 0,
            all,
        })
    }

    /// Searches about `events` more events. A backward search covers at least one block.
    pub fn continue_search(
        &mut self,
        search: &mut Search,
        wanted: &mut dyn FnMut(&Event) -> bool,
        events: u64,
    ) -> Result<SearchStep, Error> {
        let until = search.searched.saturating_add(events);
        while search.searched < until {
            let step = match search.direction {
                Direction::Forward => self.search_next(search, wanted)?,
                Direction::Back => self.search_block(search, wanted)?,
            };
            if step != SearchStep::Pending {
                return Ok(step);
            }
        }
        Ok(SearchStep::Pending)
    }

    fn search_next(
        &mut self,
        search: &mut Search,
        wanted: &mut dyn FnMut(&Event) -> bool,
    ) -> Result<SearchStep, Error> {
        let next = match search.ahead.take() {
            Some(next) => Some(next),
            None => self.chain.next_event()?,
        };
        let Some(event) = next else {
            return Ok(SearchStep::Exhausted);
        };
        search.searched += 1;
        let number = self.chain.number();
        let can_match = !self.chain.is_outside_stream() && number > search.from;
        Ok(match can_match && wanted(&event) {
            true => SearchStep::Found(number),
            false => SearchStep::Pending,
        })
    }

    /// Searches the block before those searched so far for its last matching event.
    fn search_block(
        &mut self,
        search: &mut Search,
        wanted: &mut dyn FnMut(&Event) -> bool,
    ) -> Result<SearchStep, Error> {
        let Some(block) = search.blocks.checked_sub(1) else {
            return Ok(SearchStep::Exhausted);
        };
        search.blocks = block;
        let (begin, end) = self.index.events_of(block);
        self.seek_block(begin)?;
        let end = end.min(search.from);
        let mut step = SearchStep::Pending;
        while let Some(event) = self.chain.next_event()? {
            search.searched += 1;
            let number = self.chain.number();
            if number <= end && !self.chain.is_outside_stream() && wanted(&event) {
                step = SearchStep::Found(number);
            }
            if number >= end {
                break;
            }
        }
        Ok(step)
    }

    /// Returns the place one event back. Unreadable events are skipped.
    pub fn before(&mut self) -> Result<Place, Error> {
        let mut search = self.search(Direction::Back)?;
        Ok(
            match self.continue_search(&mut search, &mut |_| true, u64::MAX)? {
                SearchStep::Found(place) => Place::Event(place),
                SearchStep::Exhausted | SearchStep::Pending => Place::Beginning,
            },
        )
    }

    /// Moves the playhead one event back. Unreadable events are skipped.
    pub fn step_back(&mut self, stage: &mut dyn Stage) -> Result<(), Error> {
        let place = self.before()?;
        self.seek(place, stage)
    }

    /// Moves the playhead directly after the next event for which `wanted` returns true.
    /// Returns false and does not move it if there is none.
    pub fn next_where(
        &mut self,
        wanted: impl FnMut(&Event) -> bool,
        stage: &mut dyn Stage,
    ) -> Result<bool, Error> {
        self.seek_where(Direction::Forward, wanted, stage)
    }

    /// Moves the playhead directly after the last event before it for which `wanted` returns
    /// true. Returns false and does not move it if there is none. Reads block by block from
    /// the playhead backward.
    pub fn previous_where(
        &mut self,
        wanted: impl FnMut(&Event) -> bool,
        stage: &mut dyn Stage,
    ) -> Result<bool, Error> {
        self.seek_where(Direction::Back, wanted, stage)
    }

    fn seek_where(
        &mut self,
        direction: Direction,
        mut wanted: impl FnMut(&Event) -> bool,
        stage: &mut dyn Stage,
    ) -> Result<bool, Error> {
        let mut search = self.search(direction)?;
        match self.continue_search(&mut search, &mut wanted, u64::MAX)? {
            SearchStep::Found(place) => self.seek(Place::Event(place), stage).map(|()| true),
            SearchStep::Exhausted | SearchStep::Pending => Ok(false),
        }
    }
}
