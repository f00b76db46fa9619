//! Compares the effects of a cgroup's limits with the cgroup's counters, the kernel's
//! log and the results of system calls.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::{fs::File, io::Read as _, os::unix::fs::OpenOptionsExt as _};

use serde_json::Value;
use support::{Scratch, events, process, processes, record_workload, run, tracer};

#[test]
fn oom_victim_is_reported_with_its_cgroup() {
    let scratch = Scratch::new("oom");
    let file = scratch.file("oom.trace");
    let facts = record_workload(&file, &["out_of_memory"]);
    let fact = &facts[0];
    assert_eq!(
        (&fact["signal"], &fact["oom_kills"]),
        (&9.into(), &1.into())
    );

    let processes = processes(&file);
    let story = process(&processes, &fact["pid"]);
    assert_eq!(story["oom_killed"], true, "{story}");
    assert_eq!(story["exit_signal_name"], "SIGKILL", "{story}");
    let oom = &story["oom"];
    assert_eq!(oom["unknown"], Value::Null, "{story}");
    assert_eq!(oom["constraint"], "CONSTRAINT_MEMCG", "{story}");
    assert_eq!(oom["oom_memcg"], fact["cgroup"], "{story}");
    assert_eq!(oom["task_memcg"], fact["cgroup"], "{story}");
    // The same in the log itself, read independently.
    let line = format!(",task_memcg={},", fact["cgroup"].as_str().unwrap());
    let log = kernel_log();
    assert_eq!(log.matches(&line).count(), 1, "{log}");

    let report =
        String::from_utf8(run(tracer().arg("replay").arg(&file).arg("--report=deaths")).stdout);
    let report = report.unwrap();
    assert!(
        report.contains("OOM: CONSTRAINT_MEMCG of /tracer-test-"),
        "{report}"
    );
}

#[test]
fn fork_refused_by_a_pids_cgroup_is_reported_with_it() {
    let scratch = Scratch::new("pids");
    let file = scratch.file("pids.trace");
    let facts = record_workload(&file, &["too_many_tasks"]);
    let fact = &facts[0];
    // The child itself counts towards the limit.
    assert_eq!(fact["errno"], libc::EAGAIN, "{fact}");
    assert_eq!(fact["made"], fact["max"].as_u64().unwrap() - 1, "{fact}");
    assert_eq!(fact["refusals"], 1, "{fact}");

    let events = events(&file);
    let failed = events.iter().filter(|it| it["event"] == "fork_failed");
    let failed: Vec<_> = failed.filter(|it| it["pid"] == fact["pid"]).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    let failed = failed[0];
    assert_eq!(failed["errno_name"], "EAGAIN", "{failed}");
    assert_eq!(failed["likely"], "cgroup_pids", "{failed}");
    assert_eq!(failed["cgroup_max_pids"], fact["max"], "{failed}");

    let report = run(tracer().arg("replay").arg(&file).arg("--report=findings"));
    let report = String::from_utf8(report.stdout).unwrap();
    let sentence = format!(
        "workload[{}] could not fork, once: EAGAIN: a cgroup has reached its pids.max {}",
        fact["pid"], fact["max"]
    );
    assert!(report.contains(&sentence), "{report}");
}

/// Reads all that the kernel log still holds.
fn kernel_log() -> String {
    let mut options = File::options();
    options.read(true).custom_flags(libc::O_NONBLOCK);
    let mut file = options.open("/dev/kmsg").unwrap();
    let (mut log, mut record) = (String::new(), [0; 8192]);
    loop {
        match file.read(&mut record) {
            Ok(length) => log += &String::from_utf8_lossy(&record[..length]),
            Err(error) if error.raw_os_error() == Some(libc::EPIPE) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return log,
            Err(error) => panic!("{error}"),
        }
    }
}
