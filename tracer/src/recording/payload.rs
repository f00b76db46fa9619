//! Payloads in and out of blocks: compression and checksums. What a payload
//! says it must not know.

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

/// What compression may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Much comes in: it must go fast.
    Low,
    Normal,
    /// It is short and always the same.
    High,
}

impl Effort {
    /// zstd's level.
    fn level(self) -> i32 {
        match self {
            Effort::Low => 1,
            Effort::Normal => 3,
            Effort::High => 12,
        }
    }
}

/// Makes blocks, all in one piece of memory.
pub(super) struct BlockPacker {
    zstd: Compressor<'static>,
    effort: Effort,
    block: Vec<u8>,
}

/// What the header says besides lengths and checksums.
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

    /// The block as it goes to the file.
    pub fn pack(&mut self, label: BlockLabel, payload: &[u8], effort: Effort) -> io::Result<&[u8]> {
        if payload.len() > MAX_PAYLOAD {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "an event is too long for a recording: its block has {} bytes",
                    payload.len()
                ),
            ));
        }
        if effort != self.effort {
            self.zstd.set_compression_level(effort.level())?;
            self.effort = effort;
        }
        // There is room for any outcome: a compressor that finds too little cannot
        // be given another level (zstd 1.5: "stage_wrong").
        self.block.resize(HEADER + compress_bound(payload.len()), 0);
        let room = &mut self.block[HEADER..];
        let length = self.zstd.compress_to_buffer(payload, room)?;
        // Compression that would need more room than none is not used.
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

    /// Puts into `raw` what the payload holds, as the present version says it.
    /// It takes no more memory than the header says, which is no more than
    /// [`MAX_PAYLOAD`].
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
