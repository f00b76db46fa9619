//! Tests the files that commands write, and the command that one runs: what stands in the
//! place of a file is neither followed nor changed.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, symlink},
};

use super::{golden, refused, stderr, tracer};

#[test]
fn recording_is_not_overwritten_without_force() {
    let file = std::env::temp_dir().join(format!("tracer-precious-{}", std::process::id()));
    fs::write(&file, "precious").unwrap();
    refused(
        &tracer(&["record", file.to_str().unwrap()]),
        &["exists", "--force"],
    );
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    fs::remove_file(&file).unwrap();
}

#[test]
fn command_that_cannot_be_run_leaves_no_file() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("x.trace");
    let script = scratch.path().join("no-script");
    fs::write(&script, "exit 0").unwrap();
    let folder = scratch.path().to_str().unwrap();
    for (command, code, why) in [
        ("no-such-command", 127, "No such file"),
        ("/no/such/command", 127, "No such file"),
        (script.to_str().unwrap(), 126, "Permission denied"),
        (folder, 126, "Permission denied"),
    ] {
        let output = tracer(&["record", file.to_str().unwrap(), "--", command]);
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{message}");
        assert!(
            message.contains(command) && message.contains(why),
            "{message}"
        );
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(!file.exists());
    }
}

#[test]
fn user_of_a_command_must_exist() {
    for arguments in [
        &["record", "-", "--user", "nobody"][..],
        &["record", "-", "--as-root"],
        &["record", "-", "--as-root", "--user", "nobody", "--", "true"],
        &["record", "--insecure-dir"],
        &["record", "-", "--insecure-dir"],
        &["record", "-", "--keep", "1h"],
    ] {
        assert_eq!(tracer(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let record = ["record", "-", "--user", "no such user", "--", "true"];
    refused(&tracer(&record), &["no such user"]);
}

#[test]
fn every_command_that_writes_makes_a_new_file() {
    let scratch = tempfile::tempdir().unwrap();
    let name = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    let [golden, out, other, link] = [
        golden().to_str().unwrap().to_owned(),
        name("out.trace"),
        name("other"),
        name("link"),
    ];
    // The same recording, in another file.
    let copy = name("copy.trace");
    fs::copy(&golden, &copy).unwrap();
    symlink(&other, &link).unwrap();
    for command in [
        &["repair", &golden, "OUT"][..],
        &["cut", &golden, "OUT", "--since=+0s"],
        &["cut", &golden, "OUT", "--anonymize"],
        &["merge", "OUT", &golden, &copy],
    ] {
        let run = |to: &str| {
            let words = command
                .iter()
                .map(|word| if *word == "OUT" { to } else { word });
            tracer(&words.chain(["--force"]).collect::<Vec<_>>())
        };
        fs::write(&out, "precious").unwrap();
        fs::hard_link(&out, &other).unwrap();
        let before = fs::metadata(&out).unwrap().ino();
        let written = run(&out);
        assert!(written.status.success(), "{}", stderr(&written));
        let file = fs::metadata(&out).unwrap();
        assert_ne!(file.ino(), before, "{command:?}");
        assert_eq!(file.mode() & 0o7777, 0o600, "{command:?}");
        refused(&run(&link), &["symbolic link"]);
        assert_eq!(fs::read(&other).unwrap(), b"precious", "{command:?}");
        fs::remove_file(&other).unwrap();
        refused(&run(&link), &["symbolic link"]);
        assert!(!fs::exists(&other).unwrap());
        // A pipe is written as standard output is.
        let piped = run("/dev/stdout");
        assert!(piped.status.success(), "{}", stderr(&piped));
        let written = fs::read(&out).unwrap();
        assert_eq!(piped.stdout.get(..16), written.get(..16), "{command:?}");
    }
}
