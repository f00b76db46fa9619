//! Page faults by class, copies on write and the cost of forks, against a
//! workload that makes a known number of each kind and what wait4 says of its
//! children.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use serde_json::Value;
use support::{
    Scratch, events, process, processes, record_workload, record_workload_with, skipped,
};

const PAGES: u64 = 500;
/// Libraries and stack may fault once or twice more in one run than in the
/// other, and whether child or parent copies the pages that both write to at
/// once is a race.
const SLACK: u64 = 3;

/// Pages on their way to the LRU lists are held by the processor that put them
/// there (`PAGEVEC_SIZE`, include/linux/pagevec.h; `FOLIO_BATCH_SIZE` since 6.11), and
/// only one's own are let go before it is decided about reuse
/// (`wp_can_reuse_anon_folio`, mm/memory.c): who has moved meanwhile copies them.
const HELD: u64 = 31;

/// The hook in use for a purpose.
fn hook(session: &Value, purpose: &str) -> String {
    let hooks = session["hooks"].as_array().unwrap();
    let hook = hooks.iter().find(|hook| hook["purpose"] == purpose);
    hook.unwrap()["hook"].as_str().unwrap_or("none").to_owned()
}

/// The class that a fault is told as, with these hooks.
fn told_as(class: &str, faults: &str, cow: &str) -> &'static str {
    let by_mapping = faults.contains("handle_mm_fault");
    let by_page = cow.contains("do_wp_page");
    let by_allocation = cow.contains("mm_page_alloc");
    match class {
        "cow_copy" | "zero_write" | "cow_reuse" if !by_page && !by_allocation => "write_protect",
        "cow_copy" => "cow_copy",
        "zero_write" => "zero_write",
        "cow_reuse" => "cow_reuse",
        "file_copy_after_read" if by_page => "file_copy",
        "file_copy_after_read" if by_allocation => "cow_copy",
        "file_copy_after_read" => "write_protect",
        "huge" if by_mapping => "huge",
        "huge" if by_allocation => "cow_reuse",
        "huge" => "write_protect",
        "zero_page" if by_mapping => "zero_page",
        "zero_page" => "read",
        "zero_fill" if by_mapping || by_allocation => "zero_fill",
        "file_copy" if by_mapping => "file_copy",
        "file" if by_mapping => "file",
        "zero_fill" | "file_copy" | "file" => "write",
        class => panic!("no such class: {class}"),
    }
}

#[test]
fn faults_are_what_the_workload_did() {
    let scratch = Scratch::new("faults");
    let file = scratch.file("faults.trace");
    let facts = record_workload(&file, &["faults", &PAGES.to_string()]);
    let processes = processes(&file);
    let events = events(&file);
    let (session, unseen) = (&events[0], skipped(&events));
    let (faults, cow) = (hook(session, "page faults"), hook(session, "copy on write"));

    let told = |fact: &Value| process(&processes, &fact["pid"]).clone();
    let facts: Vec<_> = facts
        .iter()
        .filter(|fact| fact.get("pattern").is_some())
        .collect();
    for pair in facts.chunks(2) {
        let &[without, with] = pair else {
            panic!("each pattern is run twice")
        };
        let (before, after) = (told(without), told(with));
        for (class, expected) in with["expected"].as_object().unwrap() {
            let expected = expected.as_u64().unwrap();
            let held = match class.as_str() {
                "cow_reuse" => HELD,
                _ => 0,
            };
            let class = told_as(class, &faults, &cow);
            let count = |story: &Value| story["faults"][class].as_u64().unwrap();
            let caused = count(&after).saturating_sub(count(&before));
            // Its own few pages its parent writes to as well: who comes first
            // copies them, and who comes second reuses them.
            let shared = ["write_protect", "cow_copy", "cow_reuse"]
                .map(|class| before["faults"][class].as_u64().unwrap_or(0));
            let slack = match class {
                "write_protect" | "cow_copy" | "cow_reuse" => SLACK.max(shared.iter().sum()),
                _ => SLACK,
            };
            assert!(
                caused.abs_diff(expected) <= slack + held + unseen,
                "{}: {caused} {class} for {expected}, {unseen} unseen\n{before}\n{after}",
                with["pattern"]
            );
        }
    }

    for fact in facts {
        let story = told(fact);
        if let (Some(minor), Some(major)) = (fact["minor"].as_u64(), fact["major"].as_u64()) {
            let said = minor + major;
            let total = story["faults"]["total"].as_u64().unwrap();
            assert!(
                total.abs_diff(said) <= SLACK.max(said / 100) + unseen,
                "{total} faults, {unseen} unseen, wait4 says {said}: {story}"
            );
        }
        let took = story["fork_cost"]["took_ns"].as_u64().unwrap();
        let all = fact["fork_ns"].as_u64().unwrap();
        assert!(0 < took && took <= all, "{took} ns of {all}: {story}");
        // The workload's own pages, at least, were mapped when it forked.
        let pages = story["fork_cost"]["pages"].as_u64().unwrap();
        assert!(pages >= PAGES, "{story}");
    }
}

#[test]
fn copies_are_charged_to_the_fork_that_shared_the_page() {
    let scratch = Scratch::new("forks");
    let file = scratch.file("forks.trace");
    let facts = record_workload(&file, &["fork_costs", &PAGES.to_string()]);
    let processes = processes(&file);
    let events = events(&file);
    let (session, unseen) = (&events[0], skipped(&events));
    if hook(session, "copy on write") == "none" {
        return;
    }
    for fact in &facts {
        let cost = &process(&processes, &fact["pid"])["fork_cost"];
        for whose in ["parent_copies", "child_copies"] {
            let (told, made) = (cost[whose].as_u64().unwrap(), fact[whose].as_u64().unwrap());
            // The stack and the C library are written to by both.
            assert!(
                (made.saturating_sub(unseen)..made + 30).contains(&told),
                "{whose}: {told}, {unseen} unseen, for {fact}"
            );
        }
        assert_eq!(cost["ambiguous"], fact["ambiguous"], "{cost} of {fact}");
    }
}

#[test]
fn faults_that_are_not_traced_are_unknown_and_streamed_ones_are_counted_too() {
    let scratch = Scratch::new("modes");
    let (off, stream) = (scratch.file("off.trace"), scratch.file("stream.trace"));
    let facts = record_workload_with(&off, &["--faults=off"], &["faults", "64"]);
    let story = process(&processes(&off), &facts[0]["pid"]).clone();
    assert_eq!(story["faults"]["total"], Value::Null);
    assert_eq!(story["fork_cost"]["child_copies"], Value::Null);

    let facts = record_workload_with(&stream, &["--faults=stream"], &["faults", "64"]);
    let processes = processes(&stream);
    let streamed = events(&stream);
    let unseen = skipped(&streamed);
    for fact in &facts {
        let total = process(&processes, &fact["pid"])["faults"]["total"]
            .as_u64()
            .unwrap();
        let told = streamed
            .iter()
            .filter(|event| event["event"] == "fault" && event["pid"] == fact["pid"]);
        // Threads may fault once more behind their exit records, in exit_mm.
        let told = told.count() as u64;
        assert!(
            (total.saturating_sub(unseen)..=total + SLACK + unseen).contains(&told),
            "{told} of {total}, {unseen} unseen: {fact}"
        );
    }
}
