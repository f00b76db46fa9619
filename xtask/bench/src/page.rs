//! The pages of the benches under docs/performance: the latest results of each, so
//! that one bench can be measured again without the others. docs/performance.md,
//! written by hand, lists them.

use std::{fs, process::Command};

use anyhow::{Context as _, Result};

use crate::{machine, report::Report, testbed::Testbed};
use xtask::{process, workspace};

/// A bench, as a row of the table of benches.
pub struct Bench {
    pub name: &'static str,
    /// Question it answers: the heading of its page.
    pub question: &'static str,
    pub run: fn(&Testbed) -> Result<Report>,
}

/// Writes the page of a bench.
pub fn write(bench: &Bench, report: &Report, testbed: &Testbed) -> Result<()> {
    let page = format!(
        "# {}\n\n`cargo xtask bench {}`. Measured {} on {}; {} rounds.\n\n{}",
        bench.question,
        bench.name,
        today()?,
        machine::line(),
        testbed.rounds,
        report.markdown()
    );
    let directory = workspace::root().join("docs/performance");
    let file = directory.join(format!("{}.md", bench.name));
    fs::create_dir_all(&directory)
        .and_then(|()| fs::write(&file, page))
        .with_context(|| format!("{} cannot be written", file.display()))
}

fn today() -> Result<String> {
    let date = process::capture(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    Ok(date.trim().to_owned())
}

#[cfg(test)]
mod tests {
    /// The list of pages, written by hand.
    const LIST: &str = include_str!("../../../docs/performance.md");

    #[test]
    fn every_bench_is_listed() {
        for bench in crate::BENCHES {
            let mut rows = LIST.lines().filter(|line| line.starts_with("| "));
            let row = rows.find(|row| row.contains(bench.question));
            assert!(
                row.is_some_and(|row| row.contains(bench.name)),
                "{}",
                bench.name
            );
        }
    }
}
