//! Starts and stops tracer as the measured tool.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{
    running::{Running, capture, tree, wait_for},
    testbed::Testbed,
};

/// Counts that a tool reports when it ends.
#[derive(Default)]
pub struct Totals {
    /// Events it has taken, as it counts them.
    pub events: Option<u64>,
    /// Events it has lost; none where it does not know.
    pub lost: Option<u64>,
}

/// A running `tracer record` that has attached.
pub struct Recording {
    pub running: Running,
    pub file: PathBuf,
}

/// Starts `tracer record` with `options` and returns once it has attached.
pub fn record(testbed: &Testbed, options: &[&str]) -> Result<Recording> {
    let file = testbed.scratch("bench.trace");
    let _ = fs::remove_file(&file);
    let mut running = Running::start(
        Command::new(testbed.tracer())
            .arg("record")
            .arg(&file)
            .args(options),
        &testbed.scratch("record.out"),
    )?;
    // The file is created when the last hook is attached.
    wait_for("tracer record to attach", || {
        running.check()?;
        Ok(file.exists().then_some(()))
    })?;
    Ok(Recording { running, file })
}

impl Recording {
    /// Stops it and returns its totals.
    pub fn stop(self, testbed: &Testbed) -> Result<Totals> {
        self.running.stop("INT")?;
        let mut info = Command::new(testbed.tracer());
        let info: Value =
            serde_json::from_str(&capture(info.args(["info", "--json"]).arg(&self.file))?)?;
        let gaps = info["gaps"].as_array().context("tracer info")?;
        let lost = gaps
            .iter()
            .filter_map(|gap| gap["lost"].as_object())
            .flat_map(|lost| lost.values());
        Ok(Totals {
            events: info["events"].as_u64(),
            lost: Some(lost.filter_map(Value::as_u64).sum()),
        })
    }
}

/// A running `tracer live` on a terminal of its own.
pub struct Dashboard {
    pub running: Running,
    /// PID of tracer: `running` is the terminal.
    pub pid: u32,
}

/// Query for the cursor's position, and the answer of a terminal: `script` does not
/// answer.
const WHERE: &str = "\x1b[6n";
const HERE: &[u8] = b"\x1b[1;1R";

/// Bytes of output that show a frame: more than the set-up of a terminal, less than any
/// frame.
const A_FRAME: u64 = 1000;

/// Starts `tracer live` and returns once it has drawn the first frame.
pub fn live(testbed: &Testbed, options: &[&str]) -> Result<Dashboard> {
    let screen = testbed.scratch("live.out");
    let tracer = testbed.tracer();
    let command = format!(
        "stty rows 50 cols 160; exec {} live {}",
        tracer.display(),
        options.join(" ")
    );
    let mut running = Running::start(
        Command::new("script").args(["-qefc", &command, "/dev/null"]),
        &screen,
    )?;
    let mut answered = false;
    wait_for("the first frame", || {
        running.check()?;
        if !answered && running.said().contains(WHERE) {
            running.input()?.write_all(HERE)?;
            answered = true;
        }
        Ok((size(&screen) > A_FRAME).then_some(()))
    })?;
    let is_tracer = |pid: &u32| {
        let exe = fs::read_link(format!("/proc/{pid}/exe"));
        exe.is_ok_and(|exe| exe == tracer)
    };
    let pid = tree(running.pid()).into_iter().find(is_tracer);
    Ok(Dashboard {
        pid: pid.context("tracer live drew a frame and exited")?,
        running,
    })
}

impl Dashboard {
    pub fn quit(self) -> Result<()> {
        self.running.stop_by_typing(b"q")
    }
}

fn size(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |file| file.len())
}
