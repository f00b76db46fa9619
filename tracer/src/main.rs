//! The command `tracer`: parses the command line, runs the command and returns its exit
//! code.

#![warn(clippy::disallowed_methods)]

mod cli;

use std::{backtrace::Backtrace, panic, process::ExitCode, thread};

use tracer::session;

fn main() -> ExitCode {
    session::on_notice(|text| eprintln!("tracer: {text}"));
    // The message may quote bytes of a recording, which a notice escapes.
    panic::set_hook(Box::new(|info| {
        let thread = thread::current();
        let name = thread.name().unwrap_or("without a name");
        let trace = Backtrace::capture();
        session::notify(format_args!(
            "a bug in tracer: thread {name} {info}\n{trace}"
        ));
    }));
    match cli::Cli::from_arguments().run() {
        Ok(code) => code.into(),
        Err(error) => {
            session::notify(format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
