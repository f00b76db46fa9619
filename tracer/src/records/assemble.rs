//! Turns groups of records into a single stream of events.

use std::vec;

use super::{
    decode::{BadRecord, RecordDecoder},
    fault_classes::FaultClassifier,
};
use crate::event::{Event, What};

/// Receives a trace, group by group.
pub trait Sink {
    /// Takes an event that user space adds to the group.
    fn event(&mut self, event: Event);
    /// Takes a record of the kernel, in this build's layout.
    fn record(&mut self, record: &[u8]);
    /// Ends the group. Its events come first, then its records. If there are records, all are
    /// sorted by time with a stable sort. Records of different CPUs can be a few microseconds
    /// out of order in the ring buffer, because a program reserves space before it reads the
    /// clock.
    fn end_group(&mut self);
    /// Returns true if the source is to end its delivery after this group, until the owner
    /// of the sink has made room.
    fn is_full(&self) -> bool {
        false
    }
}

/// Turns groups into events.
#[derive(Default)]
pub struct Assembler {
    decoder: RecordDecoder,
    group: Vec<Event>,
    /// True if the group has records.
    has_records: bool,
}

impl Assembler {
    /// Takes an event. A session also selects the fault classifier for the records after it.
    pub fn event(&mut self, event: Event) {
        if let What::Session(session) = &event.what {
            self.decoder.faults = FaultClassifier::for_hooks(&session.hooks);
        }
        self.group.push(event);
    }

    /// Takes a record in this build's layout.
    pub fn record(&mut self, record: &[u8]) -> Result<(), BadRecord> {
        self.has_records = true;
        self.group.push(self.decoder.decode(record)?);
        Ok(())
    }

    /// Sets the fault classifier, for records read without their session.
    pub fn set_fault_classifier(&mut self, faults: Option<FaultClassifier>) {
        self.decoder.faults = faults;
    }

    /// Ends the group and returns its events in order.
    pub fn end_group(&mut self) -> vec::IntoIter<Event> {
        if std::mem::take(&mut self.has_records) && !self.group.is_sorted_by_key(|event| event.at) {
            self.group.sort_by_key(|event| event.at);
        }
        std::mem::take(&mut self.group).into_iter()
    }
}

/// A sink that passes the events of each group to a function.
pub struct EventSink<F> {
    assembler: Assembler,
    take: F,
}

impl<F: FnMut(Event)> EventSink<F> {
    /// Returns a sink that passes events to `take`.
    pub fn new(take: F) -> Self {
        EventSink {
            assembler: Assembler::default(),
            take,
        }
    }
}

impl<F: FnMut(Event)> Sink for EventSink<F> {
    fn event(&mut self, event: Event) {
        self.assembler.event(event);
    }

    fn record(&mut self, record: &[u8]) {
        // Kernel and user space come from the same build, so a bad record is a bug.
        let good = self.assembler.record(record);
        debug_assert!(good.is_ok(), "{good:?}");
    }

    fn end_group(&mut self) {
        self.assembler.end_group().for_each(&mut self.take);
    }
}
