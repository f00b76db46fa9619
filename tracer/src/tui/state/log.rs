//! The last events as they came, for the event view. They are kept as they
//! are (their texts are shared, so that a clone is cheap) and put into words
//! only when they are on screen.

use std::collections::VecDeque;

use crate::event::Event;

/// How many events are kept.
pub const CAPACITY: usize = 10_000;

#[derive(Clone, Debug, Default)]
pub struct Log {
    events: VecDeque<Event>,
    /// How many were dropped: the number of the oldest that is left.
    dropped: u64,
}

impl Log {
    pub fn push(&mut self, event: &Event) {
        if self.events.len() == CAPACITY {
            self.events.pop_front();
            self.dropped += 1;
        }
        self.events.push_back(event.clone());
    }

    /// The number of the oldest event; numbers are never reused.
    pub fn first(&self) -> u64 {
        self.dropped
    }

    pub fn get(&self, number: u64) -> Option<&Event> {
        let index = number.checked_sub(self.dropped)?;
        self.events.get(usize::try_from(index).ok()?)
    }

    /// From one number on, the oldest first.
    pub fn since(&self, number: u64) -> impl Iterator<Item = (u64, &Event)> {
        let start = number.max(self.dropped);
        let skipped = usize::try_from(start - self.dropped).unwrap_or(usize::MAX);
        (start..).zip(self.events.range(skipped.min(self.events.len())..))
    }

    /// The number that the next event will have.
    pub fn end(&self) -> u64 {
        self.dropped + self.events.len() as u64
    }
}
