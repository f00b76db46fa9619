//! Tests that no user can blind a recording: what a process can cause at will is cut at its
//! user's budget and counted, the lives of all others are recorded, and arguments do not
//! fill a flight recorder.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::process::{Command, Stdio};

use serde_json::Value;
use support::{Scratch, events, json_lines, run, tracer, until, workload};

/// Records the scenarios at the same time. Returns the facts of each and the events.
fn record(scratch: &Scratch, scenarios: &[&[&str]]) -> (Vec<Value>, Vec<Value>) {
    let file = scratch.file("storm.trace");
    let mut record = support::record(&file)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the recording to begin", || {
        file.metadata().ok().filter(|file| file.len() > 1000)
    });
    let running: Vec<_> = scenarios
        .iter()
        .map(|scenario| {
            let mut command = Command::new(workload());
            let command = command.args(*scenario).stdout(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let facts = running.into_iter().flat_map(|child| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        json_lines(&output.stdout)
    });
    let facts = facts.collect();
    // SAFETY: a child of this process.
    unsafe { libc::kill(record.id().cast_signed(), libc::SIGINT) };
    assert!(record.wait().unwrap().success());
    (facts, events(&file))
}

/// Returns the number of events of a kind about a process, and of records of that kind
/// that were beyond a budget.
fn sent_and_cut(events: &[Value], kind: &str, pid: &Value) -> (u64, u64) {
    let of_pid = events
        .iter()
        .filter(|event| event["event"] == kind && &event["pid"] == pid);
    let cut = events
        .iter()
        .filter(|event| event["cause"] == "over_budget")
        .filter_map(|gap| gap["lost"][kind].as_u64());
    (of_pid.count() as u64, cut.sum())
}

/// Asserts that a scenario's `n` records of a kind were partly sent, and the rest counted.
fn was_cut(events: &[Value], kind: &str, fact: &Value, n: u64) {
    let (sent, cut) = sent_and_cut(events, kind, &fact["pid"]);
    // Other processes of the user may have been cut too.
    assert!(sent + cut >= n, "{kind}: {sent} sent, {cut} cut of {n}");
    assert!(cut > n / 4 && sent > 1000, "{kind}: {sent} sent, {cut} cut");
}

#[test]
fn what_a_process_does_at_will_costs_no_lives() {
    let scratch = Scratch::new("budgets");
    let n = 60_000;
    let many = n.to_string();
    let (facts, events) = record(
        &scratch,
        &[
            &["renames", &many],
            &["blocked_signals", &many],
            &["refused_forks", &many],
            &["storm", "5000"],
        ],
    );
    let [names, signals, failures, storm] = &facts[..] else {
        panic!("{facts:?}");
    };
    was_cut(&events, "comm", names, n);
    was_cut(&events, "signal", signals, n);
    was_cut(&events, "fork_failed", failures, n);
    let forks = events
        .iter()
        .filter(|event| event["event"] == "fork" && event["by"]["pid"] == storm["pid"]);
    assert_eq!(forks.count(), 5000);
    for life in ["fork", "exec", "exit", "reap", "wait", "free"] {
        let lost = |event: &&Value| event["lost"][life].is_u64();
        let lost: Vec<_> = events.iter().filter(lost).collect();
        assert!(
            lost.iter().all(|gap| gap["cause"] == "skipped"),
            "{life}: {lost:?}"
        );
    }
}

#[test]
fn arguments_beyond_the_budget_are_cut_and_marked() {
    let scratch = Scratch::new("arguments");
    let dir = scratch.file("ring");
    // A sixteenth of it is the budget: 16 execs of 4,000 bytes at once.
    let recorded = run(tracer()
        .args(["record", "--max-size", "1M", "--ring"])
        .arg(&dir)
        .arg("--")
        .arg(workload())
        .args(["exec_loop", "100"]));
    let pid = &json_lines(&recorded.stdout)[0]["pid"];
    let events = events(&dir);
    let execs = events.iter().filter(|event| event["event"] == "exec");
    // The first exec is that of the scenario.
    let execs: Vec<_> = execs.filter(|exec| &exec["pid"] == pid).skip(1).collect();
    assert_eq!(execs.len(), 100);
    let length = |exec: &Value| -> u64 {
        let argv = exec["argv"].as_array().unwrap().iter();
        argv.map(|it| it.as_str().unwrap().len() as u64 + 1).sum()
    };
    let whole = execs
        .iter()
        .filter(|exec| length(exec) >= exec["argv_bytes"].as_u64().unwrap())
        .count();
    assert!((10..50).contains(&whole), "{whole} of 100 are whole");
    for exec in execs {
        assert!(exec["argv_bytes"].as_u64().unwrap() > 4000);
        assert_eq!(exec["argv"][1], "exec_loop");
    }
}
