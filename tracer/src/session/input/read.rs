//! Reads a recording from beginning to end, with a progress bar and notices
//! about damage.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{
    completeness::{Completeness, LISTED},
    recording::Input,
    window::Window,
};
use crate::{
    event::{Event, file_name},
    recording::{Damage, Ending, PartReport, is_being_written},
    session::console::{notice::notify, progress::Progress},
};

/// Emits every event of a recording that can be read.
///
/// Damage does not end the read. The damaged places become notices.
pub fn read(path: &Path, take: impl FnMut(Event) -> Result<()>) -> Result<Completeness> {
    read_input(&Input::find(path, &Window::default())?, take)
}

/// Does the same as [`read`] for an input that has been found already.
pub fn read_input(input: &Input, take: impl FnMut(Event) -> Result<()>) -> Result<Completeness> {
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
) -> Result<Completeness> {
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
    let path = input.path_of(chain.place().0);
    if let Some(Ending::Torn { offset, .. }) = chain.reader().ending()
        && notices == Notices::Emit
        && is_being_written(path) == Some(true)
    {
        let path = file_name(path);
        notify(format_args!(
            "{path}: it is still being written, and was read up to offset {offset}"
        ));
    }
    Ok(report(input, chain.part_reports(), notices))
}

/// Emits a notice for each damaged place, as many as fit on a screen. Returns how much of the
/// recording could be read.
pub fn report(
    input: &Input,
    reports: impl Iterator<Item = (usize, PartReport)>,
    notices: Notices,
) -> Completeness {
    let (mut is_complete, mut is_whole, mut places) = (true, true, 0_usize);
    let mut reports = reports.peekable();
    while let Some((part, report)) = reports.next() {
        let path = input.path_of(part);
        let torn = torn(&report).filter(|_| is_being_written(path) != Some(true));
        // A recorder that was killed and started again leaves a gap, which is no damage.
        let goes_on = reports.peek().is_some();
        is_whole &= damaged_places(&report).next().is_none() && (torn.is_none() || goes_on);
        is_complete &= report.is_complete();
        let name = file_name(path);
        for place in damaged_places(&report).chain(torn) {
            places += 1;
            if notices == Notices::Emit && places <= LISTED {
                notify(format_args!("{name}: {place}"));
            }
        }
    }
    if notices == Notices::Emit && places > LISTED {
        let more = places - LISTED;
        let name = file_name(&input.path);
        notify(format_args!(
            "{name}: and {more} more places: `tracer info --json` lists all of them"
        ));
    }
    Completeness {
        is_complete,
        is_whole,
    }
}

/// Returns what was wrong with a part, one message for each place.
fn damaged_places(report: &PartReport) -> impl Iterator<Item = String> + '_ {
    let missing = (report.missing_before > 0).then(|| {
        let events = report.missing_before;
        format!("{events} events are missing before this segment: other segments held them")
    });
    let unknown = report.unknown;
    let unknown = (unknown.events + unknown.blocks > 0).then(|| {
        format!(
            "{} events and {} blocks are of kinds that this version does not know",
            unknown.events, unknown.blocks
        )
    });
    let trailing = report.trailing.map(|trailing| trailing.to_string());
    let damage = report.damage.iter().map(Damage::to_string);
    let before = missing.into_iter().chain(report.refused.clone());
    before.chain(damage).chain(unknown).chain(trailing)
}

/// Returns how a part without an end mark ends.
fn torn(report: &PartReport) -> Option<String> {
    match report.ending {
        Some(Ending::Torn { offset, bytes }) => Some(format!(
            "ends without an end mark at offset {offset}: the recorder was killed, or the file \
             was truncated ({bytes} bytes at the end are unreadable)"
        )),
        Some(Ending::Clean) | None => None,
    }
}
