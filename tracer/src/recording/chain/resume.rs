//! Saves and restores the position of a chain, so that it can leave and later continue as if it
//! had read everything before that position.

use std::io::{Read, Seek};

use crate::recording::{Error, chain::Chain, position::ChainPosition};

impl<R: Read> Chain<R> {
    /// Returns the current position. Returns none directly after a gap and between the events
    /// of a checkpoint; a position is available again after one of the next events.
    pub fn position(&self) -> Option<ChainPosition> {
        let between = self.held.is_none() && self.missing == 0 && !self.is_after_gap;
        let reader = self.reader.position().filter(|_| between)?;
        Some(ChainPosition {
            part: self.at,
            reader,
            events: self.number(),
            latest: self.latest,
        })
    }
}

impl<R: Read + Seek> Chain<R> {
    /// Sets the latest time of all events before the current position, including those that
    /// this chain has not read. A gap that follows begins at that time.
    pub fn set_latest(&mut self, latest: u64) {
        self.latest = latest;
        self.reader.set_latest(latest);
    }

    /// Continues from `position`. Returns false if the recording has no such position; the
    /// chain is then at no defined position until the next seek.
    pub fn resume(&mut self, position: &ChainPosition) -> Result<bool, Error> {
        if position.part >= self.parts.len() {
            return Ok(false);
        }
        self.enter(position.part)?;
        let restored = self.reader.restore_position(&position.reader)?;
        self.latest = position.latest;
        Ok(restored && self.number() == position.events)
    }
}
