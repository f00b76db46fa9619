//! `tracer repair`: a whole recording of what can be read of a damaged one.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::{Exit, RECORDING_INCOMPLETE, Save, reading, remake::Remake};

pub struct Repair {
    /// `-` is standard input.
    pub from: PathBuf,
    pub to: Save,
}

pub fn repair(repair: &Repair) -> Result<Exit> {
    ensure!(
        !repair.to.replaces(&repair.from),
        "a recording is not repaired in place: give another name for the repaired one"
    );
    let mut remake = Remake::begin(&repair.to)?;
    let complete = reading::read(&repair.from, |event| remake.take(event))?;
    let nothing = || format!("{} holds no events that can be read", repair.from.display());
    let made = remake.finish(nothing)?;
    Ok(if complete { made } else { RECORDING_INCOMPLETE })
}
