//! `tracer doctor`: reports which hooks this machine supports.

use anyhow::Result;
use clap::Args;
use tracer::session::{self, Answer, Exit};

use super::kernel::KernelArgs;

#[derive(Args)]
#[command(after_help = "\
Examples:
  sudo tracer doctor                            show the hook used for each purpose
  sudo tracer doctor --json | jq .live_runs
  sudo tracer doctor --without fentry,kprobe    show what a locked-down host would use

Exit codes: 0 `tracer live` can run here; 1 it cannot; 2 wrong usage.")]
pub struct DoctorArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print the raw facts, for tests of the hook plan
    #[arg(long, hide = true, conflicts_with = "json")]
    facts: bool,
    #[command(flatten)]
    kernel: KernelArgs,
}

impl DoctorArgs {
    /// Returns the problem with a combination of arguments, if there is one.
    pub fn conflict(&self) -> Option<&'static str> {
        self.kernel.conflict(true)
    }

    /// Runs the command and returns the exit code.
    pub fn run(self) -> Result<Exit> {
        let answer = match (self.json, self.facts) {
            (_, true) => Answer::Facts,
            (true, false) => Answer::Json,
            (false, false) => Answer::Text,
        };
        session::doctor(&self.kernel.options(), &answer)
    }
}
