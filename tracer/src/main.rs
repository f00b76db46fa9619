//! The command `tracer`: parses the command line, runs the command and returns its exit
//! code.

#![warn(clippy::disallowed_methods, clippy::disallowed_macros)]

mod cli;

use std::{
    backtrace::Backtrace,
    io::{self, Write as _},
    panic,
    process::ExitCode,
    thread,
};

use tracer::session;

fn main() -> ExitCode {
    session::on_notice(|text| {
        // `eprintln` would panic if the terminal is closed or the disk is full.
        let _ = writeln!(io::stderr(), "tracer: {text}");
    });
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
