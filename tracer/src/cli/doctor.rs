//! `doctor`: what this machine offers.

use anyhow::Result;
use clap::Args;
use tracer::session::{self, Answer, Exit};

use super::kernel::KernelArgs;

#[derive(Args)]
#[command(after_help = "\
Examples:
  sudo tracer doctor                            which hook serves each purpose here
  sudo tracer doctor --json | jq .live_runs
  sudo tracer doctor --without fentry,kprobe    what a locked-down host would say

Exit code: 0 when `tracer live` runs here, else 1.")]
pub struct DoctorArgs {
    /// As one JSON object
    #[arg(long)]
    json: bool,
    /// The bare facts, for tests of the plan
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

    pub fn run(self) -> Result<Exit> {
        let answer = match (self.json, self.facts) {
            (_, true) => Answer::Facts,
            (true, false) => Answer::Json,
            (false, false) => Answer::Text,
        };
        session::doctor(&self.kernel.options(), &answer)
    }
}
