//! What `--report` takes. Of `live` and `replay`.

use tracer::session;

/// What `--report` asks for; none: the summary.
#[derive(Clone, Copy)]
pub struct SectionArg(pub Option<&'static session::ReportSection>);

pub fn section(name: &str) -> Result<SectionArg, String> {
    session::report_part(name).map(SectionArg)
}

pub fn report_help() -> String {
    format!(
        "Print a summary, or one part of it: --report=PART\n\n{}",
        session::parts()
    )
}
