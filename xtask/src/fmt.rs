//! `cargo xtask fmt`: runs rustfmt over all workspaces.

use anyhow::{Context as _, Result};

use xtask::{process, workspace};

/// The user-space workspace, and the crates that are workspaces of their own.
const MANIFESTS: [&str; 3] = [
    "Cargo.toml",
    "tracer-ebpf/Cargo.toml",
    "tracer/fuzz/Cargo.toml",
];

pub fn apply() -> Result<()> {
    rustfmt(&[])
}

/// Fails and shows the difference if [`apply`] would change something.
pub fn check() -> Result<()> {
    rustfmt(&["--", "--check"]).context("run `cargo xtask fmt`")
}

fn rustfmt(args: &[&str]) -> Result<()> {
    for manifest in MANIFESTS {
        process::run(
            workspace::cargo()
                .args(["fmt", "--all", "--manifest-path", manifest])
                .args(args),
        )?;
    }
    Ok(())
}
