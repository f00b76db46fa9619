//! The section on problems found in the trace.

use super::{
    scope::Scope,
    table::{Output, TableKind},
};

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
        page.labelled("  -", &finding.says);
    }
}
