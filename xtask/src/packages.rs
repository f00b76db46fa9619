//! Debian packages: the table of those the tests use, and apt-get.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{privilege, process};

/// A package that only tests or benches need.
pub struct Package {
    name: &'static str,
    /// The command whose presence on PATH proves the package's.
    command: &'static str,
    purpose: &'static str,
}

/// Everything the tests need that a Rust toolchain does not bring.
/// A test that uses another program adds its row here.
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
        purpose: "a build whose processes are known",
    },
    Package {
        name: "stress-ng",
        command: "stress-ng",
        purpose: "processes made and ended in every way",
    },
    Package {
        name: "tini",
        command: "tini",
        purpose: "a subreaper",
    },
    Package {
        name: "python3",
        command: "python3",
        purpose: "programs that say what system calls told them",
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
        purpose: "the user land of those kernels",
    },
    Package {
        name: "cpio",
        command: "cpio",
        purpose: "the file system of those kernels",
    },
];

/// libFuzzer is C++, and built with the targets.
pub const FOR_FUZZING: &[Package] = &[Package {
    name: "g++",
    command: "g++",
    purpose: "fuzzing",
}];

/// What the bench of recordings needs.
pub const FOR_RECORDING: &[Package] = &[Package {
    name: "linux-perf",
    command: "perf",
    purpose: "the size of another recording",
}];

/// What counts instructions.
pub const FOR_INSTRUCTIONS: &[Package] = &[Package {
    name: "valgrind",
    command: "valgrind",
    purpose: "counting instructions",
}];

/// What the bench with a real Redis needs.
pub const FOR_REDIS: &[Package] = &[
    Package {
        name: "redis-server",
        command: "redis-server",
        purpose: "a fork whose cost is known",
    },
    Package {
        name: "redis-tools",
        command: "redis-benchmark",
        purpose: "its clients",
    },
];

/// Installs what the tests need and is not there.
pub fn ensure_for_tests() -> Result<()> {
    ensure(FOR_TESTS)
}

/// Installs those that are not there.
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

/// Whether this is a system that [`install`] can serve.
pub fn have_apt() -> bool {
    process::find_on_path("apt-get").is_some()
}

/// Installs Debian packages, saying so first.
pub fn install(names: &[&str]) -> Result<()> {
    let list = names.join(" ");
    if !have_apt() {
        bail!("there is no apt-get here: install {list} with this distribution's package manager");
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

/// `env` sets the variable because sudo would drop it.
fn apt_get() -> Result<Command> {
    let mut command = privilege::as_root("env")?;
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    Ok(command)
}
