//! What a host offers a tracer: what was looked at, and what follows.

use super::Hook;

/// The answer of `tracer doctor`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnosis {
    pub checks: Vec<DoctorCheck>,
    /// How each purpose would be served; empty where tracing cannot begin.
    pub hooks: Vec<Hook>,
    /// UnknownReason `tracer live` would not run; none: it would.
    pub obstacle: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DoctorCheck {
    pub what: &'static str,
    /// Whether it is as tracing wishes; unknown is not no.
    pub good: Option<bool>,
    pub says: String,
    /// What the user could change, where something is to be gained.
    pub advice: Option<&'static str>,
}
