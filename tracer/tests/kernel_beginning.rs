//! Tests the beginning of a trace: processes that exit or exec while it begins, and
//! times inside a time namespace.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::{
    io,
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use support::{Scratch, boottime, events, processes, record, run, tracer, workload};

/// A program that runs in the background until this is dropped.
struct Background(Child);

impl Background {
    fn start(command: &mut Command) -> Background {
        Background(command.stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A child that was reaped before the trace is freed after it has begun.
#[test]
fn children_reaped_before_the_trace_are_not_part_of_it() {
    let scratch = Scratch::new("beginning");
    let file = scratch.file("beginning.trace");
    let storm = Background::start(Command::new(workload()).args(["storm", "100000000"]));
    run(record(&file).args(["--", "true"]));
    drop(storm);
    let processes = processes(&file);
    let children: Vec<_> = processes
        .iter()
        .filter(|process| process["comm"] == "workload")
        .collect();
    assert!(children.len() > 10, "{} children", children.len());
    for process in &processes {
        let ended = !process["freed_ns"].is_null() || !process["reaped_ns"].is_null();
        let known = !process["exit_code"].is_null() || !process["exit_signal"].is_null();
        assert!(!ended || known, "{process}");
    }
    // Idle tasks, PID 0, are no processes.
    let of_host = ["session", "snapshot_end", "gap", "summary", "cgroup", "end"];
    let mut nameless = events(&file).into_iter().filter(|it| it["pid"].is_null());
    let idle = nameless.find(|it| !of_host.contains(&it["event"].as_str().unwrap()));
    assert_eq!(idle, None);
}

/// The snapshot contains the process, and an exec is reported before the snapshot ends.
#[test]
fn exec_during_the_snapshot_adds_no_thread() {
    let scratch = Scratch::new("execs");
    let (file, script) = (scratch.file("execs.trace"), scratch.file("again.sh"));
    std::fs::write(&script, "exec sh \"$0\"\n").unwrap();
    let again = Background::start(Command::new("sh").arg(&script));
    run(record(&file).args(["--", "true"]));
    let processes = processes(&file);
    let story = support::process(&processes, &again.0.id().into());
    assert!(story["exec_count"].as_u64() > Some(3), "{story}");
    assert_eq!(story["threads"], 1, "{story}");
}

/// Makes a command run in a new time namespace with this offset of CLOCK_BOOTTIME, in
/// seconds. The command must fork: before 6.x an exec does not enter the namespace.
fn in_time_namespace(command: &mut Command, offset: i64) -> &mut Command {
    let enter = move || {
        // SAFETY: no pointers.
        if unsafe { libc::unshare(libc::CLONE_NEWTIME) } != 0 {
            return Err(io::Error::last_os_error());
        }
        std::fs::write("/proc/self/timens_offsets", format!("boottime {offset} 0"))
    };
    // SAFETY: the child of this test allocates, which the C library allows after fork.
    unsafe { command.pre_exec(enter) }
}

#[test]
fn times_in_a_time_namespace_are_the_hosts() {
    let scratch = Scratch::new("clock");
    // The second is before the start of most processes in `/proc`.
    for (offset, without) in [(100_000, ""), (-3, "iter")] {
        let file = scratch.file("clock.trace");
        let denied = std::env::var("TRACER_WITHOUT").unwrap_or_default();
        let before = boottime();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "\"$@\"; exit $?", "sh"])
            .arg(tracer().get_program())
            .args([
                "record",
                "--force",
                "--without",
                &format!("{without},{denied}"),
            ])
            .arg(&file)
            .args(["--", "sh", "-c", "exit 3"]);
        let output = in_time_namespace(&mut shell, offset).output();
        if output
            .as_ref()
            .is_err_and(|error| error.raw_os_error() == Some(libc::EINVAL))
        {
            println!("this kernel has no time namespaces");
            return;
        }
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let after = boottime();

        let events = events(&file);
        let time = |value: &Value| value.as_u64().unwrap();
        for event in &events {
            let at = time(&event["at_ns"]);
            assert!((before..after).contains(&at), "{before} {event} {after}");
        }
        let processes = processes(&file);
        let own = support::process(&processes, &events[0]["tracer_pid"]);
        let command = processes
            .iter()
            .find(|it| it["original_parent_pid"] == own["pid"]);
        let command = command.unwrap();
        assert_eq!(command["exit_code"], 3, "{command}");
        for process in [own, command] {
            let start = time(&process["start_ns"]);
            assert!((before - TICK..after).contains(&start), "{process}");
        }
        // Every process that the snapshot lists is the one that later events name.
        let unnamed = processes.iter().find(|it| it["comm"].is_null());
        assert!(unnamed.is_none(), "{unnamed:?}");
    }
}

/// `/proc` rounds starts down to this, ns.
const TICK: u64 = 10_000_000;
