//! `fuzz`: whatever a fuzzer thinks of, for the code that meets bytes from
//! outside. The targets are in `tracer/fuzz`; libFuzzer is built with them.
//!
//! No sanitizer is used, since none of that code is unsafe. What the compiler
//! must mark for libFuzzer, a stable one can.

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

/// libFuzzer learns from these marks which way a run went, and with what an
/// input was compared.
const FLAGS: &str = "-Cpasses=sancov-module \
                     -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                     -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares \
                     --cfg fuzzing";

/// With `--target` the flags are not for build scripts.
const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// How much memory an input of a few kilobytes may cost, MiB, and how long it
/// may take, s: a reader that trusts a length needs more.
const MEMORY: u32 = 512;
const PATIENCE: u32 = 10;

#[derive(Args)]
pub struct Wanted {
    /// Only this target
    target: Option<Target>,
    /// How long each target runs
    #[arg(long, value_name = "N", default_value_t = 600)]
    seconds: u32,
    /// Run the target once, with this file: a finding
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
    /// Any payloads in blocks whose checksums are right
    Blocks,
    /// Any events in any order: the model, checkpoints, reports, exports
    Story,
    /// Any bytes as a saved state of the model, and events behind it
    State,
    /// Any bytes as a record of the kernel's ring buffer
    Ring,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Target::Recording => "recording",
            Target::Blocks => "blocks",
            Target::Story => "story",
            Target::State => "state",
            Target::Ring => "ring",
        }
    }
}

pub fn verb(wanted: &Wanted) -> Result<()> {
    let object = build::object(&setup::ensure()?)?;
    match (&wanted.input, wanted.target) {
        (Some(input), Some(target)) => {
            let built = build(&object)?;
            process::run(Command::new(program(&built, target.name())?).arg(input))
        }
        _ => all(&object, wanted.target, wanted.seconds),
    }
}

/// Runs each target for so many seconds; the first finding ends it.
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

/// What fuzzing leaves behind: its programs, its corpus, its findings.
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

/// What was learnt stays in the corpus and is where the next run begins.
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
        .arg(format!("-timeout={PATIENCE}"))
        .args(["-print_final_stats=1", "-verbosity=0"]);
    let output = command
        .output()
        .with_context(|| format!("`{}` could not be started", process::show(&command)))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        eprint!("{said}");
        bail!(
            "{name}: a finding ({}); it is in {}: `cargo xtask fuzz {name} --input FILE` shows it \
             again",
            output.status,
            findings.display()
        );
    }
    let executions = said
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))
        .and_then(|number| number.trim().parse::<u64>().ok());
    let executions = executions.context("libFuzzer did not say how often it ran the target")?;
    ensure!(executions > 0, "{name} was never run");
    println!("    {name}: {executions} executions, nothing found");
    Ok(())
}
