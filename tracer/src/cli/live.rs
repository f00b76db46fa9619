//! `live`: trace, and show it.

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Args, ValueHint};
use tracer::session::{self, Exit, Filter, Live, Retention, Save};

use super::{
    display::DisplayArgs,
    kernel::TraceArgs,
    report::{SectionArg, report_help, section},
};

#[derive(Args)]
#[command(after_help = "\
Examples:
  sudo tracer live                              the dashboard; q quits, ? helps
  sudo tracer live --save today.trace           and keep what it shows
  sudo tracer live --filter 'comm =~ /nginx/'   only these; `tracer filters` says how
  sudo tracer live --report --for 10s           ten seconds, then a summary in text")]
pub struct LiveArgs {
    /// Keep the trace in a file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    save: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "save")]
    force: bool,
    /// No dashboard: print a summary, or one part of it, when tracing ends
    #[arg(long, value_name = "PART", num_args = 0..=1, require_equals = true,
          default_missing_value = session::SUMMARY, value_parser = section, long_help = report_help())]
    report: Option<SectionArg>,
    /// How many processes that are gone stay in memory, the latest; the counts in reports are of all
    #[arg(long, value_name = "NUMBER", default_value_t = Retention::default().exited)]
    keep: usize,
    /// For how long at most they stay: 10m, 8h [default: as long as they are among those]
    #[arg(long, value_name = "TIME", value_parser = session::duration)]
    keep_for: Option<Duration>,
    /// Keep nothing to go back to. Unless the trace is saved, the latest 128 MiB of it (some
    /// five million events) are kept in the folder of temporary files while the dashboard is open
    #[arg(long, conflicts_with = "report")]
    no_past: bool,
    /// Show only these processes; a file gets all: see `tracer filters`
    #[arg(long, value_name = "FILTER", value_parser = session::filter)]
    filter: Option<Filter>,
    #[command(flatten)]
    looks: DisplayArgs,
    #[command(flatten)]
    trace: TraceArgs,
}

impl LiveArgs {
    /// Returns the problem with a combination of arguments, if there is one.
    pub fn conflict(&self) -> Option<&'static str> {
        self.trace.conflict(false)
    }

    pub fn run(self) -> Result<Exit> {
        let save = self.save.map(|path| Save {
            path,
            force: self.force,
        });
        let (kernel, limit) = self.trace.options();
        let age = self.keep_for.map(|age| age.as_nanos().try_into().ok());
        session::live(Live {
            kernel,
            save,
            limit,
            report: self.report.is_some(),
            part: self.report.and_then(|SectionArg(part)| part),
            retention: Retention {
                exited: self.keep,
                max_age: age.flatten().unwrap_or(u64::MAX),
            },
            past: !self.no_past,
            filter: self.filter,
            looks: self.looks.looks(),
        })
    }
}
