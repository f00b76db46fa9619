//! The command line of the benches.

use std::path::PathBuf;

const HELP: &str = "\
Needs root (through sudo). Peers that are not installed are listed and left
out.

Examples:
  cargo xtask bench                       every bench
  cargo xtask bench --quick               check that the benches work
  cargo xtask bench overhead --minutes 9  stop after nine minutes; --resume continues
  cargo xtask bench overhead --rounds 11
  cargo xtask bench data --json data.json
  cargo xtask bench --write               also write the pages in docs/performance";

/// Options of `cargo xtask bench`.
#[derive(clap::Parser)]
#[command(
    bin_name = "cargo xtask bench",
    about = "Measures what tracer costs, next to its goals and its peers",
    after_help = HELP
)]
pub struct Options {
    /// Benches to run; all of them if none is named
    pub names: Vec<String>,
    /// Number of rounds; the tools take turns in each
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Two short rounds, to see that it works
    #[arg(long, conflicts_with_all = ["rounds", "write"])]
    pub quick: bool,
    /// Continue an `overhead` that `--minutes` has ended
    #[arg(long)]
    pub resume: bool,
    /// End `overhead` after this time; `--resume` continues it
    #[arg(long)]
    pub minutes: Option<u64>,
    /// Write the results as JSON to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the results into docs/performance
    #[arg(long)]
    pub write: bool,
    /// Only compare instruction counts, of this built `bench-data`
    #[arg(long, value_name = "PROGRAM", hide = true, exclusive = true)]
    pub guard: Option<PathBuf>,
}
