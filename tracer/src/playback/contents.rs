//! Where what lies in the parts of a trace: the indexes of all of them as one.
//! Where the bytes are it says; it must not read them.

use crate::recording::{Entry, Span};

#[derive(Default)]
pub struct Contents {
    /// The blocks of all parts. The offsets are those in each part.
    entries: Vec<Entry>,
    /// In which part each block is, and how many events lie before it.
    blocks: Vec<(usize, u64)>,
    events: u64,
    span: Option<Span>,
}

impl Contents {
    /// Adds to the end what is in a part that so many events lie before. The
    /// first `again` of its events are not of the stream.
    pub fn add(&mut self, part: usize, before: u64, again: u64, entries: &[Entry]) {
        for entry in entries {
            // What is told again is in a block of its own, the first.
            let is_first = self.blocks.last().is_none_or(|&(last, _)| last != part);
            let told_again = if is_first { again } else { 0 };
            let at = if is_first { before } else { self.events };
            self.entries.push(*entry);
            self.blocks.push((part, at));
            self.events = at + u64::from(entry.events).saturating_sub(told_again);
            self.span = Some(self.span.map_or(entry.span, |all| Span {
                earliest: all.earliest.min(entry.span.earliest),
                latest: all.latest.max(entry.span.latest),
            }));
        }
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn span(&self) -> Option<Span> {
        self.span
    }

    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many blocks begin before an event.
    pub fn blocks_before(&self, event: u64) -> usize {
        self.blocks.partition_point(|&(_, before)| before < event)
    }

    /// How many events lie before a block, and how many until it ends.
    pub fn events_of(&self, block: usize) -> (u64, u64) {
        let before = |block: usize| self.blocks.get(block).map(|&(_, before)| before);
        let end = before(block + 1).unwrap_or(self.events);
        (before(block).unwrap_or(end), end)
    }

    /// The part and the offset of the block in which an event is.
    pub fn block_of(&self, event: u64) -> (usize, u64) {
        let blocks = self.blocks.partition_point(|&(_, before)| before <= event);
        let block = blocks.saturating_sub(1);
        let part = self.blocks.get(block).map_or(0, |&(part, _)| part);
        let offset = self.entries.get(block).map_or(0, |it| it.offset);
        (part, offset)
    }

    /// About how many events have happened at a time; never more.
    pub fn events_until(&self, at: u64) -> u64 {
        let entries = &self.entries;
        let block = entries.partition_point(|entry| entry.span.latest <= at);
        let before = self.blocks.get(block).map(|&(_, before)| before);
        before.unwrap_or(self.events)
    }
}
