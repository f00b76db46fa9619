//! The tools that are compared: tracer in its ways, empty programs on its
//! hooks, and the peers. Each sees what it can; it is measured on no other work.

use std::process::Command;

use anyhow::Result;

use crate::{
    programs::Floor,
    running::{Running, capture, tree},
    testbed::Testbed,
    tracer::{self, Totals},
    work::Sight::{self, Births, Faults, Programs, Switches},
};
use xtask::process;

pub struct Tool {
    pub name: &'static str,
    pub how: How,
    pub sees: &'static [Sight],
}

pub enum How {
    /// Empty programs on tracer's hooks.
    Floor,
    /// `tracer record` with these options.
    Record(&'static [&'static str]),
    /// `tracer live` on a terminal.
    Live,
    /// A peer that watches the whole system: started before, stopped after by
    /// Ctrl-C. Its output goes to a file.
    Beside(&'static [&'static str], Loss),
    /// A peer that work is run under.
    Around(&'static [&'static str]),
}

/// How a peer says what it has lost.
#[derive(Clone, Copy)]
pub enum Loss {
    /// It does not know.
    Silent,
    /// By lines with a number behind this word.
    Said(&'static str),
    /// In its recording, `perf.data`.
    PerfData,
}

use Loss::{PerfData, Said, Silent};

const ALL: &[Sight] = &[Births, Programs, Faults, Switches];

const BPFTRACE: &str = "\
tracepoint:sched:sched_process_fork { printf(\"fork %d %d\\n\", args->parent_pid, args->child_pid); }
tracepoint:sched:sched_process_exec { printf(\"exec %d %s\\n\", pid, str(args->filename)); }
tracepoint:sched:sched_process_exit { printf(\"exit %d %s\\n\", pid, comm); }
tracepoint:exceptions:page_fault_user { @faults[pid] = count(); }";

#[rustfmt::skip]
pub const TOOLS: &[Tool] = &[
    Tool { name: "empty programs", how: How::Floor, sees: ALL },
    Tool { name: "tracer record", how: How::Record(&[]), sees: ALL },
    Tool { name: "tracer record --faults=off", how: How::Record(&["--faults=off"]), sees: ALL },
    Tool { name: "tracer live", how: How::Live, sees: ALL },
    Tool { name: "forkstat -e all", how: How::Beside(&["forkstat", "-e", "all"], Silent), sees: &[Births, Programs] },
    Tool { name: "extrace -t", how: How::Beside(&["extrace", "-t"], Silent), sees: &[Programs] },
    Tool { name: "execsnoop, exitsnoop", how: How::Beside(&["sh", "-c", "execsnoop & exec exitsnoop"], Said("lost")), sees: &[Births, Programs] },
    Tool { name: "bpftrace", how: How::Beside(&["bpftrace", "-e", BPFTRACE], Said("Lost")), sees: &[Births, Programs, Faults] },
    Tool { name: "perf record, lives", how: How::Beside(&["perf", "record", "-q", "-a", "-o", "perf.data",
        "-e", "task:task_newtask,sched:sched_wakeup_new,sched:sched_process_exec,task:task_rename,sched:sched_process_exit,sched:sched_process_free,signal:signal_generate"], PerfData),
        sees: &[Births, Programs] },
    Tool { name: "perf record, faults", how: How::Beside(&["perf", "record", "-q", "-a", "-o", "perf.data",
        "-e", "exceptions:page_fault_user,exceptions:page_fault_kernel"], PerfData), sees: &[Faults] },
    Tool { name: "perf record, switches", how: How::Beside(&["perf", "record", "-q", "-a", "-o", "perf.data",
        "-e", "sched:sched_switch"], PerfData), sees: &[Switches] },
    Tool { name: "perf trace -F all", how: How::Beside(&["perf", "trace", "-F", "all", "--no-syscalls", "-a", "-o", "trace.txt"], Said("LOST")), sees: &[Faults] },
    Tool { name: "tracexec", how: How::Around(&["tracexec", "log", "-o", "tracexec.txt", "--"]), sees: &[Programs] },
    Tool { name: "strace -f", how: How::Around(&["strace", "-f", "--seccomp-bpf", "-e", "trace=process", "-o", "strace.txt"]), sees: &[Births, Programs] },
];

/// A tool at work.
pub enum Watching {
    /// Until it is dropped.
    #[expect(dead_code, reason = "it is there to be there")]
    Floor(Floor),
    Recording(tracer::Recording),
    Dashboard(tracer::Dashboard),
    Beside(Running, Loss),
    Around(&'static [&'static str]),
}

impl Tool {
    /// What it is run as, where it is another's program.
    pub fn needs(&self) -> &'static [&'static str] {
        match self.how {
            How::Beside(&["sh", ..], _) => &["execsnoop", "exitsnoop"],
            How::Beside(command, _) | How::Around(command) => &command[..1],
            How::Floor | How::Record(_) | How::Live => &[],
        }
    }

    /// Why it cannot be measured here, if it cannot.
    pub fn absence(&self) -> Option<String> {
        let missing = |command: &&&str| process::find_on_path(command).is_none();
        let command = self.needs().iter().find(missing)?;
        Some(format!(
            "{}: left out, {command} is not installed.",
            self.name
        ))
    }

    /// It is what goals are set for, or what they are measured by.
    pub fn is_judged(&self) -> bool {
        matches!(self.how, How::Floor | How::Record(&[]))
    }

    pub fn sees(&self, shows: &[Sight]) -> bool {
        shows.iter().any(|sight| self.sees.contains(sight))
    }

    /// Starts it; returns once it watches.
    pub fn start(&self, testbed: &Testbed) -> Result<Watching> {
        Ok(match self.how {
            How::Floor => {
                let recording = tracer::record(testbed, &["--force", "-vv"])?;
                let programs = crate::programs::programs(&recording.running.said());
                recording.running.stop("INT")?;
                Watching::Floor(Floor::attach(testbed, &programs)?)
            }
            How::Record(options) => Watching::Recording(tracer::record(testbed, options)?),
            How::Live => Watching::Dashboard(tracer::live(testbed, &[])?),
            How::Beside(command, loss) => {
                let mut running = Running::start(
                    Command::new(command[0])
                        .args(&command[1..])
                        .current_dir(testbed.scratch("")),
                    &testbed.scratch("peer.out"),
                )?;
                running.settle()?;
                Watching::Beside(running, loss)
            }
            How::Around(command) => Watching::Around(command),
        })
    }
}

impl Watching {
    /// The command that work is to be run under.
    pub fn around(&self) -> &'static [&'static str] {
        match self {
            Watching::Around(command) => command,
            Watching::Floor(_)
            | Watching::Recording(_)
            | Watching::Dashboard(_)
            | Watching::Beside(..) => &[],
        }
    }

    /// The processes that do the watching.
    pub fn pids(&self) -> Vec<u32> {
        match self {
            Watching::Floor(_) | Watching::Around(_) => Vec::new(),
            Watching::Recording(recording) => vec![recording.running.pid()],
            Watching::Dashboard(dashboard) => vec![dashboard.pid],
            Watching::Beside(running, _) => tree(running.pid()),
        }
    }

    /// Stops it; gives what it says in the end.
    pub fn stop(self, testbed: &Testbed) -> Result<Totals> {
        match self {
            Watching::Floor(_) | Watching::Around(_) => Ok(Totals::default()),
            Watching::Recording(recording) => recording.stop(testbed),
            Watching::Dashboard(dashboard) => dashboard.quit().map(|()| Totals::default()),
            Watching::Beside(running, loss) => {
                let said = running.stop_tree("INT")?;
                let lost = match loss {
                    Silent => None,
                    Said(word) => Some(sum_behind(&said, word)),
                    PerfData => Some(lost_by_perf(testbed)?),
                };
                Ok(Totals { events: None, lost })
            }
        }
    }
}

/// The numbers behind a word, added up.
fn sum_behind(text: &str, word: &str) -> u64 {
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
    // First of all records together, then of each event by itself.
    let (_, each) = said
        .split_once(" stats:\n")
        .filter(|_| said.contains("Aggregated"))
        .and_then(|(_, rest)| rest.split_once(" stats:\n"))
        .unwrap_or(("", &said));
    Ok(sum_behind(each, "LOST_SAMPLES events:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_is_added_up() {
        let said = "Attaching\nLost 12 events\nfork 1 2\nLost 30 events\n";
        assert_eq!(sum_behind(said, "Lost"), 42);
        assert_eq!(sum_behind("", "Lost"), 0);
    }
}
