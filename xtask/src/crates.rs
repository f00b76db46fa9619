//! The verbs that are crates of their own.

use anyhow::Result;

use xtask::{process, workspace};

/// Builds the program of a workspace crate, unoptimised, and runs it.
pub fn run(package: &str, args: &[String]) -> Result<()> {
    process::run(
        workspace::cargo()
            .args(["run", "--quiet", "--package", package, "--"])
            .args(args),
    )
}
