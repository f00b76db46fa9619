//! The argument of `--report`. Shared by `live` and `replay`.

use tracer::session;

/// A section of the report; `None` is the summary.
#[derive(Clone, Copy)]
pub struct SectionArg(pub Option<&'static session::ReportSection>);

/// Parses the argument of `--report`.
pub fn section(name: &str) -> Result<SectionArg, String> {
    session::report_part(name).map(SectionArg)
}

/// Returns the long help of `--report`: its `help` and the sections.
pub fn report_help(help: &str) -> String {
    format!(
        "{help}\n\nSections (--report=SECTION):\n{}",
        session::parts()
    )
}
