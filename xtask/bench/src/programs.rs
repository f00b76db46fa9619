//! Measures the cost of each of tracer's eBPF programs by the kernel's statistics, next
//! to an empty program on the same hook in the same run, and the number of instructions
//! that the verifier processed.

use std::{collections::BTreeMap, io::Write as _, process::Command};

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;

use crate::{
    report::{Goal, Report, Table, number},
    running::{Running, wait_for},
    stats::Spread,
    testbed::Testbed,
    tracer,
    work::WORKS,
};

/// An attached program.
pub struct Program {
    id: u32,
    name: String,
    place: String,
    verified: Option<u64>,
}

/// Number of runs, and their time in ns.
type Cost = (f64, f64);

/// Time per run above the empty program, ns, and number of runs, by program and work.
type Samples = BTreeMap<Key, Vec<(f64, f64)>>;

/// Name of a program and of the work during which it ran.
type Key = (String, &'static str);

/// Minimum number of runs for a sample.
const ENOUGH: f64 = 200.0;

/// Goals: title, program, work, and the most that it may cost above an empty program, ns.
#[rustfmt::skip]
const GOALS: &[(&str, &str, &str, f64)] = &[
    ("a page fault", "page_fault_user", "touch", 25.0),
    ("a page allocated for a fault", "mm_page_alloc", "touch", 25.0),
    ("a fork record", "task_newtask", "fork", 400.0),
    ("an exit record", "sched_process_exit", "fork", 400.0),
    ("a reap record", "sys_exit_wait4", "fork", 400.0),
    ("a free record", "sched_process_free", "fork", 400.0),
    ("an exec record with argv", "sched_process_exec", "spawn", 1500.0),
    ("a context switch", "sched_switch", "switch", 15.0),
];

pub fn bench(testbed: &Testbed) -> Result<Report> {
    // The first recording lists the programs.
    let first = tracer::record(testbed, OPTIONS)?;
    let programs = programs(&first.running.said());
    first.running.stop("INT")?;
    let mut samples = Samples::new();
    for round in 0..testbed.rounds {
        // The first program on a hook also pays for cold or unfinished state, such as a
        // page that is still being cleared: each program is first in half of the turns.
        let mut turns = BTreeMap::<_, Vec<_>>::new();
        for tracer_first in [round % 2 == 0, round % 2 != 0] {
            for (key, sample) in turn(testbed, &programs, tracer_first)? {
                turns.entry(key).or_default().push(sample);
            }
        }
        for (key, turns) in turns {
            if let [(one, runs), (other, more)] = turns[..] {
                let sample = ((one + other) / 2.0, runs + more);
                samples.entry(key).or_default().push(sample);
            }
        }
    }
    Ok(report(&programs, &samples))
}

const OPTIONS: &[&str] = &["--force", "-vv"];

/// Runs all work once under tracer and the empty programs. Returns the time per run
/// above the empty program, ns, and the number of runs.
fn turn(
    testbed: &Testbed,
    known: &[Program],
    tracer_first: bool,
) -> Result<BTreeMap<Key, (f64, f64)>> {
    let (recording, mut floor) = if tracer_first {
        let recording = tracer::record(testbed, OPTIONS)?;
        (recording, Floor::attach(testbed, known)?)
    } else {
        let floor = Floor::attach(testbed, known)?;
        (tracer::record(testbed, OPTIONS)?, floor)
    };
    let programs = programs(&recording.running.said());
    let mut samples = BTreeMap::new();
    for work in WORKS {
        let before = floor.costs()?;
        work.run(testbed, &[] as &[&str])?;
        let after = floor.costs()?;
        let since = |id: u32| -> Option<Cost> {
            let (before, after) = (before.get(&id)?, after.get(&id)?);
            Some((after.0 - before.0, after.1 - before.1))
        };
        for program in &programs {
            let empty = floor.ids.get(&program.name).and_then(|&id| since(id));
            if let (Some(ours), Some(empty)) = (since(program.id), empty)
                && ours.0 >= ENOUGH
                && empty.0 >= ENOUGH
            {
                let over = ours.1 / ours.0 - empty.1 / empty.0;
                samples.insert((program.name.clone(), work.name), (over, ours.0));
            }
        }
    }
    recording.running.stop("INT")?;
    Ok(samples)
}

/// Empty programs on the same hooks.
pub struct Floor {
    running: Running,
    ids: BTreeMap<String, u32>,
    /// Number of lines it has printed.
    lines: usize,
}

impl Floor {
    pub fn attach(testbed: &Testbed, programs: &[Program]) -> Result<Floor> {
        let mut floor = Floor {
            running: Running::start(
                Command::new(testbed.program("bench-floor"))
                    .arg(testbed.floor())
                    .args(
                        programs
                            .iter()
                            .map(|program| format!("{}@{}", program.name, program.place)),
                    ),
                &testbed.scratch("programs.out"),
            )?,
            ids: BTreeMap::new(),
            lines: 0,
        };
        floor.ids = floor.answer()?;
        Ok(floor)
    }

    /// Returns the cost so far of every program in the kernel, by its id.
    fn costs(&mut self) -> Result<BTreeMap<u32, Cost>> {
        self.running.input()?.write_all(b"\n")?;
        self.answer()
    }

    /// Waits for its next line and parses it.
    fn answer<T: DeserializeOwned>(&mut self) -> Result<T> {
        self.lines += 1;
        wait_for("the statistics", || {
            self.running.check()?;
            let said = self.running.said();
            let whole = said.ends_with('\n') && said.lines().count() == self.lines;
            let last = said.lines().last().filter(|_| whole);
            let parse = |line| serde_json::from_str(line).context(said.clone());
            last.map(parse).transpose()
        })
    }
}

fn report(programs: &[Program], samples: &Samples) -> Report {
    let over = |name: &str, work: &'static str| {
        let samples = samples.get(&(name.to_owned(), work))?;
        Spread::of(samples.iter().map(|sample| sample.0))
    };
    let goals = GOALS.iter().map(|&(what, name, work, limit)| {
        let figure = over(name, work).map(|spread| spread.median);
        Goal::at_most(limit, "ns", format!("{what} (`{name}`, {work})"), figure)
    });
    let mut costs = Table::new(
        "Time per run above an empty program on the same hook, ns",
        ["program", "work", "median", "quartiles", "runs"],
    );
    for program in programs {
        for work in WORKS {
            let Some(spread) = over(&program.name, work.name) else {
                continue;
            };
            let runs = &samples[&(program.name.clone(), work.name)];
            costs.rows.push(vec![
                program.name.clone(),
                work.name.to_owned(),
                number(spread.median),
                format!("{} to {}", number(spread.low), number(spread.high)),
                format!("{:.0}", runs.iter().map(|sample| sample.1).sum::<f64>()),
            ]);
        }
    }
    let mut verified = Table::new(
        "Instructions that the verifier processed",
        ["program", "instructions"],
    );
    for program in programs {
        let count = program
            .verified
            .map_or("–".to_owned(), |count| count.to_string());
        verified.rows.push(vec![program.name.clone(), count]);
    }
    Report {
        goals: goals.collect(),
        tables: vec![costs, verified],
        notes: vec![
            "Both programs run on every event, one after the other, each first in half of the \
             runs. Both include the clock reads of the statistics."
                .to_owned(),
        ],
    }
}

/// Parses tracer's lines on its programs: `program ID is NAME at PLACE`, `verified NAME
/// COUNT`. The iterator is no hook and is left out.
pub fn programs(said: &str) -> Vec<Program> {
    let mut programs: Vec<Program> = Vec::new();
    for line in said.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match *words {
            [.., "program", id, "is", name, "at", place] if place != "task" => {
                if let Ok(id) = id.parse() {
                    programs.push(Program {
                        id,
                        name: name.to_owned(),
                        place: place.to_owned(),
                        verified: None,
                    });
                }
            }
            [.., "verified", name, count] => {
                if let Some(program) = programs.iter_mut().find(|program| program.name == name) {
                    program.verified = count.parse().ok();
                }
            }
            _ => {}
        }
    }
    programs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_parsed_from_output() {
        let said = "\
tracer: fork: tp_btf:task_newtask
tracer: program 7 is task_newtask at task_newtask
tracer: verified task_newtask 321
tracer: program 9 is task_iterator at task
";
        let programs = programs(said);
        assert_eq!(programs.len(), 1);
        let program = &programs[0];
        assert_eq!((program.id, program.place.as_str()), (7, "task_newtask"));
        assert_eq!(program.verified, Some(321));
    }
}
