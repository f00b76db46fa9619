//! tracer, the command: reads what is asked, does it, says how it ended.

mod cli;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(code) => code.into(),
        Err(error) => {
            eprintln!("tracer: {error:#}");
            ExitCode::FAILURE
        }
    }
}
