//! Sizes counted while a recording is read: blocks by kind, and bytes by kind of event.

use std::collections::BTreeMap;

use super::block_header::{CHECKPOINT, END, EVENTS, Header, INDEX, LAYOUT, RECORDS};

/// The number and size of the blocks of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockVolume {
    /// Number of blocks.
    pub blocks: u64,
    /// Bytes in the file, headers included.
    pub stored: u64,
    /// Bytes of the decompressed payloads.
    pub raw: u64,
}

/// Sizes by kind of block and by kind of event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SizeTally {
    /// Volume by the number of the kind of block.
    pub blocks: BTreeMap<u8, BlockVolume>,
    /// Decompressed bytes by the number of the kind of event. Number 0 stands for the subjects and
    /// texts that events share.
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

    /// Returns the volume of all blocks together.
    pub fn all(&self) -> BlockVolume {
        let volumes = self.blocks.values();
        volumes.fold(BlockVolume::default(), |sum, one| BlockVolume {
            blocks: sum.blocks + one.blocks,
            stored: sum.stored + one.stored,
            raw: sum.raw + one.raw,
        })
    }
}

/// Returns the name of a kind of block.
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
