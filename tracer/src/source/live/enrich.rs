//! Adds to the kernel's records what only user space can look up.
//!
//! Most records pass unchanged. One that needs more is decoded, completed and emitted
//! as an event.

use tracer_common::wire;

use super::{kernel_log::KernelLog, mappings::Mappings, snapshot::SnapshotSource};
use crate::{
    event::{Event, OomVictim, What},
    records::{RecordDecoder, Sink},
};

/// Completes records and events on their way to the sink.
pub struct Enricher {
    pub decoder: RecordDecoder,
    /// Source of the existing tasks; None if nothing on this host can list them.
    pub snapshot: Option<SnapshotSource>,
    /// None unless faults are sent one by one.
    pub mappings: Option<Mappings>,
    /// None if it may not be read, or no hook reports victims of the OOM killer.
    pub log: Option<KernelLog>,
    /// Events of the current group, if all of them must be completed.
    pub group: Vec<Event>,
}

impl Enricher {
    /// Emits a record, unchanged if there is nothing to add.
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

    /// Completes an event and emits it.
    pub fn event(&mut self, mut event: Event, sink: &mut dyn Sink) {
        if let Some(snapshot) = &mut self.snapshot {
            snapshot.unify_starts(&mut event);
        }
        if let Some(mappings) = &mut self.mappings {
            mappings.complete(&mut event);
        }
        if let What::OomVictim(victim) = &mut event.what {
            **victim = match &mut self.log {
                Some(log) => log.victim(event.who),
                None => OomVictim::NoLog,
            };
        }
        match self.reads_proc() {
            true => self.group.push(event),
            false => sink.event(event),
        }
    }

    /// Emits the events of the group in the order of time and ends the group.
    pub fn end_group(&mut self, sink: &mut dyn Sink) {
        self.group.sort_by_key(|event| event.at);
        self.group.drain(..).for_each(|event| sink.event(event));
        sink.end_group();
    }

    /// Returns true if files of other processes in `/proc` are needed during the whole
    /// trace. Any event may have to be completed from them.
    pub fn reads_proc(&self) -> bool {
        matches!(self.snapshot, Some(SnapshotSource::Proc { .. })) || self.mappings.is_some()
    }
}
