//! Tests recordings on a full disk, with a removed file, with a killed recorder: what was
//! written stays readable, and the user is warned.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use support::{Scratch, SmallDisk, boottime, events, print_losses, record, until, workload};
use tracer::recording::{Ending, Reader};

/// Starts a recording of a shell script.
fn start(file: &Path, script: &str, arguments: &[&Path]) -> (Child, BufReader<ChildStderr>) {
    let mut child = record(file)
        .args(["--", "sh", "-c", script])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    (child, stderr)
}

/// Waits for a process, and kills it if the test fails.
fn wait(mut child: Child) -> ExitStatus {
    let ended = until("tracer to end", || child.try_wait().unwrap());
    let _ = child.kill();
    ended
}

#[test]
fn full_disk_is_reported_at_once_and_harms_neither_file_nor_command() {
    let scratch = Scratch::new("full");
    let disk = SmallDisk::mount(scratch.file("disk"), 256 << 10);
    let (file, done) = (disk.path().join("full.trace"), scratch.file("go"));
    let script = "\"$0\" storm 60000; until [ -e \"$1\" ]; do sleep 0.05; done; exit 0";
    let (child, mut stderr) = start(&file, script, &[&workload(), &done]);
    // The command is still running when the message comes.
    let mut message = String::new();
    stderr.read_line(&mut message).unwrap();
    assert!(message.contains("No space left"), "{message}");
    assert!(message.contains("can be read"), "{message}");
    fs::write(&done, "").unwrap();
    assert_eq!(wait(child).code(), Some(3));
    let events = events(&file);
    assert!(events.len() > 1000, "{} events", events.len());
    assert_eq!(events[0]["event"], "session");
}

#[test]
fn failed_command_keeps_its_exit_code_on_a_full_disk() {
    let scratch = Scratch::new("full-code");
    let disk = SmallDisk::mount(scratch.file("disk"), 256 << 10);
    let file = disk.path().join("full.trace");
    let (child, _stderr) = start(&file, "\"$0\" storm 60000; exit 7", &[&workload()]);
    assert_eq!(wait(child).code(), Some(7));
}

#[test]
fn removed_file_is_reported() {
    let scratch = Scratch::new("removed");
    let (file, done) = (scratch.file("removed.trace"), scratch.file("go"));
    let script = "until [ -e \"$0\" ]; do sleep 0.05; done; exit 0";
    let (child, mut stderr) = start(&file, script, &[&done]);
    until("the recording to begin", || file.metadata().ok());
    fs::remove_file(&file).unwrap();
    let mut message = String::new();
    stderr.read_line(&mut message).unwrap();
    assert!(message.contains("was removed"), "{message}");
    fs::write(&done, "").unwrap();
    assert_eq!(wait(child).code(), Some(3));
}

#[test]
fn stop_signals_end_the_recording_cleanly() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT] {
        let scratch = Scratch::new("signal");
        let file = scratch.file("signal.trace");
        let child = record(&file).stderr(Stdio::null()).spawn().unwrap();
        until("the recording to begin", || {
            file.metadata().ok().filter(|file| file.len() > 1000)
        });
        // SAFETY: a child of this process.
        unsafe { libc::kill(child.id().cast_signed(), signal) };
        assert_eq!(wait(child).code(), Some(0), "signal {signal}");
        assert_eq!(events(&file).last().unwrap()["event"], "end");
    }
}

/// Number of kills, from `TRACER_KILLS`.
fn kills() -> u32 {
    let kills = std::env::var("TRACER_KILLS").ok();
    kills.map_or(6, |kills| kills.parse().unwrap())
}

#[test]
fn kill_9_loses_at_most_the_last_second() {
    let scratch = Scratch::new("kill");
    let mut lost = Vec::new();
    for kill in 0..kills() {
        // A new name, so that the previous file is not mistaken for it.
        let file = scratch.file(&format!("kill-{kill}.trace"));
        let mut storm = Command::new(workload())
            .args(["storm", "1000000"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut child = record(&file).stderr(Stdio::null()).spawn().unwrap();
        until("the recording to begin", || {
            file.metadata().ok().filter(|file| file.len() > 1000)
        });
        // Times unrelated to tracer's own timers.
        let after = Duration::from_micros(u64::from(kill.wrapping_mul(2_654_435_761) % 2_500_000));
        let until = Instant::now() + after;
        while Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        let killed = boottime();
        child.kill().unwrap();
        child.wait().unwrap();
        storm.kill().unwrap();
        storm.wait().unwrap();
        let mut reader = Reader::new(fs::File::open(&file).unwrap()).unwrap();
        let last = reader.by_ref().map(|event| event.unwrap().at).max();
        let last = last.unwrap();
        assert!(matches!(reader.ending(), Some(Ending::Torn { .. })));
        assert_eq!(reader.damage(), []);
        // The writer syncs every 0.8 s. In a storm on few processors it may wait for a
        // processor and for the disk.
        let missing = Duration::from_nanos(killed.saturating_sub(last));
        assert!(
            missing < Duration::from_secs(3),
            "{missing:?} missing after {after:?}"
        );
        lost.push(missing);
        fs::remove_file(&file).unwrap();
    }
    print_losses(lost);
}
