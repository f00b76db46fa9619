//! The capabilities of a host as one JSON object, for `tracer doctor --json`.

use serde_json::json;

use super::value;
use crate::event::Diagnosis;

/// Returns a diagnosis as an indented JSON object.
pub fn diagnosis_json(diagnosis: &Diagnosis) -> String {
    let checks = diagnosis.checks.iter().map(|check| {
        json!({
            "what": check.what,
            "good": check.good,
            "says": check.says,
            "advice": check.advice,
        })
    });
    let hooks = diagnosis.hooks.iter().map(
        |hook| json!({"purpose": hook.purpose.name(), "hook": hook.hook, "loses": hook.loses}),
    );
    let object = json!({
        "live_runs": diagnosis.obstacle.is_none(),
        "obstacle": diagnosis.obstacle,
        "findings": checks.collect::<Vec<_>>(),
        "hooks": hooks.collect::<Vec<_>>(),
    });
    value::pretty(&object)
}
