//! How much of what a recording holds, counted while it is read: blocks by
//! their kind, and the room that each kind of event takes.

use std::collections::BTreeMap;

use super::block_header::{CHECKPOINT, END, EVENTS, Header, INDEX, LAYOUT, RECORDS};

/// BlockScanner of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockVolume {
    pub blocks: u64,
    /// In the file, headers included.
    pub stored: u64,
    /// Payloads when decompressed.
    pub raw: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SizeTally {
    /// By the number of the kind of block.
    pub blocks: BTreeMap<u8, BlockVolume>,
    /// Bytes of columns, decompressed, by the number of the kind of event;
    /// 0 stands for what events share: subjects and texts.
    pub columns: BTreeMap<u8, u64>,
}

impl SizeTally {
    pub(super) fn add(&mut self, header: &Header) {
        let volume = self.blocks.entry(header.kind).or_default();
        volume.blocks += 1;
        volume.stored += header.block_length() as u64;
        volume.raw += u64::from(header.raw);
    }

    pub(super) fn add_columns(&mut self, sizes: impl IntoIterator<Item = (u8, u64)>) {
        for (kind, size) in sizes {
            *self.columns.entry(kind).or_default() += size;
        }
    }

    /// All blocks together.
    pub fn all(&self) -> BlockVolume {
        let volumes = self.blocks.values();
        volumes.fold(BlockVolume::default(), |sum, one| BlockVolume {
            blocks: sum.blocks + one.blocks,
            stored: sum.stored + one.stored,
            raw: sum.raw + one.raw,
        })
    }
}

/// What a kind of block holds, in a word.
pub fn block_name(kind: u8) -> &'static str {
    match kind {
        EVENTS => "events",
        RECORDS => "records",
        INDEX => "index",
        END => "end",
        CHECKPOINT => "checkpoint",
        LAYOUT => "layout",
        _ => "unknown",
    }
}
