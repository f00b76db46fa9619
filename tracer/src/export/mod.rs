//! Traces for other programs: one file per format, one row each in
//! [`FORMATS`].
//!
//! An exporter sees every event as it comes and the model at the end, and
//! writes to whatever it is given. It must not know where events come from,
//! and opens no file.

mod diagnosis;
mod events_json;
mod events_text;
mod exporter;
mod findings;
mod owners;
mod processes_json;
mod survey;
#[cfg(test)]
mod tests;
mod value;

pub use diagnosis::diagnosis_json;
pub use exporter::{Exporter, ProcessFilter};
pub use processes_json::process_json;
pub use survey::{missing_json, survey_json, unreadable_json};

pub struct Format {
    /// The name on the command line.
    pub name: &'static str,
    pub help: &'static str,
    /// It tells the events themselves, not only what became of them.
    pub exports_events: bool,
    pub start: fn() -> Box<dyn Exporter>,
}

/// Every format there is; help and tests are derived from it.
pub const FORMATS: [Format; 5] = [
    Format {
        name: "json",
        help: "one JSON object per process and line",
        exports_events: false,
        start: || Box::new(processes_json::ProcessesJson),
    },
    Format {
        name: "events",
        help: "the event log, one line per event",
        exports_events: true,
        start: || Box::new(events_text::EventsText::default()),
    },
    Format {
        name: "findings",
        help: "one JSON object per finding and line",
        exports_events: false,
        start: || Box::new(findings::Findings),
    },
    Format {
        name: "owners",
        help: "one JSON object per owner of zombies and line",
        exports_events: false,
        start: || Box::new(owners::Owners),
    },
    Format {
        name: "events-json",
        help: "one JSON object per event and line",
        exports_events: true,
        start: || Box::new(events_json::EventsJson::default()),
    },
];

/// The format with that name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
