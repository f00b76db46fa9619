//! Tests recordings on a full disk, with a removed file, with a killed recorder: what was
//! written stays readable, and the user is warned.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::{
    fs,
    io::{self, BufRead as _, BufReader, PipeReader, PipeWriter, Read as _},
    os::{
        fd::AsRawFd as _,
        unix::process::{CommandExt as _, ExitStatusExt as _},
    },
    path::Path,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use support::{
    Scratch, SmallDisk, boottime, events, print_losses, record, tracer, until, workload,
};
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

/// A command that is killed at the limit has the default action of SIGXFSZ, and its exit
/// code is tracer's.
#[test]
fn limit_on_file_sizes_is_an_error_and_the_command_keeps_its_exit_code() {
    let scratch = Scratch::new("fsize");
    let file = scratch.file("fsize.trace");
    for (script, code) in [("kill -XFSZ $$", 128 + libc::SIGXFSZ), ("exit 0", 3)] {
        let mut record = record(&file);
        record.args(["--force", "--", "sh", "-c", script]);
        // SAFETY: only system calls between fork and exec.
        unsafe { record.pre_exec(|| limit_files_to(1024)) };
        let output = record.output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{message}");
        assert!(message.contains("File too large"), "{message}");
        assert!(message.contains("ulimit -f"), "{message}");
        assert_eq!(file.metadata().unwrap().len(), 1024);
    }
}

/// Sets the limit on the size of files in bytes.
fn limit_files_to(bytes: u64) -> io::Result<()> {
    let limit = libc::rlimit {
        rlim_cur: bytes,
        rlim_max: bytes,
    };
    // SAFETY: the pointer is to a local rlimit.
    match unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Returns a small pipe, which stalls unless its reader reads.
fn small_pipe() -> (PipeReader, PipeWriter) {
    let (reader, writer) = io::pipe().unwrap();
    // SAFETY: fcntl takes numbers.
    let capacity = unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_SETPIPE_SZ, 4096) };
    assert!(capacity > 0, "{}", io::Error::last_os_error());
    (reader, writer)
}

/// Waits until a thread of a process sleeps in `pipe_write` (fs/pipe.c).
fn until_stalled(pid: u32) {
    until("a thread to wait for the pipe", || {
        let mut tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
        let waits = |task: fs::DirEntry| fs::read_to_string(task.path().join("wchan"));
        let found = tasks.any(|task| waits(task).is_ok_and(|at| at.ends_with("pipe_write")));
        found.then_some(())
    });
}

/// Sends a signal and returns the exit status and the time until then.
fn signalled(child: Child, signal: i32) -> (ExitStatus, Duration) {
    let began = Instant::now();
    // SAFETY: a child of this process that has not been waited for.
    unsafe { libc::kill(child.id().cast_signed(), signal) };
    (wait(child), began.elapsed())
}

#[test]
fn second_signal_gives_up_a_stalled_recording() {
    let (_reader, writer) = small_pipe();
    let mut child = record(Path::new("-"))
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    until_stalled(child.id());
    // SAFETY: as in `signalled`. A second SIGTERM at once would be merged with the first.
    unsafe { libc::kill(child.id().cast_signed(), libc::SIGTERM) };
    let (status, took) = signalled(child, libc::SIGINT);
    let mut message = String::new();
    stderr.read_to_string(&mut message).unwrap();
    assert_eq!(status.code(), Some(3), "{message}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    let count = message.split("no more data, and ").nth(1);
    let count = count.and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
    assert!(count.is_some_and(|count| count > 0), "{message}");
}

#[test]
fn second_signal_ends_a_report_that_is_not_read() {
    let (_reader, writer) = small_pipe();
    let child = tracer()
        .args(["live", "--report=tree,processes"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let status = format!("/proc/{}/status", child.id());
    until("tracer to listen", || {
        let status = fs::read_to_string(&status).unwrap();
        (mask(&status, "SigCgt") & bit(libc::SIGTERM) != 0).then_some(())
    });
    // SAFETY: as in `signalled`.
    unsafe { libc::kill(child.id().cast_signed(), libc::SIGTERM) };
    until_stalled(child.id());
    let (status, took) = signalled(child, libc::SIGTERM);
    let mut message = String::new();
    stderr.read_to_string(&mut message).unwrap();
    assert_eq!(status.signal(), Some(libc::SIGTERM), "{message}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(message.contains("not written is lost"), "{message}");
}

/// `nohup` ignores SIGHUP, and a shell without job control the other two.
#[test]
fn signals_that_were_ignored_stay_ignored() {
    const IGNORED: [i32; 3] = [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT];
    let scratch = Scratch::new("ignored");
    let file = scratch.file("ignored.trace");
    let mut record = record(&file);
    let ignore = || {
        for signal in IGNORED {
            // SAFETY: signal takes numbers.
            unsafe { libc::signal(signal, libc::SIG_IGN) };
        }
        Ok(())
    };
    // SAFETY: only system calls between fork and exec.
    unsafe { record.pre_exec(ignore) };
    let child = record.stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let status = until("tracer to listen", || {
        let status = fs::read_to_string(&status).unwrap();
        (mask(&status, "SigCgt") & bit(libc::SIGTERM) != 0).then_some(status)
    });
    for signal in IGNORED {
        assert!(mask(&status, "SigIgn") & bit(signal) != 0, "{signal}");
        assert!(mask(&status, "SigCgt") & bit(signal) == 0, "{signal}");
    }
    assert_eq!(signalled(child, libc::SIGTERM).0.code(), Some(0));
}

/// Returns a mask of signals in the text of /proc/PID/status.
fn mask(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    u64::from_str_radix(line.unwrap().trim_start_matches(':').trim(), 16).unwrap()
}

fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
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
