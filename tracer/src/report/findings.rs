//! The section on problems found in the trace.

use super::{
    scope::Scope,
    table::{Output, TableKind},
    words::time,
};
use crate::model::Finding;

/// Findings.
pub static FINDINGS: TableKind = TableKind {
    name: "findings",
    about: "problems found, one sentence each. The keys are those of the format `findings`",
    columns: &[],
};

/// Writes the section.
pub fn write(scope: &Scope<'_>, page: &mut dyn Output) {
    page.facts(scope, &FINDINGS, Vec::new());
    let mut findings = scope.model.findings(scope.model.now());
    findings.retain(|finding| finding.process.is_none_or(|process| scope.keeps(process)));
    if findings.is_empty() {
        page.section("Findings: none");
        return;
    }
    page.section("Findings");
    for finding in findings {
        let when = when(scope, &finding);
        page.labelled("  -", &format!("{}{when}", finding.says));
    }
}

/// Returns the time of a finding in parentheses.
fn when(scope: &Scope<'_>, finding: &Finding) -> String {
    let clock = |at| time(scope, at, 0);
    match (finding.since.map(clock), finding.until.map(clock)) {
        (Some(since), Some(until)) if since != until => format!(" ({since} to {until})"),
        (Some(at), _) | (None, Some(at)) => format!(" ({at})"),
        (None, None) => String::new(),
    }
}
