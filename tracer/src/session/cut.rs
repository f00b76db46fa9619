//! `tracer cut`: a part of a recording as a recording, for a bug report.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::{Exit, OK, Save, anonymize::Mask, recorder::Recorder, window::Window};
use crate::event::{What, humane};

pub struct Cut {
    pub from: PathBuf,
    pub to: Save,
    pub window: Window,
    /// Replace all names.
    pub anonymize: bool,
}

pub fn cut(cut: &Cut) -> Result<Exit> {
    ensure!(
        cut.anonymize || !cut.window.is_everything(),
        "say what to keep: --since, --until, --tree"
    );
    ensure!(
        !cut.to.replaces(&cut.from),
        "a recording is not cut in place: give another name for the part"
    );
    Recorder::may_create(&cut.to)?;
    let mut recorder = None;
    let mask = cut.anonymize.then(Mask::default);
    cut.window.read(&cut.from, |mut event| {
        if let Some(mask) = &mask {
            mask.cover(&mut event);
        }
        if let What::Session(session) = &mut event.what {
            // What is cut out of a part is no part.
            session.segment = None;
        }
        // Nothing is made before something could be read.
        if recorder.is_none() {
            recorder = Some(Recorder::create(&cut.to)?);
        }
        if let Some(recorder) = &mut recorder {
            recorder.take(event);
        }
        Ok(())
    })?;
    let Some(recorder) = recorder else {
        anyhow::bail!("{} holds nothing of that", cut.from.display());
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
