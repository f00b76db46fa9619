//! Decodes the events of one block, whether it holds events or records.

use std::vec;

use super::{
    event_block::EventBlockDecoder, malformed::Malformed, record_block_decoder::RecordBlockDecoder,
    record_layouts::KnownLayouts,
};
use crate::event::Event;

/// Decodes the events of one block after another.
#[derive(Default)]
pub(super) struct BlockDecoder {
    /// The payload of a block of events.
    events: Vec<u8>,
    event_decoder: EventBlockDecoder,
    record_decoder: RecordBlockDecoder,
    form: Form,
    /// Events of the current group.
    ready: vec::IntoIter<Event>,
    /// Events of a block of records that have not been returned.
    missing: u32,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Form {
    #[default]
    Events,
    Records,
    /// The block is malformed.
    Broken,
}

impl BlockDecoder {
    /// Drops the current block.
    pub fn clear(&mut self) {
        self.begin_events(Ok(()), &[], 0);
    }

    /// Begins a block of `events` events. `opened` is an error if its payload could not be opened.
    pub fn begin_events(&mut self, opened: Result<(), Malformed>, payload: &[u8], events: u32) {
        self.form = Form::Events;
        self.ready = Vec::new().into_iter();
        self.events.clear();
        self.events.extend_from_slice(payload);
        self.event_decoder.begin(opened, &self.events, events);
    }

    /// Begins a block of records that yields `events` events. `opened` is an error if its payload
    /// could not be opened.
    pub fn begin_records(
        &mut self,
        opened: Result<(), Malformed>,
        payload: &[u8],
        events: u32,
        layouts: &KnownLayouts,
    ) {
        self.ready = Vec::new().into_iter();
        self.missing = events;
        let begun = opened.and_then(|()| self.record_decoder.begin(payload, events, layouts));
        self.form = match begun {
            Ok(()) => Form::Records,
            Err(Malformed) => Form::Broken,
        };
    }

    /// Returns the next event, or none at the end of the block. After an error, every call fails
    /// until the next block begins.
    pub fn next(&mut self) -> Result<Option<Event>, Malformed> {
        match self.form {
            Form::Events => self.event_decoder.next(&self.events),
            Form::Broken => Err(Malformed),
            Form::Records => loop {
                if let Some(event) = self.ready.next() {
                    self.missing = self.missing.saturating_sub(1);
                    return Ok(Some(event));
                }
                match self.record_decoder.next_group() {
                    Ok(Some(group)) => self.ready = group,
                    Ok(None) => {
                        self.missing = 0;
                        return Ok(None);
                    }
                    Err(Malformed) => {
                        self.form = Form::Broken;
                        return Err(Malformed);
                    }
                }
            },
        }
    }

    /// Returns the number of events that have not been returned.
    pub fn missing(&self) -> u32 {
        match self.form {
            Form::Events => self.event_decoder.missing(),
            Form::Records | Form::Broken => self.missing,
        }
    }

    /// Returns the number of events skipped since the last call because only a later version knows
    /// them.
    pub fn take_unknown(&mut self) -> u64 {
        let unknown = std::mem::take(&mut self.event_decoder.unknown);
        let records = std::mem::take(&mut self.record_decoder.unknown);
        self.missing = self.missing.saturating_sub(records as u32);
        unknown + records
    }

    /// Returns the bytes of each kind of event. Call it before the first event is taken.
    pub fn sizes(&self) -> Vec<(u8, u64)> {
        match self.form {
            Form::Events => self.event_decoder.sizes().collect(),
            Form::Records => self.record_decoder.sizes().collect(),
            Form::Broken => Vec::new(),
        }
    }
}
