//! Checks that docs/reading-recordings.md contains the programs of this crate as they are,
//! and that they run.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

use std::{fs, path::Path, process::Command};

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// Returns the page with every block behind `<!-- FILE -->` replaced by the file's contents.
fn with_programs(page: &str) -> (String, usize) {
    let (mut updated, mut programs) = (String::new(), 0);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        updated += line;
        updated += "\n";
        let file = line
            .strip_prefix("<!-- ")
            .and_then(|line| line.strip_suffix(" -->"));
        if let Some(file) = file {
            assert_eq!(lines.next(), Some("```rust"), "behind {line}");
            lines.by_ref().find(|line| *line == "```").unwrap();
            let program = fs::read_to_string(Path::new(FOLDER).join("..").join(file)).unwrap();
            updated += &format!("```rust\n{program}```\n");
            programs += 1;
        }
    }
    (updated, programs)
}

#[test]
fn page_contains_the_programs() {
    let path = format!("{FOLDER}.md");
    let page = fs::read_to_string(&path).unwrap();
    let (updated, programs) = with_programs(&page);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, &updated).unwrap();
    } else {
        assert!(page == updated, "run it again with UPDATE_GOLDEN=1");
    }
    let files = fs::read_dir(Path::new(FOLDER).join("src/bin")).unwrap();
    assert_eq!(programs, files.count());
}

/// Returns the output of a program for the recording in tracer's tests.
fn output(program: &str) -> String {
    let recording = Path::new(FOLDER).join("../../tracer/tests/recordings/v1.tracer");
    let output = Command::new(program).arg(recording).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn executions_are_counted() {
    let output = output(env!("CARGO_BIN_EXE_executions"));
    assert!(output.contains("     1 /usr/bin/work\n"), "{output}");
}

#[test]
fn killed_processes_are_listed() {
    let output = output(env!("CARGO_BIN_EXE_killed"));
    assert_eq!(output, "101 was killed by signal 9\n");
}

#[test]
fn seeking_finds_an_exit() {
    let output = output(env!("CARGO_BIN_EXE_seek"));
    assert!(output.contains(" processes at "), "{output}");
    assert!(output.contains("exit at "), "{output}");
}
