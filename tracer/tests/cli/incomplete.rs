//! A recording that is not whole is said to be so by every command, with an exit code of its
//! own, and what can be read of it is printed all the same.

use std::{fs, path::Path, process::Output};

use tracer::{
    event::{Event, Segment, What, Who},
    recording::{Reader, Writer},
};

use super::{Command, Stdio, damaged, golden, stderr, tracer};

/// Commands that read IN.
const COMMANDS: [&str; 12] = [
    "replay IN --report",
    "replay IN --report --json",
    "replay IN --report --filter pid>0",
    "replay IN --report --since=+0s",
    "replay IN --report --follow",
    "replay IN --json",
    "replay IN --json --filter pid>0",
    "replay IN --events",
    "replay IN --events --filter pid>0",
    "replay IN --events --json --follow",
    "info IN",
    "index IN",
];

fn run(line: &str, input: &Path) -> Output {
    let input = input.to_str().unwrap();
    let words = line.split(' ');
    let arguments: Vec<_> = words
        .map(|word| if word == "IN" { input } else { word })
        .collect();
    tracer(&arguments)
}

/// Writes the golden recording with more bytes behind its end mark.
fn followed_by(directory: &Path, name: &str, more: &[u8]) -> std::path::PathBuf {
    let path = directory.join(name);
    fs::write(&path, [&fs::read(golden()).unwrap()[..], more].concat()).unwrap();
    path
}

#[test]
fn what_is_not_whole_has_its_own_exit_code() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    let whole = followed_by(dir, "whole", b"");
    let length = fs::read(&whole).unwrap().len();
    let cut_off = dir.join("cut-off");
    fs::write(&cut_off, &fs::read(&whole).unwrap()[..length - 70]).unwrap();
    let no_end = format!("at offset {}", length - 70);
    let joined = followed_by(dir, "joined", &fs::read(&whole).unwrap());
    let split = format!("`tail -c +{}` splits it off", length + 1);
    let garbage = followed_by(dir, "garbage", b"\x1b[2Jgarbage");
    let behind = format!("11 bytes behind the end mark, at offset {length}");
    let broken = damaged(dir);
    for line in COMMANDS {
        let right = run(line, &whole);
        assert_eq!(right.status.code(), Some(0), "{line}: {}", stderr(&right));
        for (file, says) in [
            (&broken, "1 block with"),
            (&cut_off, no_end.get(..9).unwrap()),
            (&joined, split.as_str()),
            (&garbage, behind.as_str()),
        ] {
            let output = run(line, file);
            assert_eq!(
                output.status.code(),
                Some(3),
                "{line}, {file:?}: {output:?}"
            );
            let text = String::from_utf8(output.stdout.clone()).unwrap() + &stderr(&output);
            assert!(text.contains(says), "{line}, {file:?}: {text}");
            // What follows the end changes nothing of what is printed.
            if line.starts_with("replay") && (file == &joined || file == &garbage) {
                assert_eq!(output.stdout, right.stdout, "{line}, {file:?}");
            }
        }
    }
    for line in ["cut IN OUT --since=+0s", "merge OUT IN IN"] {
        for (file, code) in [(&whole, 0), (&broken, 3), (&joined, 3)] {
            let out = dir.join("out");
            let _ = fs::remove_file(&out);
            let output = run(&line.replace("OUT", out.to_str().unwrap()), file);
            assert_eq!(
                output.status.code(),
                Some(code),
                "{line}, {file:?}: {output:?}"
            );
            assert_eq!(
                tracer(&["info", out.to_str().unwrap()]).status.code(),
                Some(0)
            );
        }
    }
    // From a pipe, too, and in JSON.
    let piped = Command::new(env!("CARGO_BIN_EXE_tracer"))
        .args(["replay", "-", "--events"])
        .stdin(Stdio::from(fs::File::open(&joined).unwrap()))
        .output()
        .unwrap();
    assert_eq!(piped.status.code(), Some(3), "{piped:?}");
    assert!(stderr(&piped).contains(&split), "{piped:?}");
    let info = run("info IN --json", &joined);
    let info: serde_json::Value = serde_json::from_slice(&info.stdout).unwrap();
    assert_eq!(info["trailing"]["offset"], length, "{info}");
    assert_eq!(info["trailing"]["bytes"], length, "{info}");
    assert_eq!(info["trailing"]["is_recording"], true, "{info}");
    // The advice is right.
    let bytes = fs::read(&joined).unwrap();
    let second = dir.join("second");
    fs::write(&second, &bytes[length..]).unwrap();
    assert_eq!(run("info IN", &second).status.code(), Some(0));
}

#[test]
fn many_damaged_places_fit_on_a_screen() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("damaged");
    let session = Reader::new(fs::File::open(golden()).unwrap())
        .unwrap()
        .next();
    let session = session.unwrap().unwrap();
    let mut writer = Writer::new(Vec::new()).unwrap();
    writer.write(&session).unwrap();
    for number in 0..4000 {
        let at = session.at + number;
        let (cpu, who, what) = (0, Who::HOST, What::SnapshotEnd(at));
        writer.write(&Event { at, cpu, who, what }).unwrap();
        writer.flush().unwrap();
    }
    let (_, mut bytes) = writer.finish().unwrap();
    // Every other block.
    let markers = bytes.windows(4).enumerate();
    let markers = markers.filter_map(|(at, bytes)| (bytes == b"\xf7TrB").then_some(at));
    let damaged: Vec<_> = markers.skip(2).step_by(2).take(1990).collect();
    damaged.iter().for_each(|at| bytes[at + 8] ^= 0x10);
    fs::write(&file, bytes).unwrap();
    for line in ["replay IN --report", "replay IN --events --since=+0s"] {
        let output = run(line, &file);
        assert_eq!(output.status.code(), Some(3), "{line}");
        let says = stderr(&output);
        assert!(says.lines().count() <= 12, "{says}");
        assert!(
            says.contains("and 1980 more places: `tracer info --json`"),
            "{says}"
        );
    }
    let info = run("info IN --json", &file);
    let info: serde_json::Value = serde_json::from_slice(&info.stdout).unwrap();
    assert_eq!(info["damage"].as_array().unwrap().len(), 1990);
}

#[test]
fn missing_segment_is_missed() {
    let scratch = tempfile::tempdir().unwrap();
    let (at, what) = match Reader::new(fs::File::open(golden()).unwrap())
        .unwrap()
        .next()
    {
        Some(Ok(session)) => (session.at, session.what),
        other => panic!("{other:?}"),
    };
    let path = |number: u64| {
        scratch
            .path()
            .join(format!("{number:06}-20261121T031500Z.trace"))
    };
    for number in 0..3 {
        let mut what = what.clone();
        if let What::Session(session) = &mut what {
            session.segment = Some(Segment {
                number,
                began: at,
                // Sessions count in the first only.
                events_before: if number == 0 { 0 } else { 1 + number },
                keep: Segment::default().keep,
            });
        }
        let mut writer = Writer::new(fs::File::create(path(number)).unwrap()).unwrap();
        for (at, what) in [
            (at + number, what),
            (at + number + 1, What::SnapshotEnd(at)),
        ] {
            writer
                .write(&Event {
                    at,
                    cpu: 0,
                    who: Who::HOST,
                    what,
                })
                .unwrap();
        }
        writer.finish().unwrap();
    }
    for (line, name) in [
        ("replay IN --events", "events"),
        ("replay IN --report --since=+0s", "window"),
    ] {
        assert_eq!(run(line, scratch.path()).status.code(), Some(0), "{name}");
    }
    fs::remove_file(path(1)).unwrap();
    for line in [
        "replay IN --events",
        "replay IN --report --since=+0s",
        "info IN",
    ] {
        let output = run(line, scratch.path());
        assert_eq!(output.status.code(), Some(3), "{line}: {output:?}");
        let text = String::from_utf8(output.stdout.clone()).unwrap() + &stderr(&output);
        assert!(text.contains("missing"), "{line}: {text}");
    }
}
