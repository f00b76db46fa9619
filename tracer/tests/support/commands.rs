//! Runs the commands of the built binary on recordings in a directory of the test's own.

// Each test target uses only a part.
#![allow(dead_code, reason = "every test target compiles this file for itself")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tracer::{
    event::Event,
    recording::{Reader, Writer},
};

/// A directory that is removed when the test ends.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        let path = env::temp_dir().join(format!("tracer-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// Writes a recording of these events and returns its path.
    pub fn record(&self, name: &str, events: impl IntoIterator<Item = Event>) -> String {
        let mut writer = Writer::new(Vec::new()).unwrap();
        for event in events {
            writer.write(&event).unwrap();
        }
        let path = self.path(name);
        fs::write(&path, writer.finish().unwrap().1).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

pub fn tracer(arguments: &[&str]) -> Output {
    let tracer = env!("CARGO_BIN_EXE_tracer");
    Command::new(tracer).args(arguments).output().unwrap()
}

/// Runs a command that must succeed, and returns its output.
#[track_caller]
pub fn done(arguments: &[&str]) -> String {
    let output = tracer(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the events of a recording.
pub fn events(path: &str) -> Vec<Event> {
    let reader = Reader::new(fs::File::open(path).unwrap()).unwrap();
    reader.map(Result::unwrap).collect()
}

/// Returns the recordings made for real that a sweep runs on. Empty if there are none.
pub fn recordings() -> Vec<PathBuf> {
    let directory = env::var_os("TRACER_RECORDINGS").expect("run this by `cargo xtask sweep`");
    let entries = fs::read_dir(Path::new(&directory)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_recording = |path: &PathBuf| path.extension().is_some_and(|it| it == "trace");
    let mut paths: Vec<_> = paths.filter(is_recording).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no recordings in {directory:?}");
    paths
}
