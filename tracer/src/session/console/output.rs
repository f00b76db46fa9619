//! Standard output for reports and exports.
//!
//! Whatever a command prints passes [`Plain`], so that no byte of a recording or of a file
//! name can control a terminal. A reader that closes the pipe early (`| head`) is not an
//! error.

use std::io::{self, BufWriter, StdoutLock, Write};

use anyhow::Result;

use super::exit::{Exit, OK};
use crate::event::escaped;

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

/// Passes text on, with everything escaped that a terminal would obey or hide. Texts and
/// JSON escape each name before, by rules of their own; nothing gets around this one.
struct Plain<W>(W);

impl<W: Write> Write for Plain<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let is_layout = |byte: &u8| matches!(byte, b'\n' | b'\t');
        if (text.iter()).all(|byte| matches!(byte, b' '..=b'~') || is_layout(byte)) {
            return self.0.write(text);
        }
        // The last character may be continued in the next call.
        let whole = match std::str::from_utf8(text) {
            Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
                error.valid_up_to()
            }
            _ => text.len(),
        };
        for piece in text[..whole].split_inclusive(is_layout) {
            let (end, line) = match piece.split_last() {
                Some((end, line)) if is_layout(end) => (std::slice::from_ref(end), line),
                _ => (&[][..], piece),
            };
            self.0.write_all(escaped(line).as_bytes())?;
            self.0.write_all(end)?;
        }
        Ok(whole)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Calls `write` with a buffered standard output.
pub fn to_stdout(write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let buffer = BufWriter::with_capacity(1 << 16, Stdout(io::stdout().lock()));
    let mut out = Plain(buffer);
    let written = write(&mut out).and_then(|()| Ok(out.flush()?));
    // Dropping the buffer would try to write the rest again.
    let _ = out.0.into_parts();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_passes_and_what_a_terminal_obeys_does_not() {
        let mut plain = Plain(Vec::new());
        plain.write_all("a\tb\n│ é 日本\n".as_bytes()).unwrap();
        plain
            .write_all("\x1b[2J\u{9b}1m\r\u{202e}\n".as_bytes())
            .unwrap();
        plain.write_all(b"\xff\n").unwrap();
        let shown = "a\tb\n│ é 日本\n\\u{1b}[2J\\u{9b}1m\\r\\u{202e}\n\\xff\n";
        assert_eq!(String::from_utf8(plain.0).unwrap(), shown);
        // A character that is continued in the next call is one character.
        let mut plain = Plain(Vec::new());
        let text = "日本語".as_bytes();
        let written = plain.write(&text[..7]).unwrap();
        assert_eq!(written, 6);
        plain.write_all(&text[written..]).unwrap();
        assert_eq!(plain.0, text);
    }
}
