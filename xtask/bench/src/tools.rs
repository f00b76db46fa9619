//! The tools that are compared: tracer in several modes, empty programs on its hooks,
//! and the peers. Each is measured only on work that it can see.

use std::process::Command;

use anyhow::Result;

use crate::{
    programs::Floor,
    running::{Running, capture, tree},
    testbed::Testbed,
    tracer::{self, Totals},
    work::Activity::{self, Births, Faults, Programs, Switches},
};
use xtask::process;

/// A tool, as a row of [`TOOLS`].
pub struct Tool {
    pub name: &'static str,
    pub method: Method,
    pub sees: &'static [Activity],
}

pub enum Method {
    /// Empty programs on tracer's hooks.
    Floor,
    /// `tracer record` with these options.
    Record(&'static [&'static str]),
    /// `tracer live` on a terminal.
    Live,
    /// A peer that traces the whole system: started before the work, stopped by SIGINT
    /// after it. Its output goes to a file.
    Beside(&'static [&'static str], Loss),
    /// A peer that runs the work as its command.
    Around(&'static [&'static str]),
}

/// Source of a peer's count of lost events.
#[derive(Clone, Copy)]
pub enum Loss {
    /// It reports none.
    Silent,
    /// Lines of its output with a number after this word.
    Said(&'static str),
    /// Its recording, `perf.data`.
    PerfData,
}

use Loss::{PerfData, Said, Silent};

const ALL: &[Activity] = &[Births, Programs, Faults, Switches];

const BPFTRACE: &str = "\
tracepoint:sched:sched_process_fork { printf(\"fork %d %d\\n\", args->parent_pid, args->child_pid); }
tracepoint:sched:sched_process_exec { printf(\"exec %d %s\\n\", pid, str(args->filename)); }
tracepoint:sched:sched_process_exit { printf(\"exit %d %s\\n\", pid, comm); }
tracepoint:exceptions:page_fault_user { @faults[pid] = count(); }";

#[rustfmt::skip]
pub const TOOLS: &[Tool] = &[
    Tool { name: "empty programs", method: Method::Floor, sees: ALL },
    Tool { name: "tracer record", method: Method::Record(&[]), sees: ALL },
    Tool { name: "tracer record --faults=off", method: Method::Record(&["--faults=off"]), sees: ALL },
    Tool { name: "tracer live", method: Method::Live, sees: ALL },
    Tool { name: "forkstat -e all", method: Method::Beside(&["forkstat", "-e", "all"], Silent), sees: &[Births, Programs] },
    Tool { name: "extrace -t", method: Method::Beside(&["extrace", "-t"], Silent), sees: &[Programs] },
    Tool { name: "execsnoop, exitsnoop", method: Method::Beside(&["sh", "-c", "execsnoop & exec exitsnoop"], Said("lost")), sees: &[Births, Programs] },
    Tool { name: "bpftrace", method: Method::Beside(&["bpftrace", "-e", BPFTRACE], Said("Lost")), sees: &[Births, Programs, Faults] },
    Tool { name: "perf record, lives", method: Method::Beside(&["perf", "record", "-q", "-a", "-o", "perf.data",
        "-e", "task:task_newtask,sched:sched_wakeup_new,sched:sched_process_exec,task:task_rename,sched:sched_process_exit,sched:sched_process_free,signal:signal_generate"], PerfData),
        sees: &[Births, Programs] },
    Tool { name: "perf record, faults", method: Method::Beside(&["perf", "record", "-q", "-a", "-o", "perf.data",
        "-e", "exceptions:page_fault_user,exceptions:page_fault_kernel"], PerfData), sees: &[Faults] },
    Tool { name: "perf record, switches", method: Method::Beside(&["perf", "record", "-q", "-a", "-o", "perf.data",
        "-e", "sched:sched_switch"], PerfData), sees: &[Switches] },
    Tool { name: "perf trace -F all", method: Method::Beside(&["perf", "trace", "-F", "all", "--no-syscalls", "-a", "-o", "trace.txt"], Said("LOST")), sees: &[Faults] },
    Tool { name: "tracexec", method: Method::Around(&["tracexec", "log", "-o", "tracexec.txt", "--"]), sees: &[Programs] },
    Tool { name: "strace -f", method: Method::Around(&["strace", "-f", "--seccomp-bpf", "-e", "trace=process", "-o", "strace.txt"]), sees: &[Births, Programs] },
];

/// A started tool.
pub enum ActiveTool {
    /// Attached until it is dropped.
    #[expect(dead_code, reason = "only its drop matters")]
    Floor(Floor),
    Recording(tracer::Recording),
    Dashboard(tracer::Dashboard),
    Beside(Running, Loss),
    Around(&'static [&'static str]),
}

impl Tool {
    /// Returns the programs of a peer.
    pub fn needs(&self) -> &'static [&'static str] {
        match self.method {
            Method::Beside(&["sh", ..], _) => &["execsnoop", "exitsnoop"],
            Method::Beside(command, _) | Method::Around(command) => &command[..1],
            Method::Floor | Method::Record(_) | Method::Live => &[],
        }
    }

    /// Returns the reason why it cannot be measured here, if there is one.
    pub fn absence(&self) -> Option<String> {
        let missing = |command: &&&str| process::find_on_path(command).is_none();
        let command = self.needs().iter().find(missing)?;
        Some(format!(
            "{}: left out, {command} is not installed.",
            self.name
        ))
    }

    /// Returns true if goals are set for it, or measured against it.
    pub fn is_judged(&self) -> bool {
        matches!(self.method, Method::Floor | Method::Record(&[]))
    }

    pub fn sees(&self, shows: &[Activity]) -> bool {
        shows.iter().any(|activity| self.sees.contains(activity))
    }

    /// Starts it and returns once it traces.
    pub fn start(&self, testbed: &Testbed) -> Result<ActiveTool> {
        Ok(match self.method {
            Method::Floor => {
                let recording = tracer::record(testbed, &["--force", "-vv"])?;
                let programs = crate::programs::programs(&recording.running.said());
                recording.running.stop("INT")?;
                ActiveTool::Floor(Floor::attach(testbed, &programs)?)
            }
            Method::Record(options) => ActiveTool::Recording(tracer::record(testbed, options)?),
            Method::Live => ActiveTool::Dashboard(tracer::live(testbed, &[])?),
            Method::Beside(command, loss) => {
                let mut running = Running::start(
                    Command::new(command[0])
                        .args(&command[1..])
                        .current_dir(testbed.scratch("")),
                    &testbed.scratch("peer.out"),
                )?;
                running.settle()?;
                ActiveTool::Beside(running, loss)
            }
            Method::Around(command) => ActiveTool::Around(command),
        })
    }
}

impl ActiveTool {
    /// Returns the command under which work runs.
    pub fn around(&self) -> &'static [&'static str] {
        match self {
            ActiveTool::Around(command) => command,
            ActiveTool::Floor(_)
            | ActiveTool::Recording(_)
            | ActiveTool::Dashboard(_)
            | ActiveTool::Beside(..) => &[],
        }
    }

    /// Returns the processes of the tool.
    pub fn pids(&self) -> Vec<u32> {
        match self {
            ActiveTool::Floor(_) | ActiveTool::Around(_) => Vec::new(),
            ActiveTool::Recording(recording) => vec![recording.running.pid()],
            ActiveTool::Dashboard(dashboard) => vec![dashboard.pid],
            ActiveTool::Beside(running, _) => tree(running.pid()),
        }
    }

    /// Stops it and returns its totals.
    pub fn stop(self, testbed: &Testbed) -> Result<Totals> {
        match self {
            ActiveTool::Floor(_) | ActiveTool::Around(_) => Ok(Totals::default()),
            ActiveTool::Recording(recording) => recording.stop(testbed),
            ActiveTool::Dashboard(dashboard) => dashboard.quit().map(|()| Totals::default()),
            ActiveTool::Beside(running, loss) => {
                let said = running.stop_tree("INT")?;
                let lost = match loss {
                    Silent => None,
                    Said(word) => Some(sum_after(&said, word)),
                    PerfData => Some(lost_by_perf(testbed)?),
                };
                Ok(Totals { events: None, lost })
            }
        }
    }
}

/// Adds up the numbers after a word.
fn sum_after(text: &str, word: &str) -> u64 {
    let numbers = text.split(word).skip(1).filter_map(|rest| {
        let number = rest.split_ascii_whitespace().next()?;
        number.parse::<u64>().ok()
    });
    numbers.sum()
}

fn lost_by_perf(testbed: &Testbed) -> Result<u64> {
    let mut perf = Command::new("perf");
    perf.args(["report", "--stats", "-i", "perf.data"])
        .current_dir(testbed.scratch(""));
    let said = capture(&mut perf)?;
    // The first section is of all records together, the others of each event.
    let (_, each) = said
        .split_once(" stats:\n")
        .filter(|_| said.contains("Aggregated"))
        .and_then(|(_, rest)| rest.split_once(" stats:\n"))
        .unwrap_or(("", &said));
    Ok(sum_after(each, "LOST_SAMPLES events:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_added_up() {
        let said = "Attaching\nLost 12 events\nfork 1 2\nLost 30 events\n";
        assert_eq!(sum_after(said, "Lost"), 42);
        assert_eq!(sum_after("", "Lost"), 0);
    }
}
