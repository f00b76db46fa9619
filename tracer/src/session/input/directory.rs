//! The directory of a flight recorder: its segments, grouped into traces, and
//! the trace that a window selects.

use std::{
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use super::{completeness::LISTED, segment::SegmentHead, when::WallSpan, window::Window};
use crate::{
    event::file_name,
    recording::{self, Index, is_being_written, open_regular, segments},
    session::console::{notice::notify, time_zone::zone},
};

/// Contents of a flight recorder's directory.
#[derive(Default)]
pub struct Directory {
    /// Traces, each with its segments, in order of time.
    pub traces: Vec<Vec<SegmentHead>>,
    /// Segments without a readable beginning, and the reason.
    pub unreadable: Vec<(PathBuf, recording::Error)>,
}

/// The trace that a window selects.
#[derive(Default)]
pub struct Selected {
    /// Segments in order of time.
    pub segments: Vec<SegmentHead>,
    /// Beginning and end of the window by the wall clock, ns since 1970, if it has any.
    pub range: Option<(i64, i64)>,
}

impl Directory {
    /// Reads the beginning of each segment.
    pub fn read(dir: &Path) -> Result<Directory> {
        let cannot = || format!("{} cannot be read", file_name(dir));
        let listing = segments::list(dir).with_context(cannot)?;
        if listing.foreign > 0 && !listing.segments.is_empty() {
            notify(format_args!(
                "{}: {} files in it are not segments",
                file_name(dir),
                listing.foreign
            ));
        }
        let mut directory = Directory::default();
        for file in listing.segments {
            let head = match SegmentHead::try_read(file.path.clone()) {
                Ok(Some(head)) => head,
                // A recorder that was killed at once leaves a file without a
                // beginning. A running one has yet to write it, and may remove
                // the oldest segment at any time.
                Ok(None) => continue,
                Err(recording::Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                    continue;
                }
                Err(_) if is_being_written(&file.path) == Some(true) => continue,
                Err(why) => {
                    directory.unreadable.push((file.path, why));
                    continue;
                }
            };
            match directory.traces.last_mut() {
                Some(trace) if trace.last().is_some_and(|last| last.is_before(&head)) => {
                    trace.push(head);
                }
                _ => directory.traces.push(vec![head]),
            }
        }
        Ok(directory)
    }
}

/// Selects the latest trace of a directory that overlaps the window.
///
/// Notices mention unreadable segments and other traces.
pub fn select(dir: &Path, window: &Window) -> Result<Selected> {
    let Directory {
        mut traces,
        unreadable,
    } = Directory::read(dir)?;
    let dir = file_name(dir);
    for (path, why) in unreadable.iter().take(LISTED) {
        let path = file_name(path);
        notify(format_args!("{path}: {why}; its events become a gap"));
    }
    if let more @ 1.. = unreadable.len().saturating_sub(LISTED) {
        notify(format_args!(
            "{dir}: and {more} more segments: `tracer info` lists all of them"
        ));
    }
    let Some(last) = traces.last() else {
        bail!("{dir} is a directory without segments, as `tracer record --ring` writes them");
    };
    if window.is_unbounded() {
        if traces.len() > 1 {
            let began = zone().at(wall_time(last, last[0].at()));
            notify(format_args!(
                "{dir}: using the latest trace, which begins at {began}"
            ));
        }
        return Ok(Selected {
            segments: traces.pop().unwrap_or_default(),
            ..Selected::default()
        });
    }
    let end = latest(last)?.max(last[0].at());
    let covered = WallSpan {
        earliest: wall_time(&traces[0], traces[0][0].at()),
        began: wall_time(last, last[0].at()),
        ended: wall_time(last, end),
    };
    let (since, until) = window.wall_range(covered);
    let ends: Vec<_> = traces[1..]
        .iter()
        .map(|next| wall_time(next, next[0].at()))
        .chain([i64::MAX])
        .collect();
    let overlaps = |(trace, end): &(Vec<SegmentHead>, i64)| {
        wall_time(trace, trace[0].at()) <= until && since <= *end
    };
    let count = traces.len();
    let mut found: Vec<_> = traces.into_iter().zip(ends).filter(overlaps).collect();
    let Some((trace, _)) = found.pop() else {
        let empty = window.empty_text((since, until), &dir, covered);
        bail!("{empty}, in {count} traces");
    };
    if !found.is_empty() {
        let began = zone().at(wall_time(&trace, trace[0].at()));
        notify(format_args!(
            "{dir}: events before {began} belong to another trace, which --until selects"
        ));
    }
    Ok(Selected {
        segments: trace,
        range: Some((since, until)),
    })
}

/// Returns the wall clock time, ns since 1970, of a moment of a trace.
///
/// The last segment decides: if the clock was set meanwhile, the later setting
/// is the better one.
fn wall_time(trace: &[SegmentHead], at: u64) -> i64 {
    let last = trace.last();
    last.map_or(0, |last| last.session().realtime(at))
}

/// Returns the latest time of a trace, ns since boot.
fn latest(trace: &[SegmentHead]) -> Result<u64> {
    let Some(last) = trace.last() else {
        return Ok(0);
    };
    let cannot = || format!("{} cannot be read", file_name(&last.path));
    let index = Index::load(open_regular(&last.path).with_context(cannot)?).with_context(cannot)?;
    let latest = index.entries.iter().map(|entry| entry.span.latest);
    Ok(latest.max().unwrap_or(last.at()))
}
