//! What an attack cost tracer, as rows of a table in docs/security.md.

use std::{collections::BTreeMap, path::Path, process::Command};

use anyhow::{Context as _, Result};
use serde_json::Value;
use xtask::process;

/// Largest memory of a recorder, bytes.
const RECORD: u64 = 80_000_000;
/// Largest memory of a dashboard, bytes.
const LIVE: u64 = 160_000_000;
/// Largest size of the ring, bytes.
const RING: u64 = 16 << 20;

/// Names of the columns.
pub const HEAD: &str = "\
| attack | `record`, MiB | `record --ring`, MiB | `live`, MiB | file, MiB | ring, MiB | lost by \
`record` | lost by the ring | lost by `live` | beyond a budget |
|---|---:|---:|---:|---:|---:|---|---|---|---|
";

/// What an attack cost.
#[derive(Default)]
pub struct Cost {
    /// Largest resident memory of `tracer record FILE`, of `tracer record --ring` and of
    /// `tracer live`, bytes.
    pub memory: [u64; 3],
    /// Size of the file, and the largest size of the ring, bytes.
    pub size: [u64; 2],
    /// Losses of the file and of the ring.
    pub losses: [Losses; 2],
    /// Losses that `tracer live` showed, those beyond a budget included.
    pub lost_live: String,
}

/// Lost records of a recording.
#[derive(Default)]
pub struct Losses {
    /// Lost records by kind.
    lost: BTreeMap<String, u64>,
    /// Records beyond a user's budget, by kind.
    over_budget: BTreeMap<String, u64>,
}

impl Losses {
    /// Adds those of a file.
    pub fn count(&mut self, tracer: &Path, recording: &Path) -> Result<()> {
        let text = process::capture(Command::new(tracer).args(["info", "--json"]).arg(recording))?;
        let info: Value = serde_json::from_str(&text)?;
        for (key, sums) in [
            ("lost", &mut self.lost),
            ("over_budget", &mut self.over_budget),
        ] {
            let counts = info[key].as_object();
            let counts = counts.with_context(|| format!("`tracer info` has no {key}"))?;
            for (kind, count) in counts {
                *sums.entry(kind.clone()).or_default() += count.as_u64().unwrap_or(0);
            }
        }
        Ok(())
    }
}

impl Cost {
    /// Returns the goals for memory and size that were missed.
    pub fn missed(&self) -> impl Iterator<Item = String> {
        let [record, ring, live] = self.memory;
        let goals = [
            ("record", record, RECORD),
            ("record --ring", ring, RECORD),
            ("live", live, LIVE),
            ("size of the ring", self.size[1], RING),
        ];
        let missed = goals.into_iter().filter(|&(_, bytes, goal)| bytes > goal);
        missed.map(|(what, bytes, goal)| format!("{what}: {bytes} bytes, more than {goal}"))
    }

    /// Returns the row of the table.
    pub fn row(&self, name: &str) -> String {
        let mebibytes = |bytes: &u64| format!("{:.1}", *bytes as f64 / f64::from(1 << 20));
        let [file, ring] = &self.losses;
        let mut cells = vec![name.to_owned()];
        cells.extend(self.memory.iter().chain(&self.size).map(mebibytes));
        cells.push(kinds(&file.lost));
        cells.push(kinds(&ring.lost));
        cells.push(self.lost_live.clone());
        cells.push(kinds(&file.over_budget));
        format!("| {} |\n", cells.join(" | "))
    }
}

fn kinds(counts: &BTreeMap<String, u64>) -> String {
    let counts = counts.iter().map(|(kind, count)| format!("{count} {kind}"));
    let counts = counts.collect::<Vec<_>>().join(", ");
    match counts.is_empty() {
        true => "nothing".to_owned(),
        false => counts,
    }
}
