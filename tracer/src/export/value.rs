//! JSON values of facts. An unknown fact is null, never zero and never empty.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use serde_json::{Map, Value, json};

use crate::event::{
    ChildUsage, Comm, FaultClass, FaultTally, GapCause, OomVictim, ProcessId, Relations, Segment,
    Session, SigchldPolicy, StateTimes, TaskState, Text, Usage, Utc, Wakeups, arguments, is_plain,
    signal_name, unicode,
};

/// Returns bytes as text: UTF-8 as it is, and each byte that is not UTF-8 as a
/// character of its own ([`unicode`]), so that no two names become one.
pub fn text(bytes: &[u8]) -> Value {
    Value::String(unicode(bytes))
}

/// Returns a command name.
pub fn comm(comm: Comm) -> Value {
    text(comm.as_bytes())
}

/// Returns NUL-separated arguments as an array, or null for `None`.
pub fn argv(argv: Option<&[u8]>) -> Value {
    argv.map_or(Value::Null, |argv| arguments(argv).map(text).collect())
}

/// Returns the position of a segment in its trace.
pub fn segment(segment: Segment) -> Value {
    let Segment {
        number,
        began,
        events_before,
    } = segment;
    json!({"number": number, "trace_began_ns": began, "events_before": events_before})
}

/// Returns the cause of a gap, and the number of events that cannot be read.
pub fn gap_cause(cause: GapCause) -> (&'static str, Option<u64>) {
    match cause {
        GapCause::NoRoom => ("no_room", None),
        GapCause::Skipped => ("skipped", None),
        GapCause::Unreadable { events } => ("unreadable", events),
        GapCause::Untraced => ("untraced", None),
    }
}

/// Returns the arguments of a command line.
pub fn command(command: &Text) -> Value {
    argv(Some(command.as_bytes()))
}

/// Returns the name of a signal, or null for one without a name.
pub fn signal(sig: i32) -> Value {
    signal_name(sig).map_or(Value::Null, |name| json!(name))
}

/// Returns a process by PID and start, or null for the idle task, which is not a
/// process.
pub fn process(id: ProcessId) -> Value {
    match id.tgid {
        0 => Value::Null,
        tgid => json!({"pid": tgid, "start_ns": id.start}),
    }
}

/// Returns faults by class and by region. Values are null if faults are not
/// traced, or not distinguished.
pub fn faults(tally: Option<&FaultTally>) -> Map<String, Value> {
    let classes = FaultClass::ALL.iter().map(|&class| {
        let count = tally.map(|tally| tally.classes.of(class));
        (class.name().to_owned(), json!(count))
    });
    let regions = tally.map(|tally| {
        let (regions, elsewhere) = tally.regions();
        let regions = regions.into_iter().map(|here| {
            let counts = json!({"faults": here.faults, "copies": here.copies});
            (here.region.name().to_owned(), counts)
        });
        let elsewhere = ("elsewhere".to_owned(), json!({"faults": elsewhere}));
        Value::Object(regions.chain([elsewhere]).collect())
    });
    let rest = [
        ("total", json!(tally.map(|tally| tally.classes.total()))),
        ("kernel", json!(tally.map(|tally| tally.places.kernel))),
        ("regions", json!(regions)),
    ];
    let rest = rest.map(|(name, value)| (name.to_owned(), value));
    classes.chain(rest).collect()
}

/// Returns resource usage. Without a page size, `maxrss_kib` is null.
pub fn usage(usage: &Usage, page_size: Option<u64>) -> Map<String, Value> {
    let kib = |pages: u64| Some(pages.saturating_mul(page_size?) / 1024);
    [
        ("utime_ns", json!(usage.utime)),
        ("stime_ns", json!(usage.stime)),
        ("runtime_ns", json!(usage.runtime)),
        ("nvcsw", json!(usage.nvcsw)),
        ("nivcsw", json!(usage.nivcsw)),
        ("minor", json!(usage.min_flt)),
        ("major", json!(usage.maj_flt)),
        ("maxrss_kib", json!(usage.maxrss.and_then(kib))),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// Returns the process group, session and tracer of a process.
pub fn relations(relations: Option<&Relations>) -> Value {
    relations.map_or(Value::Null, |relations| {
        json!({
            "pgid": relations.pgid,
            "sid": relations.sid,
            "traced_by": relations.tracer.map(process),
        })
    })
}

/// Returns how a process handles the exit of its children.
pub fn sigchld_policy(policy: Option<&SigchldPolicy>) -> Value {
    policy.map_or(Value::Null, |policy| {
        json!({
            "sigchld": policy.sigchld.name(),
            "nocldwait": policy.known_nocldwait(),
            "blocked": policy.blocked,
            "stopped": policy.stopped,
        })
    })
}

/// Returns the resource usage of the children that a process has waited for.
pub fn child_usage(usage: Option<&ChildUsage>, page_size: Option<u64>) -> Value {
    let Some(usage) = usage else {
        return Value::Null;
    };
    json!({
        "utime_ns": usage.utime,
        "stime_ns": usage.stime,
        "nvcsw": usage.nvcsw,
        "nivcsw": usage.nivcsw,
        "minor": usage.min_flt,
        "major": usage.maj_flt,
        "maxrss_kib": page_size.map(|size| usage.maxrss.saturating_mul(size) / 1024),
    })
}

/// Returns the cause of an OOM kill, or null if there was none.
pub fn oom(victim: Option<&OomVictim>) -> Value {
    let Some(victim) = victim else {
        return Value::Null;
    };
    let cause = victim.cause();
    let path = |path: Option<&Text>| path.map(|path| text(path.as_bytes()));
    json!({
        "constraint": cause.map(|cause| cause.constraint.name()),
        "oom_memcg": path(cause.and_then(|cause| cause.oom_memcg.as_ref())),
        "task_memcg": path(cause.and_then(|cause| cause.task_memcg.as_ref())),
        "unknown": victim.why_unknown(),
    })
}

/// Returns the time in each task state, ns.
pub fn state_times(times: &StateTimes) -> Value {
    let times = TaskState::ALIVE.iter().map(|&state| {
        let time = times.of(state);
        (format!("{}_ns", state.name()), json!(time))
    });
    Value::Object(times.collect())
}

/// Returns the delays from a wake-up to running on a CPU, ns.
pub fn wakeups(wakeups: &Wakeups) -> Value {
    json!({
        "count": wakeups.count,
        "latency_ns": wakeups.latency,
        "latency_max_ns": wakeups.latency_max,
    })
}

/// Returns a time of the stream on the wall clock, RFC 3339 in UTC with nine digits
/// of the second. Null before the session is known.
pub fn wall(session: Option<&Session>, at: u64) -> Value {
    session.map_or(Value::Null, |session| {
        json!(format!("{:.9}", Utc(session.realtime(at))))
    })
}

/// Inserts `NAME_ns`, a time since boot, and `NAME_time`, the same on the wall clock.
pub fn time(
    object: &mut Map<String, Value>,
    session: Option<&Session>,
    name: &str,
    at: Option<u64>,
) {
    let clock = at.map(|at| wall(session, at));
    object.insert(format!("{name}_ns"), json!(at));
    object.insert(format!("{name}_time"), json!(clock));
}

/// Writes a value and a newline.
pub fn line(value: impl Into<Value>, out: &mut dyn Write) -> io::Result<()> {
    let json = value.into().to_string();
    out.write_all(printable(&json).as_bytes())?;
    out.write_all(b"\n")
}

/// Returns a value as indented JSON and a newline.
pub fn pretty(value: &Value) -> String {
    format!("{}\n", printable(&format!("{value:#}")))
}

/// Returns the same JSON with `\u` escapes for characters that a terminal obeys, or
/// that hide or reorder text, and for those of bytes that are not UTF-8. serde_json
/// escapes those below U+0020 only. The others can only be in strings, where the
/// escapes have the same meaning.
pub fn printable(json: &str) -> Cow<'_, str> {
    let shown = |c: char| c < '\u{7f}' || (is_plain(c) && !('\u{ef80}'..='\u{efff}').contains(&c));
    if json.chars().all(shown) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if shown(character) {
            text.push(character);
        } else {
            let units = character.encode_utf16(&mut [0; 2]).to_vec();
            text.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::bytes_of;

    /// Returns a string as `line` writes it.
    fn written(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        line(text(bytes), &mut out).unwrap();
        String::from_utf8(out).unwrap().trim_end().to_owned()
    }

    #[test]
    fn strings_are_text_with_the_escapes_of_json_only() {
        assert_eq!(written("é\\\n\"".as_bytes()), r#""é\\\n\"""#);
        assert_eq!(written(br"A\0"), r#""A\\0""#);
        assert_eq!(written(b"\xff"), r#""\uefff""#);
        assert_eq!(
            written("\u{202e}\u{9b}\x7f\u{e0001}".as_bytes()),
            r#""\u202e\u009b\u007f\udb40\udc01""#
        );
        for bytes in [
            &b"\x1b[2J\xff\\\"'"[..],
            "\u{efff}\u{202e}é\u{1f980}".as_bytes(),
            b"",
        ] {
            let back: String = serde_json::from_str(&written(bytes)).unwrap();
            assert_eq!(bytes_of(&back), bytes);
            assert!(written(bytes).chars().all(is_plain));
        }
    }

    #[test]
    fn no_arguments_are_not_unknown_arguments() {
        assert_eq!(argv(None), Value::Null);
        assert_eq!(argv(Some(b"")), json!([]));
        assert_eq!(argv(Some(b"\0")), json!([""]));
        assert_eq!(argv(Some(b"a\0\0b\0")), json!(["a", "", "b"]));
    }
}
