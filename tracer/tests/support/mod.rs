//! Shared by the kernel tests: the built programs, a scratch directory, and parsing of
//! tracer's output.

// Each test target uses only a part.
#![allow(dead_code, reason = "every test target compiles this file for itself")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use serde_json::Value;

/// Returns a program that `cargo xtask test` has built and put into the environment.
fn built(variable: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(path) => path.into(),
        None => panic!("{variable} is not set: run the kernel tests by `cargo xtask test kernel`"),
    }
}

/// Returns tracer, as root itself starts it: `cargo xtask test` may use sudo.
pub fn tracer() -> Command {
    let mut tracer = Command::new(built("TRACER_BIN"));
    for by in ["SUDO_UID", "PKEXEC_UID", "DOAS_USER"] {
        tracer.env_remove(by);
    }
    tracer
}

pub fn workload() -> PathBuf {
    built("TRACER_WORKLOAD")
}

/// An empty directory for one test, removed unless the test fails.
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

/// Parses one JSON object per line.
pub fn json_lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}

/// Returns `tracer record FILE` without the hooks that the environment denies.
pub fn record(file: &Path) -> Command {
    let mut record = tracer();
    record.arg("record").arg(file);
    if let Ok(without) = std::env::var("TRACER_WITHOUT") {
        record.args(["--without", &without]);
    }
    record
}

/// Records while the workload runs a scenario, and returns the facts that it prints. If
/// the kernel skipped eBPF programs, which tracer cannot prevent, it is repeated a few
/// times.
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

/// Attempts at a recording without skipped programs. On an emulated 7.x, where probes are
/// preempted, half of the longer recordings have some.
pub const ATTEMPTS: usize = 10;

/// Returns how many records are missing at most because the kernel skipped programs.
pub fn skipped(events: &[Value]) -> u64 {
    let gaps = events.iter().filter(|event| event["cause"] == "skipped");
    let counts = gaps.flat_map(|gap| gap["lost"].as_object().into_iter().flatten());
    counts.filter_map(|(_, count)| count.as_u64()).sum()
}

/// Asserts that the buffer had room for all records.
#[track_caller]
pub fn had_room(events: &[Value]) {
    let lost = |event: &&Value| event["event"] == "gap" && event["cause"] != "skipped";
    let lost: Vec<_> = events.iter().filter(lost).collect();
    assert!(lost.is_empty(), "records were lost: {lost:?}");
}

/// Returns every process of a recording.
pub fn processes(file: &Path) -> Vec<Value> {
    json_lines(&run(tracer().arg("replay").arg(file).arg("--json")).stdout)
}

/// Returns every event of a recording, which may break off.
pub fn events(file: &Path) -> Vec<Value> {
    let mut replay = tracer();
    replay.arg("replay").arg(file).args(["--events", "--json"]);
    let output = replay.output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 3)), "{output:?}");
    json_lines(&output.stdout)
}

pub fn report(file: &Path) -> String {
    String::from_utf8(run(tracer().arg("replay").arg(file).arg("--report")).stdout).unwrap()
}

/// Returns the process with that PID that started last.
pub fn process<'a>(processes: &'a [Value], pid: &Value) -> &'a Value {
    let found = processes.iter().filter(|process| &process["pid"] == pid);
    found
        .max_by_key(|process| process["start_ns"].as_u64())
        .unwrap_or_else(|| panic!("no process {pid}"))
}

/// Returns true in a guest of `cargo xtask vm` (xtask/src/vm/init.sh).
pub fn is_emulated() -> bool {
    std::env::var_os("TRACER_IN_VM").is_some()
}

/// Waits until `ready` returns something; panics with `what` after two minutes.
pub fn until<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(Instant::now() < deadline, "timed out: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A small file system, mounted until this is dropped.
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

/// Returns CLOCK_BOOTTIME, ns.
pub fn boottime() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a local timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Prints the losses of kills: the times between each kill and the latest event kept.
pub fn print_losses(mut lost: Vec<Duration>) {
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
