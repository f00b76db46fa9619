//! What a cargo command produced, in cargo's own words, so that no path under
//! a target directory is ever guessed.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::process;

/// One program that cargo built, or found fresh.
#[derive(Debug, PartialEq)]
pub struct Executable {
    /// `bin`, `test`.
    pub kind: String,
    pub name: String,
    pub path: PathBuf,
}

/// Runs a cargo command that builds, and lists the programs it made.
pub fn executables(cargo: &mut Command) -> Result<Vec<Executable>> {
    cargo
        .arg("--message-format=json-render-diagnostics")
        .stdout(Stdio::piped());
    let mut child = cargo
        .spawn()
        .with_context(|| format!("`{}` could not be started", process::show(cargo)))?;
    let messages = child.stdout.take().context("cargo has no output")?;
    let mut executables = Vec::new();
    for line in BufReader::new(messages).lines() {
        executables.extend(parse(&line?));
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{}` failed ({status})", process::show(cargo));
    }
    Ok(executables)
}

/// The one program called `name`.
pub fn the(executables: Vec<Executable>, kind: &str, name: &str) -> Result<PathBuf> {
    executables
        .into_iter()
        .find(|executable| executable.kind == kind && executable.name == name)
        .map(|executable| executable.path)
        .with_context(|| format!("cargo built no {kind} called {name}: has it been renamed?"))
}

fn parse(line: &str) -> Option<Executable> {
    let message: Value = serde_json::from_str(line).ok()?;
    let target = message.get("target")?;
    Some(Executable {
        kind: target.get("kind")?.get(0)?.as_str()?.to_owned(),
        name: target.get("name")?.as_str()?.to_owned(),
        path: message.get("executable")?.as_str()?.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_not_a_program() {
        let library = r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"a"},"executable":null}"#;
        assert_eq!(parse(library), None);
        assert_eq!(parse("running 3 tests"), None);
    }

    #[test]
    fn a_program_is_read_with_its_kind() {
        let test = r#"{"reason":"compiler-artifact","target":{"kind":["test"],"name":"kernel_a"},"executable":"/t/kernel_a-1"}"#;
        assert_eq!(
            parse(test),
            Some(Executable {
                kind: "test".into(),
                name: "kernel_a".into(),
                path: "/t/kernel_a-1".into(),
            })
        );
    }
}
