//! What user space adds to what the kernel says. Most records pass untouched;
//! one that needs a word is handed on as an event.

use tracer_common::wire;

use super::{kernel_log::KernelLog, mappings::Mappings, snapshot::Teller};
use crate::{
    event::{Event, OomVictim, What},
    records::{RecordDecoder, Sink},
};

pub struct Completion {
    pub decoder: RecordDecoder,
    /// Tells what runs, where anything can.
    pub teller: Option<Teller>,
    /// Where faults are sent one by one.
    pub mappings: Option<Mappings>,
    /// None: it may not be read.
    pub log: Option<KernelLog>,
    /// The group, where all of it must be looked at.
    pub group: Vec<Event>,
}

impl Completion {
    /// Hands on a record, as it is if there is nothing to add.
    pub fn record(&mut self, kind: wire::Kind, record: &[u8], sink: &mut dyn Sink) {
        if kind != wire::Kind::OomVictim && !self.reads_proc() {
            sink.record(record);
            return;
        }
        match self.decoder.decode(record) {
            Ok(event) => self.event(event, sink),
            // Both sides come from one build: this is a bug, not input.
            Err(error) => log::error!("{error}"),
        }
    }

    /// Hands on an event completed.
    pub fn event(&mut self, mut event: Event, sink: &mut dyn Sink) {
        if let Some(teller) = &mut self.teller {
            teller.settle(&mut event);
        }
        if let Some(mappings) = &mut self.mappings {
            mappings.complete(&mut event);
        }
        if let What::OomVictim(victim) = &mut event.what {
            **victim = match &mut self.log {
                Some(log) => log.of(event.who),
                None => OomVictim::NoLog,
            };
        }
        match self.reads_proc() {
            true => self.group.push(event),
            false => sink.event(event),
        }
    }

    pub fn end_group(&mut self, sink: &mut dyn Sink) {
        self.group.sort_by_key(|event| event.at);
        self.group.drain(..).for_each(|event| sink.event(event));
        sink.end_group();
    }

    /// Other processes' files in `/proc` are needed for as long as the trace
    /// goes on, and any event may have to be completed from them.
    pub fn reads_proc(&self) -> bool {
        matches!(self.teller, Some(Teller::Proc { .. })) || self.mappings.is_some()
    }
}
