//! `tracer repair`: a whole recording of what can be read of a damaged one.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::{Exit, OK, Save, reading, recorder::Recorder};
use crate::event::humane;

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
    Recorder::may_create(&repair.to)?;
    let mut recorder = None;
    reading::read(&repair.from, |event| {
        // Nothing is made before something could be read.
        if recorder.is_none() {
            recorder = Some(Recorder::create(&repair.to)?);
        }
        if let Some(recorder) = &mut recorder {
            recorder.take(event);
        }
        Ok(())
    })?;
    let Some(recorder) = recorder else {
        anyhow::bail!("{} holds no events that can be read", repair.from.display());
    };
    let kept = recorder.finish()?;
    eprintln!(
        "tracer: {}: {} events, {}",
        kept.path.display(),
        kept.events,
        humane::bytes(kept.bytes)
    );
    Ok(OK)
}
