//! Finds the blocks in a stream of bytes, whatever has happened to it: a block
//! is given out only when both its checksums are right, and after damage the
//! search goes on at the next marker. What is in a block it must not know.

use std::io::{self, Read, Seek};

use super::{
    block_header::{HEADER, Header, MARKER},
    lookahead::Lookahead,
};

/// How many blocks within the bytes of a damaged one are tried. Where bytes
/// are missing the next good block begins in there, so one must look; a file
/// made of nothing but nested claims must not keep the reader for hours.
const TRIES: u32 = 4;

pub(super) struct BlockScanner<R> {
    input: Lookahead<R>,
    /// Length of the block last given out, which lies at the front.
    given: usize,
    /// Bytes passed over since the block before.
    skipped: u64,
    /// How far in the input damaged blocks claim to reach, and how many were
    /// tried there.
    claimed: u64,
    tries: u32,
}

/// A good block.
pub(super) struct FoundBlock {
    pub header: Header,
    pub offset: u64,
    /// Bytes in front of it that are not of any good block.
    pub skipped: u64,
}

impl<R: Read> BlockScanner<R> {
    pub fn new(input: Lookahead<R>) -> Self {
        BlockScanner {
            input,
            given: 0,
            skipped: 0,
            claimed: 0,
            tries: 0,
        }
    }

    /// Finds the next good block; none where the input ends. After that it can
    /// be asked again: the input may have grown.
    pub fn next(&mut self) -> io::Result<Option<FoundBlock>> {
        self.input.consume(std::mem::take(&mut self.given));
        // Where the input ends in the middle of a block, the search goes on
        // inside it, but the block is held: its rest may yet come.
        let mut held = false;
        let mut ahead = 0;
        loop {
            let bytes = &self.input.look(ahead + HEADER)?[ahead..];
            if bytes.len() < HEADER {
                return Ok(None);
            }
            let mut pass = 1;
            if let Some(header) = Header::parse(bytes) {
                let length = header.block_length();
                let bytes = &self.input.look(ahead + length)?[ahead..];
                match bytes.get(HEADER..length) {
                    Some(payload) if crc32c::crc32c(payload) == header.payload_crc => {
                        self.pass(ahead);
                        self.given = length;
                        return Ok(Some(FoundBlock {
                            header,
                            offset: self.input.offset(),
                            skipped: std::mem::take(&mut self.skipped),
                        }));
                    }
                    Some(_) => pass = self.distrust(ahead, length),
                    None => held = true,
                }
            }
            pass += to_marker(&self.input.ahead()[ahead + pass..]);
            if held {
                ahead += pass;
            } else {
                self.pass(pass);
            }
        }
    }

    /// Goes on at another place, as if nothing had been read.
    pub fn seek(&mut self, offset: u64) -> io::Result<()>
    where
        R: Seek,
    {
        self.input.seek(offset)?;
        (self.given, self.skipped, self.claimed, self.tries) = (0, 0, 0, 0);
        Ok(())
    }

    /// How far to go on from a block of that length whose payload is damaged.
    fn distrust(&mut self, ahead: usize, length: usize) -> usize {
        let at = self.input.offset() + ahead as u64;
        if at >= self.claimed {
            self.tries = 0;
        }
        self.tries += 1;
        self.claimed = self.claimed.max(at + length as u64);
        if self.tries < TRIES {
            1
        } else {
            (self.claimed - at) as usize
        }
    }

    /// The payload of the block last given out.
    pub fn payload(&self) -> &[u8] {
        self.input.ahead().get(HEADER..self.given).unwrap_or(&[])
    }

    /// Where the good blocks end, and how many bytes follow. Once `next` has
    /// found no more.
    pub fn rest(&self) -> (u64, u64) {
        let after = self.input.ahead().len() as u64;
        let good = self.input.offset() - self.skipped;
        (good, self.skipped + after)
    }

    fn pass(&mut self, count: usize) {
        self.input.consume(count);
        self.skipped += count as u64;
    }
}

/// How many bytes lie before the next marker, or before what may be the
/// beginning of one.
fn to_marker(bytes: &[u8]) -> usize {
    let markers = bytes.windows(MARKER.len());
    let mut markers = markers.enumerate().filter(|(_, bytes)| *bytes == MARKER);
    let next = markers.next().map(|(at, _)| at);
    next.unwrap_or(bytes.len().saturating_sub(MARKER.len() - 1))
}
