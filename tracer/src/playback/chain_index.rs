//! The indexes of all parts of a trace, joined. This file maps events and times to blocks; it
//! must not read the recording.

use crate::recording::{IndexEntry, Span};

/// The joined index of a chain.
#[derive(Default)]
pub struct ChainIndex {
    /// Blocks of all parts, in order. Offsets are those within each part.
    entries: Vec<IndexEntry>,
    /// For each block, the index of its part and the number of events before it.
    blocks: Vec<(usize, u64)>,
    events: u64,
    span: Option<Span>,
}

impl ChainIndex {
    /// Appends blocks of a part. `before` is the number of events of the stream before the
    /// part. The first `repeated` events of the part are not in the stream.
    pub fn add(&mut self, part: usize, before: u64, repeated: u64, entries: &[IndexEntry]) {
        for entry in entries {
            // The repeated session is in a block of its own, the first.
            let is_first = self.blocks.last().is_none_or(|&(last, _)| last != part);
            let repeated = if is_first { repeated } else { 0 };
            let at = if is_first { before } else { self.events };
            self.entries.push(*entry);
            self.blocks.push((part, at));
            self.events = at + u64::from(entry.events).saturating_sub(repeated);
            self.span = Some(self.span.map_or(entry.span, |all| Span {
                earliest: all.earliest.min(entry.span.earliest),
                latest: all.latest.max(entry.span.latest),
            }));
        }
    }

    /// Returns the blocks of all parts.
    pub fn entries(&self) -> &[IndexEntry] {
        &self.entries
    }

    /// Returns the span of all events. Returns none without events.
    pub fn span(&self) -> Option<Span> {
        self.span
    }

    /// Returns the number of events.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Returns the number of blocks that begin before an event.
    pub fn blocks_before(&self, event: u64) -> usize {
        self.blocks.partition_point(|&(_, before)| before < event)
    }

    /// Returns the number of events before a block, and up to its end.
    pub fn events_of(&self, block: usize) -> (u64, u64) {
        let before = |block: usize| self.blocks.get(block).map(|&(_, before)| before);
        let end = before(block + 1).unwrap_or(self.events);
        (before(block).unwrap_or(end), end)
    }

    /// Returns the part and the offset of the block that holds an event.
    pub fn block_of(&self, event: u64) -> (usize, u64) {
        let blocks = self.blocks.partition_point(|&(_, before)| before <= event);
        let block = blocks.saturating_sub(1);
        let part = self.blocks.get(block).map_or(0, |&(part, _)| part);
        let offset = self.entries.get(block).map_or(0, |it| it.offset);
        (part, offset)
    }

    /// Returns a lower bound of the number of events up to a time.
    pub fn events_until(&self, at: u64) -> u64 {
        let entries = &self.entries;
        let block = entries.partition_point(|entry| entry.span.latest <= at);
        let before = self.blocks.get(block).map(|&(_, before)| before);
        before.unwrap_or(self.events)
    }
}
