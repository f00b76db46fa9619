//! Numbers that are used again and again: no two lives are mixed up. The witness
//! is whoever reaped them.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use support::{Scratch, events, processes, record_workload};

const LIVES: usize = 3000;

/// Since 6.14 a pid namespace has a limit of its own. Before, lowering it takes the
/// numbers from everybody, which only a guest of ours can bear.
fn may_lower_the_limit() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release
        .split(['.', '-'])
        .map(|number| number.parse::<u32>());
    let version = [numbers.next(), numbers.next()].map(|number| number.unwrap().unwrap());
    version >= [6, 14] || std::env::var_os("TRACER_IN_VM").is_some()
}

#[test]
fn lives_with_the_same_number_are_told_apart() {
    if !may_lower_the_limit() {
        println!("skipped: before 6.14 the limit of numbers is the host's");
        return;
    }
    let scratch = Scratch::new("reuse");
    let file = scratch.file("x.trace");
    let mut facts = record_workload(&file, &["reuse", &LIVES.to_string()]);
    facts.sort_by_key(|fact| fact["nth"].as_u64());
    let numbers: BTreeSet<_> = facts.iter().map(|fact| fact["pid"].as_u64()).collect();
    assert!(
        facts.len() >= LIVES / 2 && facts.len() > 4 * numbers.len(),
        "{} lives of {} numbers: nothing was used again",
        facts.len(),
        numbers.len()
    );
    assert!(
        events(&file).iter().all(|event| event["event"] != "gap"),
        "something was lost"
    );
    let told = processes(&file);
    // They have one parent, the init of their namespace, and no two of them
    // began at once.
    let init = told
        .iter()
        .find(|story| story["ns_level"] == 1 && story["ns_pid"] == 1)
        .unwrap();
    let mut stories: Vec<_> = told
        .iter()
        .filter(|story| story["original_parent_pid"] == init["pid"])
        .collect();
    stories.sort_by_key(|story| story["start_ns"].as_u64());
    assert_eq!(stories.len(), facts.len());
    for (fact, story) in facts.iter().zip(stories) {
        same(fact, story);
        assert_eq!(story["reaped_by_pid"], init["pid"], "{fact}\n{story}");
    }
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
    let ns = |value: &Value| value.as_u64().unwrap();
    let reaped = ns(&story["reaped_ns"]);
    assert!(
        (ns(&fact["reaped_after"])..=ns(&fact["reaped_before"])).contains(&reaped),
        "{fact}\n{story}"
    );
}
