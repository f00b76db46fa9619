//! Compares page faults by class, copies on write and the cost of forks with a workload
//! that causes a known number of each, and with wait4's counts of its children.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use serde_json::Value;
use support::{
    Scratch, events, json_lines, process, processes, record, record_workload, record_workload_with,
    run, skipped, workload,
};

const PAGES: u64 = 500;
/// Tolerated difference. Libraries and stack may fault once or twice more in one run
/// than in the other, and child and parent race to copy pages that both write to.
const SLACK: u64 = 3;

/// Pages that a processor may hold on their way to the LRU lists (`PAGEVEC_SIZE`,
/// include/linux/pagevec.h; `FOLIO_BATCH_SIZE` since 6.11). Only the pages of the current
/// processor are drained before the kernel decides about reuse
/// (`wp_can_reuse_anon_folio`, mm/memory.c): a task that has migrated copies them.
const HELD: u64 = 31;

/// Pages that exec touches for the new program, by `get_user_pages` (`get_arg_page`,
/// fs/exec.c). The kernel counts them as faults of the task; not every hook sees them.
const BY_EXEC: u64 = 40;

/// Anonymous pages for each processor that may be missing in the pages of a fork. Since
/// 6.2, `rss_stat` counts per CPU and sums up in batches (`percpu_counter_batch`,
/// lib/percpu_counter.c); tracer reads the sum.
const UNSUMMED: u64 = 32;

/// Returns the hook in use for a purpose.
fn hook(session: &Value, purpose: &str) -> String {
    let hooks = session["hooks"].as_array().unwrap();
    let hook = hooks.iter().find(|hook| hook["purpose"] == purpose);
    hook.unwrap()["hook"].as_str().unwrap_or("none").to_owned()
}

/// Returns the class that a fault is reported as with these hooks.
fn reported_class(class: &str, faults: &str, cow: &str) -> &'static str {
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
fn fault_counts_match_the_workload() {
    let scratch = Scratch::new("faults");
    let file = scratch.file("faults.trace");
    let facts = record_workload(&file, &["faults", &PAGES.to_string()]);
    let processes = processes(&file);
    let events = events(&file);
    let (session, unseen) = (&events[0], skipped(&events));
    let (faults, cow) = (hook(session, "page faults"), hook(session, "copy on write"));

    let find = |fact: &Value| process(&processes, &fact["pid"]).clone();
    let facts: Vec<_> = facts
        .iter()
        .filter(|fact| fact.get("pattern").is_some())
        .collect();
    for pair in facts.chunks(2) {
        let &[without, with] = pair else {
            panic!("each pattern is run twice")
        };
        let (before, after) = (find(without), find(with));
        for (class, expected) in with["expected"].as_object().unwrap() {
            let expected = expected.as_u64().unwrap();
            let held = match class.as_str() {
                "cow_reuse" => HELD,
                _ => 0,
            };
            let class = reported_class(class, &faults, &cow);
            let count = |story: &Value| story["faults"][class].as_u64().unwrap();
            let caused = count(&after).saturating_sub(count(&before));
            // The parent also writes to the child's few own pages: the first of them
            // copies a page, the second reuses it.
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
        let story = find(fact);
        if let (Some(minor), Some(major)) = (fact["minor"].as_u64(), fact["major"].as_u64()) {
            let waited = minor + major;
            let total = story["faults"]["total"].as_u64().unwrap();
            assert!(
                total.abs_diff(waited) <= SLACK.max(waited / 100) + unseen,
                "{total} faults, {unseen} unseen, {waited} by wait4: {story}"
            );
        }
        let took = story["fork_cost"]["took_ns"].as_u64().unwrap();
        let all = fact["fork_ns"].as_u64().unwrap();
        assert!(0 < took && took <= all, "{took} ns of {all}: {story}");
        // At least the workload's own pages were mapped when it forked.
        let pages = story["fork_cost"]["pages"].as_u64().unwrap();
        let processors = std::thread::available_parallelism().unwrap().get() as u64;
        assert!(pages + UNSUMMED * processors >= PAGES, "{story}");
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
            let (counted, made) = (cost[whose].as_u64().unwrap(), fact[whose].as_u64().unwrap());
            // Both also write to the stack and to memory of the C library.
            assert!(
                (made.saturating_sub(unseen)..made + 30).contains(&counted),
                "{whose}: {counted}, {unseen} unseen, for {fact}"
            );
        }
        assert_eq!(cost["ambiguous"], fact["ambiguous"], "{cost} of {fact}");
        let story = process(&processes, &fact["pid"]);
        let ended = [
            &story["zombie_start_ns"],
            &events[events.len() - 1]["at_ns"],
        ];
        for (whose, ended) in ["child", "parent"].into_iter().zip(ended) {
            let ns = |what: &str| cost[format!("{whose}_{what}")].as_u64().unwrap();
            let copies = ns("copies");
            if copies < PAGES / 4 {
                continue;
            }
            let (first, last) = (ns("first_copy_ns"), ns("last_copy_ns"));
            let times = [&story["forked_ns"], &first.into(), &last.into(), ended];
            let times = times.map(|time| time.as_u64().unwrap());
            assert!(times.is_sorted(), "{whose}: {times:?} of {story}");
            // They were made at once, and counted in one second or the next.
            let peak = ns("peak_copies_per_s");
            assert!((copies / 2..=copies).contains(&peak), "{whose}: {story}");
        }
    }
}

/// The counters of running tasks are read once a second, and each exec and exit reports
/// copies too: none is counted twice.
#[test]
fn faults_of_processes_that_exec_are_the_kernels_count() {
    let scratch = Scratch::new("execs-copies");
    let file = scratch.file("copies.trace");
    let recorded = run(record(&file)
        .arg("--")
        .arg(workload())
        .arg("copies_before_execs"));
    let facts = json_lines(&recorded.stdout);
    let unseen = skipped(&events(&file));
    let mut compared = 0;
    for story in processes(&file) {
        let is_child = facts
            .iter()
            .any(|it| it["pid"] == story["original_parent_pid"]);
        if !is_child || story["usage"]["complete"] != true {
            continue;
        }
        let faults = |class: &str| story["faults"][class].as_u64().unwrap();
        let (counted, kernel) = (faults("total"), faults("minor") + faults("major"));
        assert!(
            (kernel.saturating_sub(BY_EXEC + unseen)..=kernel + SLACK).contains(&counted),
            "{counted} for {kernel}, {unseen} unseen: {story}"
        );
        compared += 1;
    }
    assert!(compared > 5, "{compared} were compared");
}

#[test]
fn untraced_faults_are_unknown_and_streamed_faults_are_counted() {
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
        let events = streamed
            .iter()
            .filter(|event| event["event"] == "fault" && event["pid"] == fact["pid"]);
        // Threads may fault once more after their exit records, in exit_mm.
        let count = events.count() as u64;
        assert!(
            (total.saturating_sub(unseen)..=total + SLACK + unseen).contains(&count),
            "{count} of {total}, {unseen} unseen: {fact}"
        );
    }
}
