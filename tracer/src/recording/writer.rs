//! [`Writer`] writes events and records as a recording. Flushed data stays readable whatever happens
//! next: each block is written in one piece, and written bytes are never changed.

use std::io::{self, Write};

use super::{
    block_header::{CHECKPOINT, END, EVENTS, HEADER, INDEX, LAYOUT, RECORDS},
    checkpoint::{self, Checkpoint},
    event_block::EventBlockBuilder,
    file_header,
    index::{self, IndexEntry},
    payload::{BlockLabel, BlockPacker, Effort},
    record_block::RecordBlock,
    span::Span,
};
use crate::{
    event::{Event, What},
    records,
};

/// Payload length at which a block is closed, bytes.
const BLOCK: usize = 512 << 10;

/// Number of blocks of events after which an index block is written, so that memory does not grow
/// with the recording.
pub(super) const INDEX_ENTRIES: usize = 4096;

/// The amount written to the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Bytes in the file: compressed, with all headers.
    pub bytes: u64,
    /// Events of the stream.
    pub events: u64,
}

/// Writes a recording.
pub struct Writer<W> {
    to: W,
    event_block: EventBlockBuilder,
    packer: BlockPacker,
    payload: Vec<u8>,
    written: Written,
    blocks: u32,
    /// Span of all events written.
    span: Option<Span>,
    /// Blocks that no index block lists yet.
    unlisted: Vec<IndexEntry>,
    /// Checkpoints that no index block lists yet.
    checkpoints: Vec<Checkpoint>,
    /// Offset of the last index block, or 0.
    last_index: u64,
    /// True if this recording contains the layout of records.
    has_layout: bool,
    /// True after a failed write. Half a block may be in the file, so nothing more is written.
    broken: bool,
}

impl<W: Write> Writer<W> {
    /// Begins a recording. The first event written must be the session.
    pub fn new(to: W) -> io::Result<Self> {
        let mut writer = Writer {
            to,
            event_block: EventBlockBuilder::default(),
            packer: BlockPacker::new()?,
            payload: Vec::new(),
            written: Written::default(),
            blocks: 0,
            span: None,
            unlisted: Vec::new(),
            checkpoints: Vec::new(),
            last_index: 0,
            has_layout: false,
            broken: false,
        };
        writer.begin()?;
        Ok(writer)
    }

    /// Adds an event. It reaches the output with the next [`flush`](Self::flush) at the latest.
    pub fn write(&mut self, event: &Event) -> io::Result<()> {
        self.check()?;
        self.event_block.add(event);
        // The session describes the whole recording. It is written at once, in a small block of its
        // own, which damage is unlikely to hit.
        if self.event_block.size() >= BLOCK || matches!(event.what, What::Session(_)) {
            self.close_block()?;
        }
        Ok(())
    }

    /// Writes a block of records. The layout of records is written before the first one.
    pub fn write_block(&mut self, block: &RecordBlock, effort: Effort) -> io::Result<()> {
        self.check()?;
        self.close_block()?;
        let Some(span) = block.span() else {
            return Ok(());
        };
        let mut payload = std::mem::take(&mut self.payload);
        let kind = match block.has_records() {
            true => RECORDS,
            false => EVENTS,
        };
        let layout = match kind == RECORDS && !self.has_layout {
            true => self.write_layout(span),
            false => Ok(()),
        };
        match kind {
            RECORDS => block.pack(&mut payload),
            _ => block.event_block.payload(&mut payload),
        }
        let put =
            layout.and_then(|()| self.put_stream(kind, block.count(), span, &payload, effort));
        self.payload = payload;
        put
    }

    fn write_layout(&mut self, span: Span) -> io::Result<()> {
        self.has_layout = true;
        let at = Span::of(span.earliest);
        let text = records::own_text().as_bytes();
        self.put(LAYOUT, 0, at, text, Effort::High)
    }

    /// Writes a checkpoint: a snapshot of existing tasks, for a reader that starts here or has missed
    /// events. The first event must be the session, the last a [`What::SnapshotEnd`].
    pub fn checkpoint<'a>(
        &mut self,
        events: impl IntoIterator<Item = &'a Event>,
    ) -> io::Result<()> {
        self.check()?;
        self.close_block()?;
        let at = self.span.map_or(0, |span| span.latest);
        let mut checkpoint = Checkpoint {
            offset: self.written.bytes,
            length: 0,
            events: 0,
            events_before: self.written.events,
            at,
        };
        for event in events {
            self.event_block.add(event);
            checkpoint.events += 1;
            if self.event_block.size() >= BLOCK {
                self.close_checkpoint_block(at)?;
            }
        }
        self.close_checkpoint_block(at)?;
        checkpoint.length = self.written.bytes - checkpoint.offset;
        self.checkpoints.push(checkpoint);
        Ok(())
    }

    fn close_checkpoint_block(&mut self, at: u64) -> io::Result<()> {
        if self.event_block.count() == 0 {
            return Ok(());
        }
        let mut payload = std::mem::take(&mut self.payload);
        self.event_block.payload(&mut payload);
        checkpoint::put_count(&mut payload, self.event_block.count());
        let put = self.put(CHECKPOINT, 0, Span::of(at), &payload, Effort::Normal);
        self.payload = payload;
        self.event_block.clear();
        put
    }

    /// Writes everything added so far to the output and flushes it.
    pub fn flush(&mut self) -> io::Result<()> {
        self.check()?;
        self.close_block()?;
        self.to.flush().inspect_err(|_| self.broken = true)
    }

    /// Ends the recording: writes the index, then the end mark.
    pub fn finish(mut self) -> io::Result<(Written, W)> {
        self.end()?;
        Ok((self.written, self.to))
    }

    /// Ends the recording and begins another one, for which `turn` prepares the output. Returns the
    /// amount written to the recording that ended.
    pub fn begin_another(
        &mut self,
        turn: impl FnOnce(&mut W) -> io::Result<()>,
    ) -> io::Result<Written> {
        self.end()?;
        let ended = std::mem::take(&mut self.written);
        (self.blocks, self.span, self.last_index) = (0, None, 0);
        self.has_layout = false;
        let begun = turn(&mut self.to).and_then(|()| self.begin());
        begun.inspect_err(|_| self.broken = true)?;
        Ok(ended)
    }

    fn begin(&mut self) -> io::Result<()> {
        let header = file_header::to_bytes();
        self.to.write_all(&header)?;
        self.written.bytes = header.len() as u64;
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.check()?;
        self.close_block()?;
        self.write_index()?;
        let span = self.span.unwrap_or(Span::of(0));
        let last_index = self.last_index.to_le_bytes();
        self.put(END, 0, span, &last_index, Effort::Normal)?;
        self.to.flush().inspect_err(|_| self.broken = true)
    }

    /// Returns the amount written to the current recording.
    pub fn written(&self) -> Written {
        self.written
    }

    /// Returns the output.
    pub fn output(&self) -> &W {
        &self.to
    }

    /// Returns the output. Callers must not write to it.
    pub fn output_mut(&mut self) -> &mut W {
        &mut self.to
    }

    fn check(&self) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other(
                "the recording has ended: an earlier write failed",
            ));
        }
        Ok(())
    }

    fn close_block(&mut self) -> io::Result<()> {
        let Some(span) = self.event_block.span() else {
            return Ok(());
        };
        let mut payload = std::mem::take(&mut self.payload);
        self.event_block.payload(&mut payload);
        let events = self.event_block.count();
        let put = self.put_stream(EVENTS, events, span, &payload, Effort::Normal);
        self.payload = payload;
        put?;
        self.event_block.clear();
        Ok(())
    }

    /// Writes a block whose events are part of the stream, and lists it for the index.
    fn put_stream(
        &mut self,
        kind: u8,
        events: u32,
        span: Span,
        payload: &[u8],
        effort: Effort,
    ) -> io::Result<()> {
        let offset = self.written.bytes;
        self.put(kind, events, span, payload, effort)?;
        self.written.events += u64::from(events);
        self.span = Some(self.span.map_or(span, |sum| sum.join(span)));
        self.unlisted.push(IndexEntry {
            offset,
            length: self.written.bytes - offset,
            events,
            span,
        });
        if self.unlisted.len() == INDEX_ENTRIES {
            self.write_index()?;
        }
        Ok(())
    }

    fn write_index(&mut self) -> io::Result<()> {
        let spans = self.unlisted.iter().map(|entry| entry.span);
        let moments = self.checkpoints.iter().map(|it| Span::of(it.at));
        let Some(span) = spans.chain(moments).reduce(Span::join) else {
            return Ok(());
        };
        let mut payload = std::mem::take(&mut self.payload);
        index::put(
            &mut payload,
            self.last_index,
            &self.unlisted,
            &self.checkpoints,
        );
        let offset = self.written.bytes;
        let put = self.put(INDEX, 0, span, &payload, Effort::Normal);
        self.payload = payload;
        put?;
        self.last_index = offset;
        self.unlisted.clear();
        self.checkpoints.clear();
        Ok(())
    }

    fn put(
        &mut self,
        kind: u8,
        events: u32,
        span: Span,
        payload: &[u8],
        effort: Effort,
    ) -> io::Result<()> {
        let label = BlockLabel {
            kind,
            events,
            blocks_before: self.blocks,
            events_before: self.written.events,
            span,
        };
        let block = self.packer.pack(label, payload, effort);
        let written = block.and_then(|block| {
            debug_assert!(block.len() >= HEADER);
            self.to.write_all(block)?;
            Ok(block.len())
        });
        let length = written.inspect_err(|_| self.broken = true)?;
        self.written.bytes += length as u64;
        self.blocks += 1;
        Ok(())
    }
}
