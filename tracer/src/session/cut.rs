//! `tracer cut`: a part of a recording as a recording, for a bug report.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::{Exit, Save, anonymize::Mask, remake::Remake, window::Window};
use crate::event::What;

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
    let mut remake = Remake::begin(&cut.to)?;
    let mask = cut.anonymize.then(Mask::default);
    cut.window.read(&cut.from, |mut event| {
        if let Some(mask) = &mask {
            mask.cover(&mut event);
        }
        if let What::Session(session) = &mut event.what {
            // What is cut out of a part is no part.
            session.segment = None;
        }
        remake.take(event)
    })?;
    remake.finish(|| format!("{} holds nothing of that", cut.from.display()))
}
