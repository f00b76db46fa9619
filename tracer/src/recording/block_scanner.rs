//! Finds the intact blocks in a stream of bytes. A block is returned only if both of its
//! checksums are right; after damage the search continues at the next marker. This file must not
//! know what blocks contain.

use std::io::{self, Read, Seek};

use super::{
    block_header::{HEADER, Header, MARKER},
    damage::Trailing,
    file_header::{self, FILE_HEADER},
    lookahead::Lookahead,
};

/// Maximum number of headers tried within the bytes that a damaged block claims. If bytes are
/// missing, the next intact block begins there, so the scanner must look; without a limit, a file
/// of nested headers would take hours.
const MAX_TRIES: u32 = 4;

/// Scans an input for intact blocks.
pub(super) struct BlockScanner<R> {
    input: Lookahead<R>,
    /// Length of the block returned last, which is at the front of the input.
    returned: usize,
    /// Bytes skipped since the block before.
    skipped: u64,
    /// Highest end offset that a damaged block claims.
    claimed: u64,
    /// Headers tried before that offset.
    tries: u32,
}

/// An intact block.
pub(super) struct FoundBlock {
    pub header: Header,
    pub offset: u64,
    /// Bytes before it that belong to no intact block.
    pub skipped: u64,
}

impl<R: Read> BlockScanner<R> {
    pub fn new(input: Lookahead<R>) -> Self {
        BlockScanner {
            input,
            returned: 0,
            skipped: 0,
            claimed: 0,
            tries: 0,
        }
    }

    /// Returns the next intact block, or none at the end of the input. Call it again after the
    /// input has grown.
    pub fn next(&mut self) -> io::Result<Option<FoundBlock>> {
        self.input.consume(std::mem::take(&mut self.returned));
        // If the input ends within a block, the search continues inside it, but the input is not
        // consumed: the rest of the block may still be written.
        let mut held = false;
        let mut ahead = 0;
        loop {
            let bytes = &self.input.look(ahead + HEADER)?[ahead..];
            if bytes.len() < HEADER {
                return Ok(None);
            }
            let mut skip = 1;
            if let Some(header) = Header::parse(bytes) {
                let length = header.block_length();
                let bytes = &self.input.look(ahead + length)?[ahead..];
                match bytes.get(HEADER..length) {
                    Some(payload) if crc32c::crc32c(payload) == header.payload_crc => {
                        self.skip(ahead);
                        self.returned = length;
                        return Ok(Some(FoundBlock {
                            header,
                            offset: self.input.offset(),
                            skipped: std::mem::take(&mut self.skipped),
                        }));
                    }
                    Some(_) => skip = self.skip_damaged(ahead, length),
                    None => held = true,
                }
            }
            skip += to_marker(&self.input.ahead()[ahead + skip..]);
            if held {
                ahead += skip;
            } else {
                self.skip(skip);
            }
        }
    }

    /// Continues at another offset, as if nothing had been read.
    pub fn seek(&mut self, offset: u64) -> io::Result<()>
    where
        R: Seek,
    {
        self.input.seek(offset)?;
        (self.returned, self.skipped, self.claimed, self.tries) = (0, 0, 0, 0);
        Ok(())
    }

    /// Returns the number of bytes to skip from a block of this length with a damaged payload.
    fn skip_damaged(&mut self, ahead: usize, length: usize) -> usize {
        let at = self.input.offset() + ahead as u64;
        if at >= self.claimed {
            self.tries = 0;
        }
        self.tries += 1;
        self.claimed = self.claimed.max(at + length as u64);
        if self.tries < MAX_TRIES {
            1
        } else {
            (self.claimed - at) as usize
        }
    }

    /// Returns the payload of the block returned last.
    pub fn payload(&self) -> &[u8] {
        self.input.ahead().get(HEADER..self.returned).unwrap_or(&[])
    }

    /// Returns the offset at which the intact blocks end, and the number of bytes after it. Valid
    /// once `next` has returned none.
    pub fn rest(&self) -> (u64, u64) {
        let after = self.input.ahead().len() as u64;
        let good = self.input.offset() - self.skipped;
        (good, self.skipped + after)
    }

    /// Reads what follows the block returned last, to the end of the input. Returns none if
    /// there is nothing.
    pub fn trailing(&mut self) -> io::Result<Option<Trailing>> {
        self.input.consume(std::mem::take(&mut self.returned));
        let offset = self.input.offset();
        let is_recording = file_header::begins(self.input.look(FILE_HEADER)?);
        loop {
            match self.input.look(1)?.len() {
                0 => break,
                count => self.input.consume(count),
            }
        }
        let bytes = self.input.offset() - offset;
        Ok((bytes > 0).then_some(Trailing {
            offset,
            bytes,
            is_recording,
        }))
    }

    fn skip(&mut self, count: usize) {
        self.input.consume(count);
        self.skipped += count as u64;
    }
}

/// Returns the number of bytes before the next marker, or before a possible beginning of one.
fn to_marker(bytes: &[u8]) -> usize {
    let markers = bytes.windows(MARKER.len());
    let mut markers = markers.enumerate().filter(|(_, bytes)| *bytes == MARKER);
    let next = markers.next().map(|(at, _)| at);
    next.unwrap_or(bytes.len().saturating_sub(MARKER.len() - 1))
}
