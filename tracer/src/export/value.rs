//! JSON values of facts. An unknown fact is null, never zero and never empty.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::event::{
    ChildUsage, Comm, FaultClass, FaultTally, GapCause, OomVictim, ProcessId, Relations, Segment,
    SigchldPolicy, StateTimes, TaskState, Text, Usage, Wakeups, arguments, escaped, signal_name,
};

/// Returns bytes as a string that preserves them exactly: printable text as it is,
/// a backslash as `\\`, and other bytes as [`escaped`] escapes them: `\n`,
/// `\u{1b}`, `\xff`. JSON could hold control characters, but `jq -r` would send
/// them to the terminal.
pub fn text(bytes: &[u8]) -> Value {
    let parts = bytes.split(|&byte| byte == b'\\').map(escaped);
    Value::String(parts.collect::<Vec<_>>().join(r"\\"))
}

/// Returns a command name, escaped.
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

/// Writes a value and a newline.
pub fn line(value: impl Into<Value>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &value.into())?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_lossless() {
        // A byte differs from the four characters that look like it.
        assert_eq!(text(b"\xff"), r"\xff");
        assert_eq!(text(br"\xff"), r"\\xff");
        assert_eq!(text("é\\\n\u{202e}".as_bytes()), r"é\\\n\u{202e}");
        assert_eq!(text(b""), "");
    }

    #[test]
    fn no_arguments_are_not_unknown_arguments() {
        assert_eq!(argv(None), Value::Null);
        assert_eq!(argv(Some(b"")), json!([]));
        assert_eq!(argv(Some(b"\0")), json!([""]));
        assert_eq!(argv(Some(b"a\0\0b\0")), json!(["a", "", "b"]));
    }
}
