//! `cargo xtask fuzz`: fuzzes the code that reads bytes from outside. The targets are
//! in `tracer/fuzz`; libFuzzer is built with them.
//!
//! No sanitizer is used, because none of that code is unsafe. The coverage marks that
//! libFuzzer needs come from a stable compiler.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, ValueEnum};

use xtask::{
    artifacts::{self, Executable},
    build, packages, process, setup, workspace,
};

const MANIFEST: &str = "tracer/fuzz/Cargo.toml";

/// Coverage marks: libFuzzer reads from them the branches that a run took, and the values
/// that an input was compared with.
const FLAGS: &str = "-Cpasses=sancov-module \
                     -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                     -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares \
                     --cfg fuzzing";

/// Target named on the command line, so that the flags do not reach build scripts.
const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// Memory that an input of a few kilobytes may cost, MiB. A reader that trusts a
/// length needs more.
const MEMORY: u32 = 512;
/// Time that an input may take, s.
const TIMEOUT: u32 = 10;

#[derive(Args)]
pub struct Options {
    /// Run only this target
    target: Option<Target>,
    /// Seconds for each target
    #[arg(long, value_name = "N", default_value_t = 600)]
    seconds: u32,
    /// Run the target once with this file, such as a finding
    #[arg(
        long,
        value_name = "FILE",
        requires = "target",
        conflicts_with = "seconds"
    )]
    input: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// Any bytes as a recording
    Recording,
    /// Any payloads in blocks with valid checksums
    Blocks,
    /// Any events in any order: the model, checkpoints, reports, exports
    Story,
    /// Any bytes as a saved state of the model, and events after it
    State,
    /// Any bytes as a record of the kernel's ring buffer
    Ring,
    /// Any files in the directory of a flight recorder
    Folder,
    /// Any events as a checkpoint that follows a missing block
    Checkpoint,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Target::Recording => "recording",
            Target::Blocks => "blocks",
            Target::Story => "story",
            Target::State => "state",
            Target::Ring => "ring",
            Target::Folder => "folder",
            Target::Checkpoint => "checkpoint",
        }
    }
}

pub fn verb(options: &Options) -> Result<()> {
    let object = build::object(&setup::ensure()?)?;
    match (&options.input, options.target) {
        (Some(input), Some(target)) => {
            let built = build(&object)?;
            process::run(Command::new(program(&built, target.name())?).arg(input))
        }
        _ => all(&object, options.target, options.seconds),
    }
}

/// Runs each target for `seconds`; the first finding ends the run.
pub fn short(object: &Path, seconds: u32) -> Result<()> {
    all(object, None, seconds)
}

fn all(object: &Path, only: Option<Target>, seconds: u32) -> Result<()> {
    let built = build(object)?;
    let seeds = directory().join("seeds");
    process::run(Command::new(program(&built, "seeds")?).arg(&seeds))?;
    for target in Target::value_variants() {
        if only.is_none_or(|only| only == *target) {
            fuzz(&built, *target, &seeds, seconds)?;
        }
    }
    Ok(())
}

/// Returns the directory of the programs, corpora and findings.
fn directory() -> PathBuf {
    workspace::root().join("target/fuzz")
}

fn build(object: &Path) -> Result<Vec<Executable>> {
    packages::ensure(packages::FOR_FUZZING)?;
    let mut cargo = workspace::pristine(&workspace::cargo_path());
    cargo
        .current_dir(workspace::root())
        .env("TRACER_EBPF_OBJECT", object)
        .env("RUSTFLAGS", FLAGS)
        .args(["build", "--release", "--manifest-path", MANIFEST])
        .args(["--target", TRIPLE, "--target-dir"])
        .arg(directory());
    artifacts::executables(&mut cargo).context("the fuzz targets were not built")
}

fn program(built: &[Executable], name: &str) -> Result<PathBuf> {
    let program = built.iter().find(|it| it.kind == "bin" && it.name == name);
    let program = program.with_context(|| format!("cargo built no fuzz target called {name}"))?;
    Ok(program.path.clone())
}

/// Runs one target. The corpus stays, and the next run starts from it.
fn fuzz(built: &[Executable], target: Target, seeds: &Path, seconds: u32) -> Result<()> {
    let name = target.name();
    let corpus = directory().join("corpus").join(name);
    let findings = directory().join("findings").join(name);
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&findings)?;
    println!("--> {name}: {seconds} s");
    let mut command = Command::new(program(built, name)?);
    command
        .args([&corpus, &seeds.join(name)])
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .arg(format!("-timeout={TIMEOUT}"))
        .args(["-print_final_stats=1", "-verbosity=0"]);
    let output = command
        .output()
        .with_context(|| format!("`{}` could not be started", process::show(&command)))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        eprint!("{said}");
        bail!(
            "{name}: a finding ({}) in {}: `cargo xtask fuzz {name} --input FILE` reproduces it",
            output.status,
            findings.display()
        );
    }
    let executions = said
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))
        .and_then(|number| number.trim().parse::<u64>().ok());
    let executions = executions.context("libFuzzer did not print how often it ran the target")?;
    ensure!(executions > 0, "{name} was not run");
    println!("    {name}: {executions} executions, no finding");
    Ok(())
}
