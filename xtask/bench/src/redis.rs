//! Compares tracer's count of copied pages with Redis's. Redis saves its data in the
//! background while clients overwrite it, and reports what its child counted as copied
//! (the "Fork CoW for RDB" line of its log, from `Private_Dirty` in /proc/self/smaps).
//! tracer counts the copies of parent and child.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::{
    report::{Goal, Report, Table, number},
    running::{Running, wait_for},
    testbed::Testbed,
    tracer,
};
use xtask::{packages, process};

const PORT: &str = "17379";
/// Number of keys of 1 kB: 200 MB.
const KEYS: u32 = 200_000;
/// Number of SETs sent at once to fill it.
const PIPELINE: &str = "32";
/// Largest accepted difference, percent.
const PERCENT: f64 = 5.0;

pub fn bench(testbed: &Testbed) -> Result<Report> {
    packages::ensure(packages::FOR_REDIS)?;
    let keys = if testbed.quick { KEYS / 10 } else { KEYS };
    let mut server = Running::start(
        Command::new("redis-server")
            .args(["--port", PORT, "--bind", "127.0.0.1", "--save", ""])
            .args(["--rdbcompression", "no", "--dir"])
            .arg(directory(testbed)?),
        &testbed.scratch("redis.log"),
    )?;
    wait_for("Redis to answer", || {
        server.check()?;
        Ok(redis(&["ping"])
            .is_ok_and(|answer| answer.contains("PONG"))
            .then_some(()))
    })?;
    let set = |count: u32| {
        let mut clients = Command::new("redis-benchmark");
        clients.args(["-p", PORT, "-t", "set", "-d", "1000", "-q", "-P", PIPELINE]);
        clients.args(["-r", &keys.to_string(), "-n", &count.to_string()]);
        clients
    };
    // Keys are random: four times as many SETs leave few out.
    process::run(set(4 * keys).stdout(Stdio::null()))?;

    let recording = tracer::record(testbed, &["--force"])?;
    redis(&["bgsave"])?;
    let writing = Running::start(&mut set(u32::MAX / 2), &testbed.scratch("clients.out"))?;
    let reported = wait_for("Redis to save", || {
        let facts = redis(&["info", "persistence"])?;
        let done = info(&facts, "rdb_bgsave_in_progress") == Some(0);
        Ok(done.then(|| info(&facts, "rdb_last_cow_size")).flatten())
    })?;
    drop(writing);
    recording.running.stop("INT")?;
    let fork_us = info(&redis(&["info", "stats"])?, "latest_fork_usec");

    let cost = fork_cost(testbed, &recording.file, server.pid())?;
    let page = 4096;
    let pages = |name: &str| {
        let count = cost[name].as_u64();
        count.with_context(|| format!("tracer could not count {name}: {cost}"))
    };
    let (parent, child) = (pages("parent_copies")?, pages("child_copies")?);
    let counted = (parent + child) * page;
    let apart = 100.0 * counted.abs_diff(reported) as f64 / reported as f64;
    drop(server);

    let megabytes = |bytes: u64| format!("{} MB", number(bytes as f64 / 1e6));
    let mut table = Table::new("", ["", "Redis reports", "tracer counts"]);
    table.rows.push(vec![
        "copied on write".to_owned(),
        megabytes(reported),
        megabytes(counted),
    ]);
    table.rows.push(vec![
        "by the parent, by the child".to_owned(),
        "–".to_owned(),
        format!("{}, {}", megabytes(parent * page), megabytes(child * page)),
    ]);
    table.rows.push(vec![
        "time of the fork".to_owned(),
        fork_us.map_or("–".to_owned(), |us| format!("{us} µs")),
        cost["took_ns"]
            .as_u64()
            .map_or("–".to_owned(), |ns| format!("{} µs", ns / 1000)),
    ]);
    Ok(Report {
        goals: vec![Goal::at_most(
            PERCENT,
            "%",
            "bytes copied, Redis's figure against ours",
            Some(apart),
        )],
        tables: vec![table],
        notes: vec![format!(
            "Redis with {keys} keys of 1 kB saves in the background while its clients overwrite them."
        )],
    })
}

fn directory(testbed: &Testbed) -> Result<std::path::PathBuf> {
    let directory = testbed.scratch("redis");
    std::fs::create_dir_all(&directory)?;
    Ok(directory)
}

fn redis(arguments: &[&str]) -> Result<String> {
    let mut command = Command::new("redis-cli");
    let output = command.args(["-p", PORT]).args(arguments).output()?;
    ensure!(
        output.status.success(),
        "`{}` failed",
        process::show(&command)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Parses a number from the answer to INFO.
fn info(answer: &str, name: &str) -> Option<u64> {
    let line = answer.lines().find_map(|line| line.strip_prefix(name))?;
    line.strip_prefix(':')?.trim().parse().ok()
}

/// Returns the cost of the fork of Redis's child, as tracer reports it.
fn fork_cost(testbed: &Testbed, file: &Path, server: u32) -> Result<Value> {
    let output = Command::new(testbed.tracer())
        .arg("replay")
        .arg(file)
        .arg("--json")
        .output()?;
    for line in output
        .stdout
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let process: Value = serde_json::from_slice(line)?;
        if process["original_parent_pid"] == server && process["created_by"] == "fork" {
            return Ok(process["fork_cost"].clone());
        }
    }
    bail!("tracer recorded no child of Redis")
}
