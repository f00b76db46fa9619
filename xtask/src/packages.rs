//! The Debian packages that tests and benches use, and their installation.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{privilege, process};

/// A package that tests or benches need.
pub struct Package {
    name: &'static str,
    /// Command on PATH that shows that the package is installed.
    command: &'static str,
    purpose: &'static str,
}

/// Programs of `cargo xtask attack`.
pub const FOR_ATTACKS: &[Package] = &[Package {
    name: "tmux",
    command: "tmux",
    purpose: "the dashboard under attack",
}];

/// Programs that the tests need beyond a Rust toolchain. A test that uses another one
/// adds its row here.
const FOR_TESTS: &[Package] = &[
    Package {
        name: "tmux",
        command: "tmux",
        purpose: "the real-terminal test",
    },
    Package {
        name: "gcc",
        command: "gcc",
        purpose: "the background compile of the loss test, a build",
    },
    Package {
        name: "make",
        command: "make",
        purpose: "a build with known processes",
    },
    Package {
        name: "stress-ng",
        command: "stress-ng",
        purpose: "processes that start and end in every way",
    },
    Package {
        name: "tini",
        command: "tini",
        purpose: "a subreaper",
    },
    Package {
        name: "python3",
        command: "python3",
        purpose: "programs that print what system calls returned",
    },
    Package {
        name: "strace",
        command: "strace",
        purpose: "a witness of a tree of processes",
    },
    Package {
        name: "qemu-system-x86",
        command: "qemu-system-x86_64",
        purpose: "the kernel tests on other kernels",
    },
    Package {
        name: "busybox-static",
        command: "busybox",
        purpose: "the user space of those kernels",
    },
    Package {
        name: "cpio",
        command: "cpio",
        purpose: "the file system of those kernels",
    },
];

/// Needed to build libFuzzer, which is C++.
pub const FOR_FUZZING: &[Package] = &[Package {
    name: "g++",
    command: "g++",
    purpose: "fuzzing",
}];

/// Needed by the bench `recording`.
pub const FOR_RECORDING: &[Package] = &[Package {
    name: "linux-perf",
    command: "perf",
    purpose: "the size of another recording",
}];

/// Needed to count instructions.
pub const FOR_INSTRUCTIONS: &[Package] = &[Package {
    name: "valgrind",
    command: "valgrind",
    purpose: "counting instructions",
}];

/// Needed by the bench `redis`.
pub const FOR_REDIS: &[Package] = &[
    Package {
        name: "redis-server",
        command: "redis-server",
        purpose: "a fork of known cost",
    },
    Package {
        name: "redis-tools",
        command: "redis-benchmark",
        purpose: "its clients",
    },
];

/// Installs the missing packages of the tests.
pub fn ensure_for_tests() -> Result<()> {
    ensure(FOR_TESTS)
}

/// Installs the missing ones of `packages`.
pub fn ensure(packages: &[Package]) -> Result<()> {
    let missing: Vec<&Package> = packages
        .iter()
        .filter(|package| process::find_on_path(package.command).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    for package in &missing {
        println!("missing: {} (for {})", package.name, package.purpose);
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    install(&names).context("these programs are needed")
}

/// Returns true if [`install`] works on this system.
pub fn have_apt() -> bool {
    process::find_on_path("apt-get").is_some()
}

/// Prints the packages and installs them.
pub fn install(names: &[&str]) -> Result<()> {
    let list = names.join(" ");
    if !have_apt() {
        bail!("apt-get was not found: install {list} with this distribution's package manager");
    }
    if let Err(reason) = privilege::obtain() {
        bail!(
            "{list} cannot be installed ({reason}): as root, run `apt-get update && \
             apt-get install --no-install-recommends {list}`"
        );
    }
    println!("installing with apt-get: {list}");
    process::run(apt_get()?.args(["-qq", "update"]))?;
    process::run(
        apt_get()?
            .args(["-qq", "install", "-y", "--no-install-recommends"])
            .args(names),
    )
}

/// Returns an apt-get that asks nothing. `env` sets the variable, because sudo drops it.
fn apt_get() -> Result<Command> {
    let mut command = privilege::as_root("env")?;
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    Ok(command)
}
