//! Compares the time in each scheduler state with a workload that holds each for a known
//! time, and with the kernel's accounting: schedstat, rusage, `/proc/PID/stat`.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use support::{
    Scratch, events, process, processes, record, record_workload_with, run, skipped, until,
};

const MS: u64 = 1_000_000;
const STATES: [&str; 7] = [
    "running",
    "runnable",
    "interruptible",
    "uninterruptible",
    "stopped",
    "traced",
    "idle",
];

#[track_caller]
fn ns(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("not a number: {value}"))
}

fn time(story: &Value, state: &str) -> u64 {
    ns(&story["states"]["times"][format!("{state}_ns")])
}

fn total(story: &Value) -> u64 {
    STATES.iter().map(|state| time(story, state)).sum()
}

/// Time that an emulated processor may stand still between two readings of the clock in
/// one switch, ns: the other processor runs, or the machine does other work.
fn stall() -> u64 {
    match support::is_emulated() {
        true => 20 * MS,
        false => 0,
    }
}

/// Returns the time that the hypervisor has stolen from all processors so far, ns.
fn stolen() -> u64 {
    const TICK: u64 = 10 * MS;
    let stat = fs::read_to_string("/proc/stat").unwrap();
    let steal = stat.split_whitespace().nth(8).unwrap();
    steal.parse::<u64>().unwrap() * TICK
}

/// Tolerated difference of two clocks of the kernel, ns. One leaves out interrupts and
/// `stolen` time, and at each switch one is read a little later than the other.
fn clocks_differ(time: u64, story: &Value, stolen: u64) -> u64 {
    let usage = &story["usage"];
    let switches = ns(&usage["nvcsw"]) + ns(&usage["nivcsw"]);
    5 * MS + time / 10 + switches * MS / 20 + stall() + stolen
}

/// Returns the longest time between the start of a sleep and the switch, ns: the task ran,
/// or was preempted, but did not wait for its first run or after a wake-up.
fn until_switched_out(story: &Value) -> u64 {
    let waits = story["first_run_latency_ns"].as_u64().unwrap_or(0)
        + ns(&story["states"]["wakeups"]["latency_ns"]);
    time(story, "running") + time(story, "runnable").saturating_sub(waits)
}

/// Asserts that a time is near the kernel's figure. The kernel's is from between exit and
/// last switch: an exiting task, also a zombie, may still run and be preempted.
#[track_caller]
fn near(what: &str, counted: u64, kernel: u64, story: &Value, stolen: u64) {
    let slack = clocks_differ(kernel, story, stolen);
    let dying = ns(&story["last_switch_ns"]) - ns(&story["exit_ns"]);
    assert!(
        counted + slack >= kernel && counted <= kernel + slack + dying,
        "{what}: {counted} counted, {kernel} by the kernel: {story}"
    );
}

#[test]
fn time_in_each_state_matches_the_workload() {
    let scratch = Scratch::new("states");
    let file = scratch.file("states.trace");
    let stolen_before = stolen();
    let facts = record_workload_with(&file, &["--states=count"], &["states"]);
    let stolen = stolen() - stolen_before;
    let processes = processes(&file);
    assert_eq!(facts.len(), 8, "{facts:?}");
    let mut seen = 0;
    for fact in &facts {
        let story = process(&processes, &fact["pid"]);
        assert_eq!(story["states"]["complete"], true, "{story}");
        assert_eq!(story["states"]["state"], Value::Null, "{story}");

        // The states cover its whole lifetime.
        let life = ns(&story["last_switch_ns"]) - ns(&story["runnable_ns"]);
        assert!(
            total(story).abs_diff(life) < MS + stall(),
            "{life}: {story}"
        );

        let state = fact["state"].as_str().unwrap();
        let counted = time(story, state);
        let (least, most) = (ns(&fact["least_ns"]), ns(&fact["most_ns"]));
        assert!(counted <= most, "{counted} of {fact}: {story}");
        // A turn without a visible beginning counts as waiting.
        if ns(&story["states"]["missed_turns"]) == 0 {
            seen += 1;
            let least = least.saturating_sub(match state {
                // It measures with the clock of its own CPU time.
                "running" => clocks_differ(least, story, stolen),
                _ => until_switched_out(story),
            });
            assert!(least <= counted, "{counted} of {fact}: {story}");

            let (running, runnable) = (time(story, "running"), time(story, "runnable"));
            let near = |what, counted, kernel| near(what, counted, kernel, story, stolen);
            near("running", running, ns(&story["usage"]["runtime_ns"]));
            if let (Some(ran), Some(waited)) = (
                fact["schedstat_running_ns"].as_u64(),
                fact["schedstat_runnable_ns"].as_u64(),
            ) {
                near("running", running, ran);
                near("runnable", runnable, waited);
            }
        }

        // It slept that often, and once more at its exit. A sleep may end before it
        // begins.
        let (wakeups, slept) = (ns(&story["states"]["wakeups"]["count"]), ns(&fact["nvcsw"]));
        assert!(wakeups <= slept && slept <= wakeups + 3, "{fact}: {story}");
        let latency = &story["states"]["wakeups"];
        let (all, longest) = (ns(&latency["latency_ns"]), ns(&latency["latency_max_ns"]));
        assert!(longest <= all && all <= time(story, "runnable"), "{story}");
        assert!(all <= longest * wakeups, "{story}");
    }
    assert!(seen > facts.len() / 2, "all turns were seen of only {seen}");
    let crowded: Vec<_> = facts
        .iter()
        .filter(|fact| fact["what"] == "crowded")
        .collect();
    let waited = |fact: &&Value| time(process(&processes, &fact["pid"]), "runnable");
    // The first to exit had the CPU half of the time.
    let waited: u64 = crowded.iter().map(waited).sum();
    assert!(waited > 100 * MS, "{waited}");
}

/// A child that is killed and reaped when this is dropped.
struct Sleeper(Child);

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn tasks_older_than_the_trace_are_counted_from_its_beginning() {
    let sleeper = Sleeper(Command::new("sleep").arg("600").spawn().unwrap());
    let stat = format!("/proc/{}/stat", sleeper.0.id());
    until("sleep to sleep", || {
        let stat = fs::read_to_string(&stat).ok()?;
        stat.contains("(sleep) S").then_some(())
    });
    let scratch = Scratch::new("sleeper");
    let file = scratch.file("sleeper.trace");
    let mut record = record(&file);
    run(record.args(["--states=count", "--for", "1500ms"]));
    let processes = processes(&file);
    let events: Vec<_> = events(&file);
    let (began, end) = (
        ns(&events[0]["at_ns"]),
        ns(&events.last().unwrap()["at_ns"]),
    );
    let story = process(&processes, &sleeper.0.id().into());
    let uses_iterator = events[0]["hooks"]
        .as_array()
        .unwrap()
        .iter()
        .any(|hook| hook["purpose"] == "what already runs" && hook["hook"] == "iter:task");
    if !uses_iterator {
        return;
    }
    assert_eq!(story["states"]["state"], "interruptible", "{story}");
    let slept = time(story, "interruptible");
    // The iterator reaches it while the trace begins.
    assert!(
        slept.abs_diff(end - began) < 500 * MS,
        "{slept} of {}",
        end - began
    );
    assert_eq!(slept, total(story), "{story}");

    // The times of every task add up to the nanosecond.
    let counted: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "states")
        .collect();
    assert!(counted.len() > 3, "{} were counted", counted.len());
    for event in counted {
        let times = event["times"].as_object().unwrap().values();
        let sum: u64 = times.map(ns).sum();
        let span = ns(&event["since_ns"]) - ns(&event["counted_since_ns"]);
        assert_eq!(sum, span, "{event}");
    }
}

#[test]
fn changes_are_streamed_only_for_the_command() {
    let scratch = Scratch::new("stream");
    let file = scratch.file("stream.trace");
    let bystander = Sleeper(
        Command::new("sh")
            .args(["-c", "while :; do sleep 0.01; done"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let facts = record_workload_with(&file, &["--states=stream"], &["states"]);
    let (processes, events) = (processes(&file), events(&file));
    let changes: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "state")
        .collect();
    let parent = &process(&processes, &facts[0]["pid"])["original_parent_pid"];
    let above = |pid: &Value| match pid.is_null() {
        true => Value::Null,
        false => process(&processes, pid)["original_parent_pid"].clone(),
    };
    let unseen = skipped(&events) > 0;
    for change in &changes {
        let pid = &change["pid"];
        // The kernel skipped its fork.
        if unseen && pid != parent && above(pid).is_null() {
            continue;
        }
        let is_family = pid == parent || above(pid) == *parent || above(&above(pid)) == *parent;
        assert!(is_family, "{change} of {}", process(&processes, pid));
    }
    assert!(
        changes
            .iter()
            .all(|change| change["pid"] != bystander.0.id())
    );

    // The changes alone add up to the counted times.
    for fact in &facts {
        let story = process(&processes, &fact["pid"]);
        let own: Vec<_> = changes
            .iter()
            .filter(|change| change["tid"] == fact["pid"])
            .collect();
        assert_eq!(own.first().unwrap()["state"], "runnable", "{fact}");
        assert_eq!(own.last().unwrap()["state"], "dead", "{fact}");
        for state in STATES {
            let spans = own.windows(2).filter(|pair| pair[0]["state"] == state);
            let spent: u64 = spans
                .map(|pair| ns(&pair[1]["at_ns"]) - ns(&pair[0]["at_ns"]))
                .sum();
            let counted = time(story, state);
            assert_eq!(spent, counted, "{state} of {fact}: {story}");
        }
    }
}

#[test]
fn states_are_unknown_unless_requested() {
    let scratch = Scratch::new("off");
    let file = scratch.file("off.trace");
    run(record(&file).args(["--", "true"]));
    for story in processes(&file) {
        assert_eq!(story["states"], Value::Null, "{story}");
    }
}
