//! Compares a recording of the workload with the results of the workload's own system
//! calls: wait4's status and rusage, getppid, the clock.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::process::Command;

use serde_json::Value;
use support::{Scratch, events, had_room, process, processes, record_workload, report};

/// Compares a field; the message names the process and the field.
#[track_caller]
fn same(fact: &Value, process: &Value, field: &str, expected: &Value) {
    assert_eq!(
        &process[field], expected,
        "{field} of {fact}\nrecorded as {process}"
    );
}

#[track_caller]
fn ns(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("not a number: {value}"))
}

fn is_freed(story: &Value) -> bool {
    !story["freed_ns"].is_null()
}

/// Returns true if its first run was seen: not every kernel shows every switch
/// (docs/architecture.md).
fn has_run(story: &Value) -> bool {
    !story["first_ran_ns"].is_null()
}

/// Compares every value of a fact with the recorded process.
fn compare(fact: &Value, story: &Value) {
    for (in_fact, in_story) in [
        ("code", "exit_code"),
        ("signal", "exit_signal"),
        ("core", "core_dumped"),
        ("original_parent", "original_parent_pid"),
        ("parent", "parent_pid"),
        ("reaped_by", "reaped_by_pid"),
        ("created_by", "created_by"),
        ("threads", "threads"),
        ("execs", "exec_count"),
        ("argv", "argv"),
        ("filename", "filename"),
        ("autoreaped", "autoreaped"),
        ("comm", "comm"),
        ("ns_pid", "ns_pid"),
        ("uid", "uid"),
        ("euid", "euid"),
    ] {
        if let Some(expected) = fact.get(in_fact) {
            same(fact, story, in_story, expected);
        }
    }
    if let Some(minor) = fact.get("minor") {
        same(fact, &story["faults"], "minor", minor);
        same(fact, &story["faults"], "major", &fact["major"]);
        // A kernel that counts per CPU may not have counted a page yet and reports 0,
        // which tracer takes for unknown.
        let maxrss = story["usage"]["maxrss_kib"].as_u64().unwrap_or(0);
        assert_eq!(maxrss, ns(&fact["maxrss_kib"]), "maxrss of {fact}");
        // A zombie may still have to switch away when it is reaped: wait4 reads its
        // counters just before release_task adds them up. Usage is complete at the free,
        // which may come seconds later on this kernel.
        let freed = is_freed(story);
        same(fact, &story["usage"], "complete", &freed.into());
        for switches in ["nvcsw", "nivcsw"].into_iter().filter(|_| freed) {
            let (recorded, waited) = (ns(&story["usage"][switches]), ns(&fact[switches]));
            assert!(
                (waited..=waited + 1).contains(&recorded),
                "{switches}: {recorded} of {fact}"
            );
        }
    }
    if let Some(origin) = fact.get("origin") {
        same(fact, &story["killed_by"], "origin", origin);
        same(fact, &story["killed_by"], "pid", &fact["killed_by"]);
    }
    if fact.get("reaped_before").is_some() {
        // The wait returned between the workload's two readings of the clock.
        let reaped = ns(&story["reaped_ns"]);
        assert!(
            reaped >= ns(&fact["reaped_after"]) && reaped <= ns(&fact["reaped_before"]),
            "{fact}\n{story}"
        );
        same(fact, story, "autoreaped", &false.into());
        assert!(
            ns(&story["exit_ns"]) <= ns(&story["zombie_start_ns"]),
            "{story}"
        );
        assert_eq!(
            ns(&story["zombie_ns_min"]),
            reaped - ns(&story["zombie_start_ns"])
        );
        assert!(ns(&story["start_ns"]) <= ns(&story["forked_ns"]), "{story}");
        if has_run(story) {
            let first_ran = ns(&story["first_ran_ns"]);
            assert!(ns(&story["forked_ns"]) <= first_ran, "{story}");
            assert!(first_ran <= ns(&story["exit_ns"]), "{story}");
        }
        assert!(
            ns(&story["exit_ns"]) <= ns(&story["last_switch_ns"]),
            "{story}"
        );
    }
    if fact.get("autoreaped") == Some(&true.into()) {
        same(fact, story, "zombie_ns", &0.into());
        same(fact, story, "reaped_by_pid", &Value::Null);
    }
    if let Some(zombie_before) = fact.get("zombie_before") {
        let zombie = ns(&story["zombie_start_ns"]);
        assert!(
            zombie >= ns(&fact["zombie_after"]) && zombie <= ns(zombie_before),
            "{fact}\n{story}"
        );
    }
    if let Some(exited_after) = fact.get("exited_after") {
        // The leader exited 200 ms before.
        assert!(ns(&story["exit_ns"]) >= ns(exited_after), "{fact}\n{story}");
    }
    // Init reaps at any time; the workload knows all other reapers.
    if fact.get("reaped_by").is_some() || fact.get("autoreaped").is_some() {
        same(fact, story, "state", &"reaped".into());
    }
}

#[test]
fn recording_matches_the_results_of_system_calls() {
    let scratch = Scratch::new("workload");
    let file = scratch.file("all.trace");
    let facts = record_workload(&file, &["all"]);
    assert!(facts.len() > 50, "the workload printed too little");
    let processes = processes(&file);
    let (mut freed, mut ran) = (0, 0);
    for fact in &facts {
        let story = process(&processes, &fact["pid"]);
        compare(fact, story);
        freed += usize::from(is_freed(story));
        ran += usize::from(has_run(story));
    }
    assert!(freed * 10 > facts.len() * 9, "only {freed} were freed");
    assert!(ran * 10 > facts.len() * 9, "only {ran} have run");
    // No process is recorded twice.
    let workload = process(&processes, &facts[0]["original_parent"]);
    let children = |parent: &Value| {
        processes
            .iter()
            .filter(|p| p["original_parent_pid"] == parent["pid"])
            .count()
    };
    let count = facts
        .iter()
        .filter(|fact| fact["original_parent"] == workload["pid"])
        .count();
    assert_eq!(children(workload), count);
    had_room(&events(&file));
}

#[test]
fn child_in_a_pid_namespace_is_recorded_with_both_pids() {
    let scratch = Scratch::new("pidns");
    let file = scratch.file("pidns.trace");
    let facts = record_workload(&file, &["pid_namespace"]);
    let processes = processes(&file);
    let init = facts
        .iter()
        .find(|fact| fact.get("inside").is_some())
        .unwrap();
    let inside = processes
        .iter()
        .find(|process| process["original_parent_pid"] == init["pid"])
        .unwrap();
    assert_eq!(inside["ns_pid"], init["inside"]["ns_pid"]);
    assert_eq!(inside["exit_code"], init["inside"]["code"]);
    assert_eq!(
        inside["reaped_by_pid"], init["pid"],
        "reaped by a PID of the inner namespace"
    );
}

#[test]
fn hostile_names_break_neither_recording_nor_output() {
    let scratch = Scratch::new("hostile");
    let file = scratch.file("hostile.trace");
    let facts = record_workload(&file, &["hostile"]);
    let processes = processes(&file);
    for fact in &facts {
        let story = process(&processes, &fact["pid"]);
        same(fact, story, "exit_code", &fact["code"]);
        if let Some(execs) = fact.get("execs") {
            same(fact, story, "exec_count", execs);
        }
        if fact.get("argv_total").is_some() {
            same(fact, story, "argv_truncated", &true.into());
        }
    }
    for format in [
        &["--report"][..],
        &["--events"],
        &["--json"],
        &["--events", "--json"],
    ] {
        let output = support::run(support::tracer().arg("replay").arg(&file).args(format)).stdout;
        let text = String::from_utf8(output).unwrap();
        let bad = text
            .chars()
            .find(|&c| (c.is_control() && c != '\n') || c == '\u{202e}');
        assert_eq!(bad, None, "in {format:?}");
    }
}

#[test]
fn process_older_than_the_trace_is_recorded_with_its_end() {
    let scratch = Scratch::new("before");
    let file = scratch.file("before.trace");
    let mut sleeper = std::process::Command::new("sleep")
        .arg("1000")
        .spawn()
        .unwrap();
    let pid = Value::from(sleeper.id());
    let kill = format!("kill -TERM {pid}; until grep -q 'State:.Z' /proc/{pid}/status; do :; done");
    support::run(support::record(&file).args(["--", "sh", "-c", &kill]));
    sleeper.wait().unwrap();
    let processes = processes(&file);
    let story = process(&processes, &pid);
    assert_eq!(story["created_by"], "snapshot");
    assert_eq!(story["argv"], serde_json::json!(["sleep", "1000"]));
    assert_eq!(story["parent_pid"], std::process::id());
    assert_eq!(story["exit_signal"], libc::SIGTERM);
    assert_eq!(story["killed_by"]["comm"], "sh");
    assert_eq!(
        story["state"], "zombie",
        "its parent, this test, has not waited yet"
    );
    // Every older process that /proc shows is recorded.
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u64>() else {
            continue;
        };
        let Ok(comm) = std::fs::read_to_string(entry.path().join("comm")) else {
            continue;
        };
        if pid < u64::from(sleeper.id()) {
            let story = process(&processes, &pid.into());
            assert!(
                story["comm"].as_str().is_some_and(|comm| !comm.is_empty()),
                "{comm}"
            );
        }
    }
}

/// An init of a pid namespace that cannot exit is counted, and the finding names the
/// process that holds the zombie it waits for.
#[test]
fn init_that_cannot_exit_is_reported_with_the_owner_of_the_zombie() {
    let scratch = Scratch::new("stuck");
    let file = scratch.file("stuck.trace");
    let facts = record_workload(&file, &["stuck_in_exit", "1100"]);
    let fact = &facts[0];
    let _ = Command::new("kill")
        .args(["-9", &fact["keeper"].to_string()])
        .status();
    let processes = processes(&file);
    same(
        fact,
        process(&processes, &fact["pid"]),
        "state",
        &"exiting".into(),
    );
    same(
        fact,
        process(&processes, &fact["zombie"]),
        "state",
        &"zombie".into(),
    );
    let report = report(&file);
    let words: Vec<_> = report.split_whitespace().collect();
    let finding = format!(
        "as init of a pid namespace it waits for workload[{}], a zombie that workload[{}] has not reaped",
        fact["zombie"], fact["keeper"]
    );
    // Another test may have such a process at the same time.
    let exiting = processes.iter().filter(|story| story["state"] == "exiting");
    let now = format!(", {} exiting", exiting.count());
    for part in [&now, &finding] {
        assert!(words.join(" ").contains(part), "{part:?} in {report}");
    }
}
