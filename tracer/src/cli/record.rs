//! `tracer record`: traces this machine and writes a recording.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Args, ValueHint};
use tracer::session::{self, Exit, FlightRecorder, Record, RunAs, Save, Target, Trust};

use super::kernel::KernelArgs;

#[derive(Args)]
#[command(after_help = "\
Examples:
  sudo tracer record                            record to tracer-DATE.trace until Ctrl-C
  sudo tracer record night.trace --for 8h       record for eight hours
  sudo tracer record ci.trace -- make test      record while a command runs; exit with its code
  sudo tracer record web.trace --user www-data -- ./server
                                                run the command as another user
  sudo tracer record - | ssh host tracer replay -
  sudo tracer record --ring /var/lib/tracer --keep 24h --max-size 2GiB
  tracer replay /var/lib/tracer --since 03:10 --until 03:15

A flight recorder (--ring) continues the trace that an earlier one left in the same
directory. Segments and index files (`.index`) together stay within --max-size: before the
recorder writes, it removes index files, then its oldest segments. It does the same on a full
disk, and stops when only the current segment is left. If there is no room for --keep, the
status line and `tracer info` say how much history there is.

The first Ctrl-C or SIGTERM ends the recording in order; a running command gets SIGTERM and may
finish. If the output has stalled, the second one gives it up within two seconds and says how
many events were not written. Signals that are ignored at the start (nohup) stay ignored.

Exit codes: 0 success; 1 tracing failed; 2 wrong usage; 3 the recording is incomplete but
readable (for example, the disk was full). With a command: the exit code of the command.")]
pub struct RecordArgs {
    /// The file to write; `-` is standard output [default: tracer-DATE.trace]
    #[arg(value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
    /// Flight recorder: keep only recent history, in this directory
    ///
    /// The recording is split into segments, each of which can be replayed alone.
    /// The oldest segments are removed.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath,
          conflicts_with_all = ["file", "force"])]
    ring: Option<PathBuf>,
    /// With --ring: keep this much history: 90m, 24h, 7d
    #[arg(long, value_name = "TIME", default_value = "24h", requires = "ring",
          conflicts_with = "file", value_parser = session::duration)]
    keep: Duration,
    /// With --ring: the maximum size of all segments and index files, 1M or more
    #[arg(long, value_name = "SIZE", default_value = "2GiB", requires = "ring",
          conflicts_with = "file", value_parser = ring_size)]
    max_size: u64,
    /// With --ring: the maximum duration of a segment, 1s or more
    ///
    /// A segment also ends when it reaches an eighth of --max-size or twice the size
    /// of its first snapshot, whichever is larger, and at half of --max-size.
    #[arg(long, value_name = "TIME", default_value = "10m", requires = "ring",
          conflicts_with = "file", value_parser = segment_duration)]
    segment: Duration,
    /// With --ring: accept a directory that other users can change
    ///
    /// They can then remove segments, or put others in their place.
    #[arg(long, requires = "ring", conflicts_with = "file")]
    insecure_dir: bool,
    /// Record while this command runs, and exit with its exit code
    ///
    /// The recording is about the command: reports begin with it, the dashboard opens
    /// at it, and in filters `command()` is the command and its descendants.
    /// The command runs as you, also under sudo, pkexec or doas: with your groups and
    /// HOME, USER, LOGNAME and SHELL. PATH and the umask are those that sudo sets.
    #[arg(last = true, value_name = "CMD", value_hint = ValueHint::CommandWithArguments)]
    command: Vec<OsString>,
    /// Run the command as this user, with the user's groups, HOME, USER, LOGNAME and SHELL
    ///
    /// A name, or a number of the user database.
    #[arg(long, value_name = "NAME|UID", requires = "command", value_hint = ValueHint::Username)]
    user: Option<String>,
    /// Run the command as root, also under sudo, pkexec or doas
    #[arg(long, requires = "command", conflicts_with = "user")]
    as_root: bool,
    /// Stop after this time: 500ms, 10s, 5m, 8h; a command then gets SIGTERM
    #[arg(long = "for", value_name = "TIME", value_parser = session::duration)]
    limit: Option<Duration>,
    #[command(flatten)]
    kernel: KernelArgs,
}

impl RecordArgs {
    /// Returns the problem with a combination of arguments, if there is one.
    pub fn conflict(&self) -> Option<&'static str> {
        self.kernel.conflict(!self.command.is_empty())
    }

    /// Runs the command and returns the exit code.
    pub fn run(self) -> Result<Exit> {
        let command = Some(self.command).filter(|command| !command.is_empty());
        let save = match self.ring {
            Some(dir) => Target::FlightRecorder(FlightRecorder {
                dir,
                keep: self.keep,
                max_size: self.max_size,
                segment: self.segment,
                insecure: self.insecure_dir,
                trust: Trust::Invoker,
            }),
            None => Target::File(Save {
                path: self.file.unwrap_or_else(session::default_file),
                force: self.force,
            }),
        };
        let run_as = match self.user {
            Some(name) => RunAs::User(name),
            None if self.as_root => RunAs::Own,
            None => RunAs::Invoker,
        };
        session::record(Record {
            kernel: self.kernel.options(),
            save,
            limit: self.limit,
            command,
            run_as,
        })
    }
}

/// Parses `--max-size`, in bytes.
fn ring_size(text: &str) -> Result<u64, String> {
    let size = session::bytes(text).map_err(|error| error.to_string())?;
    match size >= 1 << 20 {
        true => Ok(size),
        false => Err(
            "the size must be 1M or more, to hold more than a snapshot of the running processes"
                .to_owned(),
        ),
    }
}

/// Parses `--segment`. Shorter segments would hold little but their first snapshot.
fn segment_duration(text: &str) -> Result<Duration, String> {
    let duration = session::duration(text).map_err(|error| error.to_string())?;
    match duration >= Duration::from_secs(1) {
        true => Ok(duration),
        false => Err("the duration must be 1s or more".to_owned()),
    }
}
