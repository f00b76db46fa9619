//! Tests storms of forks: nothing is lost with the default buffer. With a small one, losses
//! are counted and reported, and the model recovers.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::process::{Child, Command, Stdio};

use serde_json::Value;
use support::{Scratch, events, process, processes, record_workload, run, tracer, workload};

/// A compile that runs in the background until this is dropped.
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
fn all_of_twenty_thousand_vforks_are_recorded() {
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
fn losses_of_a_small_buffer_are_counted_and_the_model_recovers() {
    let scratch = Scratch::new("small");
    let file = scratch.file("small.trace");
    // 64 KiB hold the records of about 80 processes. The reader is stopped so that records
    // are lost, and runs on for a while so that the model recovers.
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
    // Every fork of the storm is recorded or counted as lost. Other processes fork too, so
    // the sum may be larger.
    let recorded = count(&events, |event| event["event"] == "fork");
    assert!(lost("fork") > 0, "the buffer was not too small");
    assert!(
        recorded + lost("fork") >= 3000,
        "{recorded} recorded, {} lost",
        lost("fork")
    );
    // No ghosts: after the gap only processes that /proc would show are present.
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
    // The trace has begun when the file has contents.
    support::until("the recording to begin", || {
        std::fs::metadata(&file)
            .ok()
            .filter(|file| file.len() > 1000)
    });
    run(Command::new(workload()).arg("all"));
    // SAFETY: a child of this process.
    unsafe { libc::kill(live.id().cast_signed(), libc::SIGINT) };
    let mut printed = String::new();
    std::io::Read::read_to_string(live.stdout.as_mut().unwrap(), &mut printed).unwrap();
    assert!(live.wait().unwrap().success());
    assert!(printed.contains("workload"), "{printed}");
    assert_eq!(printed, support::report(&file));
}
