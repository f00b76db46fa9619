//! `info`, `repair`, `cut` and `merge`: what is done with recordings as files.

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
  tracer info /var/lib/tracer                   the segments of a flight recorder

Exit codes: 0 every block is good and the recording ends in good order; 1 it cannot be
read at all; 3 it is damaged or torn, or a segment is missing, and the rest can be read.")]
pub struct InfoArgs {
    /// The recording, or a directory with segments; `-` is standard input
    #[arg(value_hint = ValueHint::AnyPath)]
    file: PathBuf,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

impl InfoArgs {
    pub fn run(self) -> Result<Exit> {
        session::info(&Info {
            path: self.file,
            json: self.json,
        })
    }
}

#[derive(Args)]
#[command(after_help = "\
What cannot be read becomes a gap, which says how many events are missing.

Examples:
  tracer repair torn.trace whole.trace
  tracer repair - whole.trace < torn.trace

Exit codes: 0 all that was written is in the new recording; 1 none could be made;
3 one was made, and something could not be read: gaps stand for it.")]
pub struct RepairArgs {
    /// The damaged recording; `-` is standard input
    #[arg(value_name = "IN", value_hint = ValueHint::FilePath)]
    from: PathBuf,
    #[command(flatten)]
    to: OutArgs,
}

impl RepairArgs {
    pub fn run(self) -> Result<Exit> {
        session::repair(&Repair {
            from: self.from,
            to: self.to.save(),
        })
    }
}

#[derive(Args)]
#[command(after_help = "\
What was there when the part begins is in it too, so that it stands alone. With
--tree no name of others is in it, but for the machine itself: its host name, its
kernel and tracer's own command line stay; --anonymize replaces these too.
Moments are a time of day (the first such in the recording), a date with a time,
both UTC unless they say otherwise, -10m (before the end) or +90s (after the
beginning).

Examples:
  tracer cut night.trace part.trace --since 03:10 --until 03:15
  tracer cut night.trace part.trace --since=-10m
  tracer cut night.trace part.trace --tree 1234
  tracer cut night.trace part.trace --tree 1234 --anonymize    to show it to strangers")]
pub struct CutArgs {
    /// The recording to take a part of
    #[arg(value_name = "IN", value_hint = ValueHint::FilePath)]
    from: PathBuf,
    #[command(flatten)]
    to: OutArgs,
    #[command(flatten)]
    moments: MomentArgs,
    /// Only the process with this number and all that came from it
    #[arg(long, value_name = "PID")]
    tree: Option<u32>,
    #[command(flatten)]
    names: NameArgs,
}

impl CutArgs {
    pub fn run(self) -> Result<Exit> {
        session::cut(&Cut {
            from: self.from,
            to: self.to.save(),
            window: self.moments.window(self.tree),
            anonymize: self.names.anonymize,
        })
    }
}

#[derive(Args)]
#[command(after_help = "\
What two of them tell is told once. Between recordings that do not touch stands a
gap. Recordings of different boots cannot be merged: their times and process
numbers have nothing to do with each other.

Examples:
  tracer merge whole.trace first.trace second.trace
  tracer merge both.trace nginx.trace redis.trace    two trees that were cut out
  tracer merge --anonymize public.trace first.trace second.trace")]
pub struct MergeArgs {
    #[command(flatten)]
    to: OutArgs,
    /// The recordings, or directories of segments
    #[arg(value_name = "IN", num_args = 2.., required = true, value_hint = ValueHint::AnyPath)]
    from: Vec<PathBuf>,
    #[command(flatten)]
    names: NameArgs,
}

impl MergeArgs {
    pub fn run(self) -> Result<Exit> {
        session::merge(&Merge {
            from: self.from,
            to: self.to.save(),
            anonymize: self.names.anonymize,
        })
    }
}

#[derive(Args)]
struct NameArgs {
    /// Replace every name: of hosts, commands, arguments, files and cgroups
    ///
    /// The same word becomes the same token wherever it stands in the new
    /// recording, and another one in the next. Numbers, times, exit codes, the
    /// kernel's release, how many arguments there were and how deep a path is
    /// stay as they are.
    #[arg(long)]
    anonymize: bool,
}

#[derive(Args)]
pub struct MomentArgs {
    /// From this moment on: 03:10, 2026-11-21T03:10:00Z, -10m, +90s
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    since: Option<When>,
    /// Up to this moment
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    until: Option<When>,
}

impl MomentArgs {
    pub fn window(self, tree: Option<u32>) -> Window {
        Window {
            since: self.since,
            until: self.until,
            tree,
        }
    }
}

/// Where a command puts the recording that it makes.
#[derive(Args)]
struct OutArgs {
    /// The recording to make; `-` is standard output
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
