//! Where the blocks of events lie in a file and what time each spans, so that
//! a reader can go to a moment without reading what is before it.

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

/// One block of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// Where it begins in the file, and how long it is there.
    pub offset: u64,
    pub length: u64,
    pub events: u32,
    pub span: Span,
}

/// The blocks of events of a recording and its checkpoints, in the order of the
/// file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    pub entries: Vec<IndexEntry>,
    pub checkpoints: Vec<Checkpoint>,
    /// The recording was ended in good order and the writer's own index was
    /// read; otherwise this one was made from the blocks.
    pub written: bool,
}

impl Index {
    /// Reads the index of a recording, or makes it from the headers of the
    /// blocks where there is none that can be trusted.
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

/// Where the blocks are of a recording that is still being written.
pub struct GrowingIndex<R> {
    blocks: BlockScanner<R>,
    ended: bool,
}

impl<R: Read> GrowingIndex<R> {
    /// Begins at the front of a recording.
    pub fn open(from: R) -> Result<GrowingIndex<R>, Error> {
        let (input, _) = file_header::header(Lookahead::new(from))?;
        Ok(GrowingIndex {
            blocks: BlockScanner::new(input),
            ended: false,
        })
    }

    /// Adds the blocks that have been written since. Reads those and no others.
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

    /// The writer has set its end mark.
    pub fn has_ended(&self) -> bool {
        self.ended
    }
}

/// A checkpoint is all of its blocks that stand together.
fn add(checkpoints: &mut Vec<Checkpoint>, header: &Header, offset: u64) {
    let length = header.block_length() as u64;
    match checkpoints.last_mut() {
        Some(last) if last.offset + last.length == offset => last.length += length,
        _ => checkpoints.push(Checkpoint {
            offset,
            length,
            // That is in the payload, and can be done without.
            events: 0,
            events_before: header.events_before,
            at: header.span.latest,
        }),
    }
}

/// Follows the chain of index blocks from the end of the file to its front.
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
    let mut parts = Vec::new();
    while next != 0 {
        // A chain that does not lead to the front could lead round for ever.
        if next >= before || !open(from, next, INDEX, &mut opener, &mut raw)? {
            return Ok(None);
        }
        before = next;
        let Ok((earlier, entries, checkpoints)) = get(&raw) else {
            return Ok(None);
        };
        next = earlier;
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

/// Reads the block at `offset`; false where there is no such good block.
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

/// The payload of the end block: the offset of the last index block.
pub(super) const END_PAYLOAD: usize = 8;

/// Writes the payload of an index block; `earlier` is the offset of the index
/// block before, 0 if this is the first.
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

type IndexBlock = (u64, Vec<IndexEntry>, Vec<Checkpoint>);

fn get(mut rest: &[u8]) -> Result<IndexBlock, Malformed> {
    let rest = &mut rest;
    let earlier = varint::get(rest)?;
    let count = varint::get(rest)?;
    // An entry takes five bytes or more.
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
