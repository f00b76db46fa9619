//! `check`: tracer's modules import one another one way only, and outside
//! crates only where they belong.
//!
//! [`rules`] is the table, [`scan`] reads what a file mentions, [`judge`]
//! compares the two.

mod judge;
mod rules;
mod scan;
#[cfg(test)]
mod tests;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{process, workspace};

/// The crates tracer may name, from its manifest.
#[derive(Default)]
struct Dependencies {
    /// Those the rules have something to say about.
    normal: Vec<String>,
    /// Those that are for tests.
    dev: Vec<String>,
}

/// One source file.
struct Source {
    /// From the repository's root, for messages.
    path: PathBuf,
    /// Its place in the module tree; empty for the crate root.
    module: Vec<String>,
    scan: scan::Scan,
}

/// One line that breaks a rule.
#[derive(Debug)]
struct Violation {
    path: PathBuf,
    line: usize,
    text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.text)
    }
}

pub fn verb() -> Result<()> {
    let src = Path::new("tracer/src");
    let mut sources = Vec::new();
    for path in rust_files(&workspace::root().join(src))? {
        let text = fs::read_to_string(&path)?;
        let path = path.strip_prefix(workspace::root())?.to_owned();
        sources.push(
            read(path.strip_prefix(src)?, &text)
                .map(|source| Source {
                    path: path.clone(),
                    ..source
                })
                .with_context(|| format!("{} is not valid Rust", path.display()))?,
        );
    }
    let violations = judge::judge(&sources, &dependencies()?);
    if violations.is_empty() {
        println!("{} files keep the import order", sources.len());
        return Ok(());
    }
    for violation in &violations {
        println!("{violation}");
    }
    bail!(
        "{} imports break the rules of xtask/src/imports/rules.rs: move the code, or argue for \
         another rule there",
        violations.len()
    )
}

/// Reads a file at `path` below the crate's `src`.
fn read(path: &Path, text: &str) -> Result<Source> {
    let module = module_of(path);
    let scan = scan::scan(text, &module)
        .map_err(|error| anyhow::anyhow!("line {}: {error}", error.span().start().line))?;
    Ok(Source {
        path: path.to_owned(),
        module,
        scan,
    })
}

/// `source/live/mod.rs` and `source/live.rs` are both `source::live`.
fn module_of(path: &Path) -> Vec<String> {
    let mut module: Vec<String> = path
        .with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let is_root = module.len() == 1 && rules::ROOT_FILES.contains(&module[0].as_str());
    if is_root || module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

/// Every `.rs` file under `directory`, in the order of their names.
fn rust_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(directory)
        .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
        .with_context(|| format!("{} could not be read", directory.display()))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

/// Asks cargo what tracer depends on.
fn dependencies() -> Result<Dependencies> {
    let answer = process::capture(workspace::cargo().args([
        "metadata",
        "--format-version=1",
        "--no-deps",
        "--manifest-path=tracer/Cargo.toml",
    ]))?;
    let metadata: Value = serde_json::from_str(&answer)?;
    let mut dependencies = Dependencies::default();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    for dependency in packages
        .filter(|package| package["name"] == "tracer")
        .filter_map(|package| package["dependencies"].as_array())
        .flatten()
    {
        let name = dependency["rename"]
            .as_str()
            .or_else(|| dependency["name"].as_str())
            .context("cargo metadata names no dependency")?
            .replace('-', "_");
        match dependency["kind"].as_str() {
            None => dependencies.normal.push(name),
            Some("dev") => dependencies.dev.push(name),
            // A build script is no part of src.
            Some(_) => {}
        }
    }
    Ok(dependencies)
}
