//! docs/performance.md: put together of what each bench last found and of what
//! was written by hand.
//!
//! Each bench keeps its part in a file of its own under docs/performance, so
//! that one can be measured again without the others.

use std::{fmt::Write as _, fs, path::PathBuf, process::Command};

use anyhow::{Context as _, Result};

use crate::{machine, report::Report, testbed::Testbed};
use xtask::{process, workspace};

const HEAD: &str = "\
# Performance

Made by `cargo xtask bench --write`; the last part is written by hand
(`docs/performance/history.md`). Every figure that has a goal stands beside it.
What is compared is measured in turns, so that what else the machine does meets
all; given are medians and, in brackets, quartiles, if nothing else is said.
";

/// A bench, as a row of the table of benches.
pub struct Bench {
    pub name: &'static str,
    /// Question it answers: the heading of its part of the page.
    pub question: &'static str,
    pub run: fn(&Testbed) -> Result<Report>,
}

fn directory() -> PathBuf {
    workspace::root().join("docs/performance")
}

/// Keeps a bench's part of the page.
pub fn keep(name: &str, report: &Report, testbed: &Testbed) -> Result<()> {
    let part = format!(
        "Measured {} on {}; {} rounds.\n\n{}",
        today()?,
        machine::line(),
        testbed.rounds,
        report.markdown()
    );
    let file = directory().join(format!("{name}.md"));
    fs::create_dir_all(directory())
        .and_then(|()| fs::write(&file, part))
        .with_context(|| format!("{} cannot be written", file.display()))
}

/// Writes the page from the parts of all benches.
pub fn write(benches: &[Bench]) -> Result<()> {
    let mut page = HEAD.to_owned();
    for bench in benches {
        if let Ok(part) = fs::read_to_string(directory().join(format!("{}.md", bench.name))) {
            let _ = write!(
                page,
                "\n## {}\n\n`cargo xtask bench {}`. {part}",
                bench.question, bench.name
            );
        }
    }
    if let Ok(history) = fs::read_to_string(directory().join("history.md")) {
        let _ = write!(page, "\n## What was tried\n\n{history}");
    }
    let file = workspace::root().join("docs/performance.md");
    fs::write(&file, page).with_context(|| format!("{} cannot be written", file.display()))
}

fn today() -> Result<String> {
    let date = process::capture(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    Ok(date.trim().to_owned())
}
