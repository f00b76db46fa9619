//! Kills recorders (SIGKILL) at many moments of a storm: what was flushed is read, `tracer
//! info` finds nothing bad, and a new recorder continues in the same directory.

use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use xtask::process;

use super::{attacks::Attacked, recorder::Recorder};

/// Longest time that a recorder runs, ms: some segments of a second.
const LONGEST: u64 = 2500;

/// Exit code of `tracer info` for a recording that breaks off.
const INCOMPLETE: i32 = 3;

/// Kills `kills` recorders to a file and as many to a directory.
pub fn run(attacked: &Attacked, kills: u32, scratch: &Path) -> Result<()> {
    let mut storm = Command::new(&attacked.workload);
    let storm = storm.args(["storm", "1000000000"]).stdout(Stdio::null());
    let mut storm = storm.spawn().context("the storm could not be started")?;
    let killed = to_files(attacked, kills, scratch).and_then(|events| {
        println!("{kills} recorders to a file killed: {events} events read, none bad");
        let (segments, events) = to_a_directory(attacked, kills, scratch)?;
        println!(
            "{kills} recorders to a directory killed: {segments} segments left with {events} \
             events, none bad, each continued by the next"
        );
        Ok(())
    });
    storm.kill()?;
    storm.wait()?;
    killed
}

/// Returns a time that is unrelated to tracer's timers.
fn moment(kill: u32) -> Duration {
    Duration::from_millis(u64::from(kill).wrapping_mul(2_654_435_761) % LONGEST)
}

fn to_files(attacked: &Attacked, kills: u32, scratch: &Path) -> Result<u64> {
    let file = scratch.join("killed.trace");
    let mut events = 0;
    for kill in 0..kills {
        let recorder = Recorder::start(&attacked.tracer, &file, &[])?;
        thread::sleep(moment(kill));
        recorder.kill()?;
        let info = info(&attacked.tracer, &file)?;
        check(&info, kill)?;
        events += info["events"].as_u64().unwrap_or(0);
        std::fs::remove_file(&file)?;
    }
    Ok(events)
}

fn to_a_directory(attacked: &Attacked, kills: u32, scratch: &Path) -> Result<(usize, u64)> {
    let ring = scratch.join("killed");
    let options = ["--ring", "--segment", "1s", "--max-size", "64M"];
    for kill in 0..kills {
        let recorder = Recorder::start(&attacked.tracer, &ring, &options)?;
        thread::sleep(moment(kill));
        recorder.kill()?;
    }
    // A last one ends as it should.
    let last = Recorder::start(&attacked.tracer, &ring, &options)?;
    thread::sleep(Duration::from_millis(LONGEST));
    last.stop()?;
    let info = info(&attacked.tracer, &ring)?;
    let segments = info.as_array().context("`tracer info` lists no segments")?;
    let mut events = 0;
    for (number, segment) in segments.iter().enumerate() {
        check(segment, number as u32)?;
        events += segment["events"].as_u64().unwrap_or(0);
    }
    let whole = Command::new(&attacked.tracer)
        .args(["replay", "--report=summary"])
        .arg(&ring)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    ensure!(
        whole.success(),
        "the directory cannot be replayed ({whole})"
    );
    std::fs::remove_dir_all(&ring)?;
    Ok((segments.len(), events))
}

/// Runs `tracer info --json`, which may find that a recording breaks off.
fn info(tracer: &Path, path: &Path) -> Result<Value> {
    let mut command = Command::new(tracer);
    command.args(["info", "--json"]).arg(path);
    let output = command.output()?;
    let code = output.status.code();
    ensure!(
        code == Some(0) || code == Some(INCOMPLETE),
        "`{}` failed ({}): {}",
        process::show(&command),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Fails if a recording has damaged places: a kill only breaks it off.
fn check(info: &Value, number: u32) -> Result<()> {
    let damage = info["damage"]
        .as_array()
        .context("`tracer info` names no damage")?;
    ensure!(
        damage.is_empty(),
        "recording {number} is damaged: {damage:?}"
    );
    Ok(())
}
