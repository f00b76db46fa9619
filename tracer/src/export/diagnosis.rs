//! The capabilities of a host as one JSON object, for `tracer doctor --json`.

use super::{
    json,
    value::{self, HookInUse, object},
};
use crate::event::Diagnosis;

object! {
    /// What a host allows tracer to do.
    pub struct DiagnosisObject {
        /// True if `tracer live` would run.
        live_runs: bool,
        /// Why it would not; null if it would.
        obstacle: Option<String>,
        /// The checks that were made.
        findings: Vec<Check>,
        /// Hook that would serve each purpose; empty if tracing cannot begin.
        hooks: Vec<HookInUse>,
    }

    /// A property of the host and what it means for tracing.
    pub struct Check {
        /// Name of the property.
        what: &'static str,
        /// True if it suits tracing; null if unknown.
        good: Option<bool>,
        /// What was found, as a sentence.
        says: String,
        /// What the user could change, if that would gain something.
        advice: Option<&'static str>,
    }
}

/// Returns a diagnosis as an indented JSON object.
pub fn diagnosis_json(diagnosis: &Diagnosis) -> String {
    let findings = diagnosis.checks.iter().map(|check| Check {
        what: check.what,
        good: check.good,
        says: check.says.clone(),
        advice: check.advice,
    });
    json::pretty(&DiagnosisObject {
        live_runs: diagnosis.obstacle.is_none(),
        obstacle: diagnosis.obstacle.clone(),
        findings: findings.collect(),
        hooks: value::hooks(&diagnosis.hooks),
    })
}
