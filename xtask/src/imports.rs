//! `check`: tracer's modules import one another one way only, and outside
//! crates only where they belong.
//!
//! [`rules`] is the table, [`scan`] reads what a file mentions, [`judge`]
//! compares the two.

mod judge;
mod rules;
mod scan;

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
                .map(|source| Source { path: path.clone(), ..source })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_place_in_the_module_tree() {
        let module = |path: &str| module_of(Path::new(path)).join("::");
        assert_eq!(module("main.rs"), "");
        assert_eq!(module("model.rs"), "model");
        assert_eq!(module("model/mod.rs"), "model");
        assert_eq!(module("source/live/plan.rs"), "source::live::plan");
        assert_eq!(module("source/main.rs"), "source::main");
    }

    /// What breaks the rules when the file at `path` holds `text`.
    fn violations(path: &str, text: &str) -> Vec<String> {
        violations_of(&[(path, text)])
    }

    fn violations_of(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| read(Path::new(path), text).expect("valid Rust"))
            .collect();
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let dependencies = Dependencies {
            normal: names(&["anyhow", "aya", "libc", "tokio", "tracer_common", "newcomer"]),
            dev: names(&["insta"]),
        };
        judge::judge(&sources, &dependencies)
            .iter()
            .map(Violation::to_string)
            .collect()
    }

    /// Asserts that `text` at `path` breaks one rule, on `line`, and that the
    /// message holds `words`.
    #[track_caller]
    fn refused(path: &str, text: &str, line: usize, words: &str) {
        let found = violations(path, text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(&format!("{path}:{line}: ")), "{found:?}");
        assert!(found[0].contains(words), "{found:?}");
    }

    #[track_caller]
    fn accepted(path: &str, text: &str) {
        assert_eq!(violations(path, text), Vec::<String>::new());
    }

    #[test]
    fn a_clean_file_passes() {
        accepted(
            "model/process.rs",
            "use std::{collections::HashMap, time::Duration};
             use crate::event::{Event, Moment};
             use super::task::Task;
             use crate::model::lineage;
             fn apply(event: &Event) -> Moment { lineage::apply(event); Moment::now() }",
        );
    }

    #[test]
    fn a_higher_module_is_refused() {
        refused(
            "model/process.rs",
            "use crate::event::Event;\nuse crate::tui::Theme;",
            2,
            "crate::tui::Theme",
        );
    }

    #[test]
    fn an_equal_rank_is_refused() {
        refused("report/mod.rs", "use crate::tui;", 1, "event, model");
    }

    #[test]
    fn every_branch_of_a_use_tree_counts() {
        refused(
            "model.rs",
            "use crate::{\n    event::{Event, Moment},\n    recording::{self, Writer as W},\n};",
            3,
            "crate::recording",
        );
    }

    #[test]
    fn an_inline_path_counts() {
        refused(
            "event/mod.rs",
            "fn f() -> crate::model::Model { todo!() }",
            1,
            "crate::model::Model",
        );
        refused(
            "model.rs",
            "fn f() {\n let b = aya::Ebpf::load(&[]);\n}",
            2,
            "aya",
        );
    }

    #[test]
    fn a_path_inside_a_macro_counts() {
        refused(
            "model.rs",
            "fn f() { println!(\"{}\", crate::tui::WIDTH); }",
            1,
            "crate::tui::WIDTH",
        );
        refused(
            "model.rs",
            "#[derive(Debug, newcomer::Thing)] struct S;",
            1,
            "newcomer",
        );
    }

    #[test]
    fn a_path_through_super_counts() {
        refused(
            "model/process.rs",
            "use super::super::tui::Theme;",
            1,
            "crate::tui::Theme",
        );
        accepted("source/live/ring.rs", "use super::super::replay::Replay;");
    }

    #[test]
    fn renaming_the_crate_or_a_module_hides_nothing() {
        refused(
            "model.rs",
            "use crate as root;\nfn f() { root::tui::draw(); }",
            2,
            "crate::tui::draw",
        );
        refused(
            "model.rs",
            "use crate::{self as root};\nfn f() { root::tui::draw(); }",
            2,
            "crate::tui::draw",
        );
        refused(
            "model.rs",
            "use crate::tui as paint;\nfn f() { paint::draw(); }",
            1,
            "crate::tui",
        );
        refused("model.rs", "extern crate aya as kernel;", 1, "aya");
        refused("model.rs", "use crate::*;", 1, "crate root");
    }

    #[test]
    fn an_outside_crate_is_refused_outside_its_modules() {
        refused("session.rs", "use aya::Ebpf;", 1, "source");
        accepted("source/live/load.rs", "use aya::Ebpf; use libc::c_int;");
    }

    #[test]
    fn a_crate_without_a_row_is_refused() {
        refused("model.rs", "use newcomer::Thing;", 1, "add a row");
    }

    #[test]
    fn a_module_without_a_row_is_refused() {
        refused("helpers/mod.rs", "", 1, "add a row");
        refused("model.rs", "use crate::helpers::f;", 1, "have a row");
    }

    #[test]
    fn a_pure_module_has_no_clock_and_no_io() {
        refused("event.rs", "use std::{fs, fmt};", 1, "std::fs");
        refused("report.rs", "use std::time::{Duration, Instant};", 1, "Instant");
        refused(
            "export.rs",
            "use std::time;\nfn f(_: time::Duration) { time::SystemTime::now(); }",
            2,
            "std::time::SystemTime",
        );
        refused("model.rs", "use std::time::*;", 1, "std::time::*");
        accepted("recording.rs", "use std::fs::File;");
    }

    #[test]
    fn plan_and_decode_are_pure_within_source() {
        refused("source/live/plan.rs", "use aya::Btf;", 1, "pure");
        refused("source/live/decode.rs", "use libc::pid_t;", 1, "pure");
        refused("source/live/decode/fork.rs", "use std::fs;", 1, "pure");
        accepted("source/live/decode.rs", "use tracer_common::wire; use crate::event::Event;");
    }

    #[test]
    fn tests_may_use_anything_lower_and_dev_dependencies() {
        accepted(
            "report.rs",
            "#[cfg(test)]
             mod tests {
                 use std::fs;
                 use super::*;
                 use crate::source::script::Script;
                 fn f() { insta::assert_snapshot!(\"\"); }
             }",
        );
        refused(
            "report.rs",
            "#[cfg(test)]\nmod tests {\n use crate::session::run;\n}",
            3,
            "crate::session::run",
        );
        refused("report.rs", "use crate::source::script::Script;", 1, "event, model");
        refused("report.rs", "#[cfg(not(test))]\nuse crate::source::Source;", 2, "event, model");
    }

    #[test]
    fn a_test_module_in_its_own_file_is_a_test_module() {
        let tests = ("report/tests.rs", "use crate::source::script::Script;");
        assert_eq!(
            violations_of(&[("report/mod.rs", "#[cfg(test)]\nmod tests;"), tests]),
            Vec::<String>::new()
        );
        assert_eq!(violations_of(&[("report/mod.rs", "mod tests;"), tests]).len(), 1);
    }

    #[test]
    fn the_crate_root_reaches_only_down_to_the_command_line() {
        accepted("main.rs", "mod cli;\nmod model;\nfn main() { cli::run(); }");
        accepted("main.rs", "const A: u8 = 1;\nmod tests { use super::*; const B: u8 = crate::A; }");
        refused("main.rs", "mod model;\nfn main() { model::Model::new(); }", 2, "cli");
        refused("model.rs", "use crate::VERSION;", 1, "crate root");
    }
}
