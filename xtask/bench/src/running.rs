//! Runs a tool during a measurement: starts it, reads its use from /proc, stops it.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use xtask::process;

/// Limit for a tool to start or stop.
const TIMEOUT: Duration = Duration::from_secs(90);
/// Time after which a tool that ignores its signal gets SIGTERM.
const SIGTERM_AFTER: Duration = Duration::from_secs(5);
/// Interval between two checks of a condition.
const POLL: Duration = Duration::from_millis(1);

/// Waits until `condition` returns something.
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let began = Instant::now();
    loop {
        if let Some(found) = condition()? {
            return Ok(found);
        }
        ensure!(began.elapsed() < TIMEOUT, "timed out waiting for {what}");
        thread::sleep(POLL);
    }
}

/// Runs `command` to its end and returns its standard output. A command that takes too
/// long is killed with its descendants. It is not polled meanwhile, because that would be
/// measured too.
pub fn capture(command: &mut Command) -> Result<String> {
    let shown = process::show(command);
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{shown}` could not be started"))?;
    let pid = child.id();
    let (ended, end) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        let late = end.recv_timeout(TIMEOUT) == Err(mpsc::RecvTimeoutError::Timeout);
        if late {
            kill(&tree(pid), "KILL");
        }
        late
    });
    let output = child.wait_with_output();
    drop(ended);
    let late = watch.join().unwrap_or(false);
    let output = output?;
    ensure!(
        !late,
        "`{shown}` did not end within {} s",
        TIMEOUT.as_secs()
    );
    ensure!(
        output.status.success(),
        "`{shown}` failed ({}): {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// Sends a signal to processes; exited ones do not matter.
fn kill(pids: &[u32], signal: &str) {
    let pids = pids.iter().map(u32::to_string);
    let _ = Command::new("kill")
        .args(["-s", signal])
        .args(pids)
        .stderr(Stdio::null())
        .status();
}

/// A running tool. Dropping it kills it and its descendants.
pub struct Running {
    child: Child,
    shown: String,
    output: PathBuf,
    began: Instant,
}

impl Running {
    /// Starts `command`; both its streams go to `output`.
    pub fn start(command: &mut Command, output: &Path) -> Result<Running> {
        let shown = process::show(command);
        let file = File::create(output)
            .with_context(|| format!("{} cannot be written", output.display()))?;
        let began = Instant::now();
        let child = command
            .stdin(Stdio::piped())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("`{shown}` could not be started"))?;
        Ok(Running {
            child,
            shown,
            output: output.to_owned(),
            began,
        })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns the time since its start.
    pub fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// Returns its output so far.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.output).unwrap_or_default()).into_owned()
    }

    /// Fails if it has ended.
    pub fn check(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("`{}` ended ({status}): {}", self.shown, self.said().trim());
        }
        Ok(())
    }

    /// Waits until it uses no more CPU, which means that it has started. On a busy system
    /// it always does, so the wait is bounded.
    pub fn settle(&mut self) -> Result<()> {
        const STILL: Duration = Duration::from_millis(300);
        const ENOUGH: Duration = Duration::from_secs(3);
        let (mut used, mut since) = (Duration::ZERO, Instant::now());
        wait_for("a tool to settle", || {
            self.check()?;
            let now = tree(self.pid()).into_iter().map(cpu_time).sum();
            if now != used {
                (used, since) = (now, Instant::now());
            }
            let settled = since.elapsed() > STILL || self.age() > ENOUGH;
            Ok(settled.then_some(()))
        })
    }

    /// Returns its standard input.
    pub fn input(&mut self) -> Result<&mut ChildStdin> {
        self.child.stdin.as_mut().context("its input is closed")
    }

    /// Sends it a signal and waits until it has ended. Returns the time that took.
    pub fn stop(mut self, signal: &str) -> Result<Duration> {
        let began = Instant::now();
        kill(&[self.pid()], signal);
        self.wait()?;
        Ok(began.elapsed())
    }

    /// Sends the signal to its descendants too. Returns their output.
    pub fn stop_tree(mut self, signal: &str) -> Result<String> {
        kill(&tree(self.pid()), signal);
        self.wait()?;
        Ok(self.said())
    }

    /// Writes `keys` to its input and waits until it has ended.
    pub fn stop_by_typing(mut self, keys: &[u8]) -> Result<()> {
        self.input()?.write_all(keys)?;
        self.wait()
    }

    fn wait(&mut self) -> Result<()> {
        let what = format!("the end of `{}`", self.shown);
        let mut signalled = Instant::now();
        wait_for(&what, || {
            // A shell's background jobs ignore SIGINT unless they reset it.
            if signalled.elapsed() > SIGTERM_AFTER {
                kill(&tree(self.pid()), "TERM");
                signalled = Instant::now();
            }
            Ok(self.child.try_wait()?.map(drop))
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            kill(&tree(self.pid()), "KILL");
            let _ = self.child.wait();
        }
    }
}

/// Returns a process and its descendants that have not exited.
pub fn tree(pid: u32) -> Vec<u32> {
    let mut all = vec![pid];
    let mut next = 0;
    while let Some(&parent) = all.get(next) {
        let file = format!("/proc/{parent}/task/{parent}/children");
        let children = fs::read_to_string(file).unwrap_or_default();
        all.extend(
            children
                .split_ascii_whitespace()
                .filter_map(|pid| pid.parse::<u32>().ok()),
        );
        next += 1;
    }
    all
}

/// Returns the CPU time of all present threads of a process, as the scheduler counts it
/// (Documentation/scheduler/sched-stats.rst).
pub fn cpu_time(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    let of = |thread: std::io::Result<fs::DirEntry>| -> Option<u64> {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok()
    };
    Duration::from_nanos(threads.into_iter().flatten().filter_map(of).sum())
}

/// Returns the peak memory of a process, MiB; none if it has exited.
pub fn peak_memory(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}
