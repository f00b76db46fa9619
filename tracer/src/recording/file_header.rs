//! The file header: the first bytes of a recording, and the check of its format version.

use std::io::Read;

use super::{block_header::Header, error::Error, lookahead::Lookahead, upgrade, version::VERSION};

/// Magic bytes. The first is not ASCII, so that no text file matches; the last is a newline, so
/// that a transfer that converts line endings is detected.
pub(super) const MAGIC: [u8; 8] = *b"\x89tracer\n";
/// Length of the file header in bytes.
pub(super) const FILE_HEADER: usize = 16;

/// Bytes that are searched for a block when the file header is damaged.
const SEARCH: usize = 64 << 10;

/// Returns an error if this format version is not supported.
pub(super) fn check(version: u16) -> Result<(), Error> {
    match upgrade::is_known(version) {
        true => Ok(()),
        false => Err(Error::Version(version)),
    }
}

/// Returns the file header that a writer writes.
pub(super) fn to_bytes() -> [u8; FILE_HEADER] {
    let mut bytes = [0; FILE_HEADER];
    bytes[0..8].copy_from_slice(&MAGIC);
    bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
    bytes[10..12].copy_from_slice(&(FILE_HEADER as u16).to_le_bytes());
    let crc = crc32c::crc32c(&bytes[0..12]);
    bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// Returns true if bytes begin like a recording.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Skips the file header and returns the format version. A damaged header is left to be skipped
/// like any other damage, because each block header repeats the version.
pub(super) fn header<R: Read>(
    mut input: Lookahead<R>,
) -> Result<(Lookahead<R>, Option<u16>), Error> {
    let bytes = input.look(FILE_HEADER)?;
    let Some(bytes) = bytes.first_chunk::<FILE_HEADER>() else {
        let is_ours = bytes.iter().zip(MAGIC).all(|(&ours, byte)| ours == byte);
        return Err(if is_ours {
            Error::Empty
        } else {
            Error::NotARecording
        });
    };
    let crc = crc32c::crc32c(&bytes[..12]).to_le_bytes();
    if bytes[..8] == MAGIC && bytes[12..] == crc {
        let version = u16::from_le_bytes([bytes[8], bytes[9]]);
        check(version)?;
        let length = usize::from(u16::from_le_bytes([bytes[10], bytes[11]]));
        let length = length.min(input.look(length)?.len());
        input.consume(length);
        return Ok((input, Some(version)));
    }
    let bytes = input.look(SEARCH)?;
    let bytes = &bytes[..bytes.len().min(SEARCH)];
    if (0..bytes.len()).any(|at| Header::parse(&bytes[at..]).is_some()) {
        return Ok((input, None));
    }
    Err(Error::NotARecording)
}
