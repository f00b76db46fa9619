//! What `--report` takes. Of `live` and `replay`.

use tracer::session;

/// What `--report` asks for; none: the summary.
#[derive(Clone, Copy)]
pub struct ReportPart(pub Option<&'static session::Part>);

pub fn part(name: &str) -> Result<ReportPart, String> {
    session::report_part(name).map(ReportPart)
}

pub fn report_help() -> String {
    format!(
        "Print a summary, or one part of it: --report=PART\n\n{}",
        session::parts()
    )
}
