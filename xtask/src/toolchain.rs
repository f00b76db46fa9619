//! Finds the eBPF compiler: a rustc with its library source, because no built `core`
//! exists for `bpfel-unknown-none`.
//!
//! On most machines it is not the compiler of user space. The machine is searched
//! before anything is installed.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::{packages, process};

/// The oldest usable release: what the workspace requires of every compiler.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// Debian's current compiler package, kept for web browsers, and its library source.
const DEBIAN_PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];

pub struct Compiler {
    pub rustc: PathBuf,
    /// The cargo of the same toolchain, if it has one.
    pub cargo: Option<PathBuf>,
    pub sysroot: PathBuf,
    pub release: String,
    /// Major version of its LLVM, which writes the bitcode that the linker reads.
    pub llvm: u32,
}

/// Returns the first usable compiler: rustup's toolchains, nightly first, then the
/// system's.
pub fn find() -> Result<Option<Compiler>> {
    for toolchain in rustup_toolchains()? {
        if has_library_source(&toolchain.sysroot)
            && let Some(compiler) = examine(&toolchain.sysroot)?
        {
            let cargo = toolchain.sysroot.join("bin/cargo");
            return Ok(Some(Compiler {
                cargo: cargo.is_file().then_some(cargo),
                ..compiler
            }));
        }
    }
    for rustc in ["/usr/bin/rustc", "/usr/local/bin/rustc", "rustc"] {
        let asked = process::capture(Command::new(rustc).args(["--print", "sysroot"]));
        let Ok(sysroot) = asked else { continue };
        let sysroot = Path::new(sysroot.trim());
        if has_library_source(sysroot)
            && let Some(compiler) = examine(sysroot)?
        {
            return Ok(Some(compiler));
        }
    }
    Ok(None)
}

/// Installs a compiler for [`find`], with the least change to the system that works.
pub fn install() -> Result<()> {
    println!("missing: a Rust compiler ({OLDEST} or later) with its library source, for eBPF");
    for toolchain in rustup_toolchains()? {
        if examine(&toolchain.sysroot)?.is_none() {
            continue;
        }
        println!("installing with rustup: rust-src for {}", toolchain.name);
        let added = process::run(
            Command::new("rustup")
                .args(["component", "add", "rust-src", "--toolchain"])
                .arg(&toolchain.name),
        );
        match added {
            Ok(()) => return Ok(()),
            Err(error) => println!("failed: {error:#}"),
        }
        // The other toolchains come from the same server.
        break;
    }
    if !packages::have_apt() {
        bail!(
            "no eBPF compiler could be installed: run `rustup toolchain install nightly \
             --component rust-src`, or install this distribution's rustc ({OLDEST} or later) \
             together with its library source (often called rust-src)"
        );
    }
    packages::install(&DEBIAN_PACKAGES).with_context(|| {
        format!(
            "the eBPF programs are built with `core` from source; `rustup toolchain install \
             nightly --component rust-src` works as well as {}",
            DEBIAN_PACKAGES.join(" and ")
        )
    })
}

/// Returns the directories that may hold a compiler's shared libraries, such as its LLVM.
pub fn library_directories(sysroot: &Path) -> [PathBuf; 3] {
    [
        sysroot.join("lib"),
        sysroot.join("lib/x86_64-linux-gnu"),
        sysroot.join("lib64"),
    ]
}

fn has_library_source(sysroot: &Path) -> bool {
    sysroot
        .join("lib/rustlib/src/rust/library/core/src/lib.rs")
        .is_file()
}

struct Toolchain {
    name: String,
    sysroot: PathBuf,
}

/// Returns rustup's toolchains, nightly first; none without rustup.
fn rustup_toolchains() -> Result<Vec<Toolchain>> {
    if process::find_on_path("rustup").is_none() {
        return Ok(Vec::new());
    }
    let list = process::capture(Command::new("rustup").args(["toolchain", "list", "-v"]))?;
    Ok(parse_toolchains(&list))
}

/// Parses lines such as `nightly-x86_64-unknown-linux-gnu (default) /path`.
fn parse_toolchains(list: &str) -> Vec<Toolchain> {
    let mut toolchains: Vec<Toolchain> = list
        .lines()
        .filter_map(|line| {
            Some(Toolchain {
                name: line.split_whitespace().next()?.to_owned(),
                sysroot: line[line.find('/')?..].trim_end().into(),
            })
        })
        .collect();
    toolchains.sort_by_key(|toolchain| !toolchain.name.starts_with("nightly"));
    toolchains
}

/// Asks the compiler of `sysroot` for its version; returns none if it is too old.
fn examine(sysroot: &Path) -> Result<Option<Compiler>> {
    let rustc = sysroot.join("bin/rustc");
    let answer = process::capture(Command::new(&rustc).arg("-vV"))?;
    let (release, llvm) = parse_version(&answer)
        .with_context(|| format!("{} -vV could not be parsed: {answer}", rustc.display()))?;
    if number(&release) < number(OLDEST) {
        return Ok(None);
    }
    Ok(Some(Compiler {
        rustc,
        cargo: None,
        sysroot: sysroot.to_owned(),
        release,
        llvm,
    }))
}

/// Parses the release and LLVM's major version from `rustc -vV`.
fn parse_version(answer: &str) -> Option<(String, u32)> {
    let field = |name: &str| answer.lines().find_map(|line| line.strip_prefix(name));
    let llvm = field("LLVM version: ")?.split('.').next()?.parse().ok()?;
    Some((field("release: ")?.to_owned(), llvm))
}

/// Returns the first two numbers of a release, for comparison.
fn number(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nightly_comes_before_the_default_toolchain() {
        let toolchains = parse_toolchains(
            "stable-x86_64-unknown-linux-gnu (active, default) /home/a b/.rustup/toolchains/stable\n\
             nightly-x86_64-unknown-linux-gnu /home/a b/.rustup/toolchains/nightly\n",
        );
        assert_eq!(toolchains[0].name, "nightly-x86_64-unknown-linux-gnu");
        assert_eq!(
            toolchains[1].sysroot,
            Path::new("/home/a b/.rustup/toolchains/stable")
        );
    }

    #[test]
    fn rustup_without_toolchains_lists_none() {
        assert!(parse_toolchains("no installed toolchains\n").is_empty());
    }

    #[test]
    fn version_of_a_packaged_compiler_is_parsed() {
        let answer = "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)\n\
                      host: x86_64-unknown-linux-gnu\nrelease: 1.96.0\nLLVM version: 22.1.8\n";
        assert_eq!(parse_version(answer), Some(("1.96.0".to_owned(), 22)));
    }

    #[test]
    fn releases_compare_as_numbers() {
        assert!(number("1.100.0-nightly") > number("1.95.0"));
        assert!(number("1.63.0") < number("1.95"));
        assert_eq!(number("1.95.0"), number("1.95"));
    }
}
