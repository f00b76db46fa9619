//! The report that `--report` asks for: its parts by name, and its text.

use super::time_zone::zone;
use crate::{
    filter::Filter,
    model::Model,
    report::{self, Layout, ReportSection},
};

/// Width of a report in columns. It is fixed, so that reports can be compared.
const WIDTH: usize = 100;

/// Name of the whole report: the meaning of `--report` without a value.
pub const SUMMARY: &str = "summary";

/// Returns the summary, one part of it, or the processes that match a filter.
///
/// `until` is the end of the part of the recording, ns since boot, if the recording
/// goes beyond it.
pub fn text(
    model: &Model,
    part: Option<&ReportSection>,
    filter: Option<&Filter>,
    until: Option<u64>,
) -> String {
    let layout = Layout {
        width: WIDTH,
        zone: zone(),
        until,
    };
    match (part, filter) {
        (_, Some(filter)) => report::filtered(model, filter, layout),
        (None, None) => report::summary(model, layout),
        (Some(part), None) => report::section(model, part, layout),
    }
}

/// Returns the part of the report with that name, or `None` for the summary.
///
/// # Errors
///
/// Returns a message that lists the names if there is no such part.
pub fn report_part(name: &str) -> Result<Option<&'static ReportSection>, String> {
    if name == SUMMARY {
        return Ok(None);
    }
    let part = report::SECTIONS.iter().find(|part| part.name == name);
    part.map(Some).ok_or_else(|| {
        let known: Vec<_> = report::SECTIONS.iter().map(|part| part.name).collect();
        format!(
            "no such section of the report (sections: {SUMMARY}, {})",
            known.join(", ")
        )
    })
}

/// Returns the name of the JSON format that covers a part of the report.
///
/// Most parts are covered by the objects of processes, which is format `json`.
pub fn objects(part: Option<&ReportSection>) -> &'static str {
    match part.map(|part| part.name) {
        Some("findings") => "findings",
        Some("zombies") => "owners",
        _ => "json",
    }
}

/// Returns the list of parts for the help text, one per line.
pub fn parts() -> String {
    let lines = report::SECTIONS.iter();
    let lines = lines.map(|part| format!("  {:<10} {}\n", part.name, part.help));
    lines.collect()
}
