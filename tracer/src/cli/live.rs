//! `tracer live`: traces this machine and shows the dashboard or a report.

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Args, ValueHint};
use tracer::session::{self, Exit, Filter, Live, Retention, Save};

use super::{
    display::DisplayArgs,
    kernel::KernelArgs,
    report::{SectionsArg, TableArgs, report_help, sections},
};

/// Help of `--report`.
const REPORT: &str =
    "Print a summary, or one section of the report, when tracing ends; no dashboard";

#[derive(Args)]
#[command(after_help = "\
Examples:
  sudo tracer live                              open the dashboard; ? shows the keys, q quits
  sudo tracer live --save today.trace           also write a recording
  sudo tracer live --filter 'comm =~ /nginx/'   show only nginx; see `tracer filters`
  sudo tracer live --report --for 10s           trace for ten seconds, then print a summary

Exit codes: 0 success; 1 tracing failed; 2 wrong usage; 3 the file given by --save is
incomplete but readable (for example, the disk was full).")]
pub struct LiveArgs {
    /// Also write a recording to this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    save: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "save")]
    force: bool,
    #[arg(long, value_name = "SECTION", num_args = 0..=1, require_equals = true,
          default_missing_value = session::SUMMARY, value_parser = sections,
          help = REPORT, long_help = report_help(REPORT))]
    report: Option<SectionsArg>,
    #[command(flatten)]
    tables: TableArgs,
    /// Print the report as JSON, one line per row of its tables
    #[arg(long, requires = "report")]
    json: bool,
    /// Keep N exited processes. Report totals still include all of them
    ///
    /// These are the most recent ones and, before plain successes, what --filter
    /// matches, deaths by signal, zombies that lasted, forks that cost and failures.
    /// A storm of equal failures does not displace the others.
    #[arg(long, value_name = "N", default_value_t = Retention::default().exited)]
    keep: usize,
    /// Keep exited processes for at most this long: 10m, 8h [default: no time limit]
    #[arg(long, value_name = "TIME", value_parser = session::duration)]
    keep_for: Option<Duration>,
    /// Do not keep history for seeking back
    ///
    /// Without this option and without --save, the dashboard keeps the latest
    /// 128 MiB of the trace (about five million events) in the directory for
    /// temporary files and removes them when it closes.
    #[arg(long, conflicts_with = "report")]
    no_past: bool,
    /// Show only matching processes, as described by `tracer filters`; --save still writes all
    #[arg(long, value_name = "FILTER", value_parser = session::filter)]
    filter: Option<Filter>,
    #[command(flatten)]
    looks: DisplayArgs,
    /// Stop after this time: 500ms, 10s, 5m, 8h
    #[arg(long = "for", value_name = "TIME", value_parser = session::duration)]
    limit: Option<Duration>,
    #[command(flatten)]
    kernel: KernelArgs,
}

impl LiveArgs {
    /// Returns the problem with a combination of arguments, if there is one.
    pub fn conflict(&self) -> Option<&'static str> {
        self.kernel.conflict(false)
    }

    /// Runs the command and returns the exit code.
    pub fn run(self) -> Result<Exit> {
        let save = self.save.map(|path| Save {
            path,
            force: self.force,
        });
        let age = self.keep_for.map(|age| age.as_nanos().try_into().ok());
        session::live(Live {
            kernel: self.kernel.options(),
            save,
            limit: self.limit,
            report: self
                .report
                .map(|sections| self.tables.report(sections, self.json)),
            retention: Retention {
                exited: self.keep,
                max_age: age.flatten().unwrap_or(u64::MAX),
                programs: Retention::PROGRAMS_OF_A_TRACE,
            },
            past: !self.no_past,
            filter: self.filter,
            appearance: self.looks.looks(),
        })
    }
}
