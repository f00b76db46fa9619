//! The tools that are compared: tracer in its ways, empty programs on its
//! hooks, and the peers. Each sees what it can; it is measured on no other work.

use std::process::Command;

use anyhow::Result;

use super::{
    ground::Ground,
    programs::Floor,
    running::{Running, tree},
    tracer,
    work::Sight::{self, Births, Faults, Programs, Switches},
};
use crate::process;

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
    Beside(&'static [&'static str]),
    /// A peer that work is run under.
    Around(&'static [&'static str]),
}

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
    Tool { name: "forkstat -e all", how: How::Beside(&["forkstat", "-e", "all"]), sees: &[Births, Programs] },
    Tool { name: "extrace -t", how: How::Beside(&["extrace", "-t"]), sees: &[Programs] },
    Tool { name: "execsnoop, exitsnoop", how: How::Beside(&["sh", "-c", "execsnoop & exec exitsnoop"]), sees: &[Births, Programs] },
    Tool { name: "bpftrace", how: How::Beside(&["bpftrace", "-e", BPFTRACE]), sees: &[Births, Programs, Faults] },
    Tool { name: "perf record, lives", how: How::Beside(&["perf", "record", "-q", "-a", "-o", "perf.data",
        "-e", "task:task_newtask,sched:sched_wakeup_new,sched:sched_process_exec,task:task_rename,sched:sched_process_exit,sched:sched_process_free,signal:signal_generate"]),
        sees: &[Births, Programs] },
    Tool { name: "perf record, faults", how: How::Beside(&["perf", "record", "-q", "-a", "-o", "perf.data",
        "-e", "exceptions:page_fault_user,exceptions:page_fault_kernel"]), sees: &[Faults] },
    Tool { name: "perf record, switches", how: How::Beside(&["perf", "record", "-q", "-a", "-o", "perf.data",
        "-e", "sched:sched_switch"]), sees: &[Switches] },
    Tool { name: "perf trace -F all", how: How::Beside(&["perf", "trace", "-F", "all", "--no-syscalls", "-a", "-o", "trace.txt"]), sees: &[Faults] },
    Tool { name: "strace -f", how: How::Around(&["strace", "-f", "--seccomp-bpf", "-e", "trace=process", "-o", "strace.txt"]), sees: &[Births, Programs] },
];

/// A tool at work.
pub enum Watching {
    /// Until it is dropped.
    #[expect(dead_code, reason = "it is there to be there")]
    Floor(Floor),
    Recording(tracer::Recording),
    Dashboard(tracer::Dashboard),
    Beside(Running),
    Around(&'static [&'static str]),
}

impl Tool {
    /// What it is run as, where it is another's program.
    pub fn needs(&self) -> &'static [&'static str] {
        match self.how {
            How::Beside(&["sh", ..]) => &["execsnoop", "exitsnoop"],
            How::Beside(command) | How::Around(command) => &command[..1],
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

    pub fn sees(&self, shows: &[Sight]) -> bool {
        shows.iter().any(|sight| self.sees.contains(sight))
    }

    /// Starts it; returns once it watches.
    pub fn start(&self, ground: &Ground) -> Result<Watching> {
        Ok(match self.how {
            How::Floor => {
                let recording = tracer::record(ground, &["--force", "-vv"])?;
                let programs = super::programs::programs(&recording.running.said());
                recording.running.stop("INT")?;
                Watching::Floor(Floor::attach(ground, &programs)?)
            }
            How::Record(options) => Watching::Recording(tracer::record(ground, options)?),
            How::Live => Watching::Dashboard(tracer::live(ground, &[])?),
            How::Beside(command) => {
                let mut running = Running::start(
                    Command::new(command[0])
                        .args(&command[1..])
                        .current_dir(ground.scratch("")),
                    &ground.scratch("peer.out"),
                )?;
                running.settle()?;
                Watching::Beside(running)
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
            | Watching::Beside(_) => &[],
        }
    }

    /// The processes that do the watching.
    pub fn pids(&self) -> Vec<u32> {
        match self {
            Watching::Floor(_) | Watching::Around(_) => Vec::new(),
            Watching::Recording(recording) => vec![recording.running.pid()],
            Watching::Dashboard(dashboard) => vec![dashboard.pid],
            Watching::Beside(running) => tree(running.pid()),
        }
    }

    pub fn stop(self) -> Result<()> {
        match self {
            Watching::Floor(_) | Watching::Around(_) => Ok(()),
            Watching::Recording(recording) => recording.running.stop("INT").map(drop),
            Watching::Dashboard(dashboard) => dashboard.quit(),
            Watching::Beside(running) => running.stop_tree("INT"),
        }
    }
}
