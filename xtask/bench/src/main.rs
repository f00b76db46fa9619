//! `cargo xtask bench`: measures what tracer costs, next to its goals and its
//! peers.
//!
//! Each bench is a row of [`BENCHES`] and a file; it measures and returns a
//! [`report::Report`]. [`report`] renders it as text and JSON, [`page`] writes
//! its page under docs/performance.
//!
//! The programs under test are built as the caller. Then this program runs itself
//! again as root ([`testbed`]), because it starts and stops tracer and its peers.

mod data;
mod frame;
mod instructions;
mod machine;
mod options;
mod overhead;
mod page;
mod programs;
mod recording;
mod redis;
mod report;
mod rest;
mod running;
mod stats;
mod testbed;
mod tools;
mod tracer;
mod work;

use std::{fs, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::Parser as _;
use serde_json::Map;

use options::Options;
use page::Bench;
use testbed::Testbed;

/// Every bench, in the order of the page.
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

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    if let Some(program) = &options.guard {
        return instructions::guard(program);
    }
    let benches = choose(&options.names)?;
    let Some(testbed) = Testbed::prepare(options)? else {
        // Another process has run the benches as root.
        return Ok(());
    };
    let mut results = Map::new();
    for bench in benches {
        eprintln!("==> {}", bench.name);
        let report =
            (bench.run)(&testbed).with_context(|| format!("bench `{}` failed", bench.name))?;
        println!("\n{}\n\n{}", bench.question, report.text());
        if options.write {
            page::write(bench, &report, &testbed)?;
        }
        results.insert(bench.name.to_owned(), report.json());
    }
    if let Some(file) = &options.json {
        let all = serde_json::json!({ "machine": machine::json(), "benches": results });
        fs::write(file, format!("{all:#}\n"))
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

/// Returns the benches of those names, all of them without names.
fn choose(names: &[String]) -> Result<Vec<&'static Bench>> {
    if names.is_empty() {
        return Ok(BENCHES.iter().collect());
    }
    let find = |name: &String| {
        let bench = BENCHES.iter().find(|bench| bench.name == name);
        bench.with_context(|| {
            let known: Vec<_> = BENCHES.iter().map(|bench| bench.name).collect();
            format!("no bench is called {name:?} (known: {})", known.join(", "))
        })
    };
    names.iter().map(find).collect()
}
