//! Traces for other programs: one file per format, one row each in
//! [`FORMATS`].
//!
//! An exporter sees every event as it comes and the model at the end, and
//! writes to whatever it is given. It must not know where events come from,
//! and opens no file.

mod diagnosis;
mod events_json;
mod events_text;
mod findings;
mod json;
mod owners;
mod survey;
#[cfg(test)]
mod tests;
mod value;

use std::io::{self, Write};

pub use diagnosis::diagnosis_json;
pub use json::process_json;
pub use survey::{missing_json, survey_json, unreadable_json};

use crate::{
    event::Event,
    model::{Key, Model},
};

/// A format in the making.
pub trait Exporter {
    /// The next event of the stream.
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()>;

    /// The stream has ended, and this is what became of it.
    /// Of its processes, those are wanted that `kept` says yes to.
    fn end(&mut self, model: &Model, kept: Kept<'_>, out: &mut dyn Write) -> io::Result<()>;
}

/// Whether a process is wanted.
pub type Kept<'a> = &'a dyn Fn(Key) -> bool;

pub struct Format {
    /// The name on the command line.
    pub name: &'static str,
    pub help: &'static str,
    /// It tells the events themselves, not only what became of them.
    pub tells_events: bool,
    pub start: fn() -> Box<dyn Exporter>,
}

/// Every format there is; help and tests are derived from it.
pub const FORMATS: [Format; 5] = [
    Format {
        name: "json",
        help: "one JSON object per process and line",
        tells_events: false,
        start: || Box::new(json::Json),
    },
    Format {
        name: "events",
        help: "the event log, one line per event",
        tells_events: true,
        start: || Box::new(events_text::EventsText::default()),
    },
    Format {
        name: "findings",
        help: "one JSON object per finding and line",
        tells_events: false,
        start: || Box::new(findings::Findings),
    },
    Format {
        name: "owners",
        help: "one JSON object per owner of zombies and line",
        tells_events: false,
        start: || Box::new(owners::Owners),
    },
    Format {
        name: "events-json",
        help: "one JSON object per event and line",
        tells_events: true,
        start: || Box::new(events_json::EventsJson::default()),
    },
];

/// The format with that name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
