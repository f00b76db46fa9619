//! Counts the instructions of decode, model and other stages with callgrind. The counts
//! do not depend on the machine's load, so a regression shows. The expected counts are
//! in docs/performance/instructions.json.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    report::{Report, Table},
    running::capture,
    testbed::Testbed,
};
use xtask::{packages, workspace};

/// Number of events: enough to outweigh constant costs, few enough for a minute.
const EVENTS: u64 = 50_000;
/// Stages of `bench-data`, and true if they work on every event.
const STAGES: [(&str, bool); 6] = [
    ("write", true),
    ("decode", true),
    ("model", true),
    ("export", true),
    ("report", false),
    ("frame", false),
];

/// Increase that counts as a regression, percent. Random hash seeds and inlining
/// change the counts by less.
const TOLERANCE: f64 = 5.0;

pub fn bench(testbed: &Testbed) -> Result<Report> {
    let counts = counts(&testbed.program("bench-data"), &testbed.scratch(""))?;
    let expected = expected()?;
    let mut table = Table::new(
        format!("Instructions for {EVENTS} made-up events"),
        ["", "instructions", "an event", "expected", "change"],
    );
    for (&(stage, each), &count) in STAGES.iter().zip(&counts) {
        let each = match each {
            true => format!("{:.0}", count as f64 / EVENTS as f64),
            false => "–".to_owned(),
        };
        let mut row = vec![stage.to_owned(), count.to_string(), each];
        row.extend(match expected.get(stage) {
            Some(&expected) => [
                expected.to_string(),
                format!("{:+.1} %", change(count, expected)),
            ],
            None => ["–", "–"].map(str::to_owned),
        });
        table.rows.push(row);
    }
    if testbed.keep {
        let counts: BTreeMap<_, _> = STAGES
            .map(|(stage, _)| stage)
            .into_iter()
            .zip(counts)
            .collect();
        let text = format!("{:#}\n", serde_json::json!(counts));
        fs::write(path(), text)?;
    } else {
        judge(&counts, &expected)?;
    }
    Ok(Report {
        goals: Vec::new(),
        tables: vec![table],
        notes: vec![format!(
            "Counted by callgrind, so load does not matter. More than {TOLERANCE} % above the \
             expected count fails, in `cargo xtask test` too."
        )],
    })
}

/// Fails if a stage takes more than is expected. `data` is bench-data, built.
pub fn guard(data: &Path) -> Result<()> {
    let scratch = workspace::root().join("target/bench");
    fs::create_dir_all(&scratch)?;
    judge(&counts(data, &scratch)?, &expected()?)
}

/// Counts the instructions of each stage.
fn counts(data: &Path, scratch: &Path) -> Result<Vec<u64>> {
    packages::ensure(packages::FOR_INSTRUCTIONS)?;
    let count = |(stage, _)| {
        eprintln!("    {stage}");
        count(data, scratch, stage)
    };
    STAGES.into_iter().map(count).collect()
}

fn change(count: u64, expected: u64) -> f64 {
    100.0 * (count as f64 / expected as f64 - 1.0)
}

fn judge(counts: &[u64], expected: &BTreeMap<String, u64>) -> Result<()> {
    let changes = STAGES
        .iter()
        .zip(counts)
        .filter_map(|((stage, _), &count)| {
            let change = change(count, *expected.get(*stage)?);
            (change > TOLERANCE).then(|| format!("{stage} takes {change:.1} % more"))
        });
    let worse: Vec<_> = changes.collect();
    ensure!(
        worse.is_empty(),
        "more instructions than {} expects: {} (tolerance: {TOLERANCE} %). If this is intended, \
         `cargo xtask bench instructions --write` writes the new counts",
        path().display(),
        worse.join(", ")
    );
    Ok(())
}

fn path() -> PathBuf {
    workspace::root().join("docs/performance/instructions.json")
}

/// Reads the expected counts; none if the file does not exist.
fn expected() -> Result<BTreeMap<String, u64>> {
    match fs::read_to_string(path()) {
        Ok(text) => Ok(serde_json::from_str(&text)?),
        Err(_) => Ok(BTreeMap::new()),
    }
}

/// Counts what runs inside `measured` of bench-data alone.
fn count(data: &Path, scratch: &Path, stage: &str) -> Result<u64> {
    let out = scratch.join("callgrind.out");
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .arg("--toggle-collect=bench_data::measured*")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(data)
        .arg(scratch.join("instructions.trace"))
        .args([&EVENTS.to_string(), stage]);
    capture(&mut command)?;
    let text = fs::read_to_string(&out)?;
    let total = text.lines().find_map(|line| {
        let rest = line
            .strip_prefix("totals:")
            .or(line.strip_prefix("summary:"))?;
        rest.trim().parse().ok()
    });
    total.context("callgrind gives no total")
}
