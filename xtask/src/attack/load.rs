//! Attacks by load: an unprivileged user's processes, and what they cost tracer.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use serde_json::Value;
use xtask::process;

use super::{
    attacks::{Attack, Attacked, Load, UNLIMITED},
    recorder::{Recorder, contents, size},
};

/// Scenario that runs until it is killed.
const ENDLESS: &str = "crowd";

/// Interval between two samples of memory and size.
const SAMPLE: Duration = Duration::from_millis(20);

/// User that the loads run as: nobody.
const USER: &str = "65534";

/// What an attack cost.
pub struct Cost {
    time: Duration,
    /// Largest resident memory of the recorder, bytes.
    memory: u64,
    /// Largest size of the recording, bytes.
    size: u64,
    /// Lost records by kind.
    lost: BTreeMap<String, u64>,
    /// Records beyond a user's budget, by kind.
    over_budget: BTreeMap<String, u64>,
    /// Number of gaps that `tracer info` only counts.
    unlisted_gaps: u64,
}

/// Runs the loads of an attack while tracer records.
pub fn run(attacked: &Attacked, attack: &Attack, times: u32, scratch: &Path) -> Result<Cost> {
    let path = scratch.join(attack.name.replace([' ', ','], "-"));
    let recorder = Recorder::start(&attacked.tracer, &path, attack.options)?;
    let began = Instant::now();
    let mut loads = attack
        .loads
        .iter()
        .map(|load| start(&attacked.workload, load, times))
        .collect::<Result<Vec<_>>>()?;
    let (mut memory, mut largest) = (0, 0);
    let mut sample = || {
        memory = memory.max(recorder.memory());
        largest = largest.max(size(&path));
        thread::sleep(SAMPLE);
    };
    for (load, child) in attack.loads.iter().zip(&mut loads) {
        while load.0 != ENDLESS && child.try_wait()?.is_none() {
            sample();
        }
    }
    let time = began.elapsed();
    for mut child in loads {
        let _ = child.kill();
        child.wait()?;
    }
    recorder.stop()?;
    let is_recording = |file: &PathBuf| *file == path || file.extension() == Some("trace".as_ref());
    let recordings = contents(&path).into_iter().filter(is_recording);
    let largest = largest.max(size(&path));
    let mut cost = Cost {
        time,
        memory,
        size: largest,
        lost: BTreeMap::new(),
        over_budget: BTreeMap::new(),
        unlisted_gaps: 0,
    };
    for recording in recordings {
        cost.count_losses(&attacked.tracer, &recording)?;
    }
    match path.is_dir() {
        true => fs::remove_dir_all(&path)?,
        false => fs::remove_file(&path)?,
    }
    Ok(cost)
}

fn start(workload: &Path, load: &Load, times: u32) -> Result<Child> {
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", USER, "--regid", USER, "--clear-groups"])
        .arg(workload)
        .args([load.0, &(load.1 * times).to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let shown = process::show(&command);
    let child = command.spawn();
    child.with_context(|| format!("`{shown}` could not be started"))
}

impl Cost {
    fn count_losses(&mut self, tracer: &Path, recording: &Path) -> Result<()> {
        let text = process::capture(Command::new(tracer).args(["info", "--json"]).arg(recording))?;
        let info: Value = serde_json::from_str(&text)?;
        let gaps = info["gaps"]
            .as_array()
            .context("`tracer info` lists no gaps")?;
        let all = info["gap_count"].as_u64().unwrap_or(0);
        self.unlisted_gaps += all.saturating_sub(gaps.len() as u64);
        for gap in gaps {
            let sums = match gap["cause"].as_str() {
                Some("over_budget") => &mut self.over_budget,
                _ => &mut self.lost,
            };
            for (kind, count) in gap["lost"].as_object().into_iter().flatten() {
                *sums.entry(kind.clone()).or_default() += count.as_u64().unwrap_or(0);
            }
        }
        Ok(())
    }

    /// Returns the row of the table.
    pub fn row(&self, attack: &Attack) -> String {
        let mebibytes = |bytes: u64| format!("{:.1}", bytes as f64 / f64::from(1 << 20));
        let limit = match attack.limit() {
            UNLIMITED => "–".to_owned(),
            limit => mebibytes(limit),
        };
        format!(
            "| {} | {:.1} | {} | {} | {limit} | {} | {} |",
            attack.name,
            self.time.as_secs_f64(),
            mebibytes(self.memory),
            mebibytes(self.size),
            kinds(&self.lost, self.unlisted_gaps),
            kinds(&self.over_budget, self.unlisted_gaps),
        )
    }
}

fn kinds(counts: &BTreeMap<String, u64>, unlisted_gaps: u64) -> String {
    let counts = counts.iter().map(|(kind, count)| format!("{count} {kind}"));
    let counts = counts.collect::<Vec<_>>().join(", ");
    match (counts.is_empty(), unlisted_gaps) {
        (true, 0) => "nothing".to_owned(),
        (_, 0) => counts,
        (_, more) => format!("{counts}; {more} more gaps"),
    }
}
