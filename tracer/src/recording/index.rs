//! The index of a recording: the offset and the time span of each block of events, so that a reader
//! can seek to a time without reading what is before it.

use std::io::{Read, Seek, SeekFrom};

use super::{
    Error,
    block_header::{CHECKPOINT, END, EVENTS, HEADER, Header, INDEX, RECORDS},
    block_scanner::{BlockScanner, FoundBlock},
    checkpoint::{self, Checkpoint},
    file_header,
    limits::MAX_PAYLOAD,
    lookahead::Lookahead,
    malformed::Malformed,
    payload::PayloadOpener,
    span::Span,
    varint,
};

/// A block of events or records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// Offset in the file, bytes.
    pub offset: u64,
    /// Length in the file, bytes.
    pub length: u64,
    /// Number of events.
    pub events: u32,
    /// Span of the events.
    pub span: Span,
}

/// The blocks of events of a recording and its checkpoints, in file order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// Blocks of events.
    pub entries: Vec<IndexEntry>,
    /// Checkpoints.
    pub checkpoints: Vec<Checkpoint>,
    /// True if this is the writer's own index, which a recording has when it was ended properly;
    /// false if it was rebuilt from the blocks.
    pub written: bool,
}

impl Index {
    /// Reads the index of a recording, or rebuilds it from the block headers if there is no valid
    /// one.
    pub fn load(mut from: impl Read + Seek) -> Result<Index, Error> {
        if let Some(index) = written(&mut from)? {
            return Ok(index);
        }
        from.rewind()?;
        let mut index = Index::default();
        GrowingIndex::open(from)?.grow(&mut index)?;
        Ok(index)
    }
}

/// Indexes a recording that is still being written.
pub struct GrowingIndex<R> {
    blocks: BlockScanner<R>,
    ended: bool,
}

impl<R: Read> GrowingIndex<R> {
    /// Starts at the front of a recording.
    pub fn open(from: R) -> Result<GrowingIndex<R>, Error> {
        let (input, _) = file_header::header(Lookahead::new(from))?;
        Ok(GrowingIndex {
            blocks: BlockScanner::new(input),
            ended: false,
        })
    }

    /// Adds the blocks written since the last call to `index`. Reads only these.
    pub fn grow(&mut self, index: &mut Index) -> Result<(), Error> {
        while !self.ended
            && let Some(FoundBlock { header, offset, .. }) = self.blocks.next()?
        {
            file_header::check(header.version)?;
            match header.kind() {
                EVENTS | RECORDS => index.entries.push(IndexEntry {
                    offset,
                    length: header.block_length() as u64,
                    events: header.events,
                    span: header.span,
                }),
                CHECKPOINT => add(&mut index.checkpoints, &header, offset),
                END => self.ended = true,
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns true if the end mark has been read.
    pub fn has_ended(&self) -> bool {
        self.ended
    }
}

/// Adds a block to the checkpoints. Adjacent blocks are one checkpoint.
fn add(checkpoints: &mut Vec<Checkpoint>, header: &Header, offset: u64) {
    let length = header.block_length() as u64;
    match checkpoints.last_mut() {
        Some(last) if last.offset + last.length == offset => last.length += length,
        _ => checkpoints.push(Checkpoint {
            offset,
            length,
            // The number is in the payload, which is not read here.
            events: 0,
            events_before: header.events_before,
            at: header.span.latest,
        }),
    }
}

/// Reads the writer's index: follows the chain of index blocks from the end of the file.
fn written(from: &mut (impl Read + Seek)) -> Result<Option<Index>, Error> {
    let length = from.seek(SeekFrom::End(0))?;
    let Some(end) = length.checked_sub((HEADER + END_PAYLOAD) as u64) else {
        return Ok(None);
    };
    let mut opener = PayloadOpener::new()?;
    let mut raw = Vec::new();
    if !open(from, end, END, &mut opener, &mut raw)? {
        return Ok(None);
    }
    let mut before = end;
    let mut next = raw
        .first_chunk()
        .map_or(0, |&bytes| u64::from_le_bytes(bytes));
    let (mut parts, mut blocks) = (Vec::new(), 0_usize);
    while next != 0 {
        // Offsets must decrease, or the chain could be a loop.
        if next >= before || !open(from, next, INDEX, &mut opener, &mut raw)? {
            return Ok(None);
        }
        before = next;
        let Ok((earlier, entries, checkpoints)) = get(&raw) else {
            return Ok(None);
        };
        next = earlier;
        // Each entry stands for a block of the file.
        blocks += entries.len() + checkpoints.len();
        if blocks as u64 > length / HEADER as u64 {
            return Ok(None);
        }
        parts.push((entries, checkpoints));
    }
    let mut index = Index {
        written: true,
        ..Index::default()
    };
    for (entries, checkpoints) in parts.into_iter().rev() {
        index.entries.extend(entries);
        index.checkpoints.extend(checkpoints);
    }
    Ok(Some(index))
}

/// Reads the block at `offset`. Returns false if there is no intact block of this kind.
fn open(
    from: &mut (impl Read + Seek),
    offset: u64,
    kind: u8,
    opener: &mut PayloadOpener,
    raw: &mut Vec<u8>,
) -> Result<bool, Error> {
    from.seek(SeekFrom::Start(offset))?;
    let limit = (HEADER + MAX_PAYLOAD) as u64;
    let mut blocks = BlockScanner::new(Lookahead::new(from.take(limit)));
    let Some(FoundBlock {
        header, skipped: 0, ..
    }) = blocks.next()?
    else {
        return Ok(false);
    };
    file_header::check(header.version)?;
    let good = header.kind == kind && opener.open(&header, blocks.payload(), raw).is_ok();
    Ok(good)
}

/// Length of the payload of the end block, the offset of the last index block, bytes.
pub(super) const END_PAYLOAD: usize = 8;

/// Writes the payload of an index block. `earlier` is the offset of the index block before it, or 0
/// for the first.
pub(super) fn put(
    payload: &mut Vec<u8>,
    earlier: u64,
    entries: &[IndexEntry],
    checkpoints: &[Checkpoint],
) {
    payload.clear();
    varint::put(payload, earlier);
    varint::put(payload, entries.len() as u64);
    let mut last = (0, 0);
    for entry in entries {
        let IndexEntry {
            offset,
            length,
            events,
            span,
        } = *entry;
        varint::put(payload, varint::difference(offset, last.0));
        varint::put(payload, length);
        varint::put(payload, u64::from(events));
        varint::put(payload, varint::difference(span.earliest, last.1));
        varint::put(payload, varint::difference(span.latest, span.earliest));
        last = (offset.wrapping_add(length), span.latest);
    }
    checkpoint::put_all(payload, checkpoints);
}

/// The offset of the index block before, then the contents of this one.
type IndexBlock = (u64, Vec<IndexEntry>, Vec<Checkpoint>);

fn get(mut rest: &[u8]) -> Result<IndexBlock, Malformed> {
    let rest = &mut rest;
    let earlier = varint::get(rest)?;
    let count = varint::get(rest)?;
    // An entry takes at least five bytes.
    if count > (rest.len() / 5) as u64 {
        return Err(Malformed);
    }
    let mut entries = Vec::with_capacity(count as usize);
    let mut last = (0, 0);
    for _ in 0..count {
        let offset = varint::from_difference(varint::get(rest)?, last.0);
        let length = varint::get(rest)?;
        let events = u32::try_from(varint::get(rest)?).map_err(|_| Malformed)?;
        let earliest = varint::from_difference(varint::get(rest)?, last.1);
        let latest = varint::from_difference(varint::get(rest)?, earliest);
        if latest < earliest {
            return Err(Malformed);
        }
        last = (offset.wrapping_add(length), latest);
        entries.push(IndexEntry {
            offset,
            length,
            events,
            span: Span { earliest, latest },
        });
    }
    Ok((earlier, entries, checkpoint::get_all(rest)?))
}
