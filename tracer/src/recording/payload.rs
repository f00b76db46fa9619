//! Compression and checksums of payloads: packs payloads into blocks and opens them again. This file
//! must not know what payloads contain.

use std::io;

use zstd::{
    bulk::{Compressor, Decompressor},
    zstd_safe::compress_bound,
};

use super::{
    block_header::{HEADER, Header, STORED, ZSTD},
    limits::MAX_PAYLOAD,
    malformed::Malformed,
    span::Span,
    upgrade,
    version::VERSION,
};

/// The effort spent on compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// For high data rates.
    Low,
    /// The default.
    Normal,
    /// For short payloads that are written once.
    High,
}

impl Effort {
    /// Returns the zstd compression level.
    fn level(self) -> i32 {
        match self {
            Effort::Low => 1,
            Effort::Normal => 3,
            Effort::High => 12,
        }
    }
}

/// Packs payloads into blocks, reusing one buffer.
pub(super) struct BlockPacker {
    zstd: Compressor<'static>,
    effort: Effort,
    block: Vec<u8>,
}

/// The fields of a header besides lengths and checksums.
pub(super) struct BlockLabel {
    pub kind: u8,
    pub events: u32,
    pub blocks_before: u32,
    pub events_before: u64,
    pub span: Span,
}

impl BlockPacker {
    pub fn new() -> io::Result<Self> {
        Ok(BlockPacker {
            zstd: Compressor::new(Effort::Normal.level())?,
            effort: Effort::Normal,
            block: Vec::new(),
        })
    }

    /// Returns the block as it is written to the file.
    pub fn pack(&mut self, label: BlockLabel, payload: &[u8], effort: Effort) -> io::Result<&[u8]> {
        if payload.len() > MAX_PAYLOAD {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "an event is too long for a recording: its block would have {} bytes",
                    payload.len()
                ),
            ));
        }
        if effort != self.effort {
            self.zstd.set_compression_level(effort.level())?;
            self.effort = effort;
        }
        // The buffer fits any result: after a compression that lacked space, the compressor
        // rejects a change of level (zstd 1.5: "stage_wrong").
        self.block.resize(HEADER + compress_bound(payload.len()), 0);
        let room = &mut self.block[HEADER..];
        let length = self.zstd.compress_to_buffer(payload, room)?;
        // A payload that does not shrink is stored uncompressed.
        let (compression, stored) = match length < payload.len() {
            true => (ZSTD, length),
            false => {
                room[..payload.len()].copy_from_slice(payload);
                (STORED, payload.len())
            }
        };
        self.block.truncate(HEADER + stored);
        let BlockLabel {
            kind,
            events,
            blocks_before,
            events_before,
            span,
        } = label;
        let header = Header {
            version: VERSION,
            kind,
            compression,
            stored: stored as u32,
            raw: payload.len() as u32,
            payload_crc: crc32c::crc32c(&self.block[HEADER..]),
            events,
            blocks_before,
            events_before,
            span,
        };
        self.block[..HEADER].copy_from_slice(&header.to_bytes());
        Ok(&self.block)
    }
}

/// Opens the payloads of blocks.
pub(super) struct PayloadOpener {
    zstd: Decompressor<'static>,
}

impl PayloadOpener {
    pub fn new() -> io::Result<Self> {
        Ok(PayloadOpener {
            zstd: Decompressor::new()?,
        })
    }

    /// Decompresses a payload to `raw` and upgrades it to the current format version. The memory is
    /// bounded by the length in the header, which is at most [`MAX_PAYLOAD`].
    pub fn open(
        &mut self,
        header: &Header,
        payload: &[u8],
        raw: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        raw.clear();
        match header.compression {
            STORED => raw.extend_from_slice(payload),
            ZSTD => {
                raw.reserve_exact(header.raw as usize);
                let opened = self.zstd.decompress_to_buffer(payload, raw);
                opened.map_err(|_| Malformed)?;
            }
            _ => return Err(Malformed),
        }
        if raw.len() != header.raw as usize {
            return Err(Malformed);
        }
        upgrade::upgrade(header.version, header.kind, raw)
    }
}
