//! Installs bpf-linker and chooses the LLVM that it opens.
//!
//! bpf-linker links no LLVM: at run time it opens the first libLLVM on
//! LD_LIBRARY_PATH. The choice is kept as a directory that holds only that library.

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

/// Version to install. Later ones link against a system LLVM that few machines have.
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
            // Without it cargo advises to extend PATH.
            .env("PATH", process::path_with(&tools.join("bin"))?)
            .args(["install", "bpf-linker", "--version", VERSION])
            .args(["--locked", "--force", "--root"])
            .arg(tools),
    )
    .context("bpf-linker is needed to link the eBPF object")
}

/// Returns a directory for LD_LIBRARY_PATH whose one libLLVM can read what
/// `compiler` writes.
///
/// LLVM reads the bitcode of its own and of older major versions, so it must
/// not be older than the compiler's. The compiler's own comes first, then the one of
/// the toolchain that runs cargo.
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
            "no LLVM for bpf-linker: {} writes the bitcode of LLVM {}, so a libLLVM of that version \
             or later is needed; found: {majors:?}. Update the toolchain that runs cargo \
             (`rustup update`), or install libllvm{}",
            compiler.rustc.display(),
            compiler.llvm,
            compiler.llvm
        );
    };
    let directory = tools.join("llvm");
    point_at(&directory, &chosen.path)
        .with_context(|| format!("could not write {}", directory.display()))?;
    Ok(directory)
}

#[derive(Debug, PartialEq)]
struct Library {
    path: PathBuf,
    major: u32,
}

/// Returns the libLLVM files of a directory, oldest first; none if the directory
/// cannot be read.
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

/// Parses the major version from `libLLVM.so.22.1`, `libLLVM.so.22.1-rust-1.95.0-stable`
/// or `libLLVM-22.so`.
fn llvm_major(name: &str) -> Option<u32> {
    let rest = name
        .strip_prefix("libLLVM.so.")
        .or_else(|| name.strip_prefix("libLLVM-"))?;
    rest.split(['.', '-']).next()?.parse().ok()
}

/// Returns true for an ELF file: rustup ships linker scripts under the same names.
fn is_elf(path: &Path) -> bool {
    let mut magic = [0; 4];
    File::open(path).is_ok_and(|mut file| file.read_exact(&mut magic).is_ok())
        && magic == *b"\x7fELF"
}

fn choose(found: &[Library], needed: u32) -> Option<&Library> {
    found.iter().find(|library| library.major >= needed)
}

/// Makes `directory` hold only a link to `library`.
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
    fn all_forms_of_llvm_file_names_are_parsed() {
        assert_eq!(llvm_major("libLLVM.so.22.1-rust-1.95.0-stable"), Some(22));
        assert_eq!(llvm_major("libLLVM.so.22.1"), Some(22));
        assert_eq!(llvm_major("libLLVM-14.so.1"), Some(14));
        assert_eq!(llvm_major("libLLVMSupport.so"), None);
        assert_eq!(llvm_major("libLLVM.so"), None);
    }

    #[test]
    fn first_llvm_that_is_new_enough_is_chosen() {
        let library = |path: &str, major| Library {
            path: path.into(),
            major,
        };
        let found = [library("a", 14), library("b", 23), library("c", 22)];
        assert_eq!(choose(&found, 22), Some(&found[1]));
        assert_eq!(choose(&found, 24), None);
    }
}
