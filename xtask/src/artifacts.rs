//! The programs that a cargo command built, as cargo's messages list them, so that
//! no path under a target directory is guessed.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::process;

/// A program that cargo built or found fresh.
#[derive(Debug, PartialEq)]
pub struct Executable {
    /// `bin`, `test`.
    pub kind: String,
    pub name: String,
    pub path: PathBuf,
}

/// Runs a cargo command that builds, and returns the programs.
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

/// Returns the path of the program called `name`.
pub fn the(executables: &[Executable], kind: &str, name: &str) -> Result<PathBuf> {
    executables
        .iter()
        .find(|executable| executable.kind == kind && executable.name == name)
        .map(|executable| executable.path.clone())
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
    fn library_is_not_a_program() {
        let library = r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"a"},"executable":null}"#;
        assert_eq!(parse(library), None);
        assert_eq!(parse("running 3 tests"), None);
    }

    #[test]
    fn program_is_parsed_with_its_kind() {
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
