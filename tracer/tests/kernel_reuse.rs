//! Tests that processes with the same PID are kept apart. Their reaper is the witness.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use support::{Scratch, events, had_room, processes, record_workload, skipped};

const LIVES: usize = 3000;

/// Returns true if the limit on PIDs may be lowered. Since 6.14 a pid namespace has a limit
/// of its own; before, the limit is the host's, and only a guest of `cargo xtask vm` may
/// lower it.
fn may_lower_the_limit() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release
        .split(['.', '-'])
        .map(|number| number.parse::<u32>());
    let version = [numbers.next(), numbers.next()].map(|number| number.unwrap().unwrap());
    version >= [6, 14] || support::is_emulated()
}

#[test]
fn processes_with_the_same_pid_are_kept_apart() {
    if !may_lower_the_limit() {
        println!("skipped: before 6.14 the limit on PIDs is the host's");
        return;
    }
    let scratch = Scratch::new("reuse");
    let file = scratch.file("x.trace");
    let facts = record_workload(&file, &["reuse", &LIVES.to_string()]);
    let pids: BTreeSet<_> = facts.iter().map(|fact| fact["pid"].as_u64()).collect();
    assert!(
        facts.len() >= LIVES / 2 && facts.len() > 4 * pids.len(),
        "{} processes with {} PIDs: none was reused",
        facts.len(),
        pids.len()
    );
    let events = events(&file);
    had_room(&events);
    let processes = processes(&file);
    // Their common parent is the init of their namespace.
    let is_init = |story: &&Value| story["ns_level"] != 0 && story["ns_pid"] == 1;
    let init = processes
        .iter()
        .find(|story| is_init(story) && story["comm"] == "workload")
        .unwrap();
    let stories: Vec<_> = processes
        .iter()
        .filter(|story| story["original_parent_pid"] == init["pid"])
        .collect();
    assert!(stories.len() <= facts.len(), "{} stories", stories.len());
    let mut unseen = facts.len() - stories.len();
    for story in stories {
        let mut of_it = facts.iter().filter(|fact| was_reaped_between(fact, story));
        let fact = of_it
            .next()
            .unwrap_or_else(|| panic!("no fact for {story}"));
        if story["exit_ns"].is_null() {
            unseen += 1;
            continue;
        }
        same(fact, story);
        assert_eq!(story["reaped_by_pid"], init["pid"], "{fact}\n{story}");
    }
    assert!(
        unseen as u64 <= skipped(&events),
        "{unseen} of {} processes are missing, and no gap reports them",
        facts.len()
    );
}

/// Returns true if the process was reaped between the two readings of the clock: no other
/// process with that PID was.
fn was_reaped_between(fact: &Value, story: &Value) -> bool {
    let ns = |value: &Value| value.as_u64().unwrap_or(0);
    let between = ns(&fact["reaped_after"])..=ns(&fact["reaped_before"]);
    fact["pid"] == story["ns_pid"] && between.contains(&ns(&story["reaped_ns"]))
}

fn same(fact: &Value, story: &Value) {
    for (in_fact, in_story) in [
        ("pid", "ns_pid"),
        ("code", "exit_code"),
        ("signal", "exit_signal"),
        ("core", "core_dumped"),
    ] {
        assert_eq!(fact[in_fact], story[in_story], "{fact}\n{story}");
    }
}
