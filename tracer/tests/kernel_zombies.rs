//! Compares the owners of zombies, and how these were reaped, with what the owners and
//! their heirs saw by their own system calls and clocks. The same for callers of vfork
//! that end before their child.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde_json::Value;
use support::{
    Scratch, events, json_lines, process, processes, record, run, skipped, tracer, workload,
};

fn ns(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("not a number: {value}"))
}

/// Asserts that the bounds `min` and `max` of a time allow that between `least` and `most`
/// of the fact, and are equal unless `may_differ`.
#[track_caller]
fn within(fact: &Value, min: &Value, max: &Value, may_differ: bool, story: &Value) {
    let (Some(least), Some(most)) = (fact["least"].as_u64(), fact["most"].as_u64()) else {
        return;
    };
    assert!(ns(min) <= most, "{min} of {fact}: {story}");
    let max = max.as_u64();
    assert!(
        max.is_none_or(|max| least <= max),
        "{max:?} of {fact}: {story}"
    );
    assert!(
        may_differ || max == Some(ns(min)),
        "{min} to {max:?} of {fact}: {story}"
    );
}

fn compare(fact: &Value, story: &Value) {
    let same = |in_fact: &str, in_story: &str| {
        if let Some(expected) = fact.get(in_fact) {
            assert_eq!(&story[in_story], expected, "{in_story} of {fact}: {story}");
        }
    };
    same("code", "exit_code");
    same("signal", "exit_signal");
    same("original_parent", "original_parent_pid");
    same("reaped_by_tid", "reaped_by_tid");
    // Hooks may show no more than the heir and that it was freed.
    let is_unseen = story["reaped_how"] == "unseen" && fact["heir"].is_u64();
    if !is_unseen {
        same("reaped_how", "reaped_how");
    }
    if fact.get("reaped_how").is_some() {
        let by = &fact["reaped_by"];
        assert_eq!(&story["reaped_by_pid"], by, "reaper of {fact}: {story}");
    }
    if let Some(owners) = fact.get("owners").and_then(Value::as_array) {
        let had = story["zombie_owners"].as_array().unwrap();
        // Then its heirs may have been owners, for no certain time.
        let (had, heirs) = had.split_at(match is_unseen {
            true => owners.len().min(had.len()),
            false => had.len(),
        });
        assert!(
            heirs.iter().all(|heir| heir["ns_min"] == 0),
            "{fact}: {story}"
        );
        let pids = |owners: &[Value], pid: fn(&Value) -> &Value| {
            owners.iter().map(pid).cloned().collect::<Vec<_>>()
        };
        assert_eq!(
            pids(had, |owner| &owner["process"]["pid"]),
            pids(owners, |owner| &owner["pid"]),
            "{fact}: {story}"
        );
        for (owner, had) in owners.iter().zip(had) {
            within(owner, &had["ns_min"], &had["ns_max"], is_unseen, story);
        }
    }
    if let Some(held) = fact.get("held_parent") {
        let ns = &story["held_parent_ns"];
        within(held, ns, ns, false, story);
    }
}

#[test]
fn zombies_have_the_owners_and_the_ends_that_their_families_saw() {
    let scratch = Scratch::new("owners");
    let file = scratch.file("owners.trace");
    let output = run(record(&file).arg("--").arg(workload()).arg("owners"));
    let facts = json_lines(&output.stdout);
    assert_eq!(facts.len(), 28, "{facts:?}");
    // One process may differ for each record that the kernel skipped.
    let unseen = skipped(&events(&file)) as usize;
    let processes = processes(&file);
    let differs = |fact: &&Value| {
        let compared = || compare(fact, process(&processes, &fact["pid"]));
        catch_unwind(AssertUnwindSafe(compared)).is_err()
    };
    let differing: Vec<_> = facts.iter().filter(differs).collect();
    assert!(differing.len() <= unseen, "{unseen} unseen: {differing:#?}");

    let findings = run(tracer()
        .arg("replay")
        .arg(&file)
        .args(["--report=findings", "--json"]));
    let findings = json_lines(&findings.stdout);
    let says: Vec<_> = findings
        .iter()
        .filter_map(|it| it["says"].as_str())
        .collect();
    let expected: BTreeSet<Vec<&str>> = facts
        .iter()
        .filter_map(|fact| fact.get("finding")?.as_array())
        .map(|parts| parts.iter().filter_map(Value::as_str).collect())
        .collect();
    assert_eq!(expected.len(), 9);
    let is_said = |parts: &&Vec<&str>| {
        let has = |says: &&str| parts.iter().all(|part| says.contains(part));
        says.iter().any(has)
    };
    let said = expected.iter().filter(is_said).count();
    assert!(said + unseen >= 9, "{expected:#?} in {says:#?}");
    // No other process of the workload is accused.
    let accused = says.iter().filter(|says| says.starts_with("workload["));
    assert!(accused.count() <= 9 + unseen, "{says:#?}");
    for heir in facts.iter().filter_map(|fact| fact["heir"].as_u64()) {
        let accusation = format!("workload[{heir}] reaped");
        let accused = says.iter().any(|says| says.contains(&accusation));
        assert!(!accused, "{accusation:?} in {says:#?}");
    }
}
