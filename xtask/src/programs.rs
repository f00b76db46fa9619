//! The optimised programs that tests run, on this machine and in guests.
//!
//! They are linked statically, because guests have no C library. This machine runs the
//! same ones, so that nothing is built twice.

use std::path::{Path, PathBuf};

use anyhow::Result;

use xtask::{
    artifacts::{self, Executable},
    build::{self, KERNEL_FEATURE},
    workspace,
};

/// Packages with the programs.
const PACKAGES: [&str; 3] = ["tracer", "tracer-workload", "bench-programs"];

/// Target named on the command line, so that the flags do not reach build scripts.
const TRIPLE: &str = "x86_64-unknown-linux-gnu";

pub struct Programs {
    pub kernel_tests: Vec<Executable>,
    pub tracer: PathBuf,
    /// Does known things to processes and prints what it did.
    pub workload: PathBuf,
    /// Works on a recording; its instructions are counted.
    pub data: PathBuf,
}

impl Programs {
    /// Builds all of them by one command, so that cargo chooses the features of
    /// shared dependencies once.
    pub fn build(object: &Path) -> Result<Programs> {
        let mut cargo = build::user_space(object);
        cargo
            .env("RUSTFLAGS", "-C target-feature=+crt-static")
            .args(["build", "--release", "--target", TRIPLE, "--target-dir"])
            .arg(workspace::root().join("target/static"));
        for package in PACKAGES {
            cargo.args(["--package", package]);
        }
        cargo.args(["--features", &format!("tracer/{KERNEL_FEATURE}")]);
        for program in ["tracer", "workload", "bench-data"] {
            cargo.args(["--bin", program]);
        }
        cargo.args(["--test", "kernel_*"]);
        let (kernel_tests, rest): (Vec<_>, Vec<_>) = artifacts::executables(&mut cargo)?
            .into_iter()
            .partition(|executable| executable.kind == "test");
        let program = |name| artifacts::the(&rest, "bin", name);
        Ok(Programs {
            tracer: program("tracer")?,
            workload: program("workload")?,
            data: program("bench-data")?,
            kernel_tests,
        })
    }
}
