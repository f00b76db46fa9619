//! Tests that processes of the kernel that try to grow the model get nowhere: the short form of
//! `cargo xtask attack`.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::{
    fs,
    process::{Command, Stdio},
};

use serde_json::Value;
use support::{Scratch, events, json_lines, skipped, tracer, until, workload};

/// Largest memory of a dashboard, bytes.
const LIVE: u64 = 160_000_000;

/// Returns the largest resident memory of a process so far, bytes.
fn peak_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.unwrap().trim().strip_suffix("kB").unwrap();
    kib.trim().parse::<u64>().unwrap() << 10
}

#[test]
fn lineages_kinds_and_threads_do_not_grow_the_model() {
    let scratch = Scratch::new("attacks");
    let file = scratch.file("attacks.trace");
    let mut live = tracer();
    let live = live.args(["live", "--report", "--keep", "100", "--save"]);
    let live = live.arg(&file).stdout(Stdio::piped());
    let live = live.stderr(Stdio::null()).spawn().unwrap();
    until("the recording to begin", || {
        file.metadata().ok().filter(|file| file.len() > 1000)
    });
    let loads = [
        ("relay", 1000),
        ("chains", 40),
        ("kinds", 400),
        ("crew", 300),
    ];
    let running = loads.map(|(scenario, n)| {
        let mut load = Command::new(workload());
        let load = load.args([scenario, &n.to_string()]).stdout(Stdio::piped());
        load.spawn().unwrap()
    });
    let facts = running.map(|child| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        json_lines(&output.stdout).remove(0)
    });
    let memory = peak_memory(live.id());
    // SAFETY: a child of this process.
    unsafe { libc::kill(live.id().cast_signed(), libc::SIGINT) };
    let report = live.wait_with_output().unwrap();
    assert!(report.status.success());
    assert!(memory < LIVE, "{memory}");
    // Nothing of it was lost, and the counts include what is not retained.
    let events = events(&file);
    let forks = |fact: &Value| {
        let by = |event: &&Value| event["event"] == "fork" && event["by"]["pid"] == fact["pid"];
        events.iter().filter(by).count()
    };

    // Its threads are forks, too. Some kernels skip programs; such records are counted.
    let skipped = skipped(&events) as usize;
    for (forks, made) in facts
        .each_ref()
        .map(forks)
        .into_iter()
        .zip([1, 40, 400, 600])
    {
        let seen = made - skipped.min(made)..=made;
        assert!(
            seen.contains(&forks),
            "{forks} of {made}, {skipped} skipped"
        );
    }
    let killed = events
        .iter()
        .filter(|it| it["event"] == "exit" && it["wait_status"] == 9);
    assert!(killed.count() + skipped >= 40);
    let report = String::from_utf8(report.stdout).unwrap();
    assert!(report.contains("SIGKILL"), "{report}");
}
