//! The facts that the workload prints: one JSON object per line.

use std::io::Write as _;

use libc::pid_t;
use serde_json::{Value, json};

use crate::system::{Waited, pid};

/// Prints a fact.
pub fn say(fact: &Value) {
    println!("{fact}");
    std::io::stdout().flush().unwrap();
}

/// Returns the results of wait4 for a child of this process.
pub fn reaped(scenario: &str, child: pid_t, waited: &Waited) -> Value {
    let exited = libc::WIFEXITED(waited.status);
    json!({
        "scenario": scenario,
        "pid": child,
        "original_parent": pid(),
        "reaped_by": pid(),
        "code": exited.then(|| libc::WEXITSTATUS(waited.status)),
        "signal": (!exited).then(|| libc::WTERMSIG(waited.status)),
        "core": !exited && libc::WCOREDUMP(waited.status),
        "minor": waited.usage.ru_minflt,
        "major": waited.usage.ru_majflt,
        "maxrss_kib": waited.usage.ru_maxrss,
        "nvcsw": waited.usage.ru_nvcsw,
        "nivcsw": waited.usage.ru_nivcsw,
        "reaped_after": waited.between.0,
        "reaped_before": waited.between.1,
    })
}

/// The same of a child that has waited for children of its own: wait4 counts
/// theirs into its usage.
pub fn reaped_with_children(scenario: &str, child: pid_t, waited: &Waited) -> Value {
    let mut fact = reaped(scenario, child, waited);
    if let Some(fact) = fact.as_object_mut() {
        for usage in ["minor", "major", "maxrss_kib", "nvcsw", "nivcsw"] {
            fact.remove(usage);
        }
    }
    fact
}

/// The same with more facts.
pub fn with(mut fact: Value, more: Value) -> Value {
    if let (Some(fact), Value::Object(more)) = (fact.as_object_mut(), more) {
        fact.extend(more);
    }
    fact
}
