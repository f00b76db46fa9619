//! Export formats for other programs: one file per format, one row each in
//! [`FORMATS`].
//!
//! An exporter receives every event in order and the model at the end, and writes
//! to the given output. It must not know where events come from, and it opens no
//! file.

mod diagnosis;
mod event_details;
mod event_objects;
mod events_json;
mod events_text;
mod exporter;
mod findings;
mod json;
mod owners;
mod process_object;
mod processes_json;
#[cfg(test)]
mod schema;
mod survey;
#[cfg(test)]
mod table_schema;
mod tables_json;
#[cfg(test)]
mod tests;
mod value;

use crate::event::Zone;
pub use diagnosis::diagnosis_json;
pub use exporter::{Exporter, ProcessFilter};
pub use processes_json::process_json;
pub use survey::{missing_json, survey_json, unreadable_json};
pub use tables_json::tables_json;

/// An export format.
pub struct Format {
    /// Name on the command line.
    pub name: &'static str,
    /// Description for the help text.
    pub help: &'static str,
    /// True if the format contains the events, not only the processes.
    pub exports_events: bool,
    /// True if each process is an object of its own, which can be written as soon as no
    /// further event changes the process.
    pub streams_processes: bool,
    /// Creates an exporter. Text has its times in the zone; JSON is always in UTC.
    pub start: fn(&Zone) -> Box<dyn Exporter>,
}

/// All formats. Help and tests are derived from them.
pub const FORMATS: [Format; 5] = [
    Format {
        name: "json",
        help: "one JSON object per line, one line per process",
        exports_events: false,
        streams_processes: true,
        start: |_| Box::new(processes_json::ProcessesJson),
    },
    Format {
        name: "events",
        help: "the event log, one line per event",
        exports_events: true,
        streams_processes: false,
        start: |zone| Box::new(events_text::EventsText::new(zone)),
    },
    Format {
        name: "findings",
        help: "one JSON object per line, one line per finding",
        exports_events: false,
        streams_processes: false,
        start: |_| Box::new(findings::Findings),
    },
    Format {
        name: "owners",
        help: "one JSON object per line, one line per owner of zombies",
        exports_events: false,
        streams_processes: false,
        start: |_| Box::new(owners::Owners),
    },
    Format {
        name: "events-json",
        help: "one JSON object per line, one line per event",
        exports_events: true,
        streams_processes: false,
        start: |_| Box::new(events_json::EventsJson::default()),
    },
];

/// Returns the format with a name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
