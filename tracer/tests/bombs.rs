//! Small files with contents that take much memory: every command that reads recordings stays
//! within `--memory`, or says that this does not suffice.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

use std::{
    fs,
    io::Cursor,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

// The module refers to the events as its siblings.
use tracer::{
    event::*,
    model::{Model, Retention},
    playback::{Fingerprint, IndexPass, SavedState, SideFile, StateSpacing},
    recording::{Chain, Index, Span, Writer},
};

#[allow(
    dead_code,
    reason = "the scripts of the unit tests, of which few are needed"
)]
#[path = "../src/event/script.rs"]
mod script;

use script::Script;

/// `--memory` of every run, bytes.
const MEMORY: &str = "1M";

/// Maximum memory of a command, bytes: `--memory` and 100 MB.
const PEAK: u64 = (1 << 20) + 100_000_000;

/// Commands that read recordings: IN is the bomb, OUT a new file.
const COMMANDS: [&str; 12] = [
    "replay IN --report",
    "replay IN --report=tree,deaths,zombies,findings --all",
    "replay IN --report --since=-1s",
    "replay IN --json",
    "replay IN --events",
    "replay IN --events --json --filter pid==1",
    "info IN",
    "repair IN OUT",
    "cut IN OUT --since=-1s",
    "cut IN OUT --tree 1 --anonymize",
    "merge OUT IN IN",
    "index IN",
];

/// Returns a side file for a recording.
type SideFileOf = fn(&[u8]) -> Vec<u8>;

/// A recording whose contents take much memory.
struct Bomb {
    name: &'static str,
    /// Maximum size of the file, bytes.
    size: usize,
    /// Returns the recording.
    make: fn() -> Vec<u8>,
    /// Side file beside it.
    side_file: Option<SideFileOf>,
    commands: &'static [&'static str],
    /// Minimum number of commands that cannot answer within [`MEMORY`].
    refused: usize,
}

const BOMBS: [Bomb; 7] = [
    Bomb {
        name: "forks",
        size: 120_000,
        make: || recording(&(0..45_000).map(fork).collect::<Vec<_>>()),
        side_file: None,
        commands: &["replay IN --report", "index IN"],
        refused: 2,
    },
    Bomb {
        name: "arguments",
        size: 50_000,
        make: arguments,
        side_file: None,
        commands: &COMMANDS,
        refused: 4,
    },
    // The reader itself holds a checkpoint that follows damage.
    Bomb {
        name: "checkpoint",
        size: 1_500_000,
        make: checkpoint,
        side_file: None,
        commands: &["replay IN --events"],
        refused: 1,
    },
    Bomb {
        name: "failed forks",
        size: 400_000,
        make: || recording(&(0..45_000).map(failed_fork).collect::<Vec<_>>()),
        side_file: None,
        commands: &["replay IN --json", "merge OUT IN IN"],
        refused: 1,
    },
    Bomb {
        name: "sessions",
        size: 400_000,
        make: sessions,
        side_file: None,
        commands: &["replay IN --report", "info IN", "repair IN OUT"],
        refused: 0,
    },
    // Each process is the parent of the next one.
    Bomb {
        name: "generations",
        size: 100_000,
        make: || recording(&(0..3_000).map(generation).collect::<Vec<_>>()),
        side_file: None,
        commands: &[
            "replay IN --report=tree --all",
            "replay IN --json --filter tree(pid==100)",
            "cut IN OUT --tree 100 --anonymize",
        ],
        refused: 0,
    },
    // A state of many more processes than the recording has.
    Bomb {
        name: "side file",
        size: 100_000,
        make: || recording(&(0..2_000).map(fork).collect::<Vec<_>>()),
        side_file: Some(side_file),
        commands: &["replay IN --report --since=-1ms", "index IN"],
        refused: 0,
    },
];

fn beginning() -> Vec<Event> {
    let script = Script::new().session_with(|session| session.boot_id = "boot".into());
    script.found(1, 0, "init").found_all().events
}

/// Returns the last event of a script.
fn last(script: Script) -> Event {
    script.events.into_iter().next_back().unwrap()
}

fn process(number: u32) -> ProcessId {
    ProcessId {
        tgid: 100 + number,
        start: 2_000_000_000 + u64::from(number) * 1000,
    }
}

/// Returns an event of a process of its own, at the time of its start.
fn of(number: u32, event: &Event) -> Event {
    let process = process(number);
    Event {
        at: process.start,
        who: process.leader(),
        ..event.clone()
    }
}

fn fork(number: u32) -> Event {
    of(number, &last(Script::new().fork(1, 2)))
}

fn failed_fork(number: u32) -> Event {
    let failed = Script::new().event(2, What::ForkFailed(Box::default()));
    of(number, &last(failed))
}

fn generation(number: u32) -> Event {
    let mut event = fork(number);
    if let What::Fork(fork) = &mut event.what
        && number > 0
    {
        (fork.parent, fork.by) = (process(number - 1), process(number - 1).leader());
    }
    event
}

fn sessions() -> Vec<u8> {
    let session = beginning().swap_remove(0);
    let sessions = (0..1_000).flat_map(|number| [session.clone(), fork(number)]);
    recording(&sessions.collect::<Vec<_>>())
}

fn side_file(recording: &[u8]) -> Vec<u8> {
    let index = Index::load(Cursor::new(recording)).unwrap();
    let at = process(0).start;
    let span = Span {
        earliest: at,
        latest: at,
    };
    let chain = Chain::of(Cursor::new(recording)).unwrap();
    let mut pass = IndexPass::new(chain, span, Retention::default());
    pass = pass.spaced(StateSpacing::new(500, 0));
    while pass.advance(1000).unwrap() {}
    let mut model = Model::default();
    (0..90_000).for_each(|number| model.apply(&fork(number)));
    let states = pass.states().iter();
    let side = SideFile {
        states: states
            .map(|it| SavedState::of(&model, it.place).unwrap())
            .collect(),
        retention: Retention::default(),
        first: 0,
        events: pass.events(),
        marks: pass.marks().to_vec(),
    };
    assert!(side.states.len() > 1);
    let of = Fingerprint::of(Cursor::new(recording), &index.entries)
        .unwrap()
        .unwrap();
    side.to_bytes(&of)
}

/// Returns a text of this length that no other number has.
fn text(length: usize, number: u32) -> Text {
    let mut text = vec![b'a'; length];
    text[..4].copy_from_slice(&(number + 0x4141_4141).to_ne_bytes());
    Text::new(&text)
}

/// Returns a recording of processes with 256 KiB of arguments each.
fn arguments() -> Vec<u8> {
    let exec = last(Script::new().exec(2, "long", &[""]));
    let execs = (0..200).map(|number| {
        let mut event = of(number, &exec);
        if let What::Exec(exec) = &mut event.what {
            let argv = text(256 << 10, number);
            exec.argv_total = argv.as_bytes().len() as u32;
            exec.argv = Some(argv);
        }
        event
    });
    recording(&execs.collect::<Vec<_>>())
}

/// Returns a recording that lacks a block and goes on with a large checkpoint.
fn checkpoint() -> Vec<u8> {
    let found = last(Script::new().found(2, 1, "found"));
    let mut checkpoint = beginning();
    let end = checkpoint.pop().unwrap();
    checkpoint.extend((0..11_000).map(|number| {
        let mut event = of(number, &found);
        if let What::Snapshot(found) = &mut event.what {
            found.argv = Some(text(4 << 10, number));
        }
        event
    }));
    checkpoint.push(end);
    let mut writer = Writer::new(Vec::new()).unwrap();
    beginning()
        .iter()
        .for_each(|event| writer.write(event).unwrap());
    writer.flush().unwrap();
    let from = writer.written().bytes as usize;
    writer.write(&fork(0)).unwrap();
    writer.flush().unwrap();
    let to = writer.written().bytes as usize;
    writer.write(&fork(1)).unwrap();
    writer.checkpoint(&checkpoint).unwrap();
    writer.write(&fork(90_000)).unwrap();
    let mut bytes = writer.finish().unwrap().1;
    bytes.drain(from..to);
    bytes
}

fn recording(events: &[Event]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).unwrap();
    for event in beginning().iter().chain(events) {
        writer.write(event).unwrap();
    }
    writer.finish().unwrap().1
}

/// Runs a command that cannot take more memory than [`PEAK`].
fn run(command: &str, bomb: &Path, out: &Path) -> Output {
    let words = command.split(' ').map(|word| match word {
        "IN" => bomb.as_os_str().to_owned(),
        "OUT" => out.as_os_str().to_owned(),
        word => word.into(),
    });
    let mut tracer = Command::new(env!("CARGO_BIN_EXE_tracer"));
    tracer
        .args(words)
        .args(["--memory", MEMORY])
        .stdout(Stdio::null());
    let limit = || {
        let [rlim_cur, rlim_max] = [PEAK; 2];
        // SAFETY: setrlimit reads the struct.
        match unsafe { libc::setrlimit(libc::RLIMIT_DATA, &libc::rlimit { rlim_cur, rlim_max }) } {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        }
    };
    // SAFETY: between fork and exec it makes one system call.
    unsafe { tracer.pre_exec(limit) };
    tracer.output().unwrap()
}

#[test]
fn no_file_takes_more_memory_than_allowed() {
    let scratch = tempfile::tempdir().unwrap();
    let check = &|bomb: &Bomb| {
        let path = scratch.path().join(bomb.name);
        let bytes = (bomb.make)();
        assert!(
            bytes.len() < bomb.size,
            "{}: {} bytes",
            bomb.name,
            bytes.len()
        );
        if let Some(side_file) = bomb.side_file {
            fs::write(path.with_added_extension("index"), side_file(&bytes)).unwrap();
        }
        fs::write(&path, bytes).unwrap();
        let mut refused = 0;
        for (number, command) in bomb.commands.iter().enumerate() {
            let out = path.with_extension(number.to_string());
            let Output { status, stderr, .. } = run(command, &path, &out);
            let messages = String::from_utf8(stderr).unwrap();
            let what = format!("{}: {command}: {status}, {messages}", bomb.name);
            match status.code() {
                Some(0 | 3) => {}
                Some(1) => {
                    assert!(messages.contains(path.to_str().unwrap()), "{what}");
                    assert!(messages.contains("more memory than allowed"), "{what}");
                    assert!(messages.contains("--memory"), "{what}");
                    refused += 1;
                }
                _ => panic!("{what}"),
            }
        }
        assert!(refused >= bomb.refused, "{}: {refused}", bomb.name);
    };
    thread::scope(|scope| {
        for bomb in &BOMBS {
            scope.spawn(move || check(bomb));
        }
    });
}
