//! The latest events, for the Events view. They are kept as they are (a clone shares their texts)
//! and turned into text only on the screen.

use std::collections::VecDeque;

use crate::event::Event;

/// The number of events that the log keeps.
pub const CAPACITY: usize = 10_000;

/// The latest events, numbered.
#[derive(Clone, Debug, Default)]
pub struct Log {
    events: VecDeque<Event>,
    /// The number of dropped events, which is the number of the oldest one left.
    dropped: u64,
}

impl Log {
    /// Appends an event and drops the oldest one of a full log.
    pub fn push(&mut self, event: &Event) {
        if self.events.len() == CAPACITY {
            self.events.pop_front();
            self.dropped += 1;
        }
        self.events.push_back(event.clone());
    }

    /// Returns the number of the oldest event. Numbers are never reused.
    pub fn first(&self) -> u64 {
        self.dropped
    }

    /// Returns an event by its number.
    pub fn get(&self, number: u64) -> Option<&Event> {
        let index = number.checked_sub(self.dropped)?;
        self.events.get(usize::try_from(index).ok()?)
    }

    /// Returns the events from a number on, the oldest first.
    pub fn since(&self, number: u64) -> impl Iterator<Item = (u64, &Event)> {
        let start = number.max(self.dropped);
        let skipped = usize::try_from(start - self.dropped).unwrap_or(usize::MAX);
        (start..).zip(self.events.range(skipped.min(self.events.len())..))
    }

    /// Returns the number of the next event.
    pub fn end(&self) -> u64 {
        self.dropped + self.events.len() as u64
    }
}
