//! `replay`: show or print what was kept.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueHint};
use tracer::session::{self, Exit, Filter, Replay, Shown};

use super::{
    display::DisplayArgs,
    files::MomentArgs,
    report::{SectionArg, report_help, section},
};

#[derive(Args)]
#[command(after_help = "\
Examples:
  tracer replay build.trace                     the dashboard
  tracer replay build.trace --report            a summary in text
  tracer replay build.trace --report=findings   who does not reap, cannot fork, keeps crashing
  tracer replay build.trace --report=findings --json | jq .says
  tracer replay build.trace --json | jq 'select(.exit_signal != null)'
  tracer replay build.trace --report --filter 'exit.code != 0 && tree(make)'
  tracer replay build.trace --events | less     every event, a line each
  tracer replay night.trace --since 03:10 --until 03:15 --report
  tracer replay build.trace --events --json     every event, a JSON object each
  tracer replay --follow build.trace            while it is still being written
  tracer replay --follow /var/lib/tracer --until 18:00 --report
  tracer replay /var/lib/tracer --since=-10m    the last ten minutes of a flight recorder
  ssh host sudo tracer record - | tracer replay -

Of a directory with segments (`tracer record --ring`) the latest trace is read that
meets the time asked for; a time of day is the last one that there was.

Exit codes: 0 also where a part cannot be read: what is missing is said, and is a gap
in what is shown (`tracer info` exits with 3 then); 1 nothing can be read; 2 wrong
usage.")]
pub struct ReplayArgs {
    /// The recording, or a directory with segments; `-` is standard input
    #[arg(value_hint = ValueHint::AnyPath)]
    file: PathBuf,
    /// Print a summary, or one part of it (the summary is the default where standard output is no terminal)
    #[arg(long, value_name = "PART", num_args = 0..=1, require_equals = true,
          default_missing_value = session::SUMMARY, value_parser = section, long_help = report_help(),
          conflicts_with = "events")]
    report: Option<SectionArg>,
    /// One JSON object per process, a line each; with --events, per event; with --report=findings or zombies, per finding or owner
    #[arg(long)]
    json: bool,
    /// Every event, a line each
    #[arg(long)]
    events: bool,
    #[command(flatten)]
    moments: MomentArgs,
    /// Go on with what is still being written, until the recorder ends, --until or Ctrl-C
    ///
    /// It ends with the first event behind --until, which without --since is the
    /// next time of day that is so late. The dashboard goes on.
    #[arg(short, long)]
    follow: bool,
    /// Only these processes: see `tracer filters`
    ///
    /// With --report, the processes that the filter keeps are listed, in place
    /// of the summary. A filter is asked about a process's whole life, also
    /// for --events; with --follow, about its life so far: all of its events
    /// come once it is kept.
    #[arg(long, value_name = "FILTER", value_parser = session::filter)]
    filter: Option<Filter>,
    #[command(flatten)]
    looks: DisplayArgs,
}

impl ReplayArgs {
    pub fn run(self) -> Result<Exit> {
        let shown = match (self.report, self.json, self.events) {
            (Some(SectionArg(part)), true, _) => Shown::Export(session::objects(part)),
            (Some(SectionArg(part)), false, _) => Shown::Report(part),
            (_, true, true) => Shown::Export("events-json"),
            (_, true, false) => Shown::Export("json"),
            (_, false, true) => Shown::Export("events"),
            (None, false, false) => Shown::Dashboard,
        };
        session::replay(Replay {
            path: self.file,
            shown,
            filter: self.filter,
            window: self.moments.window(None),
            looks: self.looks.looks(),
            follow: self.follow,
        })
    }
}
