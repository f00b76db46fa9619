//! The arguments of reports. Shared by `live` and `replay`.

use clap::Args;
use tracer::session::{self, Report, Rows};

/// Sections of the report; none for the summary.
#[derive(Clone)]
pub struct SectionsArg(Vec<&'static session::ReportSection>);

/// Parses the argument of `--report`.
pub fn sections(names: &str) -> Result<SectionsArg, String> {
    session::report_sections(names).map(SectionsArg)
}

/// Returns the long help of `--report`: its `help` and the sections.
pub fn report_help(help: &str) -> String {
    format!(
        "{help}\n\nSections (--report=SECTION, or several: --report=deaths,forks):\n{}",
        session::parts()
    )
}

/// The form of the tables of a report.
#[derive(Args)]
pub struct TableArgs {
    /// Show N rows of each table of the report
    #[arg(long, value_name = "N", requires = "report",
          value_parser = clap::value_parser!(u32).range(1..))]
    top: Option<u32>,
    /// Show all rows of each table of the report, and a row for each of many equal deaths
    #[arg(long, requires = "report", conflicts_with = "top")]
    all: bool,
}

impl TableArgs {
    /// Returns the report with these sections.
    pub fn report(&self, SectionsArg(sections): SectionsArg, json: bool) -> Report {
        let rows = match (self.top, self.all) {
            (Some(count), _) => Rows::Top(count as usize),
            (None, true) => Rows::All,
            (None, false) => Rows::Usual,
        };
        Report {
            sections,
            rows,
            json,
        }
    }
}
