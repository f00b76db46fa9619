//! The contents of a recording as one JSON object, for `tracer info --json`.

use serde_json::{Value, json};

use super::value;
use crate::{
    event::{Session, Utc},
    recording::{Damage, Ending, Error, Survey, block_name},
};

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
        ended,
        tally,
        damage,
        unknown,
        ending,
    } = survey;
    let wall = |at: u64| session.as_ref().map(|it| Utc(it.realtime(at)).to_string());
    let kinds = kinds.iter().map(|&(kind, count)| {
        let bytes = tally.columns.get(&(kind as u8)).copied().unwrap_or(0);
        let value = json!({"events": count, "column_bytes": bytes});
        (kind.name().to_owned(), value)
    });
    let blocks = tally.blocks.iter().map(|(&kind, volume)| {
        json!({
            "kind": kind,
            "name": block_name(kind),
            "blocks": volume.blocks,
            "bytes": volume.stored,
            "decompressed_bytes": volume.raw,
        })
    });
    let gaps = gaps.iter().map(|(at, gap)| {
        let lost = gap.lost.iter();
        let lost = lost.map(|lost| (lost.kind.name().to_owned(), json!(lost.count)));
        let (cause, unreadable) = value::gap_cause(gap.cause);
        json!({
            "since_ns": gap.since,
            "until_ns": at,
            "since": wall(gap.since),
            "lost": lost.collect::<Value>(),
            "cause": cause,
            "unreadable_events": unreadable,
        })
    });
    let object = json!({
        "file": value::text(file.as_bytes()),
        "version": version,
        "bytes": tally.all().stored,
        "events": events,
        "began_ns": span.map(|span| span.earliest),
        "ended_ns": span.map(|span| span.latest),
        "began": span.and_then(|span| wall(span.earliest)),
        "ended": span.and_then(|span| wall(span.latest)),
        "whole": survey.is_whole(),
        "trace_ended": ended,
        "torn_at": match ending {
            Some(Ending::Torn { offset, .. }) => Some(offset),
            Some(Ending::Clean) | None => None,
        },
        "damage": damage.iter().map(damaged).collect::<Vec<_>>(),
        "unknown": {"events": unknown.events, "blocks": unknown.blocks},
        "sessions": sessions,
        "session": session.as_ref().map(about),
        "kinds": kinds.collect::<Value>(),
        "shared_column_bytes": tally.columns.get(&0),
        "blocks": blocks.collect::<Vec<_>>(),
        "gap_count": gap_count,
        "gaps": gaps.collect::<Vec<_>>(),
    });
    value::pretty(&object)
}

/// Returns the object for a number of segments missing between two others.
pub fn missing_json(segments: u64) -> String {
    let object = json!({"missing_segments": segments, "whole": false});
    value::pretty(&object)
}

/// Returns the object for a segment that cannot be read.
pub fn unreadable_json(file: &str, bytes: u64, why: &Error) -> String {
    let object = json!({
        "file": value::text(file.as_bytes()),
        "bytes": bytes,
        "whole": false,
        "error": why.to_string(),
    });
    value::pretty(&object)
}

fn damaged(damage: &Damage) -> Value {
    let Damage {
        offset,
        bytes,
        blocks,
        events,
    } = damage;
    json!({"offset": offset, "bytes": bytes, "blocks": blocks, "events": events})
}

fn about(session: &Session) -> Value {
    let hooks = session.hooks.iter().map(
        |hook| json!({"purpose": hook.purpose.name(), "hook": hook.hook, "loses": hook.loses}),
    );
    json!({
        "tracer_version": session.tracer_version,
        "kernel_release": session.kernel_release,
        "hostname": session.hostname,
        "boot_id": session.boot_id,
        "realtime_offset_ns": session.realtime_offset,
        "page_size": session.page_size,
        "cpus": session.cpus,
        "command": value::command(&session.command),
        "tracer_pid": session.tracer_pid,
        "hooks": hooks.collect::<Vec<_>>(),
        "segment": session.segment.map(value::segment),
    })
}
