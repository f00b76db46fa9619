//! Resuming a trace that an earlier recorder began in the same directory.

use super::segments::Segments;
use crate::{
    event::Segment,
    recording::{Index, Span, open_regular},
    session::input::segment::SegmentHead,
    source::live,
};

/// End of the trace that an earlier recorder left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// Position of the next segment.
    pub segment: Segment,
    /// Latest time in the trace, ns since boot.
    pub latest: u64,
}

/// Finds the end of the latest trace in a directory.
///
/// Returns `None` if it is from another boot or cannot be read; then a new trace
/// begins. Reads the block headers of the last segment.
pub fn resume(segments: &Segments) -> Option<Resumed> {
    // A recorder that was killed at once leaves a file without a beginning.
    let mut heads = segments
        .earlier()
        .map(|path| SegmentHead::read(path.to_owned()));
    let head = heads.find_map(|head| head)?;
    if head.session().boot_id != live::boot_id() {
        return None;
    }
    let last = head.segment()?;
    let index = Index::load(open_regular(&head.path).ok()?).ok()?;
    let events: u64 = index
        .entries
        .iter()
        .map(|entry| u64::from(entry.events))
        .sum();
    // Later segments repeat the session. It counts in the first one only.
    let events = events - u64::from(last.number > 0).min(events);
    let spans = index.entries.iter().map(|entry| entry.span);
    let latest = spans.map(|Span { latest, .. }| latest).max();
    Some(Resumed {
        // After a damaged number, a new trace begins.
        segment: Segment {
            number: last.number.checked_add(1)?,
            events_before: last.events_before.checked_add(events)?,
            ..last
        },
        latest: latest.unwrap_or(head.at()),
    })
}
