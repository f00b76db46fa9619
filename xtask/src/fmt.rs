//! `fmt`: rustfmt over both workspaces.

use anyhow::{Context as _, Result};

use crate::{process, workspace};

/// The user-space workspace, and the eBPF crate that is one of its own.
const MANIFESTS: [&str; 2] = ["Cargo.toml", "tracer-ebpf/Cargo.toml"];

pub fn apply() -> Result<()> {
    rustfmt(&[])
}

/// Fails, and shows the difference, where [`apply`] would change something.
pub fn check() -> Result<()> {
    rustfmt(&["--", "--check"]).context("`cargo xtask fmt` formats everything")
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
