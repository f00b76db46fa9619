//! Standard output for reports and exports.
//!
//! A reader that closes the pipe early (`| head`) is not an error.

use std::io::{self, BufWriter, StdoutLock, Write};

use anyhow::Result;

use super::exit::{Exit, OK};

/// Standard output. Its errors say what failed.
struct Stdout(StdoutLock<'static>);

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(named)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(named)
    }
}

fn named(error: io::Error) -> io::Error {
    match error.kind() {
        // Callers try again.
        io::ErrorKind::Interrupted => error,
        kind => io::Error::new(kind, format!("standard output cannot be written: {error}")),
    }
}

/// Calls `write` with a buffered standard output.
pub fn to_stdout(write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, Stdout(io::stdout().lock()));
    let written = write(&mut out).and_then(|()| Ok(out.flush()?));
    // Dropping the buffer would try to write the rest again.
    let _ = out.into_parts();
    match written {
        Err(error) if is_broken_pipe(&error) => Ok(()),
        other => other,
    }
}

/// Prints text to standard output.
pub fn print(text: &str) -> Result<Exit> {
    to_stdout(|out| Ok(out.write_all(text.as_bytes())?))?;
    Ok(OK)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    })
}
