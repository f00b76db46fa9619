//! The result of `tracer doctor`: the checks made on a host and the hooks that
//! tracing would use. The source runs the checks; this module only holds the
//! answer.

use super::Hook;

/// Result of `tracer doctor`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnosis {
    /// Checks that were made, in the order they are shown.
    pub checks: Vec<DoctorCheck>,
    /// Hook that would serve each purpose; empty if tracing cannot begin.
    pub hooks: Vec<Hook>,
    /// Reason why `tracer live` would not run; none if it would.
    pub obstacle: Option<String>,
}

/// One property of the host and what it means for tracing.
#[derive(Clone, Debug, PartialEq)]
pub struct DoctorCheck {
    /// Short name of the property.
    pub what: &'static str,
    /// True if the property suits tracing, false if it does not, none if unknown.
    pub good: Option<bool>,
    /// Sentence shown to the user.
    pub says: String,
    /// Change the user could make, if it would gain something.
    pub advice: Option<&'static str>,
}
