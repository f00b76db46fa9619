//! The header of a block: its fields and its validation. docs/recording-format.md specifies each
//! byte.

use super::{limits::MAX_PAYLOAD, span::Span};

/// Marker at the beginning of a block. A reader searches for it after damage.
pub(super) const MARKER: [u8; 4] = *b"\xf7TrB";
/// Length of a block header in bytes.
pub(super) const HEADER: usize = 56;

// Kinds of blocks, numbered by hand. Readers skip unknown kinds.

pub(super) const EVENTS: u8 = 1;
pub(super) const INDEX: u8 = 2;
pub(super) const END: u8 = 3;
pub(super) const CHECKPOINT: u8 = 4;
// Since version 2.
pub(super) const RECORDS: u8 = 5;
pub(super) const LAYOUT: u8 = 6;

// Compression of the payload.

pub(super) const STORED: u8 = 0;
pub(super) const ZSTD: u8 = 1;

/// A validated block header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Format version of this block.
    pub version: u16,
    pub kind: u8,
    pub compression: u8,
    /// Length of the payload in the file, bytes.
    pub stored: u32,
    /// Length of the decompressed payload, bytes.
    pub raw: u32,
    pub payload_crc: u32,
    /// Events in this block.
    pub events: u32,
    /// Blocks before this one in the recording. After damage, this and `events_before` show how
    /// much was lost.
    pub blocks_before: u32,
    /// Events before this block in the recording.
    pub events_before: u64,
    pub span: Span,
}

impl Header {
    pub fn to_bytes(self) -> [u8; HEADER] {
        let Header {
            version,
            kind,
            compression,
            stored,
            raw,
            payload_crc,
            events,
            blocks_before,
            events_before,
            span,
        } = self;
        let mut bytes = [0; HEADER];
        bytes[0..4].copy_from_slice(&MARKER);
        bytes[8..10].copy_from_slice(&version.to_le_bytes());
        bytes[10] = kind;
        bytes[11] = compression;
        bytes[12..16].copy_from_slice(&stored.to_le_bytes());
        bytes[16..20].copy_from_slice(&raw.to_le_bytes());
        bytes[20..24].copy_from_slice(&payload_crc.to_le_bytes());
        bytes[24..28].copy_from_slice(&events.to_le_bytes());
        bytes[28..32].copy_from_slice(&blocks_before.to_le_bytes());
        bytes[32..40].copy_from_slice(&events_before.to_le_bytes());
        bytes[40..48].copy_from_slice(&span.earliest.to_le_bytes());
        bytes[48..56].copy_from_slice(&span.latest.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[8..]);
        bytes[4..8].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Parses the header at the front of `bytes`. Returns none if it is not valid. Lengths above
    /// the limit are rejected here, before memory is allocated for them.
    pub fn parse(bytes: &[u8]) -> Option<Header> {
        let bytes: &[u8; HEADER] = bytes.first_chunk()?;
        if bytes[0..4] != MARKER || u32_at(bytes, 4) != crc32c::crc32c(&bytes[8..]) {
            return None;
        }
        let header = Header {
            version: u16::from_le_bytes([bytes[8], bytes[9]]),
            kind: bytes[10],
            compression: bytes[11],
            stored: u32_at(bytes, 12),
            raw: u32_at(bytes, 16),
            payload_crc: u32_at(bytes, 20),
            events: u32_at(bytes, 24),
            blocks_before: u32_at(bytes, 28),
            events_before: u64_at(bytes, 32),
            span: Span {
                earliest: u64_at(bytes, 40),
                latest: u64_at(bytes, 48),
            },
        };
        let fits = |length: u32| length as usize <= MAX_PAYLOAD;
        let is_sound =
            fits(header.stored) && fits(header.raw) && header.span.earliest <= header.span.latest;
        is_sound.then_some(header)
    }

    /// Returns the kind of block, or 0 for a kind that this format version does not have.
    pub fn kind(&self) -> u8 {
        match self.kind {
            RECORDS | LAYOUT if self.version < 2 => 0,
            kind => kind,
        }
    }

    /// Returns true if the events of this block are part of the stream.
    pub fn is_in_stream(&self) -> bool {
        matches!(self.kind(), EVENTS | RECORDS)
    }

    /// Returns the length of the header and the payload together, bytes.
    pub fn block_length(&self) -> usize {
        HEADER + self.stored as usize
    }
}

fn u32_at(bytes: &[u8; HEADER], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|index| bytes[at + index]))
}

fn u64_at(bytes: &[u8; HEADER], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|index| bytes[at + index]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            version: 0x0102,
            kind: EVENTS,
            compression: ZSTD,
            stored: 0x0003_0405,
            raw: 0x0006_0708,
            payload_crc: 0x090a_0b0c,
            events: 0x0d0e_0f10,
            blocks_before: 0x1112_1314,
            events_before: 0x1516_1718_191a_1b1c,
            span: Span {
                earliest: 0x1d1e_1f20_2122_2324,
                latest: u64::MAX,
            },
        }
    }

    #[test]
    fn header_round_trips_and_every_flipped_bit_is_rejected() {
        let bytes = header().to_bytes();
        assert_eq!(Header::parse(&bytes), Some(header()));
        for bit in 0..HEADER * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::parse(&damaged), None, "bit {bit}");
        }
        assert_eq!(Header::parse(&bytes[..HEADER - 1]), None);
    }

    #[test]
    fn excessive_lengths_are_rejected() {
        let huge = MAX_PAYLOAD as u32 + 1;
        let stored = Header {
            stored: huge,
            ..header()
        };
        let raw = Header {
            raw: huge,
            ..header()
        };
        assert_eq!(Header::parse(&stored.to_bytes()), None);
        assert_eq!(Header::parse(&raw.to_bytes()), None);
    }
}
