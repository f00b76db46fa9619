//! `tracer merge`: recordings of one boot as one recording, in order of time.
//!
//! One input at a time reports a process: the first that mentions it, until that
//! input ends. So nothing is reported twice where two inputs overlap, and
//! everything that only one of them has is kept: another subtree, an earlier or
//! later time, or the end of a process that the other one lost. Between inputs
//! that do not touch lies a gap.
//!
//! The merge has three parts: the [`input`]s with their beginnings, the
//! [`reporters`] and [`endings`] that decide which input is heard, and
//! [`snapshot`]s that describe the processes of one input to the others. The
//! [`stream`] joins them.

mod endings;
mod input;
mod reporters;
mod snapshot;
mod stream;

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};

use super::anonymize::Mask;
use crate::{
    confinement,
    event::file_name,
    session::{
        console::{exit::Exit, notice::notify},
        files::rights,
        input::completeness::Completeness,
        recorder::{Recorder, target::Save},
    },
};
use input::MergeInput;
use stream::MergedStream;

/// Options of `tracer merge`.
pub struct Merge {
    /// Recordings, or directories of segments.
    pub from: Vec<PathBuf>,
    /// Destination of the merged recording.
    pub to: Save,
    /// True to replace all names.
    pub anonymize: bool,
}

/// Writes the merged recording.
///
/// # Errors
///
/// Fails if the inputs are from different boots.
pub fn merge(merge: &Merge) -> Result<Exit> {
    for from in &merge.from {
        ensure!(
            !merge.to.replaces(from),
            "{} would be merged into itself: choose another name for the merged recording",
            file_name(from)
        );
    }
    Recorder::may_create(&merge.to)?;
    confinement::keep(&rights::rewriter(&merge.from, &merge.to.path));
    let mut inputs = Vec::new();
    for path in &merge.from {
        inputs.push(MergeInput::open(path)?);
    }
    ensure_same_boot(&inputs)?;
    // Of two events at the same time, the one of the earlier input comes first.
    inputs.sort_by_key(|input| input.began);
    let each = inputs.iter().map(|input| input.completeness);
    let completeness = each.fold(Completeness::default(), Completeness::and);
    let mut recorder = Recorder::create(&merge.to)?;
    let mask = merge.anonymize.then(Mask::default);
    let mut stream = MergedStream::new(inputs, |mut event| {
        if let Some(mask) = &mask {
            mask.apply(&mut event);
        }
        recorder.take(event);
    });
    stream.run()?;
    notify(recorder.finish()?);
    Ok(completeness.exit())
}

/// Fails if the inputs are from different boots, whose times and PIDs cannot be
/// compared.
fn ensure_same_boot(inputs: &[MergeInput]) -> Result<()> {
    let mut inputs = inputs.iter();
    let Some(first) = inputs.next() else {
        return Ok(());
    };
    for other in inputs {
        let (one, two) = (&first.session, &other.session);
        if one.boot_id != two.boot_id || one.boot_id.is_empty() {
            bail!(
                "{} is from boot {} of host {} and {} is from boot {} of host {}: only \
                 recordings of one boot can be merged, because times and PIDs of different boots \
                 cannot be compared (recordings that were anonymized separately also have \
                 different boots: merge them first)",
                file_name(&first.path),
                one.boot_id,
                one.hostname,
                file_name(&other.path),
                two.boot_id,
                two.hostname,
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
