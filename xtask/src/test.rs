//! `test`: what CI runs, in order, each step named before it starts.
//!
//! Cargo builds as the caller, always; of the kernel tests only the finished
//! binaries run as root.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::ValueEnum;

use xtask::{
    artifacts::{self, Executable},
    build::{self, KERNEL_FEATURE},
    packages, privilege, process, setup, workspace,
};

use crate::{crates, fmt, fuzz, vm};

/// So long each target is fuzzed, s: what was found once is not found again.
const FUZZING: u32 = 20;

/// A part of the tests that can be asked for alone.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Unit tests of user space
    Unit,
    /// A short run of each fuzz target
    Fuzz,
    /// How many instructions each step takes, against what is expected
    Instructions,
    /// Tests against the running kernel, as root
    Kernel,
    /// Those tests on other kernels, under emulation
    Vm,
    /// Formatting, import order, clippy
    Lint,
}

pub fn verb(part: Option<Part>, args: &[String]) -> Result<()> {
    let wanted = |asked: Part| part.is_none_or(|part| part == asked);
    let started = Instant::now();

    let tools = step("set-up", setup::ensure)?;
    if part != Some(Part::Lint) {
        step("test packages", packages::ensure_for_tests)?;
    }
    if wanted(Part::Lint) {
        step("formatting", fmt::check)?;
        step("import order", || crates::run("xtask-check", &[]))?;
    }
    // Before clippy, because tracer's build script embeds the object.
    let object = step("eBPF object", || build::object(&tools))?;
    if wanted(Part::Lint) {
        step("clippy", || clippy(&object))?;
    }
    if wanted(Part::Unit) {
        step("unit tests", || unit_tests(&object, args))?;
    }
    // They are not tests to be chosen from.
    if wanted(Part::Fuzz) && args.is_empty() {
        step("fuzzing", || fuzz::short(&object, FUZZING))?;
    }
    if wanted(Part::Instructions) && args.is_empty() {
        step("instructions", || {
            let data = program(&object, "bench-programs", "bench-data")?;
            let data = data.into_os_string().into_string();
            let data = data.map_err(|path| anyhow!("{} is no UTF-8", path.display()))?;
            crates::run("xtask-bench", &["--guard".to_owned(), data])
        })?;
    }
    let mut skipped = Vec::new();
    if wanted(Part::Kernel) {
        skipped = step("kernel tests", || kernel_tests(&object, args))?;
    }
    // Their tests are not to be chosen from: each boot runs them all.
    if wanted(Part::Vm) || (wanted(Part::Kernel) && args.is_empty()) {
        skipped.extend(step("kernels in VMs", || vm::short(&object))?);
    }

    println!("\npassed in {:.1} s", started.elapsed().as_secs_f32());
    for test in &skipped {
        println!("skipped: {test}");
    }
    if !skipped.is_empty() && env::var("CI").is_ok_and(|ci| ci == "true") {
        bail!("CI=true, and there a kernel test may not be skipped");
    }
    Ok(())
}

fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("\n==> {name}");
    let started = Instant::now();
    let outcome = work().with_context(|| format!("step `{name}` failed"))?;
    println!("    {name}: {:.1} s", started.elapsed().as_secs_f32());
    Ok(outcome)
}

fn clippy(object: &Path) -> Result<()> {
    process::run(
        build::user_space(object)
            .args(["clippy", "--workspace", "--all-targets"])
            .args(["--features", &format!("tracer/{KERNEL_FEATURE}")])
            .args(["--", "-D", "warnings"]),
    )
}

fn unit_tests(object: &Path, args: &[String]) -> Result<()> {
    process::run(
        build::user_space(object)
            .args(["test", "--workspace", "--"])
            .args(args),
    )
}

/// Runs the kernel tests, and gives those that could not be run, with why.
fn kernel_tests(object: &Path, args: &[String]) -> Result<Vec<String>> {
    let built = artifacts::executables(
        build::user_space(object)
            .args(["test", "--release", "--package", "tracer"])
            .args(["--features", KERNEL_FEATURE])
            .args(["--test", "kernel_*", "--no-run"]),
    )?;
    let (tests, rest): (Vec<Executable>, Vec<Executable>) = built
        .into_iter()
        .partition(|executable| executable.kind == "test");
    let tracer = artifacts::the(rest, "bin", "tracer")?;
    // The program whose process lives the tests know beforehand.
    let workload = program(object, "tracer-workload", "workload")?;

    if let Err(reason) = privilege::obtain() {
        return Ok(tests
            .into_iter()
            .map(|test| format!("{} ({reason})", test.name))
            .collect());
    }
    let mut failed = Vec::new();
    for test in &tests {
        println!("--> {}", test.name);
        // `env` sets the variables because sudo would drop them.
        let outcome = process::run(
            privilege::as_root("env")?
                .arg(assignment("TRACER_BIN", &tracer))
                .arg(assignment("TRACER_WORKLOAD", &workload))
                .arg(&test.path)
                .arg("--test-threads=1")
                .args(args)
                .current_dir(workspace::root().join("tracer")),
        );
        if outcome.is_err() {
            failed.push(test.name.as_str());
        }
    }
    if !failed.is_empty() {
        bail!("these failed: {}", failed.join(", "));
    }
    Ok(Vec::new())
}

/// Builds a program that tests need, optimised.
fn program(object: &Path, package: &str, name: &str) -> Result<PathBuf> {
    let built = artifacts::executables(
        build::user_space(object)
            .args(["build", "--release", "--package", package])
            .args(["--bin", name]),
    )?;
    artifacts::the(built, "bin", name)
}

fn assignment(name: &str, value: &Path) -> OsString {
    let mut assignment = OsString::from(name);
    assignment.push("=");
    assignment.push(value);
    assignment
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn no_kernel_test_is_run_without_a_kernel() {
        let package = workspace::root().join("tracer");
        let manifest = fs::read_to_string(package.join("Cargo.toml")).expect("a manifest");
        let mut found = 0;
        for entry in fs::read_dir(package.join("tests"))
            .expect("tests")
            .flatten()
        {
            let name = entry.file_name().into_string().expect("UTF-8");
            let Some(name) = name.strip_suffix(".rs") else {
                continue;
            };
            if !name.starts_with("kernel_") {
                continue;
            }
            found += 1;
            let gate = format!("name = \"{name}\"\nrequired-features = [\"{KERNEL_FEATURE}\"]");
            assert!(
                manifest.contains(&gate),
                "tracer/Cargo.toml lacks:\n[[test]]\n{gate}"
            );
        }
        assert!(found > 0);
    }
}
