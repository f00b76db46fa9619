//! The report that `--report` asks for: its sections by name, its text and its JSON.

use std::io::{self, IsTerminal as _, Write};

use super::time_zone::zone;
use crate::{
    export,
    filter::Filter,
    model::Model,
    report::{self, Layout, ReportSection, Rows, Scope},
    tui,
};

/// Width of a report on a terminal of unknown width, in columns.
const WIDTH: usize = 100;
/// Minimum width of a report, in columns.
const MIN_WIDTH: usize = 60;

/// Name of the whole report: the meaning of `--report` without a value.
pub const SUMMARY: &str = "summary";

/// Contents and form of a report.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Sections; none for the summary.
    pub sections: Vec<&'static ReportSection>,
    /// Number of rows of each table.
    pub rows: Rows,
    /// True for JSON, one object per line.
    pub json: bool,
}

impl Report {
    /// Writes the report on the processes of a model, or on those that a filter keeps.
    ///
    /// # Errors
    ///
    /// Returns the error of `out`.
    pub fn write(
        &self,
        model: &Model,
        filter: Option<&Filter>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut layout = Layout {
            width: width(),
            rows: self.rows,
            zone: zone(),
        };
        if !self.json {
            let text = report::text(model, &self.sections, filter, layout);
            return out.write_all(text.as_bytes());
        }
        if layout.rows == Rows::Usual {
            layout.rows = Rows::All;
        }
        export::tables_json(&Scope::new(model, filter, layout), &self.sections, out)
    }
}

/// Returns the maximum width of a line: that of the terminal. Without one, nothing is
/// cut, and a paragraph is one line.
fn width() -> usize {
    match io::stdout().is_terminal() {
        true => tui::terminal_width().map_or(WIDTH, |columns| columns.max(MIN_WIDTH)),
        false => usize::MAX,
    }
}

/// Returns the sections of the report with these names, separated by commas; none for
/// the summary.
///
/// # Errors
///
/// Returns a message that lists the names if there is no such section.
pub fn report_sections(names: &str) -> Result<Vec<&'static ReportSection>, String> {
    if names == SUMMARY {
        return Ok(Vec::new());
    }
    let section = |name: &str| {
        let mut sections = report::SECTIONS.iter();
        sections
            .find(|section| section.name == name)
            .ok_or_else(|| {
                let known: Vec<_> = report::SECTIONS
                    .iter()
                    .map(|section| section.name)
                    .collect();
                format!(
                    "no such section of the report: {name:?} (sections: {SUMMARY}, {})",
                    known.join(", ")
                )
            })
    };
    names.split(',').map(section).collect()
}

/// Returns the list of sections for the help text, one per line.
pub fn parts() -> String {
    let lines = report::SECTIONS.iter();
    let lines = lines.map(|part| format!("  {:<10} {}\n", part.name, part.help));
    lines.collect()
}
