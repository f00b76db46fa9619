//! `cargo xtask setup`: finds the tools that build the eBPF object, and installs the
//! missing ones.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::{
    linker,
    toolchain::{self, Compiler},
};

/// The tools of the eBPF build, all present.
pub struct Tools {
    pub compiler: Compiler,
    /// Directory of bpf-linker.
    pub bin: PathBuf,
    /// Directory of the only libLLVM that bpf-linker finds.
    pub llvm: PathBuf,
}

pub fn verb() -> Result<()> {
    let tools = ensure()?;
    println!(
        "eBPF compiler  {} {} (LLVM {})\neBPF linker    {} {}",
        tools.compiler.rustc.display(),
        tools.compiler.release,
        tools.compiler.llvm,
        tools.bin.join("bpf-linker").display(),
        linker::VERSION
    );
    let llvm = tools.llvm.join("libLLVM.so");
    println!(
        "its LLVM       {}",
        llvm.read_link().unwrap_or(llvm).display()
    );
    Ok(())
}

/// Finds the tools and installs the missing ones; prints nothing if none is missing.
pub fn ensure() -> Result<Tools> {
    let directory = directory()?;
    let compiler = match toolchain::find()? {
        Some(compiler) => compiler,
        None => {
            toolchain::install()?;
            toolchain::find()?.context(
                "the eBPF compiler was installed but is not found: run `rustup toolchain \
                 install nightly --component rust-src`",
            )?
        }
    };
    if !linker::is_installed(&directory) {
        linker::install(&directory)?;
    }
    Ok(Tools {
        llvm: linker::llvm_directory(&directory, &compiler)?,
        compiler,
        bin: directory.join("bin"),
    })
}

/// Returns the directory of the tools that no package manager installs, and of the
/// kernels that tests boot.
pub fn directory() -> Result<PathBuf> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if let Some(directory) = env::var_os("TRACER_TOOLS") {
        return std::path::absolute(Path::new(&directory))
            .context("TRACER_TOOLS is not a directory");
    }
    let cache = absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .context("no directory for the build tools: set HOME, or TRACER_TOOLS to a directory")?;
    Ok(cache.join("tracer-build"))
}
