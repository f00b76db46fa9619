//! What the kernel tests share: the built tracer, the workload, a scratch
//! directory, and reading what tracer says.

// Each test target uses a part of it.
#![allow(dead_code, reason = "every test target compiles this file for itself")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use serde_json::Value;

/// Set by `cargo xtask test`, which has built both.
fn built(variable: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(path) => path.into(),
        None => panic!("{variable} is not set: run the kernel tests by `cargo xtask test kernel`"),
    }
}

pub fn tracer() -> Command {
    Command::new(built("TRACER_BIN"))
}

pub fn workload() -> PathBuf {
    built("TRACER_WORKLOAD")
}

/// An empty directory for one test, removed when the test has passed.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(test: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("tracer-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// Runs a command that must succeed.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// One JSON object per line.
pub fn json_lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}

/// `tracer record FILE`, without the hooks that the environment denies.
pub fn record(file: &Path) -> Command {
    let mut record = tracer();
    record.arg("record").arg(file);
    if let Ok(without) = std::env::var("TRACER_WITHOUT") {
        record.args(["--without", &without]);
    }
    record
}

/// Records while the workload runs a scenario; gives the facts that it states.
/// Where the kernel skipped programs, which none of ours can help, it is done
/// anew, a few times.
pub fn record_workload(file: &Path, scenario: &[&str]) -> Vec<Value> {
    record_workload_with(file, &[], scenario)
}

pub fn record_workload_with(file: &Path, options: &[&str], scenario: &[&str]) -> Vec<Value> {
    let mut attempt = 1;
    loop {
        let output = run(record(file)
            .args(options)
            .args(["--force", "--"])
            .arg(workload())
            .args(scenario));
        if attempt == ATTEMPTS || skipped(&events(file)) == 0 {
            return json_lines(&output.stdout);
        }
        attempt += 1;
    }
}

/// For a recording in which nothing was skipped: on an emulated 7.x, where probes are
/// preempted, every other one of the longer ones has it.
pub const ATTEMPTS: usize = 10;

/// How many records are missing at most because the kernel skipped programs.
pub fn skipped(events: &[Value]) -> u64 {
    let gaps = events.iter().filter(|event| event["cause"] == "skipped");
    let counts = gaps.flat_map(|gap| gap["lost"].as_object().into_iter().flatten());
    counts.filter_map(|(_, count)| count.as_u64()).sum()
}

/// That the buffer had room for everything.
#[track_caller]
pub fn had_room(events: &[Value]) {
    let lost = |event: &&Value| event["event"] == "gap" && event["cause"] != "skipped";
    let lost: Vec<_> = events.iter().filter(lost).collect();
    assert!(lost.is_empty(), "something was lost: {lost:?}");
}

/// What tracer says of every process in a recording.
pub fn processes(file: &Path) -> Vec<Value> {
    json_lines(&run(tracer().arg("replay").arg(file).arg("--json")).stdout)
}

/// Every event of a recording.
pub fn events(file: &Path) -> Vec<Value> {
    json_lines(
        &run(tracer()
            .arg("replay")
            .arg(file)
            .args(["--events", "--json"]))
        .stdout,
    )
}

pub fn report(file: &Path) -> String {
    String::from_utf8(run(tracer().arg("replay").arg(file).arg("--report")).stdout).unwrap()
}

/// The process with that number that began last.
pub fn process<'a>(processes: &'a [Value], pid: &Value) -> &'a Value {
    let found = processes.iter().filter(|process| &process["pid"] == pid);
    found
        .max_by_key(|process| process["start_ns"].as_u64())
        .unwrap_or_else(|| panic!("no process {pid}"))
}

/// Whether the kernel is one that xtask booted (xtask/src/vm/init.sh).
pub fn is_emulated() -> bool {
    std::env::var_os("TRACER_IN_VM").is_some()
}

/// Waits until `ready` gives something; fails with `what` after a while.
pub fn until<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A small file system of its own, for as long as this lives.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    pub fn mount(at: PathBuf, size: u32) -> SmallDisk {
        std::fs::create_dir_all(&at).unwrap();
        let size = format!("size={size}");
        run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tracer-test"])
            .arg(&at));
        SmallDisk(at)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// CLOCK_BOOTTIME, ns.
pub fn boottime() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a timespec of our own.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Says what kills cost: each the time between the kill and the latest event kept.
pub fn say_what_was_lost(mut lost: Vec<Duration>) {
    lost.sort();
    println!(
        "{} kills: {:?} lost at the median, {:?} at most, {} times more than a second",
        lost.len(),
        lost[lost.len() / 2],
        lost[lost.len() - 1],
        lost.iter()
            .filter(|it| **it > Duration::from_secs(1))
            .count(),
    );
}
