//! A dashboard of `tracer live` under attack, on a terminal of tmux.

use std::{
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use xtask::process;

use super::recorder::peak_memory;

/// Limit for the dashboard to appear or to close.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A running dashboard. Dropping it ends it.
pub struct Dashboard {
    socket: String,
    pid: u32,
}

impl Dashboard {
    /// Starts `tracer live` and returns once it shows something.
    pub fn start(tracer: &Path, scratch: &Path) -> Result<Dashboard> {
        let socket = format!("tracer-attack-{}", std::process::id());
        let mut dashboard = Dashboard { socket, pid: 0 };
        let command = format!("exec {} live", tracer.display());
        let mut start = dashboard.tmux();
        start.args([
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "150",
            "-y",
            "50",
        ]);
        start.arg(command).env("LC_ALL", "C.UTF-8");
        process::run(start.env("XDG_STATE_HOME", scratch))?;
        let pid = process::capture(dashboard.tmux().args(["display", "-p", "#{pane_pid}"]))?;
        dashboard.pid = pid.trim().parse()?;
        let began = Instant::now();
        while dashboard.lost().is_none() {
            ensure!(began.elapsed() < TIMEOUT, "tracer live shows nothing");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(dashboard)
    }

    fn tmux(&self) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.args(["-u", "-L", &self.socket]);
        tmux
    }

    /// Returns the number of lost records as its first line shows it.
    fn lost(&self) -> Option<String> {
        let screen = process::capture(self.tmux().args(["capture-pane", "-p"])).ok()?;
        let (_, after) = screen.lines().next()?.split_once("lost ")?;
        Some(after.split_ascii_whitespace().next()?.to_owned())
    }

    /// Ends it. Returns its largest resident memory, and the number of lost records that it
    /// showed.
    pub fn stop(self) -> Result<(u64, String)> {
        let lost = self.lost().context("tracer live shows nothing any more")?;
        let memory = peak_memory(self.pid);
        process::run(Command::new("kill").args(["-s", "INT", &self.pid.to_string()]))?;
        let entry = format!("/proc/{}", self.pid);
        let began = Instant::now();
        while Path::new(&entry).exists() {
            ensure!(began.elapsed() < TIMEOUT, "tracer live does not end");
            thread::sleep(Duration::from_millis(10));
        }
        Ok((memory, lost))
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        let _ = self.tmux().arg("kill-server").output();
    }
}
