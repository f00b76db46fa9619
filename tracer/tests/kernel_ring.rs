//! Tests the flight recorder: killed, restarted, on a full disk, with its directory
//! removed, followed while it writes. Its segments read as one recording.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use support::{
    Scratch, SmallDisk, boottime, json_lines, print_losses, run, tracer, until, workload,
};
use tracer::recording::Reader;

/// Starts `tracer record --ring` with the shortest segments.
fn ring(dir: &Path, options: &[&str]) -> Child {
    let mut record = tracer();
    record
        .args(["record", "--segment", "1s", "--ring"])
        .arg(dir);
    if let Ok(without) = std::env::var("TRACER_WITHOUT") {
        record.args(["--without", &without]);
    }
    let record = record.args(options).stdout(Stdio::null());
    record.stderr(Stdio::piped()).spawn().unwrap()
}

fn storm(lives: &str) -> Child {
    let mut storm = Command::new(workload());
    let storm = storm.args(["storm", lives]).stdout(Stdio::null());
    storm.spawn().unwrap()
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(dir).into_iter().flatten();
    let paths = files.map(|file| file.unwrap().path());
    let mut segments: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "trace"))
        .collect();
    segments.sort();
    segments
}

fn replay(dir: &Path, options: &[&str]) -> Vec<Value> {
    let output = run(tracer().arg("replay").arg(dir).args(options));
    json_lines(&output.stdout)
}

fn stop(mut child: Child, signal: i32) -> (Option<i32>, String) {
    // SAFETY: a child of this process.
    unsafe { libc::kill(child.id().cast_signed(), signal) };
    let status = until("tracer to end", || child.try_wait().unwrap());
    let mut message = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut message).unwrap();
    (status.code(), message)
}

/// Returns the time of the latest event in a segment.
fn latest(dir: &Path) -> u64 {
    let times = segments(dir).into_iter().rev().map(|segment| {
        let reader = Reader::new(File::open(segment).unwrap()).ok()?;
        reader.map(|event| event.unwrap().at).max()
    });
    times.flatten().next().unwrap_or(0)
}

/// Number of kills, from `TRACER_KILLS`.
fn kills() -> usize {
    let kills = std::env::var("TRACER_KILLS").ok();
    kills.map_or(4, |kills| kills.parse().unwrap())
}

#[test]
fn kill_9_and_a_restart_leave_one_recording_with_a_gap() {
    let scratch = Scratch::new("ring-kill");
    let dir = scratch.file("ring");
    let mut load = storm("1000000000");
    let (mut before, mut lost) = (0, Vec::new());
    for kill in 0..kills() {
        let begun = boottime();
        let mut child = ring(&dir, &["--max-size", "1G"]);
        // It has written events of its own after those it continues.
        until("the recorder to begin", || {
            let is_new = segments(&dir).len() > before;
            (is_new && latest(&dir) > begun).then_some(())
        });
        // Times unrelated to tracer's own timers.
        let after = Duration::from_millis((kill as u64 * 2_654_435_761) % 2_500);
        let at = Instant::now() + after;
        while Instant::now() < at {
            std::thread::sleep(Duration::from_millis(1));
        }
        let killed = boottime();
        child.kill().unwrap();
        child.wait().unwrap();
        lost.push(Duration::from_nanos(killed.saturating_sub(latest(&dir))));
        before = segments(&dir).len();
    }
    print_losses(lost);
    let child = ring(&dir, &["--max-size", "1G"]);
    // Its first segment exists before it handles signals.
    until("the recorder to be at work", || {
        (segments(&dir).len() > before + 1).then_some(())
    });
    load.kill().unwrap();
    load.wait().unwrap();
    let (code, message) = stop(child, libc::SIGTERM);
    assert_eq!(code, Some(0), "{message}");

    // There may be too many events to hold them all.
    let mut replay = tracer();
    let replay = replay.args(["replay", "--events", "--json"]).arg(&dir);
    let mut replay = replay.stdout(Stdio::piped()).spawn().unwrap();
    let (mut count, mut sessions, mut untraced) = (0, 0, 0);
    for line in BufReader::new(replay.stdout.take().unwrap()).lines() {
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        count += 1;
        sessions += usize::from(event["event"] == "session");
        untraced += usize::from(event["cause"] == "untraced");
    }
    assert!(replay.wait().unwrap().success());
    assert_eq!(untraced, kills(), "{:?}", segments(&dir));
    assert_eq!(sessions, kills() + 1);
    // Each segment can be read alone, and no event is in two of them.
    let mut alone = 0;
    for segment in segments(&dir) {
        let mut reader = Reader::new(File::open(&segment).unwrap()).unwrap();
        while reader.next_event().unwrap().is_some() {}
        assert_eq!(reader.damage(), [], "{}", segment.display());
        alone += reader.number();
    }
    let again = segments(&dir).len() - 1;
    assert_eq!(count, alone - again as u64);
}

#[test]
fn two_recorders_do_not_share_a_directory() {
    let scratch = Scratch::new("ring-two");
    let dir = scratch.file("ring");
    let first = ring(&dir, &[]);
    until("the recorder to begin", || segments(&dir).pop());
    let mut second = ring(&dir, &[]);
    let status = until("the second to be refused", || second.try_wait().unwrap());
    assert_eq!(status.code(), Some(1));
    let mut message = String::new();
    std::io::Read::read_to_string(&mut second.stderr.take().unwrap(), &mut message).unwrap();
    assert!(
        message.contains("another tracer records there"),
        "{message}"
    );
    assert_eq!(stop(first, libc::SIGTERM).0, Some(0));
}

#[test]
fn full_disk_removes_the_oldest_segments() {
    let scratch = Scratch::new("ring-full");
    // Room for several segments at any speed of the storm.
    let disk = SmallDisk::mount(scratch.file("disk"), 3 << 20);
    let dir = disk.path().join("ring");
    let child = ring(&dir, &[]);
    until("the recorder to begin", || segments(&dir).pop());
    let first = segments(&dir)[0].clone();
    let mut load = storm("10000000");
    until("the first segment to go", || {
        (!first.exists()).then_some(())
    });
    load.kill().unwrap();
    load.wait().unwrap();
    let (code, message) = stop(child, libc::SIGTERM);
    assert_eq!(code, Some(0), "{message}");
    let events = replay(&dir, &["--events", "--json"]);
    assert_eq!(events[0]["event"], "session");
    assert_eq!(events.last().unwrap()["event"], "end");
}

#[test]
fn removed_directory_ends_the_recording() {
    let scratch = Scratch::new("ring-gone");
    let dir = scratch.file("ring");
    let mut child = ring(&dir, &[]);
    until("the recorder to begin", || segments(&dir).pop());
    fs::remove_dir_all(&dir).unwrap();
    let status = until("tracer to end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(3));
}

#[test]
fn follower_sees_all_events() {
    let scratch = Scratch::new("ring-follow");
    let dir = scratch.file("ring");
    let child = ring(&dir, &[]);
    until("the recorder to begin", || segments(&dir).pop());
    let followed = scratch.file("followed");
    let mut follow = tracer();
    follow
        .args(["replay", "--follow", "--events", "--json"])
        .arg(&dir);
    let mut follow = follow
        .stdout(File::create(&followed).unwrap())
        .spawn()
        .unwrap();
    until("some segments", || (segments(&dir).len() > 3).then_some(()));
    assert_eq!(stop(child, libc::SIGTERM).0, Some(0));
    let status = until("the follower to end", || follow.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
    let whole = run(tracer().args(["replay", "--events", "--json"]).arg(&dir)).stdout;
    // All but the wall clock, which is that of the latest segment.
    let events = |bytes: &[u8]| -> Vec<_> {
        let events = json_lines(bytes).into_iter();
        let same = events.map(|event| ["at_ns", "event", "tid"].map(|it| event[it].clone()));
        same.collect()
    };
    assert!(events(&fs::read(followed).unwrap()) == events(&whole));
}

#[test]
fn follower_reports_that_the_recorder_was_killed() {
    let scratch = Scratch::new("follow-killed");
    let file = scratch.file("killed.trace");
    let mut record = tracer();
    let mut record = record
        .arg("record")
        .arg(&file)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the recording to begin", || {
        file.metadata().ok().filter(|file| file.len() > 1000)
    });
    let mut follow = tracer();
    follow.args(["replay", "--follow", "--report"]).arg(&file);
    let follow = follow
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    record.kill().unwrap();
    record.wait().unwrap();
    let output = follow.wait_with_output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("the recorder was killed"), "{message}");
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("breaks off"), "{report}");
}

#[test]
fn recording_can_be_piped() {
    let mut record = tracer();
    record.args(["record", "-", "--for", "1s"]);
    let mut record = record
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut replay = tracer();
    replay.args(["replay", "-", "--events", "--json"]);
    let output = run(replay.stdin(record.stdout.take().unwrap()));
    assert!(record.wait().unwrap().success());
    let events = json_lines(&output.stdout);
    assert_eq!(events[0]["event"], "session");
    assert_eq!(events.last().unwrap()["event"], "end");
}
