//! The command line: commands, arguments and help, one file per command.
//!
//! Arguments that several commands share have a file of their own: `display`,
//! `kernel`, `report`, and the windows and outputs in `files`. Each command
//! becomes one call into `session`. This module must not read recordings, trace,
//! or know any type outside `session`.

mod display;
mod doctor;
mod files;
mod index;
mod kernel;
mod live;
mod record;
mod replay;
mod report;

use std::{
    env,
    io::{self, Write as _},
    process,
};

use anyhow::{Context as _, Result};
use clap::{CommandFactory as _, Parser, Subcommand, error::ErrorKind};
use clap_complete::Shell;
use tracer::session::{self, Exit, Measures};

use self::{
    doctor::DoctorArgs,
    files::{CutArgs, InfoArgs, MergeArgs, RepairArgs},
    index::IndexArgs,
    live::LiveArgs,
    record::RecordArgs,
    replay::ReplayArgs,
};

/// Trace the life of every process with eBPF: fork, exec, exit, zombie and reap,
/// live in a dashboard or from a recording.
#[derive(Parser)]
#[command(
    version,
    bin_name = "tracer",
    arg_required_else_help = true,
    after_help = "\
Examples:
  sudo tracer live                        open the live dashboard
  sudo tracer record build.trace -- make  record while a command runs
  tracer replay build.trace               open the recording in the dashboard; needs no root
  tracer replay build.trace --report      print a text report"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Show and read times in UTC [default: the local time zone, or the one in TZ]
    #[arg(long, global = true)]
    utc: bool,
    /// Do without seccomp and Landlock, for example to trace tracer with a debugger or if a
    /// library of this machine needs a system call that tracer does not expect
    #[arg(long, global = true)]
    unconfined: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Trace this machine in a terminal dashboard
    Live(LiveArgs),

    /// Record events to a file, or continuously to a directory
    Record(RecordArgs),

    /// Open a recording in the dashboard, or print it
    Replay(ReplayArgs),

    /// Show what a recording contains, and check that all of it can be read
    Info(InfoArgs),

    /// Build the index that makes seeking in a recording fast
    Index(IndexArgs),

    /// Write the readable part of a damaged recording to a new file
    Repair(RepairArgs),

    /// Copy a time range or a process tree to a new recording
    Cut(CutArgs),

    /// Combine recordings of the same boot into one, in time order
    Merge(MergeArgs),

    /// Show which hooks this machine supports, and what is missing and why
    Doctor(DoctorArgs),

    /// Explain the --filter language, and list your saved filters
    #[command(after_help = "\
Example:
  tracer filters | less

Exit codes: 0 success; 1 the guide cannot be printed; 2 wrong usage.")]
    Filters,

    /// Print a shell completion script
    #[command(after_help = "\
Example:
  tracer completions bash | sudo tee /usr/share/bash-completion/completions/tracer

Exit codes: 0 success; 1 the script cannot be printed; 2 wrong usage.")]
    Completions {
        /// The shell to complete for
        shell: Shell,
    },

    /// Print the manual page of tracer, or of one command
    #[command(after_help = "\
Examples:
  tracer man | man -l -
  tracer man record | man -l -

Exit codes: 0 success; 1 there is no such command, or the page cannot be printed; 2 wrong
usage.")]
    Man {
        /// The command [default: tracer itself]
        command: Option<String>,
    },
}

impl Command {
    fn conflict(&self) -> Option<&'static str> {
        match self {
            Command::Live(args) => args.conflict(),
            Command::Record(args) => args.conflict(),
            Command::Doctor(args) => args.conflict(),
            _ => None,
        }
    }
}

impl Cli {
    /// Parses the command line. Ends the process for `--help` and wrong usage.
    ///
    /// clap's messages quote arguments as they are. The message shown is about the escaped
    /// command line, which is wrong in the same way.
    pub fn from_arguments() -> Cli {
        let arguments: Vec<_> = env::args_os().collect();
        Cli::try_parse_from(&arguments).unwrap_or_else(|error| {
            let escaped = arguments.iter().map(session::file_name);
            match Cli::try_parse_from(escaped) {
                Err(error) => error.exit(),
                // An argument that is not Unicode becomes right when it is escaped.
                Ok(_) => {
                    let message = session::escaped_lines(&error.to_string());
                    let _ = write!(io::stderr(), "{message}");
                    process::exit(error.exit_code());
                }
            }
        })
    }

    /// Runs the command. Exits with code 2 when its arguments conflict.
    pub fn run(self) -> Result<Exit> {
        session::fail_writes_beyond_file_size_limit();
        session::enable_confinement(match self.unconfined {
            true => Measures::Capabilities,
            false => Measures::All,
        });
        if !self.utc {
            session::use_local_time();
        }
        if let Some(conflict) = self.command.conflict() {
            let error = Cli::command().error(ErrorKind::ArgumentConflict, conflict);
            error.exit();
        }
        match self.command {
            Command::Live(args) => args.run(),
            Command::Record(args) => args.run(),
            Command::Replay(args) => args.run(),
            Command::Info(args) => args.run(),
            Command::Index(args) => args.run(),
            Command::Repair(args) => args.run(),
            Command::Cut(args) => args.run(),
            Command::Merge(args) => args.run(),
            Command::Doctor(args) => args.run(),
            Command::Filters => session::print(&session::filters()),
            Command::Completions { shell } => completions(shell),
            Command::Man { command } => man(command.as_deref()),
        }
    }
}

fn completions(shell: Shell) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tracer", &mut script);
    session::print(&String::from_utf8(script)?)
}

fn man(command: Option<&str>) -> Result<Exit> {
    let mut cli = Cli::command();
    cli.build();
    let shown = match command {
        None => &cli,
        Some(name) => cli.find_subcommand(name).with_context(|| {
            format!("tracer has no command {name:?}; `tracer --help` lists them")
        })?,
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(shown.clone()).render(&mut page)?;
    session::print(&String::from_utf8(page)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_passes_claps_checks() {
        Cli::command().debug_assert();
    }
}
