//! The command `tracer`: parses the command line, runs the command and returns its exit
//! code.

mod cli;

use std::process::ExitCode;

use clap::Parser as _;
use tracer::session;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(code) => code.into(),
        Err(error) => {
            session::notify(format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
