//! Measures the dashboard: a frame, a key, and the events of a stream. `bench-frame`
//! takes the figures; it needs no kernel.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{
    report::{Goal, Report, Table, number},
    testbed::Testbed,
};
use xtask::process;

pub fn bench(testbed: &Testbed) -> Result<Report> {
    let mut frame = Command::new(testbed.program("bench-frame"));
    let mut report = Report::default();
    let mut table = Table::new("", ["", "worst of its rounds, on CPU"]);
    for line in process::capture(&mut frame)?.lines() {
        let mut parts = line.split('\t');
        let mut part = || parts.next().context("bench-frame printed something else");
        let (what, unit, limit, figure) = (part()?, part()?, part()?, part()?);
        let figure: f64 = figure.parse()?;
        if let Ok(limit) = limit.parse() {
            let goal = Goal::at_most(limit, unit_of(unit), what, Some(figure));
            report.goals.push(goal);
        }
        let figure = format!("{} {unit}", number(figure));
        table.rows.push(vec![what.to_owned(), figure]);
    }
    report.tables.push(table);
    Ok(report)
}

fn unit_of(unit: &str) -> &'static str {
    match unit {
        "ms" => "ms",
        _ => "% of a core",
    }
}
