//! `tracer doctor`: the capabilities of this host, the hook behind each purpose,
//! what is lost and why, and advice.

use std::fmt::Write as _;

use anyhow::Result;

use super::hook_table;
use crate::{
    event::Diagnosis,
    export,
    session::console::{
        exit::{Exit, OK},
        output,
    },
    source::live::{Options, examine, facts_as_text},
};

/// Exit code if `tracer live` cannot run here.
const UNFIT: Exit = 1;

/// Format of the output.
pub enum Answer {
    /// Text for a reader.
    Text,
    /// JSON.
    Json,
    /// Facts about the kernel, as input for tests of the plan.
    Facts,
}

/// Examines the host and prints the result. The exit code is 1 if `tracer live`
/// cannot run.
pub fn doctor(kernel: &Options, answer: &Answer) -> Result<Exit> {
    let text = match answer {
        Answer::Facts => {
            output::print(&facts_as_text(kernel)?)?;
            return Ok(OK);
        }
        Answer::Json => export::diagnosis_json,
        Answer::Text => text,
    };
    let diagnosis = examine(kernel);
    output::print(&text(&diagnosis))?;
    Ok(if diagnosis.obstacle.is_none() {
        OK
    } else {
        UNFIT
    })
}

fn text(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    for check in &diagnosis.checks {
        let mark = match check.good {
            Some(true) => "ok",
            Some(false) => "no",
            None => "?",
        };
        let _ = writeln!(text, "{mark:>3}  {:<10} {}", check.what, check.says);
        if let Some(advice) = check.advice {
            let _ = writeln!(text, "                -> {advice}");
        }
    }
    text.push_str(&hook_table::table(&diagnosis.hooks));
    let _ = match &diagnosis.obstacle {
        None => writeln!(text, "\n`tracer live` runs here."),
        Some(obstacle) => writeln!(text, "\n`tracer live` does not run here: {obstacle}"),
    };
    text
}
