//! The contents of a recording as one JSON object, for `tracer info --json`.

use super::{
    json::{self, Keyed, text},
    value::{self, SessionFacts, object},
};
use crate::{
    event::{Gap, Utc},
    recording::{Damage, Ending, Error, Survey, block_name},
};

object! {
    /// The contents and the condition of a recording. Times are of the first session's
    /// clock.
    pub struct SurveyObject {
        /// File.
        file: String,
        /// Version of the format; null if the file header is damaged.
        version: Option<u16>,
        /// Size, bytes.
        bytes: u64,
        /// Number of events.
        events: u64,
        /// Time of the first event, ns since boot.
        began_ns: Option<u64>,
        /// Time of the last event, ns since boot.
        ended_ns: Option<u64>,
        /// Time of the first event on the wall clock, UTC.
        began: Option<String>,
        /// Time of the last event on the wall clock, UTC.
        ended: Option<String>,
        /// True if nothing is damaged, and the recording has its end mark and nothing behind it.
        whole: bool,
        /// True if tracing ended regularly.
        trace_ended: bool,
        /// Offset of a block that is cut off, bytes.
        torn_at: Option<u64>,
        /// Bytes behind the end mark, which are not read.
        trailing: Option<TrailingBytes>,
        /// Unreadable parts.
        damage: Vec<DamagedPart>,
        /// What a later version of tracer wrote and this one skipped.
        unknown: Skipped,
        /// Number of sessions: more than one if tracing was restarted or files were joined.
        sessions: u64,
        /// First session.
        session: Option<SessionFacts>,
        /// Events by kind, the most frequent first.
        kinds: Keyed<EventKind>,
        /// Size of what all kinds share, decompressed, bytes.
        shared_column_bytes: Option<u64>,
        /// Blocks by kind.
        blocks: Vec<BlockKind>,
        /// Number of gaps.
        gap_count: u64,
        /// The first 1,000 gaps.
        gaps: Vec<RecordingGap>,
        /// Number of lost records by kind, in all gaps but those of a budget.
        lost: Keyed<u64>,
        /// Number of records beyond a user's budget, by kind, in all gaps.
        over_budget: Keyed<u64>,
    }

    /// Bytes behind the end mark of a recording.
    pub struct TrailingBytes {
        /// Offset, bytes.
        offset: u64,
        /// Size, bytes.
        bytes: u64,
        /// True if they begin like a recording: two files were joined.
        is_recording: bool,
    }

    /// An unreadable part of a recording.
    pub struct DamagedPart {
        /// Offset, bytes.
        offset: u64,
        /// Size, bytes.
        bytes: u64,
        /// Number of blocks in it.
        blocks: Option<u32>,
        /// Number of events in it.
        events: Option<u64>,
    }

    /// What a later version of tracer wrote and this one skipped.
    pub struct Skipped {
        /// Number of events.
        events: u64,
        /// Number of blocks.
        blocks: u64,
    }

    /// The events of one kind.
    pub struct EventKind {
        /// Number of events.
        events: u64,
        /// Their size in blocks of events, decompressed, bytes.
        column_bytes: u64,
    }

    /// The blocks of one kind.
    pub struct BlockKind {
        /// Number of the kind.
        kind: u8,
        /// Name of the kind.
        name: &'static str,
        /// Number of blocks.
        blocks: u64,
        /// Size, bytes.
        bytes: u64,
        /// Size when decompressed, bytes.
        decompressed_bytes: u64,
    }

    /// A gap in the events.
    pub struct RecordingGap {
        /// Begin, ns since boot.
        since_ns: u64,
        /// End, ns since boot.
        until_ns: u64,
        /// Begin on the wall clock, UTC.
        since: Option<String>,
        /// Number of lost records by kind.
        lost: Keyed<u64>,
        /// Why: `no_room` in the ring buffer, `skipped` by the kernel, `over_budget`, because
        /// one user caused too many, `unreadable` in the recording, or `untraced`.
        cause: &'static str,
        /// Number of unreadable events.
        unreadable_events: Option<u64>,
    }

    /// Segments of a flight recorder that are missing between two others.
    pub struct MissingObject {
        /// Number of segments.
        missing_segments: u64,
        /// False.
        whole: bool,
    }

    /// A segment of a flight recorder that cannot be read.
    pub struct UnreadableObject {
        /// File.
        file: String,
        /// Size, bytes.
        bytes: u64,
        /// False.
        whole: bool,
        /// Why it cannot be read.
        error: String,
    }
}

/// Returns the contents of a recording as an indented JSON object.
pub fn survey_json(file: &str, survey: &Survey) -> String {
    let Survey {
        version,
        session,
        sessions,
        events,
        span,
        kinds,
        gaps,
        gap_count,
        lost,
        over_budget,
        ended,
        tally,
        damage,
        unknown,
        ending,
        trailing,
    } = survey;
    let wall = |at: u64| session.as_ref().map(|it| Utc(it.realtime(at)).to_string());
    let kinds = kinds.iter().map(|&(kind, events)| {
        let column_bytes = tally.columns.get(&(kind as u8)).copied().unwrap_or(0);
        let object = EventKind {
            events,
            column_bytes,
        };
        (kind.name().into(), object)
    });
    let blocks = tally.blocks.iter().map(|(&kind, volume)| BlockKind {
        kind,
        name: block_name(kind),
        blocks: volume.blocks,
        bytes: volume.stored,
        decompressed_bytes: volume.raw,
    });
    let gap = |(at, gap): &(u64, Gap)| {
        let (cause, unreadable_events) = value::gap_cause(gap.cause);
        RecordingGap {
            since_ns: gap.since,
            until_ns: *at,
            since: wall(gap.since),
            lost: value::lost(&gap.lost),
            cause,
            unreadable_events,
        }
    };
    json::pretty(&SurveyObject {
        file: text(file.as_bytes()),
        version: *version,
        bytes: tally.all().stored,
        events: *events,
        began_ns: span.map(|span| span.earliest),
        ended_ns: span.map(|span| span.latest),
        began: span.and_then(|span| wall(span.earliest)),
        ended: span.and_then(|span| wall(span.latest)),
        whole: survey.is_whole(),
        trace_ended: *ended,
        torn_at: match ending {
            Some(Ending::Torn { offset, .. }) => Some(*offset),
            Some(Ending::Clean) | None => None,
        },
        trailing: trailing.map(|trailing| TrailingBytes {
            offset: trailing.offset,
            bytes: trailing.bytes,
            is_recording: trailing.is_recording,
        }),
        damage: damage.iter().map(damaged).collect(),
        unknown: Skipped {
            events: unknown.events,
            blocks: unknown.blocks,
        },
        sessions: *sessions,
        session: session.as_ref().map(value::session),
        kinds: Keyed(kinds.collect()),
        shared_column_bytes: tally.columns.get(&0).copied(),
        blocks: blocks.collect(),
        gap_count: *gap_count,
        gaps: gaps.iter().map(gap).collect(),
        lost: value::lost(lost),
        over_budget: value::lost(over_budget),
    })
}

/// Returns the object for a number of segments missing between two others.
pub fn missing_json(segments: u64) -> String {
    json::pretty(&MissingObject {
        missing_segments: segments,
        whole: false,
    })
}

/// Returns the object for a segment that cannot be read.
pub fn unreadable_json(file: &str, bytes: u64, why: &Error) -> String {
    json::pretty(&UnreadableObject {
        file: text(file.as_bytes()),
        bytes,
        whole: false,
        error: why.to_string(),
    })
}

fn damaged(damage: &Damage) -> DamagedPart {
    let Damage {
        offset,
        bytes,
        blocks,
        events,
    } = damage;
    DamagedPart {
        offset: *offset,
        bytes: *bytes,
        blocks: *blocks,
        events: *events,
    }
}
