//! tracer's story of a workload, against what the system calls told the
//! workload itself: wait4's status and rusage, getppid, the clock.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use serde_json::Value;
use support::{Scratch, events, had_room, process, processes, record_workload};

/// Compares two values and says which process and field differ.
#[track_caller]
fn same(fact: &Value, process: &Value, field: &str, expected: &Value) {
    assert_eq!(
        &process[field], expected,
        "{field} of {fact}\ntold as {process}"
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

/// Not every kernel shows every switch (docs/architecture.md).
fn has_run(story: &Value) -> bool {
    !story["first_ran_ns"].is_null()
}

/// Everything that a fact of the workload says must be in the story.
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
    ] {
        if let Some(expected) = fact.get(in_fact) {
            same(fact, story, in_story, expected);
        }
    }
    if let Some(minor) = fact.get("minor") {
        same(fact, &story["faults"], "minor", minor);
        same(fact, &story["faults"], "major", &fact["major"]);
        // A kernel that counts per CPU may not have come to a page yet, and says
        // 0; that is not known, and so not told.
        let maxrss = story["usage"]["maxrss_kib"].as_u64().unwrap_or(0);
        assert_eq!(maxrss, ns(&fact["maxrss_kib"]), "maxrss of {fact}");
        // A zombie may still have to switch away when it is reaped: wait4 reads
        // its counters a moment before release_task adds them up.
        // Complete it is with the free, which this kernel may be seconds late with.
        let freed = is_freed(story);
        same(fact, &story["usage"], "complete", &freed.into());
        for switches in ["nvcsw", "nivcsw"].into_iter().filter(|_| freed) {
            let (told, said) = (ns(&story["usage"][switches]), ns(&fact[switches]));
            assert!(
                (said..=said + 1).contains(&told),
                "{switches}: {told} of {fact}"
            );
        }
    }
    if let Some(origin) = fact.get("origin") {
        same(fact, &story["killed_by"], "origin", origin);
        same(fact, &story["killed_by"], "pid", &fact["killed_by"]);
    }
    if fact.get("reaped_before").is_some() {
        // The wait's return is between the workload's two looks at the clock.
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
            ns(&story["zombie_ns"]),
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
        // Not when the leader exited, 200 ms before.
        assert!(ns(&story["exit_ns"]) >= ns(exited_after), "{fact}\n{story}");
    }
    // Init reaps when it likes; of everyone else the workload knows.
    if fact.get("reaped_by").is_some() || fact.get("autoreaped").is_some() {
        same(fact, story, "state", &"reaped".into());
    }
}

#[test]
fn the_story_is_what_the_system_calls_said() {
    let scratch = Scratch::new("workload");
    let file = scratch.file("all.trace");
    let facts = record_workload(&file, &["all"]);
    assert!(facts.len() > 50, "the workload said too little");
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
    // Nobody is in the story twice.
    let workload = process(&processes, &facts[0]["original_parent"]);
    let children = |parent: &Value| {
        processes
            .iter()
            .filter(|p| p["original_parent_pid"] == parent["pid"])
            .count()
    };
    let told = facts
        .iter()
        .filter(|fact| fact["original_parent"] == workload["pid"])
        .count();
    assert_eq!(children(workload), told);
    had_room(&events(&file));
}

#[test]
fn a_child_in_its_own_pid_namespace_is_told_by_both_numbers() {
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
        "reaped by a number of the inner namespace"
    );
}

#[test]
fn hostile_names_break_neither_file_nor_screen() {
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
fn what_ran_before_is_told_and_its_end_too() {
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
        "its owner, this test, had not waited yet"
    );
    // Everyone that /proc shows now and that began before is in the story.
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
                story["comm"].as_str().is_some_and(|told| !told.is_empty()),
                "{comm}"
            );
        }
    }
}
