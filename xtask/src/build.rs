//! `build`: the eBPF object by its own compiler, then user space around it.
//!
//! Cargo decides both times what is fresh, so a second build is quick.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{
    artifacts, process,
    setup::{self, Tools},
    slim, workspace,
};

/// The feature of `tracer` behind which its kernel tests are, so that
/// `cargo test --workspace` leaves them alone.
pub const KERNEL_FEATURE: &str = "kernel-tests";

/// How user space is built. The eBPF object is always optimised: without that
/// the verifier refuses it.
#[derive(Clone, Copy)]
pub enum Profile {
    Release,
    Debug,
}

pub fn verb(profile: Profile) -> Result<()> {
    println!("built {}", tracer(profile)?.display());
    Ok(())
}

/// Builds everything, and gives the path of the tracer binary.
pub fn tracer(profile: Profile) -> Result<PathBuf> {
    let object = object(&setup::ensure()?)?;
    let mut cargo = user_space(&object);
    cargo.args(["build", "--package", "tracer", "--bin", "tracer"]);
    if let Profile::Release = profile {
        cargo.arg("--release");
    }
    artifacts::the(artifacts::executables(&mut cargo)?, "bin", "tracer")
}

/// Builds the eBPF object.
pub fn object(tools: &Tools) -> Result<PathBuf> {
    ebpf(tools, "bpf", &[])
}

/// Builds it with all its programs empty: what hooks cost by themselves.
pub fn floor(tools: &Tools) -> Result<PathBuf> {
    ebpf(tools, "bpf-floor", &["--features", "floor"])
}

fn ebpf(tools: &Tools, directory: &str, features: &[&str]) -> Result<PathBuf> {
    let cargo = tools.compiler.cargo.clone();
    let mut cargo = workspace::pristine(&cargo.unwrap_or_else(workspace::cargo_path));
    cargo
        .current_dir(workspace::root().join("tracer-ebpf"))
        .env("PATH", process::path_with(&tools.bin)?)
        .env("LD_LIBRARY_PATH", &tools.llvm)
        .env("RUSTC", &tools.compiler.rustc)
        // Lets a stable compiler build `core` and use what eBPF needs.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-C debuginfo=2 -C link-arg=--btf")
        .args(["build", "--release", "-Z", "build-std=core"])
        .args(["--target", "bpfel-unknown-none", "--target-dir"])
        .arg(workspace::root().join("target").join(directory))
        .args(features);
    let built = artifacts::executables(&mut cargo).context("the eBPF object was not built")?;
    slim::object(&artifacts::the(built, "bin", "tracer-ebpf")?)
}

/// A cargo command for user space, whose build script is told of the object.
pub fn user_space(object: &Path) -> Command {
    let mut cargo = workspace::cargo();
    cargo.env("TRACER_EBPF_OBJECT", object);
    cargo
}
