//! `cargo xtask build`: builds the eBPF object with its own compiler, then user space
//! around it.
//!
//! Cargo tracks both builds, so an unchanged part is not rebuilt.

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

/// Feature of `tracer` that its kernel tests need, so that `cargo test --workspace`
/// leaves them out.
pub const KERNEL_FEATURE: &str = "kernel-tests";

/// Profile of user space. The eBPF object is always optimised: the verifier refuses
/// it otherwise.
#[derive(Clone, Copy)]
pub enum Profile {
    Release,
    Debug,
}

pub fn verb(profile: Profile) -> Result<()> {
    println!("built {}", tracer(profile)?.display());
    Ok(())
}

/// Builds everything and returns the path of the tracer binary.
pub fn tracer(profile: Profile) -> Result<PathBuf> {
    let object = object(&setup::ensure()?)?;
    let mut cargo = user_space(&object);
    cargo.args(["build", "--package", "tracer", "--bin", "tracer"]);
    if let Profile::Release = profile {
        cargo.arg("--release");
    }
    artifacts::the(&artifacts::executables(&mut cargo)?, "bin", "tracer")
}

/// Builds the eBPF object and returns its path.
pub fn object(tools: &Tools) -> Result<PathBuf> {
    ebpf(tools, "bpf", &[])
}

/// Builds the object with empty programs, to measure what the hooks alone cost.
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
    slim::object(&artifacts::the(&built, "bin", "tracer-ebpf")?)
}

/// Returns a cargo command for user space, with the object for its build script.
pub fn user_space(object: &Path) -> Command {
    let mut cargo = workspace::cargo();
    cargo.env("TRACER_EBPF_OBJECT", object);
    cargo
}
