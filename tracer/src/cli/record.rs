//! `record`: trace, and keep it.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Args, ValueHint};
use tracer::session::{self, Exit, Record, Ring, Save, Target};

use super::kernel::TraceArgs;

#[derive(Args)]
#[command(after_help = "\
Examples:
  sudo tracer record                            until Ctrl-C, to tracer-DATE.trace
  sudo tracer record night.trace --for 8h       for eight hours
  sudo tracer record ci.trace -- make test      while a command runs; exits as it does
  sudo tracer record - | ssh host tracer replay -
  sudo tracer record --ring /var/lib/tracer --keep 24h --max-size 2GiB
  tracer replay /var/lib/tracer --since 03:10 --until 03:15

A flight recorder goes on where an earlier one in the same directory ended. What
is kept is never more than --max-size, but for what one second writes. On a full
disk it lets go of its oldest segments first, and ends only when none is left.

Exit codes: 0 all went well; 1 tracing failed; 2 wrong usage; 3 the recording is
incomplete but can be read (a full disk); with a command, the command's own.")]
pub struct RecordArgs {
    /// Where to; `-` is standard output [default: tracer-DATE.trace]
    #[arg(value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
    /// Flight recorder: keep the latest past in a directory, in segments of which each can be
    /// replayed alone; the oldest are removed
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath,
          conflicts_with_all = ["file", "force"])]
    ring: Option<PathBuf>,
    /// With --ring: how far back to keep what happened: 90m, 24h, 7d
    #[arg(long, value_name = "TIME", default_value = "24h", requires = "ring",
          value_parser = session::duration)]
    keep: Duration,
    /// With --ring: how much the directory may hold; 1M or more
    #[arg(long, value_name = "SIZE", default_value = "2GiB", requires = "ring",
          value_parser = ring_size)]
    max_size: u64,
    /// With --ring: how long a segment is at most; it also ends at an eighth of --max-size
    #[arg(long, value_name = "TIME", default_value = "10m", requires = "ring",
          value_parser = segment_length)]
    segment: Duration,
    /// Record while this command runs, and exit with its exit code; it runs as tracer does: under
    /// sudo as root, unless it is `sudo -u USER CMD`
    #[arg(last = true, value_name = "CMD", value_hint = ValueHint::CommandWithArguments)]
    command: Vec<OsString>,
    #[command(flatten)]
    trace: TraceArgs,
}

impl RecordArgs {
    /// Returns the problem with a combination of arguments, if there is one.
    pub fn conflict(&self) -> Option<&'static str> {
        self.trace.conflict(!self.command.is_empty())
    }

    pub fn run(self) -> Result<Exit> {
        let command = Some(self.command).filter(|command| !command.is_empty());
        let (kernel, limit) = self.trace.options();
        let save = match self.ring {
            Some(dir) => Target::Ring(Ring {
                dir,
                keep: self.keep,
                max_size: self.max_size,
                segment: self.segment,
            }),
            None => Target::File(Save {
                path: self.file.unwrap_or_else(session::default_file),
                force: self.force,
            }),
        };
        session::record(Record {
            kernel,
            save,
            limit,
            command,
        })
    }
}

/// What a flight recorder can do with.
fn ring_size(text: &str) -> Result<u64, String> {
    let size = session::bytes(text)?;
    match size >= 1 << 20 {
        true => Ok(size),
        false => Err("it must be 1M or more, to hold more than what runs now".to_owned()),
    }
}

/// Shorter segments would hold little but what each begins with.
fn segment_length(text: &str) -> Result<Duration, String> {
    let length = session::duration(text)?;
    match length >= Duration::from_secs(1) {
        true => Ok(length),
        false => Err("it must be 1s or more".to_owned()),
    }
}
