//! The command line: what can be asked, and how it is explained.

mod display;
mod doctor;
mod files;
mod index;
mod kernel;
mod live;
mod record;
mod replay;
mod report;

use anyhow::{Context as _, Result};
use clap::{CommandFactory as _, Parser, Subcommand, error::ErrorKind};
use clap_complete::Shell;
use tracer::session::{self, Exit};

use self::{
    doctor::DoctorArgs,
    files::{CutArgs, InfoArgs, MergeArgs, RepairArgs},
    index::IndexArgs,
    live::LiveArgs,
    record::RecordArgs,
    replay::ReplayArgs,
};

/// Watch every process of this machine be born, run, die, wait as a zombie and
/// be reaped: one truthful story per process, from the kernel itself.
#[derive(Parser)]
#[command(
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  sudo tracer live                        the dashboard
  sudo tracer record build.trace -- make  record while a command runs
  tracer replay build.trace               the same dashboard, offline, without root
  tracer replay build.trace --report      what happened, in text"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Trace this machine in a terminal dashboard
    Live(LiveArgs),

    /// Record what happens to a file
    Record(RecordArgs),

    /// Open a recording in the dashboard, or print it
    Replay(ReplayArgs),

    /// Say what is in a recording, and check that all of it can be read
    Info(InfoArgs),

    /// Make the index that jumps in a recording begin at
    Index(IndexArgs),

    /// Make a whole recording of what can be read of a damaged one
    Repair(RepairArgs),

    /// Make a small recording of a part of one, for a bug report
    Cut(CutArgs),

    /// Make one recording of several of one boot, in the order of time
    Merge(MergeArgs),

    /// Say what this machine offers a tracer, and what is lost and why
    Doctor(DoctorArgs),

    /// Explain the language of --filter, and list the filters that are saved
    #[command(after_help = "\
Example:
  tracer filters | less")]
    Filters,

    /// Print a completion script for a shell
    #[command(after_help = "\
Example:
  tracer completions bash | sudo tee /usr/share/bash-completion/completions/tracer")]
    Completions { shell: Shell },

    /// Print the manual page, of tracer or of one of its commands
    #[command(after_help = "\
Examples:
  tracer man | man -l -
  tracer man record | man -l -")]
    Man { command: Option<String> },
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
    /// Runs the command. Exits with code 2 when its arguments conflict.
    pub fn run(self) -> Result<Exit> {
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
    let mut whole = Cli::command();
    whole.build();
    let shown = match command {
        None => &whole,
        Some(name) => whole
            .find_subcommand(name)
            .with_context(|| format!("tracer has no command {name:?}"))?,
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(shown.clone()).render(&mut page)?;
    session::print(&String::from_utf8(page)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
