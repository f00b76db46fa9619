//! The work that is traced: `bench-work`, run for a fixed time.

use std::{ffi::OsStr, process::Command, time::Duration};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{running::capture, testbed::Testbed};

/// One kind of work.
pub struct Work {
    pub name: &'static str,
    pub about: &'static str,
    /// Activities of the work. A peer is measured on it if it sees one of them.
    pub shows: &'static [Activity],
    /// A round takes a second or more.
    pub slow: bool,
}

/// Kind of events that work causes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    Births,
    Programs,
    Faults,
    Switches,
}

use Activity::{Births, Faults, Programs, Switches};

#[rustfmt::skip]
pub const WORKS: &[Work] = &[
    Work { name: "fork", about: "fork, exit, wait", shows: &[Births], slow: false },
    Work { name: "vfork", about: "vfork, exit, wait", shows: &[Births], slow: false },
    Work { name: "spawn", about: "posix_spawn of a static program", shows: &[Births, Programs], slow: false },
    Work { name: "thread", about: "create a thread, join it", shows: &[Births], slow: false },
    Work { name: "switch", about: "a byte to another thread and back", shows: &[Switches], slow: false },
    Work { name: "cow", about: "a fork whose child copies 1,024 pages", shows: &[Births, Faults], slow: false },
    Work { name: "touch", about: "4,096 fresh pages", shows: &[Faults], slow: false },
    Work { name: "build", about: "make -j2 of a dozen C files", shows: &[Births, Programs, Faults, Switches], slow: true },
    Work { name: "stress", about: "stress-ng: fork, pthread, mmap, pipe at once", shows: &[Births, Programs, Faults, Switches], slow: true },
];

/// Time of a run.
#[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Took {
    pub rounds: f64,
    /// Time per round, ns.
    pub wall: f64,
    /// CPU time of the work per round, ns.
    pub cpu: f64,
}

impl Work {
    /// Runs it, under the command `around` if it is not empty.
    pub fn run(&self, testbed: &Testbed, around: &[impl AsRef<OsStr>]) -> Result<Took> {
        let span = match (self.slow, testbed.quick) {
            // A single round.
            (true, _) => Duration::from_millis(1),
            (false, true) => Duration::from_millis(50),
            (false, false) => Duration::from_millis(150),
        };
        let program = testbed.program("bench-work");
        let mut whole: Vec<&OsStr> = around.iter().map(AsRef::as_ref).collect();
        whole.push(program.as_os_str());
        let mut command = Command::new(whole[0]);
        command
            .args(&whole[1..])
            .args([self.name, &span.as_millis().to_string()])
            .current_dir(testbed.scratch(""));
        let answer: Value = serde_json::from_str(&capture(&mut command)?)?;
        let figure = |name: &str| {
            let figure = answer[name].as_f64();
            figure.with_context(|| format!("bench-work reports no {name}"))
        };
        let rounds = figure("rounds")?;
        Ok(Took {
            rounds,
            wall: figure("wall_ns")? / rounds,
            cpu: figure("cpu_ns")? / rounds,
        })
    }
}
