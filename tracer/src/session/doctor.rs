//! `tracer doctor`: what this host offers, which hook serves each purpose,
//! what is lost and why, and what could be changed.

use std::fmt::Write as _;

use anyhow::Result;

use super::{Exit, KernelOptions, OK, hooks, output};
use crate::{
    event::Diagnosis,
    export,
    source::live::{examine, facts_as_text},
};

/// `tracer live` would not run.
const UNFIT: Exit = 1;

/// How the answer is given.
pub enum Answer {
    Text,
    Json,
    /// The bare facts, for tests of the plan.
    Facts,
}

pub fn doctor(kernel: &KernelOptions, answer: &Answer) -> Result<Exit> {
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
    text.push_str(&hooks::table(&diagnosis.hooks));
    let _ = match &diagnosis.obstacle {
        None => writeln!(text, "\n`tracer live` runs here."),
        Some(obstacle) => writeln!(text, "\n`tracer live` does not run here: {obstacle}"),
    };
    text
}
