//! A recording all of whose strings are hostile, in a file with a hostile name: no command lets
//! one through to a terminal.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tracer::{
    event::{Comm, Event, Name, Text, What},
    recording::{Reader, Writer},
};

/// What must not come out: terminal commands, a second line, reordered and invisible text.
/// Short enough for a command name, each.
const HOSTILE: [&str; 12] = [
    "\x1b]0;own\x07",
    "\x1b[2J\x1b[31m",
    "\u{9b}1m\u{9d}0;x",
    "a\r\nFORGED",
    "\x7f\x08\x0b\0\x1bc",
    "\u{202e}gpj\u{2066}",
    "\u{200b}\u{feff}\u{180e}",
    "\u{fe0f}\u{34f}\u{3164}",
    "\u{2800}\u{ffa0}\u{115f}",
    "\u{1160}\u{1d173}\u{e0041}",
    "\u{2028}FORGED\u{a0}",
    "\u{3fffd}\u{e000}\u{301}",
];

/// Code points that must not come out. The list does not share the program's rule.
const FORBIDDEN: [std::ops::RangeInclusive<u32>; 20] = [
    0x00..=0x09,
    0x0b..=0x1f,
    0x7f..=0xa0,
    0xad..=0xad,
    0x34f..=0x34f,
    0x61c..=0x61c,
    0x115f..=0x1160,
    0x180b..=0x180f,
    0x200b..=0x200f,
    0x2028..=0x202f,
    0x2060..=0x206f,
    0x2800..=0x2800,
    0x3164..=0x3164,
    0xe000..=0xf8ff,
    0xfe00..=0xfe0f,
    0xfeff..=0xfeff,
    0xffa0..=0xffa0,
    0xfff0..=0xfffd,
    0x1d173..=0x1d17a,
    0x3fffd..=0x10ffff,
];

/// Commands of every kind. IN is the recording, DIR a folder of segments, BAD a damaged copy of
/// the recording, OUT a new file, NO a file that does not exist; their names are hostile, and so
/// is X.
const COMMANDS: [&str; 44] = [
    "info IN",
    "info BAD",
    "info IN --json",
    "info DIR",
    "info DIR --json",
    "info NO",
    "replay IN",
    "replay BAD --report",
    "replay IN --report=tree,deaths,zombies,faults,forks,states,findings,processes --all",
    "replay IN --report --json",
    "replay IN --report --filter pid>0",
    "replay IN --report --filter X",
    "replay IN --report=X",
    "replay IN --report --since=+1s",
    "replay IN --report --since=+99h",
    "replay IN --report --since X",
    "replay IN --report --follow",
    "replay IN --json",
    "replay IN --json --filter pid>0",
    "replay IN --events",
    "replay BAD --events",
    "replay IN --events --filter pid>0",
    "replay IN --events --json",
    "replay DIR --events",
    "replay IN --theme X",
    "replay NO --report",
    "replay",
    "index IN",
    "index DIR",
    "index NO",
    "repair BAD OUT",
    "repair BAD IN",
    "cut IN OUT --since=+1s",
    "cut IN OUT --tree 1200 --anonymize",
    "cut IN OUT --since=+99h",
    "cut NO OUT --since=+1s",
    "merge OUT IN IN",
    "merge OUT IN NO",
    "record IN -- X",
    "record OUT --btf NO -- true",
    "doctor --btf NO",
    "filters",
    "man X",
    "X",
];

fn hostile(number: usize) -> &'static str {
    HOSTILE[number % HOSTILE.len()]
}

/// Returns the recording of every kind of event with each of its strings replaced.
fn recording() -> Vec<u8> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/v2.tracer");
    let events = Reader::new(fs::File::open(golden).unwrap()).unwrap();
    let mut writer = Writer::new(Vec::new()).unwrap();
    let mut number = 0;
    let mut next = move || {
        number += 1;
        hostile(number)
    };
    // All of them at once, and bytes that are not Unicode.
    let text = || Text::new(&[HOSTILE.concat().as_bytes(), b"\xff\x80\xc3"].concat());
    for (number_of_events, event) in events.enumerate() {
        let mut event: Event = event.unwrap();
        event.each_name(&mut |_, name| match name {
            Name::Comm(comm) => *comm = Comm::new(next().as_bytes()),
            Name::Path(path) => *path = path.as_ref().map(|_| text()),
            Name::Arguments(argv) => *argv = argv.as_ref().map(|_| text()),
            Name::Host(name) => *name = HOSTILE.concat().into(),
        });
        match &mut event.what {
            What::Session(session) => {
                session.tracer_version = next().into();
                session.kernel_release = HOSTILE.concat().into();
                for hook in &mut session.hooks {
                    hook.hook = hook.hook.as_ref().map(|_| HOSTILE.concat().into());
                    hook.loses = HOSTILE.concat().into();
                }
            }
            // The writer adds its own.
            What::End => continue,
            _ => {}
        }
        writer.write(&event).unwrap();
        // Several blocks, so that damage leaves something.
        if number_of_events.is_multiple_of(20) {
            writer.flush().unwrap();
        }
    }
    writer.finish().unwrap().1
}

/// Returns everything at once, as an argument or the name of a file can hold it.
fn word() -> String {
    HOSTILE.concat().replace('\0', "")
}

/// Returns the file with a role in [`COMMANDS`].
fn path(folder: &Path, role: &str) -> PathBuf {
    let name = [role.as_bytes(), word().as_bytes(), b"\xff"].concat();
    folder.join(OsStr::from_bytes(&name))
}

fn run(folder: &Path, home: &Path, line: &str) -> Output {
    let argument = |word: &str| -> OsString {
        match word {
            "--report=X" => format!("--report={}", HOSTILE[1]).into(),
            "X" => self::word().into(),
            "IN" | "BAD" | "DIR" | "OUT" | "NO" => path(folder, word).into(),
            _ => word.into(),
        }
    };
    let _ = fs::remove_file(path(folder, "OUT"));
    Command::new(env!("CARGO_BIN_EXE_tracer"))
        .args(line.split(' ').map(argument))
        .current_dir(folder)
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home)
        .output()
        .unwrap()
}

#[test]
fn nothing_hostile_comes_out_of_any_command() {
    let scratch = tempfile::tempdir().unwrap();
    let (folder, home) = (scratch.path(), scratch.path().join("home"));
    let path = |role: &str| path(folder, role);
    let bytes = recording();
    fs::write(path("IN"), &bytes).unwrap();
    let mut damaged = bytes.clone();
    let middle = damaged.len() * 2 / 3;
    damaged[middle] ^= 0x10;
    fs::write(path("BAD"), damaged).unwrap();
    fs::create_dir(path("DIR")).unwrap();
    let segment = format!("000001-{}.trace", word());
    fs::write(path("DIR").join(segment), &bytes).unwrap();
    fs::create_dir_all(home.join("tracer")).unwrap();
    let filter = format!("a{} = pid > 0\nbad = {}\n", HOSTILE[5], word());
    fs::write(home.join("tracer/filters"), filter).unwrap();

    for line in COMMANDS {
        let output = run(folder, &home, line);
        if matches!(line, "info DIR" | "replay DIR --events" | "index DIR") {
            assert!(output.status.success(), "{line}: {output:?}");
        }
        assert!(
            output.status.code().is_some_and(|code| code != 101),
            "{line}: {output:?}"
        );
        for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            let text = String::from_utf8(bytes.clone());
            let text = text.unwrap_or_else(|_| panic!("{line}: {stream} is not UTF-8"));
            let bad = text.char_indices().find(|&(_, character)| {
                let code = u32::from(character);
                FORBIDDEN.iter().any(|range| range.contains(&code))
            });
            let around = |at: usize| {
                let before: String = text[..at].chars().rev().take(60).collect();
                before.chars().rev().collect::<String>()
            };
            assert!(
                bad.is_none(),
                "{line}: {:?} on {stream} after {:?}",
                bad.map(|(_, character)| character),
                bad.map(|(at, _)| around(at)),
            );
            let forged = text
                .lines()
                .find(|line| line.trim_start().starts_with("FORGED"));
            assert_eq!(forged, None, "{line}: a line of {stream}");
        }
    }
}

/// The table has every command that the help lists and that opens something from outside.
#[test]
fn no_command_is_left_out() {
    let help = Command::new(env!("CARGO_BIN_EXE_tracer"))
        .arg("--help")
        .output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    let names: Vec<_> = commands
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() > 8, "{names:?}");
    // The dashboard has tests of its own, and a completion script contains nothing from outside.
    for name in names {
        let is_tested = COMMANDS
            .iter()
            .any(|line| line.split(' ').next() == Some(name));
        assert!(
            is_tested || ["live", "completions", "help"].contains(&name),
            "{name}"
        );
    }
}
