//! `tracer cut`: copies a part of a recording, for a bug report.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::{anonymize::Mask, rewrite::Rewrite};
use crate::{
    event::{What, file_name},
    session::{
        console::exit::Exit,
        input::{range, window::Window},
        recorder::target::Save,
    },
};

/// Options of `tracer cut`.
pub struct Cut {
    /// Recording, or directory of segments.
    pub from: PathBuf,
    /// Destination of the part.
    pub to: Save,
    /// Part to copy.
    pub window: Window,
    /// True to replace all names.
    pub anonymize: bool,
}

/// Writes the part as a recording of its own.
pub fn cut(cut: &Cut) -> Result<Exit> {
    ensure!(
        cut.anonymize || !cut.window.is_everything(),
        "select a part with --since, --until or --tree"
    );
    ensure!(
        !cut.to.replaces(&cut.from),
        "a recording cannot be cut in place: choose another name for the part"
    );
    let mut rewrite = Rewrite::begin([&cut.from], &cut.to)?;
    let mask = cut.anonymize.then(Mask::default);
    let completeness = range::read(&cut.window, &cut.from, |mut event| {
        if let Some(mask) = &mask {
            mask.apply(&mut event);
        }
        if let What::Session(session) = &mut event.what {
            // A part of a segment is not a segment.
            session.segment = None;
        }
        rewrite.take(event)
    })?;
    rewrite.finish(|| format!("{} contains no events of that part", file_name(&cut.from)))?;
    Ok(completeness.exit())
}
