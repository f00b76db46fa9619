//! `cargo xtask check`: tracer's modules import one another one way only, outside
//! crates are named only where they belong, and no files of any crate use one
//! another in a circle.
//!
//! [`rules`] holds the tables. [`source`] finds the files, [`scan`] reads what a
//! file mentions, [`judge`] compares it with the tables, [`names`] resolves it to
//! files, [`graph`] finds the circles and [`rooms`] compares the uses with the order
//! of a module's submodules.

mod graph;
mod judge;
mod names;
mod rooms;
mod rules;
mod scan;
mod source;
#[cfg(test)]
mod tests;

use std::{
    env,
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use judge::Dependencies;
use source::Crate;

fn main() -> ExitCode {
    match check() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn check() -> Result<()> {
    let crates = source::crates()?;
    order(&crates)?;
    circles(&crates)
}

/// Checks the import order of tracer's modules and of their submodules.
fn order(crates: &[Crate]) -> Result<()> {
    let tracer = crates.iter().find(|krate| krate.name == rules::CRATE);
    let sources = &tracer.context("the crate tracer was not found")?.sources;
    let mut violations: Vec<String> = judge::judge(sources, &dependencies()?)
        .iter()
        .map(ToString::to_string)
        .collect();
    let uses = graph::uses(sources);
    for house in rules::HOUSES {
        violations.extend(rooms::judge(house, sources, &uses));
    }
    if violations.is_empty() {
        println!("{} files keep the import order", sources.len());
        return Ok(());
    }
    for violation in &violations {
        println!("{violation}");
    }
    bail!(
        "{} imports break the rules of xtask/check/src/rules.rs: move the code, or argue for \
         another rule there",
        violations.len()
    )
}

/// Checks that no files of a crate use one another in a circle.
fn circles(crates: &[Crate]) -> Result<()> {
    let (mut files, mut found) = (0, 0);
    for krate in crates {
        files += krate.sources.len();
        for circle in graph::circles(&krate.sources, &graph::uses(&krate.sources)) {
            println!("{circle}");
            found += 1;
        }
    }
    ensure!(
        found == 0,
        "{found} circles of files: move what both sides need to a file that imports neither"
    );
    println!("{files} files, no circle");
    Ok(())
}

/// Asks cargo for the dependencies of tracer.
fn dependencies() -> Result<Dependencies> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let answer = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps"])
        .arg("--manifest-path")
        .arg(source::root().join("tracer/Cargo.toml"))
        .output()
        .context("cargo could not be started")?;
    let said = String::from_utf8_lossy(&answer.stderr);
    ensure!(answer.status.success(), "`cargo metadata` failed: {said}");
    let metadata: Value = serde_json::from_slice(&answer.stdout)?;
    let mut dependencies = Dependencies::default();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    for dependency in packages
        .filter(|package| package["name"] == "tracer")
        .filter_map(|package| package["dependencies"].as_array())
        .flatten()
    {
        let name = dependency["rename"]
            .as_str()
            .or_else(|| dependency["name"].as_str())
            .context("cargo metadata names no dependency")?
            .replace('-', "_");
        match dependency["kind"].as_str() {
            None => dependencies.normal.push(name),
            Some("dev") => dependencies.dev.push(name),
            // A build script is no part of src.
            Some(_) => {}
        }
    }
    Ok(dependencies)
}
