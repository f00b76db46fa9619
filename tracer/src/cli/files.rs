//! `tracer info`, `repair`, `cut` and `merge`: checks recordings and makes new
//! ones from them.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueHint};
use tracer::session::{self, Cut, Exit, Info, Merge, Repair, Save, When, Window};

#[derive(Args)]
#[command(after_help = "\
Examples:
  tracer info build.trace
  tracer info build.trace --json | jq .kinds
  tracer info night.trace || tracer repair night.trace whole.trace
  tracer info /var/lib/tracer                   list the segments of a flight recorder

Exit codes: 0 every block is valid and the recording has an end mark and nothing behind it;
1 it cannot be read at all; 2 wrong usage; 3 it is damaged or truncated, a segment is missing,
or bytes follow its end mark (another recording, if files were joined); the rest can be read.")]
pub struct InfoArgs {
    /// The recording, or a flight recorder's directory; `-` is standard input
    #[arg(value_hint = ValueHint::AnyPath)]
    file: PathBuf,
    /// Print JSON: one object per recording or segment
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    memory: MemoryArgs,
}

impl InfoArgs {
    /// Runs the command and returns the exit code.
    pub fn run(self) -> Result<Exit> {
        self.memory.apply();
        session::info(&Info {
            path: self.file,
            json: self.json,
        })
    }
}

#[derive(Args)]
#[command(after_help = "\
Unreadable parts become gaps. Each gap gives the number of missing events, if known.

Examples:
  tracer repair torn.trace whole.trace
  tracer repair - whole.trace < torn.trace

Exit codes: 0 the new recording holds everything that was recorded; 1 no recording could
be made; 2 wrong usage; 3 the new recording has gaps where something could not be read.")]
pub struct RepairArgs {
    /// The damaged recording; `-` is standard input
    #[arg(value_name = "IN", value_hint = ValueHint::FilePath)]
    from: PathBuf,
    #[command(flatten)]
    to: OutArgs,
    #[command(flatten)]
    memory: MemoryArgs,
}

impl RepairArgs {
    /// Runs the command and returns the exit code.
    pub fn run(self) -> Result<Exit> {
        self.memory.apply();
        session::repair(&Repair {
            from: self.from,
            to: self.to.save(),
        })
    }
}

#[derive(Args)]
#[command(after_help = "\
The new recording starts with a snapshot of the processes that existed at its beginning, so
it can be replayed alone.

With --tree, everything known about the processes of the tree stays, and other processes
appear by PID only: as parents, reapers or senders of signals, with their exits, without their
names, arguments, paths and cgroups. A name that a process inherited from its parent outside is left out if the
process then executes a program. The host name, the kernel release and tracer's own command
line stay; --anonymize replaces the host name and the command line as well.

Times are a time of day (its last occurrence in the recording), a date with a time, -10m
(before the end) or +90s (after the beginning). Times of day and dates are local (TZ, or
this machine's time zone; UTC with --utc) unless they name an offset: 03:10Z, 03:10+02:00.
Where the clocks are set back, --since means the first of two equal times and --until the
second.

Examples:
  tracer cut night.trace part.trace --since 03:10 --until 03:15
  tracer cut night.trace part.trace --since=-10m
  tracer cut night.trace part.trace --tree 1234
  tracer cut night.trace part.trace --tree 1234 --anonymize    for a public bug report

Exit codes: 0 the new recording was written; 1 it could not be made; 2 wrong usage; 3 it was
written, but a part of what it was made from is damaged or missing.")]
pub struct CutArgs {
    /// The recording to cut from, or a flight recorder's directory; `-` is standard input
    #[arg(value_name = "IN", value_hint = ValueHint::AnyPath)]
    from: PathBuf,
    #[command(flatten)]
    to: OutArgs,
    #[command(flatten)]
    window: WindowArgs,
    /// Copy only the processes that had this PID, and all that they created
    #[arg(long, value_name = "PID")]
    tree: Option<u32>,
    #[command(flatten)]
    names: NameArgs,
    #[command(flatten)]
    memory: MemoryArgs,
}

impl CutArgs {
    /// Runs the command and returns the exit code.
    pub fn run(self) -> Result<Exit> {
        self.memory.apply();
        session::cut(&Cut {
            from: self.from,
            to: self.to.save(),
            window: self.window.window(self.tree),
            anonymize: self.names.anonymize,
        })
    }
}

#[derive(Args)]
#[command(after_help = "\
Events that several recordings contain appear once. Between recordings that do not
overlap, the result has a gap. Recordings of different boots cannot be merged, because
their times and PIDs are unrelated.

Examples:
  tracer merge whole.trace first.trace second.trace
  tracer merge both.trace nginx.trace redis.trace    combine two process trees
  tracer merge --anonymize public.trace first.trace second.trace

Exit codes: 0 the new recording was written; 1 it could not be made; 2 wrong usage; 3 it was
written, but a part of what it was made from is damaged or missing.")]
pub struct MergeArgs {
    #[command(flatten)]
    to: OutArgs,
    /// The recordings, or flight recorders' directories
    #[arg(value_name = "IN", num_args = 2.., required = true, value_hint = ValueHint::AnyPath)]
    from: Vec<PathBuf>,
    #[command(flatten)]
    names: NameArgs,
    #[command(flatten)]
    memory: MemoryArgs,
}

impl MergeArgs {
    /// Runs the command and returns the exit code.
    pub fn run(self) -> Result<Exit> {
        self.memory.apply();
        session::merge(&Merge {
            from: self.from,
            to: self.to.save(),
            anonymize: self.names.anonymize,
        })
    }
}

/// The treatment of names in a new recording.
#[derive(Args)]
struct NameArgs {
    /// Replace the names of hosts, commands, arguments, files and cgroups
    ///
    /// A word becomes the same token throughout one recording and a different one in
    /// any other. Numbers, times, exit codes, the kernel
    /// release, the number of arguments and the depth of paths stay.
    #[arg(long)]
    anonymize: bool,
}

/// The memory that a recording may take.
#[derive(Args)]
pub struct MemoryArgs {
    /// Memory that a recording may take: 512M, 2G [default: a quarter of the machine's, at most 2G]
    ///
    /// If exited processes need more, reports list deaths by signal, zombies that lasted,
    /// forks that cost and failures before plain successes, and with --filter, what matches.
    /// Counts still include all processes. If anything else needs more, the command fails
    /// (exit code 1).
    #[arg(long, value_name = "SIZE", value_parser = session::bytes)]
    memory: Option<u64>,
}

impl MemoryArgs {
    /// Applies the option to the recordings that the command reads.
    pub fn apply(&self) {
        if let Some(bytes) = self.memory {
            session::allow_memory(bytes);
        }
    }
}

/// The time window that a command reads.
#[derive(Args)]
pub struct WindowArgs {
    /// Start at this time: 03:10, 2026-11-21T03:10, 03:10Z, -10m, +90s
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    since: Option<When>,
    /// Stop at this time; with --since, a time of day means its next occurrence after that
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    until: Option<When>,
}

impl WindowArgs {
    /// Returns the window, limited to the process tree of PID `tree` if given.
    pub fn window(self, tree: Option<u32>) -> Window {
        Window {
            since: self.since,
            until: self.until,
            tree,
        }
    }
}

/// The output of a command that makes a recording.
#[derive(Args)]
struct OutArgs {
    /// The recording to write; `-` is standard output
    #[arg(value_name = "OUT", value_hint = ValueHint::FilePath)]
    out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

impl OutArgs {
    fn save(self) -> Save {
        Save {
            path: self.out,
            force: self.force,
        }
    }
}
