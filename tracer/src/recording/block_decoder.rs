//! What a block of the stream says, event by event, whether it holds events or
//! records.

use std::vec;

use super::{
    event_block::EventBlockDecoder, malformed::Malformed, record_block_decoder::RecordBlockDecoder,
    record_layouts::KnownLayouts,
};
use crate::event::Event;

#[derive(Default)]
pub(super) struct BlockDecoder {
    /// The payload of a block of events.
    events: Vec<u8>,
    event_decoder: EventBlockDecoder,
    record_decoder: RecordBlockDecoder,
    form: Form,
    /// Events of the group that is being given out.
    ready: vec::IntoIter<Event>,
    /// Events of a block of records that have not been given out.
    missing: u32,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Form {
    #[default]
    Events,
    Records,
    /// Nothing in it can be understood.
    Broken,
}

impl BlockDecoder {
    /// Begins with nothing.
    pub fn clear(&mut self) {
        self.begin_events(Ok(()), &[], 0);
    }

    /// Begins with the payload of a block of events, if it could be opened.
    pub fn begin_events(&mut self, opened: Result<(), Malformed>, payload: &[u8], events: u32) {
        self.form = Form::Events;
        self.ready = Vec::new().into_iter();
        self.events.clear();
        self.events.extend_from_slice(payload);
        self.event_decoder.begin(opened, &self.events, events);
    }

    /// Begins with the payload of a block of records, if it could be opened.
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

    /// The next event; none when there is no more. What fails once fails until
    /// the next block begins.
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

    /// How many events have not been given out.
    pub fn missing(&self) -> u32 {
        match self.form {
            Form::Events => self.event_decoder.missing(),
            Form::Records | Form::Broken => self.missing,
        }
    }

    /// How many were left out since the last call because only a later version
    /// knows them.
    pub fn take_unknown(&mut self) -> u64 {
        let unknown = std::mem::take(&mut self.event_decoder.unknown);
        let records = std::mem::take(&mut self.record_decoder.unknown);
        self.missing = self.missing.saturating_sub(records as u32);
        unknown + records
    }

    /// How many bytes each kind of event has; before the first is taken.
    pub fn sizes(&self) -> Vec<(u8, u64)> {
        match self.form {
            Form::Events => self.event_decoder.sizes().collect(),
            Form::Records => self.record_decoder.sizes().collect(),
            Form::Broken => Vec::new(),
        }
    }
}
