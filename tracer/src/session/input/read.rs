//! Reads a recording from beginning to end, with a progress bar and notices
//! about damage.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{recording::Input, window::Window};
use crate::{
    event::{Event, file_name},
    recording::{Ending, PartReport},
    session::console::{notice::notify, progress::Progress},
};

/// Emits every event of a recording that can be read.
///
/// Damage does not end the read. Each damaged place becomes a notice. Returns
/// true if everything that was recorded could be read.
pub fn read(path: &Path, take: impl FnMut(Event) -> Result<()>) -> Result<bool> {
    read_input(&Input::find(path, &Window::default())?, take)
}

/// Does the same as [`read`] for an input that has been found already.
pub fn read_input(input: &Input, take: impl FnMut(Event) -> Result<()>) -> Result<bool> {
    read_events(input, Notices::Emit, take)
}

/// The notices about damage.
#[derive(Clone, Copy, PartialEq)]
pub enum Notices {
    /// They are emitted.
    Emit,
    /// They are suppressed, because the recording is read again.
    Suppress,
}

/// Does the same as [`read_input`], with or without notices.
pub fn read_events(
    input: &Input,
    notices: Notices,
    mut take: impl FnMut(Event) -> Result<()>,
) -> Result<bool> {
    let cannot = || format!("{} cannot be read", file_name(&input.path));
    let (mut chain, length) = input.chain()?;
    let mut progress = Progress::new("reading", &input.path, length);
    let (mut part, mut before) = (0, 0);
    while let Some(event) = chain.next_event().with_context(cannot)? {
        take(event)?;
        let (now, offset) = chain.place();
        if now != part {
            before += input.length_of(part);
            part = now;
        }
        progress.step(before + offset);
    }
    drop(progress);
    let mut complete = true;
    for (part, report) in chain.part_reports() {
        if notices == Notices::Emit {
            report_damage(input.path_of(part), &report);
        }
        complete &= report.is_complete();
    }
    Ok(complete)
}

fn report_damage(path: &Path, report: &PartReport) {
    let path = file_name(path);
    if let Some(why) = &report.refused {
        notify(format_args!("{path}: {why}"));
    }
    for damage in &report.damage {
        notify(format_args!("{path}: {damage}"));
    }
    let unknown = report.unknown;
    if unknown.events + unknown.blocks > 0 {
        notify(format_args!(
            "{path}: {} events and {} blocks are of kinds that this version does not know",
            unknown.events, unknown.blocks
        ));
    }
    if let Some(Ending::Torn { offset, bytes }) = report.ending {
        notify(format_args!(
            "{path}: ends without an end mark at offset {offset}: the recorder was killed or is \
             still running, or the file was truncated ({bytes} bytes at the end are unreadable)"
        ));
    }
}
