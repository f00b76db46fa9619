//! Buffered input from a file or a pipe with lookahead. This file must not know what the bytes mean.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// Bytes read at a time. The buffer grows with the bytes that arrive, not with the lengths that a
/// file claims.
const CHUNK: usize = 64 << 10;

/// An input with lookahead.
pub(super) struct Lookahead<R> {
    from: R,
    buffer: Vec<u8>,
    /// Index of the next byte in the buffer.
    start: usize,
    /// Offset of the next byte in the input.
    offset: u64,
}

impl<R: Read> Lookahead<R> {
    pub fn new(from: R) -> Self {
        Lookahead {
            from,
            buffer: Vec::new(),
            start: 0,
            offset: 0,
        }
    }

    /// Continues at another offset of the input.
    pub fn seek(&mut self, offset: u64) -> io::Result<()>
    where
        R: Seek,
    {
        self.from.seek(SeekFrom::Start(offset))?;
        self.buffer.clear();
        self.start = 0;
        self.offset = offset;
        Ok(())
    }

    /// Returns the offset of the next byte.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the bytes that have been read and not consumed.
    pub fn ahead(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Returns the next bytes: `count` or more, or fewer at the end of the input. A growing file may
    /// have more at the next call.
    pub fn look(&mut self, count: usize) -> io::Result<&[u8]> {
        while self.ahead().len() < count {
            // Moving the rest to the front costs no more than reading it did.
            if self.start >= self.ahead().len() {
                self.buffer.drain(..self.start);
                self.start = 0;
            }
            let end = self.buffer.len();
            self.buffer.resize(end + CHUNK, 0);
            let read = self.from.read(&mut self.buffer[end..]);
            self.buffer.truncate(end + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.ahead())
    }

    /// Consumes the next `count` bytes, which must have been read.
    pub fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.ahead().len());
        self.start += count;
        self.offset += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffer_grows_with_input_and_not_with_request() {
        let bytes = [7; 100];
        let mut input = Lookahead::new(&bytes[..]);
        assert_eq!(input.look(1 << 40).unwrap(), bytes);
        assert!(input.buffer.capacity() <= 3 * CHUNK);
        input.consume(90);
        assert_eq!(input.look(50).unwrap(), [7; 10]);
        assert_eq!(input.offset(), 90);
    }

    #[test]
    fn consumed_bytes_are_freed() {
        let mut input = Lookahead::new(io::repeat(1));
        for _ in 0..1000 {
            input.look(10_000).unwrap();
            input.consume(10_000);
        }
        assert!(input.buffer.capacity() <= 4 * CHUNK);
    }
}
