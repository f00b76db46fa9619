//! Bytes from a file or a pipe with a look ahead. It must not know what they
//! are.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// How much is asked for at a time: room is made for what has come, never for
/// what a length in the file promises.
const CHUNK: usize = 64 << 10;

pub(super) struct Lookahead<R> {
    from: R,
    buffer: Vec<u8>,
    /// Where in the buffer the next byte lies, and where in the input.
    start: usize,
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

    /// Goes on at another place of the input.
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

    /// Where the next byte lies in the input.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// What has been read and not consumed.
    pub fn ahead(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// The next bytes: `count` or more, fewer only where the input ends. A
    /// file that grows has more the next time.
    pub fn look(&mut self, count: usize) -> io::Result<&[u8]> {
        while self.ahead().len() < count {
            // Moving the rest to the front costs no more than it took to read.
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

    /// Goes on behind the next `count` bytes, which have been looked at.
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
    fn room_is_made_for_what_comes_and_not_for_what_is_asked() {
        let bytes = [7; 100];
        let mut input = Lookahead::new(&bytes[..]);
        assert_eq!(input.look(1 << 40).unwrap(), bytes);
        assert!(input.buffer.capacity() <= 3 * CHUNK);
        input.consume(90);
        assert_eq!(input.look(50).unwrap(), [7; 10]);
        assert_eq!(input.offset(), 90);
    }

    #[test]
    fn what_was_consumed_makes_room() {
        let mut input = Lookahead::new(io::repeat(1));
        for _ in 0..1000 {
            input.look(10_000).unwrap();
            input.consume(10_000);
        }
        assert!(input.buffer.capacity() <= 4 * CHUNK);
    }
}
