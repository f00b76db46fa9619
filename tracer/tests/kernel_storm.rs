//! Storms: nothing is lost with the default buffer, and what is lost with one
//! that is too small is counted, told and healed.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::process::{Child, Command, Stdio};

use serde_json::Value;
use support::{Scratch, events, process, processes, record_workload, run, tracer, workload};

/// A compile that goes on in the background as long as this lives.
struct Compile(Child);

impl Compile {
    fn start(scratch: &Scratch) -> Compile {
        let source = scratch.file("busy.c");
        let functions = (0..2000).map(|n| {
            format!(
                "int f{n}(int x) {{ return x * {n} + (x << {}); }}\n",
                n % 31
            )
        });
        std::fs::write(&source, functions.collect::<String>()).unwrap();
        let loop_ = "while :; do gcc -O2 -c \"$0\" -o /dev/null || exit; done";
        Compile(
            Command::new("sh")
                .args(["-c", loop_])
                .arg(&source)
                .spawn()
                .unwrap(),
        )
    }
}

impl Drop for Compile {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn count(values: &[Value], of: impl Fn(&Value) -> bool) -> u64 {
    values.iter().filter(|value| of(value)).count() as u64
}

#[test]
fn twenty_thousand_vforks_are_all_told() {
    let scratch = Scratch::new("storm");
    let file = scratch.file("storm.trace");
    let compile = Compile::start(&scratch);
    let facts = record_workload(&file, &["storm", "20000"]);
    drop(compile);
    let processes = processes(&file);
    let storm = &facts[0]["pid"];
    let children: Vec<_> = processes
        .iter()
        .filter(|p| &p["original_parent_pid"] == storm)
        .cloned()
        .collect();
    assert_eq!(children.len(), 20_000);
    assert_eq!(count(&children, |p| p["created_by"] == "vfork"), 20_000);
    assert_eq!(count(&children, |p| p["exit_code"] == 0), 20_000);
    assert_eq!(count(&children, |p| &p["reaped_by_pid"] == storm), 20_000);
    support::had_room(&events(&file));
}

#[test]
fn what_a_small_buffer_loses_is_counted_and_the_model_heals() {
    let scratch = Scratch::new("small");
    let file = scratch.file("small.trace");
    // 64 KiB hold about 80 lives; the reader is stopped so that it must lose,
    // and goes on for a while after so that it can heal.
    let facts = run(support::record(&file)
        .args([
            "--buffer",
            "64K",
            "--",
            "sh",
            "-c",
            "kill -STOP $PPID; \"$0\" storm 3000; kill -CONT $PPID; sleep 2",
        ])
        .arg(workload()));
    let storm = support::json_lines(&facts.stdout)[0]["pid"].clone();
    let events = events(&file);
    let lost = |kind: &str| -> u64 {
        let gaps = events.iter().filter(|event| event["event"] == "gap");
        gaps.map(|gap| gap["lost"][kind].as_u64().unwrap_or(0))
            .sum()
    };
    // Of the storm: every fork is told or counted. Others fork too, so that
    // the sum is at least the storm's own.
    let told = count(&events, |event| event["event"] == "fork");
    assert!(lost("fork") > 0, "the buffer was not too small");
    assert!(
        told + lost("fork") >= 3000,
        "{told} told, {} lost",
        lost("fork")
    );
    // No ghosts: after the gap only those live that /proc would have shown.
    let processes = processes(&file);
    let ghosts = processes.iter().filter(|process| {
        process["parent_pid"] == storm
            && process["state"] != "reaped"
            && process["state"] != "vanished"
    });
    assert_eq!(ghosts.count(), 0);
    assert_ne!(process(&processes, &storm)["state"], "alive");
}

#[test]
fn live_and_replay_give_the_same_report() {
    let scratch = Scratch::new("same");
    let file = scratch.file("same.trace");
    let mut live = tracer()
        .args(["live", "--report", "--save"])
        .arg(&file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The trace has begun when the file holds something.
    support::until("the recording to begin", || {
        std::fs::metadata(&file)
            .ok()
            .filter(|file| file.len() > 1000)
    });
    run(Command::new(workload()).arg("all"));
    // SAFETY: our own child.
    unsafe { libc::kill(live.id().cast_signed(), libc::SIGINT) };
    let mut printed = String::new();
    std::io::Read::read_to_string(live.stdout.as_mut().unwrap(), &mut printed).unwrap();
    assert!(live.wait().unwrap().success());
    assert!(printed.contains("workload"), "{printed}");
    assert_eq!(printed, support::report(&file));
}
