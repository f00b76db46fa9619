//! Measures recordings: size, speed of writing and reading, time of a jump.
//! `bench-recording` makes up and measures the long ones; the size is that of a real storm,
//! next to `perf record` of the same tracepoints.

use std::{
    fs,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{
    report::{Goal, Report, Table, number},
    running::Running,
    testbed::Testbed,
    tracer,
};
use xtask::{packages, process};

/// Number of processes: each is a fork, an exec with arguments and an exit, about ten
/// events.
const LIVES: u32 = 100_000;
const EVENTS: u64 = 10_000_000;

/// Tracepoints that tracer uses too where it has only tracepoints. Switches and faults
/// are left out: it records few of them.
const TRACEPOINTS: &str = "task:task_newtask,sched:sched_wakeup_new,sched:sched_process_exec,\
                           sched:sched_process_exit,sched:sched_process_free,\
                           syscalls:sys_exit_wait4,task:task_rename";

pub fn bench(testbed: &Testbed) -> Result<Report> {
    let made_up = made_up(testbed)?;
    let figure = |name: &str| made_up[name].as_f64();
    let ns = |name: &str| figure(name).map(|rate| 1e9 / rate);
    let (ours, perf, events) = storm(testbed)?;
    let goals = vec![
        Goal::at_most(
            8.0,
            "bytes",
            "an event of a storm, arguments included",
            Some(ours as f64 / events as f64),
        ),
        Goal::at_most(
            10.0,
            "%",
            "the recording, of the size of perf's",
            Some(100.0 * ours as f64 / perf as f64),
        ),
        Goal::at_most(
            150.0,
            "ns",
            "CPU to pack and write an event",
            figure("write_ns_per_event"),
        ),
        Goal::at_most(100.0, "ns", "to decode an event", ns("decode_per_second")),
        Goal::at_most(
            333.0,
            "ns",
            "to decode and model an event",
            ns("decode_and_model_per_second"),
        ),
        Goal::at_most(
            250.0,
            "ns",
            "to play an event, by the clock",
            ns("play_per_second"),
        ),
        Goal::at_most(
            2500.0,
            "ms",
            "to reach its end without an index",
            figure("play_ms"),
        ),
        Goal::at_most(
            200.0,
            "ms",
            "to reach its end with one",
            figure("open_to_end_ms"),
        ),
        Goal::at_most(
            200.0,
            "ms",
            "the longest of 40 jumps",
            figure("seek_longest_ms"),
        ),
        Goal::at_most(
            300.0,
            "MiB",
            "resident at most while paging",
            figure("resident_at_most_kib").map(|kib| kib / 1024.0),
        ),
    ];
    let mut table = Table::new("", ["", "bytes", "an event"]);
    for (tool, bytes) in [("tracer record", ours), ("perf record", perf)] {
        let each = number(bytes as f64 / events as f64);
        table
            .rows
            .push(vec![tool.to_owned(), bytes.to_string(), each]);
    }
    Ok(Report {
        goals,
        tables: vec![table],
        notes: vec![
            format!("The storm: {events} events as tracer counts them, recorded by both at once."),
            format!(
                "Reading, writing and jumping: a recording of {} made-up events, {} bytes an event. \
                 The pass that makes the states takes {} ms, and they {} MiB.",
                made_up["events"],
                number(figure("bytes_per_event").unwrap_or(0.0)),
                number(figure("index_ms").unwrap_or(0.0)),
                number(figure("states_kib").unwrap_or(0.0) / 1024.0),
            ),
        ],
    })
}

fn made_up(testbed: &Testbed) -> Result<Value> {
    let events = if testbed.quick { EVENTS / 10 } else { EVENTS };
    let mut command = Command::new(testbed.program("bench-recording"));
    command
        .arg(testbed.scratch("long.trace"))
        .arg(events.to_string());
    let output = command.stderr(Stdio::inherit()).output()?;
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{}: {}", process::show(&command), output.status))
}

/// The sizes of tracer's recording and of perf's, and tracer's events.
fn storm(testbed: &Testbed) -> Result<(u64, u64, u64)> {
    packages::ensure(packages::FOR_RECORDING)?;
    let lives = if testbed.quick { LIVES / 20 } else { LIVES };
    let recording = tracer::record(testbed, &["--buffer", "64M"])?;
    let data = testbed.scratch("perf.data");
    let perf = Running::start(
        Command::new("perf")
            .args(["record", "-a", "-q", "-m", "4M", "-e", TRACEPOINTS, "-o"])
            .arg(&data),
        &testbed.scratch("perf.out"),
    )?;
    let script = format!(
        "i=0; while [ $i -lt {lives} ]; do /bin/true --number $i --output /tmp/build/$i.o; \
         i=$((i+1)); done"
    );
    process::run(Command::new("sh").args(["-c", &script]))?;
    perf.stop("INT")?;
    recording.running.stop("INT")?;
    let info = Command::new(testbed.tracer())
        .args(["info", "--json"])
        .arg(&recording.file)
        .output()?;
    let info: Value = serde_json::from_slice(&info.stdout).context("tracer info")?;
    let events = info["events"]
        .as_u64()
        .context("tracer info counts no events")?;
    Ok((
        fs::metadata(&recording.file)?.len(),
        fs::metadata(&data)?.len(),
        events,
    ))
}
