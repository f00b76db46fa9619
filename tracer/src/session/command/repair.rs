//! `tracer repair`: copies everything readable of a damaged recording.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::rewrite::Rewrite;
use crate::event::file_name;
use crate::session::{
    console::exit::{Exit, RECORDING_INCOMPLETE},
    input::read,
    recorder::target::Save,
};

/// Options of `tracer repair`.
pub struct Repair {
    /// Damaged recording; `-` is standard input.
    pub from: PathBuf,
    /// Destination of the repaired recording.
    pub to: Save,
}

/// Writes the repaired recording. The exit code is
/// [`RECORDING_INCOMPLETE`] if anything is missing.
pub fn repair(repair: &Repair) -> Result<Exit> {
    ensure!(
        !repair.to.replaces(&repair.from),
        "a recording cannot be repaired in place: choose another name for the repaired one"
    );
    let mut rewrite = Rewrite::begin([&repair.from], &repair.to)?;
    let completeness = read::read(&repair.from, |event| rewrite.take(event))?;
    let nothing = || format!("{} contains no readable events", file_name(&repair.from));
    let written = rewrite.finish(nothing)?;
    Ok(if completeness.is_complete {
        written
    } else {
        RECORDING_INCOMPLETE
    })
}
