//! A running `tracer record` under attack.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use xtask::process;

/// Limit for a recorder to start or stop.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A running `tracer record`. Dropping it kills it.
pub struct Recorder {
    child: Child,
}

impl Recorder {
    /// Starts `tracer record` and returns once it writes. With `--ring` among the options,
    /// `path` is a directory.
    pub fn start(tracer: &Path, path: &Path, options: &[&str]) -> Result<Recorder> {
        let before = contents(path);
        let mut command = Command::new(tracer);
        command.arg("record");
        if !options.contains(&"--ring") {
            command.arg(path);
        }
        for option in options {
            command.arg(option);
            if *option == "--ring" {
                command.arg(path);
            }
        }
        let child = command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = child
            .spawn()
            .with_context(|| format!("`{}` could not be started", process::show(&command)))?;
        let mut recorder = Recorder { child };
        let began = Instant::now();
        while contents(path) == before || size(path) < 1000 {
            if let Some(status) = recorder.child.try_wait()? {
                bail!("`{}` ended ({status})", process::show(&command));
            }
            ensure!(began.elapsed() < TIMEOUT, "tracer record does not begin");
            thread::sleep(Duration::from_millis(2));
        }
        Ok(recorder)
    }

    /// Kills it at once (SIGKILL).
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Stops it by SIGINT and waits until it has ended. Returns its largest resident memory,
    /// bytes.
    pub fn stop(mut self) -> Result<u64> {
        let mut memory = peak_memory(self.child.id());
        let pid = self.child.id().to_string();
        process::run(Command::new("kill").args(["-s", "INT", &pid]))?;
        let began = Instant::now();
        loop {
            match self.child.try_wait()? {
                Some(status) => {
                    ensure!(status.success(), "tracer record failed ({status})");
                    return Ok(memory);
                }
                None => ensure!(began.elapsed() < TIMEOUT, "tracer record does not stop"),
            }
            memory = memory.max(peak_memory(self.child.id()));
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the largest resident memory of a process so far, bytes; 0 once it has exited.
pub fn peak_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_ascii_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}

/// Returns the paths of the segments in a directory, or that of the file if it exists.
pub fn contents(path: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = match fs::read_dir(path) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(_) => path.exists().then(|| path.to_owned()).into_iter().collect(),
    };
    files.sort();
    files
}

/// Returns the size of a file, or of all files in a directory, bytes.
pub fn size(path: &Path) -> u64 {
    let files = contents(path).into_iter();
    // A file may be removed meanwhile.
    files
        .filter_map(|file| Some(file.metadata().ok()?.len()))
        .sum()
}
