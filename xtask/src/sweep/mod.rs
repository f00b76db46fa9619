//! `cargo xtask sweep`: makes recordings of real work and compares everything that tracer
//! says about them, at many places. The short versions of these tests are part of
//! `cargo xtask test unit`.

mod recordings;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use xtask::{build, build::Profile, packages, privilege, process, setup, workspace};

/// A comparison, and the ignored test that makes it.
struct Sweep {
    name: &'static str,
    help: &'static str,
    /// Test target of `tracer`.
    target: &'static str,
    /// Name of the test in it.
    test: &'static str,
}

const SWEEPS: &[Sweep] = &[
    Sweep {
        name: "answers",
        help: "report, JSON, events and every view at 50 places, filtered and not, \
               by playing and by jumps",
        target: "agreement",
        test: "answers_agree_on_recordings_made_for_real",
    },
    Sweep {
        name: "windows",
        help: "50 windows cut out, against the whole with the same --since and --until",
        target: "windows",
        test: "windows_of_real_recordings_answer_as_the_whole",
    },
    Sweep {
        name: "trees",
        help: "100 trees cut out: no fact lost, no name of others in the bytes",
        target: "cut",
        test: "trees_of_real_recordings_keep_all_facts_and_no_foreign_name",
    },
    Sweep {
        name: "merges",
        help: "parts merged again, and each recording merged with the next",
        target: "merge",
        test: "merged_real_recordings_answer_for_each",
    },
    Sweep {
        name: "anonymized",
        help: "the same numbers without names",
        target: "merge",
        test: "anonymized_real_recordings_have_the_same_numbers",
    },
];

/// Options of `cargo xtask sweep`.
#[derive(Args)]
pub struct Options {
    /// Sweeps to run; all if none is given
    #[arg(help = names())]
    names: Vec<String>,
    /// Compare the *.trace files in this directory instead of new recordings
    #[arg(long, value_name = "DIR")]
    recordings: Option<PathBuf>,
    /// Keep the new recordings in target/sweep
    #[arg(long, conflicts_with = "recordings")]
    keep: bool,
}

/// Returns the help on the names of sweeps.
fn names() -> String {
    let rows = SWEEPS
        .iter()
        .map(|sweep| format!("  {:<11} {}", sweep.name, sweep.help));
    let rows: Vec<_> = rows.collect();
    format!("Sweeps to run; all if none is given:\n{}", rows.join("\n"))
}

pub fn verb(options: &Options) -> Result<()> {
    let known = |name: &&String| SWEEPS.iter().any(|it| it.name == **name);
    if let Some(unknown) = options.names.iter().find(|name| !known(name)) {
        let names: Vec<_> = SWEEPS.iter().map(|it| it.name).collect();
        bail!("no sweep {unknown}: the sweeps are {}", names.join(", "));
    }
    let Some(directory) = &options.recordings else {
        let directory = workspace::root().join("target/sweep");
        record_all(&directory)?;
        let outcome = compare(options, &directory);
        if !options.keep {
            fs::remove_dir_all(&directory)?;
        }
        return outcome;
    };
    let directory = fs::canonicalize(directory);
    let directory = directory.context("the directory of recordings cannot be read")?;
    compare(options, &directory)
}

/// Makes all recordings in an empty directory.
fn record_all(directory: &Path) -> Result<()> {
    ensure!(
        privilege::is_root(),
        "new recordings trace the kernel: run this as root, or name recordings with --recordings DIR"
    );
    packages::ensure_for_tests()?;
    packages::ensure(packages::FOR_REDIS)?;
    let tracer = build::tracer(Profile::Debug)?;
    let _ = fs::remove_dir_all(directory);
    fs::create_dir_all(directory)?;
    recordings::make(&tracer, directory)
}

/// Runs the sweeps. Returns an error if any of them found a difference.
fn compare(options: &Options, directory: &Path) -> Result<()> {
    let wanted = |sweep: &&Sweep| {
        options.names.is_empty() || options.names.iter().any(|name| name == sweep.name)
    };
    let object = build::object(&setup::ensure()?)?;
    let wanted: Vec<_> = SWEEPS.iter().filter(wanted).collect();
    let mut differing = Vec::new();
    for (number, sweep) in (1..).zip(&wanted) {
        println!(
            "\n[{number}/{}] {}: {}",
            wanted.len(),
            sweep.name,
            sweep.help
        );
        let started = Instant::now();
        let mut cargo = build::user_space(&object);
        cargo
            .args(["test", "--quiet", "--package", "tracer"])
            .args(["--test", sweep.target, "--", "--exact", sweep.test])
            .args(["--include-ignored", "--nocapture"])
            .env("TRACER_RECORDINGS", directory)
            .env("RUST_BACKTRACE", "0");
        let outcome = process::run(&mut cargo);
        let seconds = started.elapsed().as_secs();
        match outcome {
            Ok(()) => println!("{}: no difference ({seconds} s)", sweep.name),
            Err(_) => {
                println!("{}: DIFFERENT ({seconds} s)", sweep.name);
                differing.push(sweep.name);
            }
        }
    }
    ensure!(
        differing.is_empty(),
        "answers differ: {}; `cargo xtask sweep {} --keep` keeps the recordings",
        differing.join(", "),
        differing.join(" ")
    );
    Ok(())
}
