//! `tracer replay`: shows a recording in the dashboard, or prints it.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueHint};
use tracer::session::{self, Exit, Filter, Replay, Shown};

use super::{
    display::DisplayArgs,
    files::{MemoryArgs, WindowArgs},
    report::{SectionsArg, TableArgs, report_help, sections},
};

/// Help of `--report`.
const REPORT: &str = "Print a summary, or one section of the report; the default if standard output is not a terminal";

#[derive(Args)]
#[command(after_help = "\
Examples:
  tracer replay build.trace                     open the dashboard
  tracer replay build.trace --report            print a summary
  tracer replay build.trace --report=findings   missing reaps, failed forks, repeated crashes
  tracer replay build.trace --report=findings --json | jq .says
  tracer replay build.trace --report=deaths,forks --top 20
  tracer replay build.trace --report=deaths --json | jq 'select(.table == \"deaths\")'
  tracer replay build.trace --json | jq 'select(.exit_signal != null)'
  tracer replay build.trace --report --filter 'exit.code != 0 && tree(make)'
  tracer replay build.trace --filter 'command()' --events
                                                the command of `tracer record FILE -- CMD`
  tracer replay build.trace --events | less     one line per event
  tracer replay build.trace --events --json     one JSON object per event
  tracer replay night.trace --since 03:10 --until 03:15 --report
  tracer replay --follow build.trace            follow a recording that is still being written
  tracer replay --follow /var/lib/tracer --until 18:00 --report
  tracer replay /var/lib/tracer --since=-10m    the last ten minutes of a flight recorder
  ssh host sudo tracer record - | tracer replay -

A flight recorder's directory (`tracer record --ring`) can hold several traces. The latest
one that overlaps --since and --until is read.

Times are a time of day (its last occurrence in the recording), a date with a time, -10m
(before the end) or +90s (after the beginning). Times of day and dates are local (TZ, or
this machine's time zone; UTC with --utc) unless they name an offset: 03:10Z, 03:10+02:00.
Where the clocks are set back, --since means the first of two equal times and --until the
second. The dashboard opens at --since (or else at --until), pauses at --until, and can
seek in all of the recording.

Exit codes: 0 success; 1 nothing can be read; 2 wrong usage; 3 everything that can be read is
printed, but a part of the recording is damaged or missing, or it has no end. What is missing
is a gap in the output, and standard error says where. The dashboard shows gaps and exits
with 0.")]
pub struct ReplayArgs {
    /// The recording, or a flight recorder's directory; `-` is standard input
    #[arg(value_hint = ValueHint::AnyPath)]
    file: PathBuf,
    #[arg(long, value_name = "SECTION", num_args = 0..=1, require_equals = true,
          default_missing_value = session::SUMMARY, value_parser = sections,
          help = REPORT, long_help = report_help(REPORT),
          conflicts_with = "events")]
    report: Option<SectionsArg>,
    #[command(flatten)]
    tables: TableArgs,
    /// Print one JSON object per line, one line per process
    ///
    /// With --events, one line per event. With --report, one line per row of its tables,
    /// all rows unless --top is given; docs/report-tables.md describes them.
    #[arg(long)]
    json: bool,
    /// Print one line per event
    #[arg(long, conflicts_with_all = ["top", "all"])]
    events: bool,
    #[command(flatten)]
    window: WindowArgs,
    /// Follow a recording that is still being written, until the recorder stops, --until or Ctrl-C
    ///
    /// Following ends at the first event after --until. Without --since, --until
    /// means the next occurrence of that time of day. The dashboard stays open.
    #[arg(short, long)]
    follow: bool,
    /// Show only matching processes, as described by `tracer filters`
    ///
    /// Reports keep their sections and count matching processes only. The filter looks at the whole life of a process, also for --events. With
    /// --follow it looks at its life so far: once the process matches, all of its
    /// events are printed.
    #[arg(long, value_name = "FILTER", value_parser = session::filter)]
    filter: Option<Filter>,
    #[command(flatten)]
    memory: MemoryArgs,
    #[command(flatten)]
    looks: DisplayArgs,
}

impl ReplayArgs {
    /// Runs the command and returns the exit code.
    pub fn run(self) -> Result<Exit> {
        self.memory.apply();
        let shown = match (self.report, self.json, self.events) {
            (Some(sections), json, _) => Shown::Report(self.tables.report(sections, json)),
            (_, true, true) => Shown::Export("events-json"),
            (_, true, false) => Shown::Export("json"),
            (_, false, true) => Shown::Export("events"),
            (None, false, false) => Shown::Dashboard,
        };
        session::replay(Replay {
            path: self.file,
            shown,
            filter: self.filter,
            window: self.window.window(None),
            appearance: self.looks.looks(),
            follow: self.follow,
        })
    }
}
