//! The format `events-json`: one object per event and line, in stream order.
//!
//! Every object starts with the same keys: the time, the CPU, the task (null if there is
//! none) and `event`, the kind. The keys of the kind follow. Null means unknown.

use std::io::{self, Write};

use super::{
    event_details::Details,
    exporter::{Exporter, ProcessFilter},
    json::{self, WallTime},
    value::object,
};
use crate::{
    event::{Event, Session, What, Who},
    model::Model,
};

/// The exporter of `events-json`.
#[derive(Default)]
pub struct EventsJson {
    session: Option<Session>,
}

impl Exporter for EventsJson {
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        if let What::Session(session) = &event.what {
            self.session = Some((**session).clone());
        }
        json::line(&self.object(event), out)
    }

    fn end(&mut self, _: &Model, _: ProcessFilter<'_>, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

object! {
    /// An event. The keys of its kind follow those that every event has.
    pub struct EventObject {
        /// Time, ns since boot.
        at_ns: u64,
        /// Time on the wall clock.
        time: Option<WallTime>,
        /// CPU.
        cpu: u32,
        /// PID of the process.
        pid: Option<u32>,
        /// Start of the process, ns since boot.
        start_ns: Option<u64>,
        /// PID of the task.
        tid: Option<u32>,
        /// Start of the task, ns since boot.
        tid_start_ns: Option<u64>,
        #[serde(flatten)]
        details: Details,
    }
}

impl EventsJson {
    fn object(&self, event: &Event) -> EventObject {
        let session = self.session.as_ref();
        let who = (event.who != Who::HOST).then_some(event.who);
        EventObject {
            at_ns: event.at,
            time: WallTime::of(session, event.at),
            cpu: event.cpu,
            pid: who.map(|who| who.process.tgid),
            start_ns: who.map(|who| who.process.start),
            tid: who.map(|who| who.task.pid),
            tid_start_ns: who.map(|who| who.task.start),
            details: Details::new(&event.what, session.map(|session| session.page_size)),
        }
    }
}
