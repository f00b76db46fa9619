//! Measures tracer on an idle system: start, CPU, memory, stop.

use std::{process::Command, thread, time::Duration};

use anyhow::{Context as _, Result};

use crate::{
    machine::{self, Others},
    report::{Goal, Report, Table, number},
    running::{capture, cpu_time, peak_memory},
    stats::Spread,
    testbed::Testbed,
    tracer,
};

/// Result of one round. Times in ms.
struct Round {
    attach: f64,
    detach: f64,
    first_frame: f64,
    record: Idle,
    live: Idle,
    others: Option<f64>,
}

/// Cost of a process on an idle system.
struct Idle {
    /// Percent of one processor; none if other processes were busy.
    share: Option<f64>,
    /// Peak memory, MiB.
    memory: Option<f64>,
}

pub fn bench(testbed: &Testbed) -> Result<Report> {
    let rounds: Vec<Round> = (0..testbed.rounds)
        .map(|_| round(testbed))
        .collect::<Result<_>>()?;
    let mut report = Report::default();
    let mut table = Table::new("", ["", "median", "quartiles"]);
    let mut row =
        |what: &str, unit: &'static str, limit: Option<f64>, of: &dyn Fn(&Round) -> Option<f64>| {
            let spread = Spread::of(rounds.iter().filter_map(of));
            if let Some(limit) = limit {
                let figure = spread.map(|spread| spread.median);
                report.goals.push(Goal::at_most(limit, unit, what, figure));
            }
            if let Some(spread) = spread {
                let range = format!("{} to {} {unit}", number(spread.low), number(spread.high));
                let median = format!("{} {unit}", number(spread.median));
                table.rows.push(vec![what.to_owned(), median, range]);
            }
        };
    row(
        "start of `tracer live` to its first frame",
        "ms",
        Some(300.0),
        &|round| Some(round.first_frame),
    );
    row(
        "start of `tracer record` to attached",
        "ms",
        Some(300.0),
        &|round| Some(round.attach),
    );
    row("Ctrl-C to detached and gone", "ms", Some(300.0), &|round| {
        Some(round.detach)
    });
    row(
        "`record` on an idle system",
        "% of a core",
        Some(0.5),
        &|round| round.record.share,
    );
    row("`live` on an idle system", "% of a core", None, &|round| {
        round.live.share
    });
    row("memory of `record`", "MiB", Some(40.0), &|round| {
        round.record.memory
    });
    row("memory of `live`", "MiB", None, &|round| round.live.memory);
    report.tables.push(table);
    if !testbed.quick {
        report.goals.push(Goal::at_most(
            150.0,
            "MiB",
            "memory of `live` after a million processes",
            after_many(testbed)?,
        ));
    }
    report.notes.push(
        "Detaching closes the tracepoints of system calls one after the other, and for each the \
         kernel waits until no task can be inside. There are eleven where neither fentry nor \
         kprobes are allowed, otherwise none."
            .to_owned(),
    );
    let disturbed = |round: &&Round| round.record.share.is_none() || round.live.share.is_none();
    let disturbed = rounds.iter().filter(disturbed).count();
    if disturbed > 0 {
        report.notes.push(format!(
            "In {disturbed} of {} rounds the system was not idle: others used more than {:.0} % of \
             a processor, each of {TRIES} times that was waited for. These rounds say nothing of idle \
             systems.",
            rounds.len(),
            100.0 * OTHERS,
        ));
    }
    report.notes.extend(machine::disturbance(
        rounds.iter().filter_map(|round| round.others),
    ));
    Ok(report)
}

fn round(testbed: &Testbed) -> Result<Round> {
    let others = Others::from_now();
    let recording = tracer::record(testbed, &["--force"])?;
    let attach = recording.running.age();
    let record = idle(testbed, recording.running.pid());
    let detach = recording.running.stop("INT")?;
    let dashboard = tracer::live(testbed, &[]).context("tracer live")?;
    let first_frame = dashboard.running.age();
    let live = idle(testbed, dashboard.pid);
    dashboard.quit()?;
    Ok(Round {
        attach: milliseconds(attach),
        detach: milliseconds(detach),
        first_frame: milliseconds(first_frame),
        record,
        live,
        others: others.and_then(|others| others.share()),
    })
}

/// Returns the peak memory of `live` after a million processes, MiB. A loop of vfork
/// makes them fastest.
fn after_many(testbed: &Testbed) -> Result<Option<f64>> {
    let dashboard = tracer::live(testbed, &[]).context("tracer live")?;
    for _ in 0..4 {
        capture(Command::new(testbed.program("workload")).args(["storm", "250000"]))?;
    }
    let memory = peak_memory(dashboard.pid);
    dashboard.quit()?;
    Ok(memory)
}

/// Share of a processor that others may use on an idle system.
const OTHERS: f64 = 0.1;
/// Number of attempts to find the system idle.
const TRIES: u32 = 3;

/// Measures an idle process. If others are busy, tracer is not idle: it records them.
fn idle(testbed: &Testbed, pid: u32) -> Idle {
    let span = Duration::from_secs(if testbed.quick { 1 } else { 3 });
    let share = (0..TRIES).find_map(|_| {
        let (before, all) = (cpu_time(pid), machine::worked()?);
        thread::sleep(span);
        let used = cpu_time(pid).saturating_sub(before).as_secs_f64();
        let all = machine::worked()?.saturating_sub(all).as_secs_f64();
        let span = span.as_secs_f64();
        (all - used < OTHERS * span).then_some(100.0 * used / span)
    });
    Idle {
        share,
        memory: peak_memory(pid),
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
