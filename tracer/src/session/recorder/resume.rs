//! Going on with a trace that another tracer began: where its last part ends.

use std::fs::File;

use super::{super::story::Front, ring::Segments};
use crate::{
    event::Segment,
    recording::{Index, Span},
    source::live,
};

/// What an earlier tracer has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// The part that comes next.
    pub segment: Segment,
    /// The latest time that was told, ns since boot.
    pub latest: u64,
}

/// Where the latest tracer in a directory ended; none if it was not of this
/// boot, or cannot be read: a new trace begins then. Reads the headers of the
/// last part's blocks.
pub fn resume(segments: &Segments) -> Option<Resumed> {
    // One that was killed at once leaves a file without a beginning.
    let mut fronts = segments.earlier().map(|path| Front::read(path.to_owned()));
    let front = fronts.find_map(|front| front)?;
    if front.session().boot_id != live::boot_id() {
        return None;
    }
    let part = front.segment()?;
    let index = Index::load(File::open(&front.path).ok()?).ok()?;
    let told: u64 = index
        .entries
        .iter()
        .map(|entry| u64::from(entry.events))
        .sum();
    // The session that a part begins with is an event of the first only.
    let told = told - u64::from(part.number > 0).min(told);
    let spans = index.entries.iter().map(|entry| entry.span);
    let latest = spans.map(|Span { latest, .. }| latest).max();
    Some(Resumed {
        segment: Segment {
            number: part.number + 1,
            events_before: part.events_before + told,
            ..part
        },
        latest: latest.unwrap_or(front.at()),
    })
}
