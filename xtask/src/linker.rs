//! bpf-linker, and the LLVM it is to open.
//!
//! It links no LLVM of its own: at run time it opens the first libLLVM it
//! meets along LD_LIBRARY_PATH. So which LLVM reads the compiler's bitcode is
//! our choice, made here and kept as a directory that holds that library only.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read as _},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    process,
    toolchain::{self, Compiler},
    workspace,
};

/// Later ones link against a system LLVM that few machines have.
pub const VERSION: &str = "0.10.3";

pub fn is_installed(tools: &Path) -> bool {
    process::capture(Command::new(tools.join("bin/bpf-linker")).arg("--version"))
        .is_ok_and(|answer| answer.trim() == format!("bpf-linker {VERSION}"))
}

pub fn install(tools: &Path) -> Result<()> {
    println!(
        "missing: bpf-linker {VERSION}\ninstalling with cargo: bpf-linker {VERSION} to {} \
         (about a minute)",
        tools.display()
    );
    process::run(
        workspace::pristine(&workspace::cargo_path())
            // Else cargo advises to put it there.
            .env("PATH", process::path_with(&tools.join("bin"))?)
            .args(["install", "bpf-linker", "--version", VERSION])
            .args(["--locked", "--force", "--root"])
            .arg(tools),
    )
    .context("bpf-linker turns the compiled programs into the eBPF object")
}

/// A directory whose one libLLVM can read what `compiler` writes, to be put on
/// LD_LIBRARY_PATH.
///
/// LLVM reads the bitcode of its own and of older major versions, so it must
/// not be older than the compiler's. The compiler's own is best, and the one of
/// the toolchain that drives the build is next.
pub fn llvm_directory(tools: &Path, compiler: &Compiler) -> Result<PathBuf> {
    let driver = process::capture(workspace::cargo_rustc().args(["--print", "sysroot"]))?;
    let system = Path::new("/usr");
    let mut found = Vec::new();
    for sysroot in [&compiler.sysroot, Path::new(driver.trim()), system] {
        for directory in toolchain::library_directories(sysroot) {
            found.extend(libraries(&directory));
        }
    }
    let Some(chosen) = choose(&found, compiler.llvm) else {
        let mut majors: Vec<u32> = found.iter().map(|library| library.major).collect();
        majors.sort_unstable();
        majors.dedup();
        bail!(
            "no LLVM for bpf-linker: {} writes the bitcode of LLVM {}, which takes a libLLVM of \
             that version or later; found here: {majors:?}. Update the toolchain that runs cargo \
             (`rustup update`), or install libllvm{}",
            compiler.rustc.display(),
            compiler.llvm,
            compiler.llvm
        );
    };
    let directory = tools.join("llvm");
    point_at(&directory, &chosen.path).with_context(|| {
        format!(
            "could not keep the choice of LLVM in {}",
            directory.display()
        )
    })?;
    Ok(directory)
}

#[derive(Debug, PartialEq)]
struct Library {
    path: PathBuf,
    major: u32,
}

/// The libLLVM files of one directory, oldest first. A directory that cannot
/// be read has none.
fn libraries(directory: &Path) -> Vec<Library> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut libraries: Vec<Library> = entries
        .flatten()
        .filter_map(|entry| {
            let major = llvm_major(&entry.file_name().to_string_lossy())?;
            let path = entry.path();
            is_elf(&path).then_some(Library { path, major })
        })
        .collect();
    libraries.sort_by(|a, b| (a.major, &a.path).cmp(&(b.major, &b.path)));
    libraries
}

/// The major version out of `libLLVM.so.22.1`, `libLLVM.so.22.1-rust-1.95.0-stable`
/// or `libLLVM-22.so`.
fn llvm_major(name: &str) -> Option<u32> {
    let rest = name
        .strip_prefix("libLLVM.so.")
        .or_else(|| name.strip_prefix("libLLVM-"))?;
    rest.split(['.', '-']).next()?.parse().ok()
}

/// rustup ships linker scripts under the same names, which cannot be opened.
fn is_elf(path: &Path) -> bool {
    let mut magic = [0; 4];
    File::open(path).is_ok_and(|mut file| file.read_exact(&mut magic).is_ok())
        && magic == *b"\x7fELF"
}

fn choose(found: &[Library], needed: u32) -> Option<&Library> {
    found.iter().find(|library| library.major >= needed)
}

/// Makes `directory` hold one link, to `library`.
fn point_at(directory: &Path, library: &Path) -> std::io::Result<()> {
    let link = directory.join("libLLVM.so");
    if fs::read_link(&link).is_ok_and(|target| target == library) {
        return Ok(());
    }
    fs::create_dir_all(directory)?;
    match fs::remove_file(&link) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => symlink(library, &link),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_naming_of_llvm_is_read() {
        assert_eq!(llvm_major("libLLVM.so.22.1-rust-1.95.0-stable"), Some(22));
        assert_eq!(llvm_major("libLLVM.so.22.1"), Some(22));
        assert_eq!(llvm_major("libLLVM-14.so.1"), Some(14));
        assert_eq!(llvm_major("libLLVMSupport.so"), None);
        assert_eq!(llvm_major("libLLVM.so"), None);
    }

    #[test]
    fn an_older_llvm_is_passed_over_and_the_first_that_serves_is_taken() {
        let library = |path: &str, major| Library {
            path: path.into(),
            major,
        };
        let found = [library("a", 14), library("b", 23), library("c", 22)];
        assert_eq!(choose(&found, 22), Some(&found[1]));
        assert_eq!(choose(&found, 24), None);
    }
}
