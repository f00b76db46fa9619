//! The section on problems found in the trace.

use super::page::Page;
use crate::model::Model;

/// Writes the section.
pub fn write(model: &Model, page: &mut Page) {
    let findings = model.findings(model.now());
    if findings.is_empty() {
        page.section("Findings: none");
        return;
    }
    page.section("Findings");
    for finding in findings {
        page.labelled("  -", &finding.says);
    }
}
