//! `bench`: what tracer costs, beside what it may cost and what its peers do.
//!
//! Each bench is a row of [`BENCHES`] and a file; it measures and gives a
//! [`Report`]. What becomes of a report — text, JSON, the page
//! docs/performance.md — is [`report`]'s and [`page`]'s business.
//!
//! The programs under test are built as the caller; then xtask runs itself
//! again as root ([`ground`]), since it starts tracer and its peers and must be
//! able to stop them.

mod data;
mod frame;
mod ground;
pub mod instructions;
mod machine;
mod overhead;
mod page;
mod programs;
mod recording;
mod redis;
mod report;
mod rest;
mod running;
mod stats;
mod tools;
mod tracer;
mod work;

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Map;

use ground::Ground;
use report::Report;

/// Something that can be measured.
struct Bench {
    name: &'static str,
    /// What question it answers: the heading of its part of the page.
    question: &'static str,
    run: fn(&Ground) -> Result<Report>,
}

/// Every bench there is, in the order of the page.
const BENCHES: &[Bench] = &[
    Bench {
        name: "rest",
        question: "What does tracer cost when nothing happens?",
        run: rest::bench,
    },
    Bench {
        name: "overhead",
        question: "How much slower does work get?",
        run: overhead::bench,
    },
    Bench {
        name: "programs",
        question: "What do its programs cost in the kernel?",
        run: programs::bench,
    },
    Bench {
        name: "redis",
        question: "Does tracer count the pages that a real fork copies?",
        run: redis::bench,
    },
    Bench {
        name: "frame",
        question: "How quick is the dashboard with 100,000 processes, 20,000 of them alive?",
        run: frame::bench,
    },
    Bench {
        name: "recording",
        question: "How small is a recording, and how fast is it written, read and moved about in?",
        run: recording::bench,
    },
    Bench {
        name: "data",
        question: "How do the costs grow with the number of events?",
        run: data::bench,
    },
    Bench {
        name: "instructions",
        question: "How many instructions does each step take?",
        run: instructions::bench,
    },
];

/// What is asked for.
#[derive(clap::Args)]
pub struct Wanted {
    /// Which benches; all of them if none is named
    names: Vec<String>,
    /// How often each figure is taken, in turns
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Two short rounds: to see that it works, not to quote
    #[arg(long, conflicts_with_all = ["rounds", "write"])]
    quick: bool,
    /// Go on with an `overhead` that was cut short
    #[arg(long)]
    resume: bool,
    /// Cut `overhead` short after so long; `--resume` goes on
    #[arg(long)]
    minutes: Option<u64>,
    /// The results as JSON, to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the results into docs/performance.md
    #[arg(long)]
    write: bool,
}

pub fn verb(wanted: &Wanted) -> Result<()> {
    let benches = choose(&wanted.names)?;
    let Some(ground) = Ground::prepare(wanted)? else {
        // It was done by another process of ours, as root.
        return Ok(());
    };
    let mut results = Map::new();
    for bench in benches {
        eprintln!("==> {}", bench.name);
        let report =
            (bench.run)(&ground).with_context(|| format!("bench `{}` failed", bench.name))?;
        println!("\n{}\n\n{}", bench.question, report.text());
        if wanted.write {
            page::keep(bench.name, &report, &ground)?;
        }
        results.insert(bench.name.to_owned(), report.json());
    }
    if wanted.write {
        page::write()?;
    }
    if let Some(file) = &wanted.json {
        let all = serde_json::json!({ "machine": machine::json(), "benches": results });
        fs::write(file, format!("{all:#}\n"))
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

/// The benches of those names.
fn choose(names: &[String]) -> Result<Vec<&'static Bench>> {
    if names.is_empty() {
        return Ok(BENCHES.iter().collect());
    }
    let find = |name: &String| {
        let bench = BENCHES.iter().find(|bench| bench.name == name);
        bench.with_context(|| {
            let known: Vec<_> = BENCHES.iter().map(|bench| bench.name).collect();
            format!(
                "no bench is called {name:?} (there are: {})",
                known.join(", ")
            )
        })
    };
    names.iter().map(find).collect()
}
