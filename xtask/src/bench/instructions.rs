//! How many instructions decode, model and the like take: the same on every run
//! and every mood of the machine, so that a regression shows. Counted by
//! callgrind; the table of what is expected stands in the repository.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use anyhow::{Context as _, Result, bail};

use super::{
    ground::Ground,
    report::{Report, Table},
    running::capture,
};
use crate::{packages, workspace};

/// Enough for the constant part not to matter, few enough for a minute.
const EVENTS: u64 = 50_000;
/// And whether it is done to every event.
const STAGES: [(&str, bool); 6] = [
    ("write", true),
    ("decode", true),
    ("model", true),
    ("export", true),
    ("report", false),
    ("frame", false),
];

/// What may be added before it is called a regression, percent. Hash tables
/// with random seeds and what the compiler inlines make up for less.
const TOLERANCE: f64 = 5.0;

pub fn bench(ground: &Ground) -> Result<Report> {
    packages::ensure(packages::FOR_INSTRUCTIONS)?;
    let expected = expected()?;
    let mut counts = BTreeMap::new();
    let mut table = Table::new(
        format!("Instructions, of {EVENTS} made-up events"),
        ["", "instructions", "an event", "expected", "change"],
    );
    let mut worse = Vec::new();
    for (stage, each) in STAGES {
        eprintln!("    {stage}");
        let count = count(ground, stage)?;
        counts.insert(stage, count);
        let each = match each {
            true => format!("{:.0}", count as f64 / EVENTS as f64),
            false => "–".to_owned(),
        };
        let mut row = vec![stage.to_owned(), count.to_string(), each];
        match expected.get(stage) {
            Some(&expected) => {
                let change = 100.0 * (count as f64 / expected as f64 - 1.0);
                row.extend([expected.to_string(), format!("{change:+.1} %")]);
                if change > TOLERANCE {
                    worse.push(format!("{stage} takes {change:.1} % more"));
                }
            }
            None => row.extend(["–".to_owned(), "–".to_owned()]),
        }
        table.rows.push(row);
    }
    if ground.keep {
        let text = format!("{:#}\n", serde_json::json!(counts));
        fs::write(path(), text)?;
    } else if !worse.is_empty() {
        bail!(
            "more instructions than {} says: {} (tolerated: {TOLERANCE} %). If that is meant to \
             be, `cargo xtask bench instructions --write` writes the new counts",
            path().display(),
            worse.join(", ")
        );
    }
    Ok(Report {
        goals: Vec::new(),
        tables: vec![table],
        notes: vec![format!(
            "Counted by callgrind, so that neither machine nor load matters; more than \
             {TOLERANCE} % above what is expected fails."
        )],
    })
}

fn path() -> PathBuf {
    workspace::root().join("docs/performance/instructions.json")
}

/// None yet, where the file is not there.
fn expected() -> Result<BTreeMap<String, u64>> {
    match fs::read_to_string(path()) {
        Ok(text) => Ok(serde_json::from_str(&text)?),
        Err(_) => Ok(BTreeMap::new()),
    }
}

/// What is inside `measured` (tracer/examples/data.rs) alone.
fn count(ground: &Ground, stage: &str) -> Result<u64> {
    let out = ground.scratch("callgrind.out");
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .arg("--toggle-collect=data::measured*")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(ground.example("data"))
        .arg(ground.scratch("instructions.trace"))
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
