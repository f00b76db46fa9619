//! Measures the work on recordings of 10⁵, 10⁶ and 10⁷ events, its growth, and what
//! peers need for theirs. `bench-data` makes the recordings up and measures them; the
//! peers record a real storm.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{
    report::{Report, Table, number},
    running::{Running, capture},
    stats::{Spread, growth},
    testbed::Testbed,
    tracer,
    work::WORKS,
};
use xtask::process;

const SIZES: &[u64] = &[100_000, 1_000_000, 10_000_000];

/// Stages of `bench-data`, with their titles.
#[rustfmt::skip]
const STAGES: &[(&str, &str)] = &[
    ("write", "to write them, with checkpoints"),
    ("decode", "to decode them"),
    ("read", "to decode and model them"),
    ("model", "to model them"),
    ("export", "to export them as text"),
    ("report", "a report of all"),
    ("seek", "a jump"),
    ("frame", "a picture after an event, 160x50"),
];

/// Tracepoints for the peers: the events that tracer records.
const TRACEPOINTS: [&str; 5] = [
    "task:task_newtask",
    "sched:sched_wakeup_new",
    "sched:sched_process_exec",
    "sched:sched_process_exit",
    "sched:sched_process_free",
];

pub fn bench(testbed: &Testbed) -> Result<Report> {
    let sizes = match testbed.quick {
        true => &SIZES[..2],
        false => SIZES,
    };
    let file = testbed.scratch("data.trace");
    let mut found = Vec::new();
    for &size in sizes {
        eprintln!("    {size} events");
        // The longest recording needs only one round.
        let times = if size < 10_000_000 {
            testbed.rounds.min(3)
        } else {
            1
        };
        let rounds: Vec<Value> = (0..times)
            .map(|_| measure(testbed, &file, size))
            .collect::<Result<_>>()?;
        found.push((size, rounds));
    }
    let mut table = Table::new("Time on the processor", [""]);
    for (size, _) in &found {
        table.head.push(format!("{size} events"));
    }
    table.head.push("ns an event".to_owned());
    table.head.push("growth".to_owned());
    for (stage, what) in STAGES {
        let median = |rounds: &[Value]| {
            let figures = rounds.iter().filter_map(|round| round[stage].as_f64());
            Some(Spread::of(figures)?.median)
        };
        let points: Vec<(f64, f64)> = found
            .iter()
            .filter_map(|(size, rounds)| Some((*size as f64, median(rounds)?)))
            .collect();
        let mut row = vec![(*what).to_owned()];
        row.extend(
            points
                .iter()
                .map(|(_, ns)| format!("{} ms", number(ns / 1e6))),
        );
        let each = points.last().map(|(size, ns)| number(ns / size));
        let whole = matches!(*stage, "write" | "decode" | "read" | "model" | "export");
        row.push(each.filter(|_| whole).unwrap_or("–".to_owned()));
        row.push(growth(&points).map_or("–".to_owned(), |slope| format!("{slope:.2}")));
        table.rows.push(row);
    }
    let mut bytes = vec!["bytes an event".to_owned()];
    bytes.extend(found.iter().map(|(size, rounds)| {
        let bytes = rounds.first().and_then(|round| round["bytes"].as_f64());
        bytes.map_or("–".to_owned(), |bytes| number(bytes / *size as f64))
    }));
    bytes.extend(["–".to_owned(), "–".to_owned()]);
    table.rows.push(bytes);
    let (peers, mut notes) = peers(testbed)?;
    notes.push(
        "Growth is the exponent b of the curve a·events^b that fits best: 1 is linear, 0 does not \
         grow. A jump plays about 100,000 events and more, so that the shortest recording has the \
         shortest jumps; the report and the picture are of the 20,000 that the dashboard keeps."
            .to_owned(),
    );
    Ok(Report {
        goals: Vec::new(),
        tables: vec![table, peers],
        notes,
    })
}

fn measure(testbed: &Testbed, file: &Path, events: u64) -> Result<Value> {
    let mut command = Command::new(testbed.program("bench-data"));
    command.arg(file).arg(events.to_string());
    let output = command.stderr(Stdio::inherit()).output()?;
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{}: {}", process::show(&command), output.status))
}

/// Each tool records the same storm in turn, then prints it as text.
fn peers(testbed: &Testbed) -> Result<(Table, Vec<String>)> {
    let mut table = Table::new(
        "A storm of posix_spawn, recorded and told as text by each",
        ["", "events", "bytes an event", "CPU ns an event told"],
    );
    let mut notes = Vec::new();
    let mut row = |tool: &str, printed: Printed| match printed {
        Ok((events, bytes, seconds)) => table.rows.push(vec![
            tool.to_owned(),
            events.to_string(),
            number(bytes as f64 / events as f64),
            number(seconds * 1e9 / events as f64),
        ]),
        Err(error) => notes.push(format!("{tool}: no figures: {error:#}")),
    };
    row("tracer record, replay --events", ours(testbed));
    row("perf record, perf script", by_perf(testbed));
    row("trace-cmd record, trace-cmd report", by_trace_cmd(testbed));
    Ok((table, notes))
}

/// Events, bytes, and seconds of CPU to print the events.
type Printed = Result<(u64, u64, f64)>;

fn storm(testbed: &Testbed) -> Result<()> {
    let spawn = WORKS.iter().find(|work| work.name == "spawn");
    let spawn = spawn.context("no work called spawn")?;
    for _ in 0..if testbed.quick { 3 } else { 15 } {
        spawn.run(testbed, &[] as &[&str])?;
    }
    Ok(())
}

fn ours(testbed: &Testbed) -> Printed {
    let recording = tracer::record(testbed, &["--faults=off"])?;
    storm(testbed)?;
    let file = recording.file.clone();
    let events = recording.stop(testbed)?.events;
    let mut replay = Command::new(testbed.tracer());
    let seconds = seconds_of(replay.arg("replay").arg(&file).arg("--events"))?;
    let events = events.context("tracer counts no events")?;
    Ok((events, fs::metadata(&file)?.len(), seconds))
}

fn by_perf(testbed: &Testbed) -> Printed {
    let data = testbed.scratch("perf.data");
    let perf = Running::start(
        Command::new("perf")
            .args(["record", "-a", "-q", "-m", "4M", "-e"])
            .arg(TRACEPOINTS.join(","))
            .arg("-o")
            .arg(&data),
        &testbed.scratch("perf.out"),
    )?;
    settled(perf, |perf| {
        storm(testbed)?;
        perf.stop("INT").map(drop)
    })?;
    let said = capture(
        Command::new("perf")
            .args(["report", "--stats", "-i"])
            .arg(&data),
    )?;
    // The first line counts all events together.
    let first = said.split_once("SAMPLE events:").map(|(_, rest)| rest);
    let first = first.and_then(|rest| rest.split_ascii_whitespace().next());
    let events = first.and_then(|number| number.parse().ok());
    let events = events.context("perf counts no events")?;
    let seconds = seconds_of(Command::new("perf").args(["script", "-i"]).arg(&data))?;
    Ok((events, fs::metadata(&data)?.len(), seconds))
}

fn by_trace_cmd(testbed: &Testbed) -> Printed {
    let data = testbed.scratch("trace.dat");
    let events = TRACEPOINTS.iter().flat_map(|event| ["-e", event]);
    let running = Running::start(
        Command::new("trace-cmd")
            .args(["record", "-b", "20000"])
            .args(events)
            .arg("-o")
            .arg(&data)
            .current_dir(testbed.scratch("")),
        &testbed.scratch("trace-cmd.out"),
    )?;
    settled(running, |running| {
        storm(testbed)?;
        running.stop("INT").map(drop)
    })?;
    let list = capture(Command::new("sh").arg("-c").arg(format!(
        "trace-cmd report -i {} 2>/dev/null | wc -l",
        data.display()
    )))?;
    let events: u64 = list.trim().parse()?;
    let seconds = seconds_of(Command::new("trace-cmd").args(["report", "-i"]).arg(&data))?;
    Ok((events, fs::metadata(&data)?.len(), seconds))
}

/// Waits until the tool has started, then goes on.
fn settled(mut tool: Running, then: impl FnOnce(Running) -> Result<()>) -> Result<()> {
    tool.settle()?;
    then(tool)
}

/// Returns the seconds of CPU of a command; its output is dropped.
fn seconds_of(command: &mut Command) -> Result<f64> {
    let before = children_seconds()?;
    process::run(command.stdout(Stdio::null()).stderr(Stdio::null()))?;
    Ok(children_seconds()? - before)
}

/// Returns the seconds of CPU of the reaped children, to a hundredth (proc(5)).
fn children_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').context("/proc/self/stat")?;
    let ticks = fields.split_ascii_whitespace().skip(13).take(2);
    let ticks: f64 = ticks.filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks / 100.0)
}
