//! Source files and their place in a crate's module tree.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow};

use crate::{rules, scan};

/// One source file.
pub struct Source {
    /// Path from the repository's root, for messages.
    pub path: PathBuf,
    /// Its place in the module tree; empty for the crate root.
    pub module: Vec<String>,
    pub scan: scan::Scan,
}

/// The files that `cargo` compiles into one library or binary. `main.rs` and
/// `lib.rs` of one directory count as one root: the binary imports the library
/// and not the other way round.
pub struct Crate {
    /// Name by which other crates import it.
    pub name: String,
    pub sources: Vec<Source>,
}

/// A line that breaks a rule.
#[derive(Debug)]
pub struct Violation {
    pub path: PathBuf,
    pub line: usize,
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.text)
    }
}

/// Returns the repository's root.
pub fn root() -> &'static Path {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("this package lies two directories below the root")
}

/// Reads every crate of the repository: each directory with a manifest and `src`.
pub fn crates() -> Result<Vec<Crate>> {
    let root = root();
    let mut crates = Vec::new();
    for package in packages(root)? {
        let src = package.join("src");
        let name = package_name(&package)?;
        // Other programs of the package. One in a single file has no circle.
        let bin = src.join("bin");
        let programs: Vec<PathBuf> = match bin.is_dir() {
            true => entries(&bin)?,
            false => Vec::new(),
        };
        let mut files = rust_files(&src)?;
        files.retain(|file| !file.starts_with(&bin));
        crates.push(read_crate(&name, &src, &files)?);
        for program in programs.into_iter().filter(|program| program.is_dir()) {
            crates.push(read_crate(&name, &program, &rust_files(&program)?)?);
        }
    }
    Ok(crates)
}

fn read_crate(name: &str, directory: &Path, files: &[PathBuf]) -> Result<Crate> {
    let mut sources = Vec::new();
    for file in files {
        let text = fs::read_to_string(file)?;
        let shown = file.strip_prefix(root())?.to_owned();
        let source = read(name, file.strip_prefix(directory)?, &text)
            .with_context(|| format!("{} is not valid Rust", shown.display()))?;
        sources.push(Source {
            path: shown,
            ..source
        });
    }
    Ok(Crate {
        name: name.to_owned(),
        sources,
    })
}

/// Reads a file at `path` below the `src` of the crate `name`.
pub fn read(name: &str, path: &Path, text: &str) -> Result<Source> {
    let module = module_of(path);
    let scan = scan::scan(name, text, &module)
        .map_err(|error| anyhow!("line {}: {error}", error.span().start().line))?;
    Ok(Source {
        path: path.to_owned(),
        module,
        scan,
    })
}

/// Returns the module of a file: `source/live/mod.rs` and `source/live.rs` are
/// both `source::live`.
pub fn module_of(path: &Path) -> Vec<String> {
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

/// Returns the directories under `directory` that hold a package with sources.
fn packages(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in entries(directory)? {
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !path.is_dir() || hidden || path.ends_with("target") {
            continue;
        }
        if path.join("Cargo.toml").is_file() && path.join("src").is_dir() {
            found.push(path.clone());
        }
        found.extend(packages(&path)?);
    }
    Ok(found)
}

/// Reads the package's name as other crates import it.
fn package_name(package: &Path) -> Result<String> {
    let manifest = package.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)?;
    text.lines()
        .find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .map(|name| name.replace('-', "_"))
        .with_context(|| format!("{} names no package", manifest.display()))
}

/// Returns every `.rs` file under `directory`, in the order of names.
fn rust_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in entries(directory)? {
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

/// Returns what a directory holds, in the order of names.
fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(directory)
        .and_then(|entries| {
            entries
                .map(|entry| Ok(entry?.path()))
                .collect::<Result<Vec<_>, std::io::Error>>()
        })
        .with_context(|| format!("{} could not be read", directory.display()))?;
    paths.sort();
    Ok(paths)
}
