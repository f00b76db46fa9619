//! A tool that runs while something is measured: started, watched through
//! /proc, stopped.

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

/// Longer than any tool takes to start or to stop.
const PATIENCE: Duration = Duration::from_secs(90);
/// Who has not heeded a signal for so long is sent SIGTERM.
const DEAF: Duration = Duration::from_secs(5);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(1);

/// Waits until `condition` gives something.
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let began = Instant::now();
    loop {
        if let Some(found) = condition()? {
            return Ok(found);
        }
        ensure!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(LOOK);
    }
}

/// Runs `command` to its end and gives its standard output. One that takes too
/// long is killed, with all it has started. Nothing looks at it meanwhile: that
/// would be measured with it.
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
        let late = end.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout);
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
        PATIENCE.as_secs()
    );
    ensure!(
        output.status.success(),
        "`{shown}` failed ({}): {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// Those that are gone already do not matter.
fn kill(pids: &[u32], signal: &str) {
    let pids = pids.iter().map(u32::to_string);
    let _ = Command::new("kill")
        .args(["-s", signal])
        .args(pids)
        .stderr(Stdio::null())
        .status();
}

pub struct Running {
    child: Child,
    shown: String,
    output: PathBuf,
    began: Instant,
}

impl Running {
    /// Starts `command`, what it says on both streams going to `output`.
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

    /// Time since it was started.
    pub fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// What it has said so far.
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

    /// Waits until it works on nothing any more: it has started. Where there is
    /// always something to watch it never rests, and is given its time.
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

    /// Types at its standard input.
    pub fn input(&mut self) -> Result<&mut ChildStdin> {
        self.child.stdin.as_mut().context("its input is closed")
    }

    /// Asks it to end by a signal, and waits until it has; gives how long that
    /// took.
    pub fn stop(mut self, signal: &str) -> Result<Duration> {
        let began = Instant::now();
        kill(&[self.pid()], signal);
        self.wait()?;
        Ok(began.elapsed())
    }

    /// The same of it and all that it has started; gives what they said.
    pub fn stop_tree(mut self, signal: &str) -> Result<String> {
        kill(&tree(self.pid()), signal);
        self.wait()?;
        Ok(self.said())
    }

    /// Types what ends it, and waits until it has.
    pub fn stop_by_typing(mut self, keys: &[u8]) -> Result<()> {
        self.input()?.write_all(keys)?;
        self.wait()
    }

    fn wait(&mut self) -> Result<()> {
        let what = format!("the end of `{}`", self.shown);
        let mut told = Instant::now();
        wait_for(&what, || {
            // A shell's background jobs, and what they start, ignore SIGINT
            // until they say otherwise.
            if told.elapsed() > DEAF {
                kill(&tree(self.pid()), "TERM");
                told = Instant::now();
            }
            Ok(self.child.try_wait()?.map(drop))
        })
    }
}

/// Whatever became of the measurement, nothing is left running.
impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            kill(&tree(self.pid()), "KILL");
            let _ = self.child.wait();
        }
    }
}

/// That process and those it has started, as far as they live.
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

/// Time on the processor of all threads of a process that live, as the
/// scheduler counts it (Documentation/scheduler/sched-stats.rst).
pub fn cpu_time(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    let of = |thread: std::io::Result<fs::DirEntry>| -> Option<u64> {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok()
    };
    Duration::from_nanos(threads.into_iter().flatten().filter_map(of).sum())
}

/// The most memory that a process has held, in MiB; none if it is gone.
pub fn peak_memory(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}
