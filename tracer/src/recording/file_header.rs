//! The front of a recording and the versions this tracer reads.

use std::io::Read;

use super::{block_header::Header, error::Error, lookahead::Lookahead, upgrade, version::VERSION};

/// A byte that is not ASCII, so that no text is taken for a recording, and a
/// line end, so that a transfer that changes those is found out.
pub(super) const MAGIC: [u8; 8] = *b"\x89tracer\n";
pub(super) const FILE_HEADER: usize = 16;

/// How far a recording with a damaged front is searched for a block.
const SEARCH: usize = 64 << 10;

pub(super) fn check(version: u16) -> Result<(), Error> {
    match upgrade::is_known(version) {
        true => Ok(()),
        false => Err(Error::Version(version)),
    }
}

/// What a file begins with.
pub(super) fn to_bytes() -> [u8; FILE_HEADER] {
    let mut bytes = [0; FILE_HEADER];
    bytes[0..8].copy_from_slice(&MAGIC);
    bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
    bytes[10..12].copy_from_slice(&(FILE_HEADER as u16).to_le_bytes());
    let crc = crc32c::crc32c(&bytes[0..12]);
    bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// Passes over the header of the file, and says its version. A damaged one is left to be skipped
/// like any other damage: every block says by itself what a reader must know.
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
