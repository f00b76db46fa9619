//! `cargo xtask test`: the steps of CI in order, each with its name and its time.
//!
//! Cargo always builds as the caller. Only the finished binaries of the kernel tests
//! run as root.

use std::{env, ffi::OsString, path::Path, time::Instant};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;

use xtask::{
    build::{self, KERNEL_FEATURE},
    packages, privilege, process, setup, workspace,
};

use crate::{crates, fmt, fuzz, programs::Programs, vm};

/// Seconds for each fuzz target. The corpus stays, so each run goes on from the last.
const FUZZING: u32 = 10;

/// A part of the tests that can be run alone.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Unit tests of user space
    Unit,
    /// A short run of each fuzz target
    Fuzz,
    /// The number of instructions of each stage, against the expected number
    Instructions,
    /// Tests against the running kernel, as root
    Kernel,
    /// The kernel tests on other kernels, under emulation
    Vm,
    /// Formatting, import order, clippy, documentation
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
    // Comes before clippy, because tracer's build script embeds the object.
    let object = step("eBPF object", || build::object(&tools))?;
    if wanted(Part::Lint) {
        step("clippy", || clippy(&object))?;
        step("documentation", || documentation(&object))?;
    }
    if wanted(Part::Unit) {
        step("unit tests", || unit_tests(&object, args))?;
        step("library alone", || library_tests(args))?;
    }
    // The arguments choose among tests, and these are none.
    if wanted(Part::Fuzz) && args.is_empty() {
        step("fuzzing", || fuzz::short(&object, FUZZING))?;
    }
    let instructions = wanted(Part::Instructions) && args.is_empty();
    // Each boot runs all tests: arguments do not choose among them.
    let guests = wanted(Part::Vm) || (wanted(Part::Kernel) && args.is_empty());
    let mut skipped = Vec::new();
    if instructions || wanted(Part::Kernel) || guests {
        let programs = step("optimised programs", || Programs::build(&object))?;
        if instructions {
            step("instructions", || compare_instructions(&programs))?;
        }
        if wanted(Part::Kernel) {
            skipped = step("kernel tests", || kernel_tests(&programs, args))?;
        }
        if guests {
            skipped.extend(step("kernels in VMs", || vm::short(&programs))?);
        }
    }

    println!("\npassed in {:.1} s", started.elapsed().as_secs_f32());
    for test in &skipped {
        println!("skipped: {test}");
    }
    if !skipped.is_empty() && env::var("CI").is_ok_and(|ci| ci == "true") {
        bail!("kernel tests were skipped, and with CI=true none may be");
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

/// Builds the documentation; a warning, such as a broken link, is an error. Like clippy
/// it takes the whole workspace, so that both share what they check of dependencies.
fn documentation(object: &Path) -> Result<()> {
    process::run(
        build::user_space(object)
            .env("RUSTDOCFLAGS", "-D warnings")
            .args(["doc", "--workspace", "--no-deps"])
            .args(["--features", &format!("tracer/{KERNEL_FEATURE}")]),
    )
}

/// Tests the library without its features, and the programs of
/// docs/reading-recordings.md on it. No eBPF object is needed. The unit tests have run
/// all cases of the property tests.
fn library_tests(args: &[String]) -> Result<()> {
    process::run(
        workspace::cargo()
            .env("PROPTEST_CASES", "16")
            .args([
                "test",
                "--package",
                "tracer",
                "--package",
                "reading-recordings",
            ])
            .args(["--no-default-features", "--"])
            .args(args),
    )
}

/// Fails if a stage takes more instructions than expected.
fn compare_instructions(programs: &Programs) -> Result<()> {
    let data = programs.data.to_str();
    let data = data.with_context(|| format!("{} is no UTF-8", programs.data.display()))?;
    crates::run("xtask-bench", &["--guard".to_owned(), data.to_owned()])
}

/// Runs the kernel tests; returns those that could not run, with the reason.
fn kernel_tests(programs: &Programs, args: &[String]) -> Result<Vec<String>> {
    let tests = &programs.kernel_tests;
    if let Err(reason) = privilege::obtain() {
        return Ok(tests
            .iter()
            .map(|test| format!("{} ({reason})", test.name))
            .collect());
    }
    let mut failed = Vec::new();
    for test in tests {
        println!("--> {}", test.name);
        // `env` sets the variables because sudo would drop them.
        let outcome = process::run(
            privilege::as_root("env")?
                .arg(assignment("TRACER_BIN", &programs.tracer))
                .arg(assignment("TRACER_WORKLOAD", &programs.workload))
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
        bail!("failed: {}", failed.join(", "));
    }
    Ok(Vec::new())
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
    fn kernel_tests_are_behind_their_feature() {
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
