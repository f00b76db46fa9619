//! Tests the command line as a user sees it: help, bad input, exit codes. Needs neither a
//! kernel nor root.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

#[path = "cli/incomplete.rs"]
mod incomplete;
#[path = "cli/local_time.rs"]
mod local_time;
#[path = "cli/reports.rs"]
mod reports;
#[path = "cli/terminal.rs"]
mod terminal;
#[path = "cli/writing.rs"]
mod writing;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

fn tracer(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tracer"))
        .args(arguments)
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn golden() -> PathBuf {
    // Only the storyline: recordings of later versions have made-up records after it.
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/v1.tracer")
}

/// Asserts an error of one line with all `words`, and exit code 1.
#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    let message = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.starts_with("tracer: "), "{message}");
    for word in words {
        assert!(message.contains(word), "{word:?} in {message:?}");
    }
}

#[test]
fn help_of_every_command_has_examples() {
    for command in [
        &["live", "--help"][..],
        &["record", "--help"],
        &["replay", "--help"],
        &["info", "--help"],
        &["repair", "--help"],
    ] {
        let output = tracer(command);
        assert!(output.status.success());
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(
            help.contains("Examples:") && help.contains(&format!("tracer {}", command[0])),
            "{help}"
        );
    }
}

#[test]
fn wrong_usage_has_its_own_exit_code() {
    for arguments in [
        &["live", "--buffer", "3M"][..],
        &["live", "--for", "soon"],
        &["live", "--without", "magic"],
        &["replay"],
        &["play"],
        &["replay", "x", "--report=sideways"],
        &["replay", "x", "--report", "--events"],
    ] {
        assert_eq!(tracer(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn error_names_the_file_and_the_reason() {
    let scratch = std::env::temp_dir().join(format!("tracer-cli-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).unwrap();
    let garbage = scratch.join("garbage");
    std::fs::write(&garbage, "#!/bin/sh\necho this is no recording\n").unwrap();
    let empty = scratch.join("empty");
    std::fs::write(&empty, "").unwrap();
    let path = |path: &Path| path.to_str().unwrap().to_owned();

    refused(
        &tracer(&["replay", "/no/such/file", "--report"]),
        &["/no/such/file"],
    );
    refused(
        &tracer(&["replay", &path(&scratch), "--report"]),
        &[&path(&scratch), "directory"],
    );
    refused(
        &tracer(&["replay", &path(&garbage), "--report"]),
        &[&path(&garbage), "not a recording"],
    );
    refused(
        &tracer(&["replay", &path(&empty), "--report"]),
        &[&path(&empty), "empty"],
    );
    std::fs::remove_dir_all(&scratch).unwrap();
}

#[test]
fn replay_without_a_terminal_prints_the_report() {
    let golden = golden();
    let golden = golden.to_str().unwrap();
    let plain = tracer(&["replay", golden]);
    assert!(plain.status.success(), "{}", stderr(&plain));
    assert_eq!(plain.stdout, tracer(&["replay", golden, "--report"]).stdout);
    // The same from a pipe.
    let piped = Command::new(env!("CARGO_BIN_EXE_tracer"))
        .args(["replay", "-", "--report"])
        .stdin(std::fs::File::open(golden).unwrap())
        .output()
        .unwrap();
    assert_eq!(piped.stdout, plain.stdout);
}

/// Writes the golden recording with a flipped byte in its second block and without its
/// end.
fn damaged(directory: &Path) -> PathBuf {
    let mut bytes = std::fs::read(golden()).unwrap();
    let marker = |bytes: &[u8]| bytes.windows(4).position(|bytes| bytes == b"\xf7TrB");
    let first = marker(&bytes).unwrap();
    let second = first + 1 + marker(&bytes[first + 1..]).unwrap();
    bytes[second + 60] ^= 0x10;
    bytes.truncate(bytes.len() - 70);
    let path = directory.join("damaged");
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn damage_is_reported_and_repaired() {
    let scratch = std::env::temp_dir().join(format!("tracer-repair-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).unwrap();
    let damaged = damaged(&scratch);
    let damaged = damaged.to_str().unwrap();
    let whole = scratch.join("whole");
    let whole = whole.to_str().unwrap();

    let info = tracer(&["info", damaged]);
    assert_eq!(info.status.code(), Some(3));
    let text = String::from_utf8(info.stdout).unwrap();
    for words in [
        "1 place is damaged",
        "torn",
        "1 block with",
        "tracer repair",
    ] {
        assert!(text.contains(words), "{words:?} in {text}");
    }
    let info: serde_json::Value =
        serde_json::from_slice(&tracer(&["info", "--json", damaged]).stdout).unwrap();
    let missing = info["damage"][0]["events"].as_u64().unwrap();
    assert!(missing > 0 && info["whole"] == false, "{info}");

    // A repaired recording has a gap; repairing it again adds none.
    assert_eq!(tracer(&["repair", damaged, whole]).status.code(), Some(3));
    let again = scratch.join("again");
    let again = tracer(&["repair", whole, again.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(0));
    let info = tracer(&["info", "--json", whole]);
    assert_eq!(info.status.code(), Some(0));
    let info: serde_json::Value = serde_json::from_slice(&info.stdout).unwrap();
    let gaps = info["gaps"].as_array().unwrap();
    let unreadable = gaps
        .iter()
        .filter(|gap| gap["unreadable_events"] == missing);
    assert_eq!(unreadable.count(), 1, "{info}");
    let events = |file: &str| tracer(&["replay", "--events", "--json", file]).stdout;
    assert_eq!(events(whole), events(damaged));

    refused(&tracer(&["repair", damaged, whole]), &["exists", "--force"]);
    refused(&tracer(&["repair", damaged, damaged]), &["in place"]);
    // The same file under another name.
    let alias = scratch.join("alias.trace");
    std::fs::hard_link(whole, &alias).unwrap();
    let alias = alias.to_str().unwrap();
    for command in ["repair", "cut", "merge"] {
        let names = match command {
            "merge" => vec![alias, whole, damaged],
            _ => vec![whole, alias],
        };
        let more: &[&str] = if command == "cut" {
            &["--since=+1s"]
        } else {
            &[]
        };
        let arguments = [&[command, "--force"], more, &names].concat();
        refused(&tracer(&arguments), &["another name"]);
        assert_eq!(events(alias), events(damaged));
    }
    std::fs::remove_dir_all(&scratch).unwrap();
}

/// The final state of a process does not depend on the start of the window.
#[test]
fn window_shows_the_same_processes_as_the_whole() {
    let golden = golden();
    let golden = golden.to_str().unwrap();
    let lines = |arguments: &[&str]| {
        let output = tracer(&[&["replay", golden, "--json"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let whole = lines(&[]);
    let mut shown = Vec::new();
    for since in [
        "+0.5s", "+1s", "+1.5s", "+2s", "+3s", "-1s", "-0.1s", "-1ms",
    ] {
        let window = lines(&["--since", since]);
        for line in &window {
            assert!(whole.contains(line), "{since}: {line}");
        }
        shown.push(window.len());
        assert_eq!(window, lines(&["--since", since, "--follow"]));
    }
    assert!(shown.iter().all(|&count| count > 0), "{shown:?}");
    assert!(shown.iter().any(|&count| count < whole.len()), "{shown:?}");
}

/// An index next to a recording changes only the time to read it.
#[test]
fn index_is_made_and_ignored_if_it_does_not_match() {
    let folder = std::env::temp_dir().join(format!("tracer-index-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("a.trace");
    std::fs::copy(golden(), &file).unwrap();
    let (file, index) = (file.to_str().unwrap(), folder.join("a.trace.index"));
    let json = || tracer(&["replay", file, "--since", "+1s", "--json"]).stdout;
    let without = json();
    let made = tracer(&["index", file]);
    assert!(made.status.success(), "{made:?}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&index.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(json(), without);
    for damaged in [
        &b"something else"[..],
        &std::fs::read(&index).unwrap()[..60],
        b"",
    ] {
        std::fs::write(&index, damaged).unwrap();
        assert_eq!(json(), without);
        assert!(tracer(&["index", file]).status.success());
    }
    // A pipe in its place does not block, and a link is not followed.
    std::fs::remove_file(&index).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&index)
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(json(), without);
    std::fs::remove_file(&index).unwrap();
    let precious = folder.with_extension("precious");
    std::fs::write(&precious, "precious").unwrap();
    std::os::unix::fs::symlink(&precious, &index).unwrap();
    assert!(tracer(&["index", file]).status.success());
    assert_eq!(std::fs::read(&precious).unwrap(), b"precious");
    assert!(index.symlink_metadata().unwrap().is_file());
    std::fs::remove_file(&precious).unwrap();
    // Only the two files are left.
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    refused(&tracer(&["index", "/nowhere"]), &["neither"]);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn cut_recording_can_be_read_alone() {
    let golden = golden();
    let golden = golden.to_str().unwrap();
    let part = std::env::temp_dir().join(format!("tracer-part-{}", std::process::id()));
    let part = part.to_str().unwrap();
    // The storyline begins at 60 s and its second gap is at 62 s.
    assert!(
        tracer(&["cut", golden, part, "--since", "+1s", "--until=-500ms"])
            .status
            .success()
    );
    assert_eq!(tracer(&["info", part]).status.code(), Some(0));
    let events = |arguments: &[&str]| {
        let output = tracer(&[&["replay", "--events", "--json"], arguments].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines
    };
    let cut = events(&[part]);
    assert_eq!(cut, events(&[golden, "--since", "+1s", "--until=-500ms"]));
    // A follower stops there too.
    let window = [golden, "--since", "+1s", "--until=-500ms"];
    let followed = events(&[&window[..], &["--follow"]].concat());
    assert_eq!(followed, events(&window));
    assert!(cut[0].contains("\"session\""), "{}", cut[0]);
    let shell = cut.iter().filter(|line| line.contains("\"snapshot\""));
    assert_eq!(shell.count(), 1, "{cut:?}");
    assert!(cut.iter().all(|line| !line.contains("\"event\":\"end\"")));

    refused(
        &tracer(&["cut", golden, part, "--since", "+1s"]),
        &["exists"],
    );
    refused(&tracer(&["cut", golden, "/tmp/x"]), &["--since"]);
    refused(
        &tracer(&["replay", golden, "--since", "+9h", "--json"]),
        &["nothing after", "covers"],
    );
    assert_eq!(
        tracer(&["replay", golden, "--since", "soon"]).status.code(),
        Some(2)
    );
    std::fs::remove_file(part).unwrap();
}

#[test]
fn closed_output_pipe_is_no_error() {
    let golden = golden();
    let mut replay = Command::new(env!("CARGO_BIN_EXE_tracer"))
        .args(["replay", golden.to_str().unwrap(), "--events", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(replay.stdout.take());
    let output = replay.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}

#[test]
fn completions_and_manual_are_generated() {
    let bash = tracer(&["completions", "bash"]);
    assert!(
        String::from_utf8(bash.stdout)
            .unwrap()
            .contains("--without")
    );
    let man = tracer(&["man"]);
    assert!(
        String::from_utf8(man.stdout)
            .unwrap()
            .contains(".TH tracer")
    );
    let man = String::from_utf8(tracer(&["man", "record"]).stdout).unwrap();
    assert!(man.contains("buffer"), "{man}");
}

#[test]
fn filter_applies_to_every_output() {
    let file = golden();
    let file = file.to_str().unwrap();
    let lines = |arguments: &[&str]| {
        let output = tracer(&[&["replay", file], arguments].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let objects = |text: &str| -> Vec<serde_json::Value> {
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().unwrap()
    };
    // The expected processes come from the unfiltered export.
    let all = objects(&lines(&["--json"]));
    let killed: Vec<_> = all
        .iter()
        .filter(|it| !it["exit_signal"].is_null())
        .collect();
    assert!(!killed.is_empty() && killed.len() < all.len());
    let filter = ["--filter", "known(exit.signal) && exit.signal > 0"];
    assert!(
        !tracer(&[&["replay", file], &filter[..]].concat())
            .status
            .success()
    );
    let filter = [
        "--filter",
        "exit.signal != 0 && exit.signal in (KILL, SEGV, TERM, ABRT, 2)",
    ];
    let kept = objects(&lines(&[&["--json"], &filter[..]].concat()));
    assert_eq!(kept.iter().collect::<Vec<_>>(), killed);
    let events = objects(&lines(&[&["--events", "--json"], &filter[..]].concat()));
    let pids: Vec<_> = killed.iter().map(|it| &it["pid"]).collect();
    assert!(events.iter().any(|event| event["event"] == "exit"));
    assert!(
        events
            .iter()
            .all(|event| event["pid"].is_null() || pids.contains(&&event["pid"]))
    );
    let report = lines(&[&["--report"], &filter[..]].concat());
    assert!(
        report.contains(&format!("{} of {} processes", killed.len(), all.len())),
        "{report}"
    );
}

/// Messages are lost if standard error is a full disk; the work and its exit code are not.
#[test]
fn full_standard_error_changes_no_exit_code() {
    let golden = golden();
    let golden = golden.to_str().unwrap();
    for (arguments, code) in [
        (&["replay", golden, "--report"][..], 0),
        (
            &["replay", golden, "--filter", "pid = 4000000000", "--json"],
            0,
        ),
        (&["replay", "/no/such/file"], 1),
        (&["no-such-command"], 2),
        (&["replay", golden, "--filter", "pid ="], 2),
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let mut tracer = Command::new(env!("CARGO_BIN_EXE_tracer"));
        let tracer = tracer.args(arguments).stderr(full.unwrap());
        let status = tracer.output().unwrap().status;
        assert_eq!(status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn full_standard_output_is_an_error_that_says_so() {
    for form in ["--report", "--json", "--events"] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let output = Command::new(env!("CARGO_BIN_EXE_tracer"))
            .args(["replay", form])
            .arg(golden())
            .stdout(full.unwrap())
            .output()
            .unwrap();
        refused(&output, &["standard output cannot be written", "No space"]);
    }
}

/// The name of a file, which may come from a pattern such as `*.trace`, reaches a terminal
/// with its control characters escaped.
#[test]
fn names_of_files_are_escaped() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a\x1b[31mb.trace");
    std::fs::copy(golden(), &file).unwrap();
    let (file, missing) = (file.to_str().unwrap(), "no\x1b[31m.trace");
    for arguments in [
        &["replay", "--report", missing][..],
        &["replay", "--report", "--since=+99h", file],
        &["index", file],
        &["cut", "--since=+99h", file, "-"],
        &["info", file],
    ] {
        let output = tracer(arguments);
        let all = [&output.stdout[..], &output.stderr].concat();
        assert!(!all.contains(&0x1b), "{arguments:?}");
        let all = String::from_utf8(all).unwrap();
        assert!(all.contains("\\u{1b}[31m"), "{arguments:?}: {all}");
    }
}

#[test]
fn wrong_filter_is_wrong_usage_and_shows_the_place() {
    let output = tracer(&[
        "replay",
        "x.trace",
        "--filter",
        "comm =~ /a/ && exit.cod == 1",
    ]);
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert!(
        message.contains("^^^^^^^^") && message.contains("did you mean `exit.code`?"),
        "{message}"
    );
    let guide = tracer(&["filters"]);
    assert!(
        String::from_utf8(guide.stdout)
            .unwrap()
            .contains("exit.signal")
    );
}
