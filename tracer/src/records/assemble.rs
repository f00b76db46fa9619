//! From groups of records to the one stream of events.

use std::vec;

use super::{BadRecord, Conclude, Decoder};
use crate::event::{Event, What};

/// Where a trace goes, in groups.
pub trait Sink {
    /// Takes what user space says.
    fn event(&mut self, event: Event);
    /// Takes what the kernel said, byte for byte.
    fn record(&mut self, record: &[u8]);
    /// Ends the group. Its events come first, then its records; if there are
    /// records, all are put in the order of their times, and those of one time
    /// stay as they are. Neighbouring CPUs' records can stand a few
    /// microseconds out of order in the ring buffer, since each takes its place
    /// and then the time.
    fn end_group(&mut self);
}

/// Makes events of groups.
#[derive(Default)]
pub struct Assembler {
    decoder: Decoder,
    group: Vec<Event>,
    /// The group has records.
    mixed: bool,
}

impl Assembler {
    /// Takes an event. A session also says what fault counters mean from here on.
    pub fn event(&mut self, event: Event) {
        if let What::Session(session) = &event.what {
            self.decoder.faults = Conclude::of(&session.hooks);
        }
        self.group.push(event);
    }

    /// Takes a record of this build's layout.
    pub fn record(&mut self, record: &[u8]) -> Result<(), BadRecord> {
        self.mixed = true;
        self.group.push(self.decoder.decode(record)?);
        Ok(())
    }

    /// Says what fault counters mean, where the session is not at hand.
    pub fn conclude(&mut self, faults: Option<Conclude>) {
        self.decoder.faults = faults;
    }

    /// Ends the group and gives out its events in order.
    pub fn end_group(&mut self) -> vec::IntoIter<Event> {
        if std::mem::take(&mut self.mixed) && !self.group.is_sorted_by_key(|event| event.at) {
            self.group.sort_by_key(|event| event.at);
        }
        std::mem::take(&mut self.group).into_iter()
    }
}

/// A sink that hands on events, group by group.
pub struct Events<F> {
    assembler: Assembler,
    take: F,
}

impl<F: FnMut(Event)> Events<F> {
    pub fn new(take: F) -> Self {
        Events {
            assembler: Assembler::default(),
            take,
        }
    }
}

impl<F: FnMut(Event)> Sink for Events<F> {
    fn event(&mut self, event: Event) {
        self.assembler.event(event);
    }

    fn record(&mut self, record: &[u8]) {
        // Both sides come from one build: a bad record is a bug, not input.
        let good = self.assembler.record(record);
        debug_assert!(good.is_ok(), "{good:?}");
    }

    fn end_group(&mut self) {
        self.assembler.end_group().for_each(&mut self.take);
    }
}
