//! Events into a recording. What has been flushed stays readable whatever
//! happens next: a block is written in one piece and nothing written is ever
//! touched again.

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

/// A block is closed when its payload has grown to this.
const BLOCK: usize = 512 << 10;

/// An index block is written after so many blocks of events, so that a
/// recording of weeks takes no more memory than one of minutes.
pub(super) const INDEX_ENTRIES: usize = 4096;

/// What has reached the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// As they are in the file: compressed, with all headers.
    pub bytes: u64,
    pub events: u64,
}

pub struct Writer<W> {
    to: W,
    event_block: EventBlockBuilder,
    packer: BlockPacker,
    payload: Vec<u8>,
    written: Written,
    blocks: u32,
    /// Of all events written.
    span: Option<Span>,
    /// BlockScanner that no index block lists yet, and where the last one is.
    unlisted: Vec<IndexEntry>,
    checkpoints: Vec<Checkpoint>,
    listed: u64,
    /// The layout of records is in this recording.
    described: bool,
    /// A write has failed. Half a block may be in the file; more behind it
    /// would be a lie about what was saved.
    broken: bool,
}

impl<W: Write> Writer<W> {
    /// Begins a recording. The first event to be written is the session.
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
            listed: 0,
            described: false,
            broken: false,
        };
        writer.begin()?;
        Ok(writer)
    }

    /// Adds an event. It is safe after the next [`flush`](Self::flush).
    pub fn write(&mut self, event: &Event) -> io::Result<()> {
        self.check()?;
        self.event_block.add(event);
        // The session explains all the rest: it gets a small block of its own,
        // which damage is unlikely to hit, and gets it at once.
        if self.event_block.size() >= BLOCK || matches!(event.what, What::Session(_)) {
            self.close_block()?;
        }
        Ok(())
    }

    /// Writes a block of records, and before the first one their layout.
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
        let described = match kind == RECORDS && !self.described {
            true => self.describe(span),
            false => Ok(()),
        };
        match kind {
            RECORDS => block.pack(&mut payload),
            _ => block.event_block.payload(&mut payload),
        }
        let put =
            described.and_then(|()| self.put_stream(kind, block.count(), span, &payload, effort));
        self.payload = payload;
        put
    }

    fn describe(&mut self, span: Span) -> io::Result<()> {
        self.described = true;
        let at = Span::of(span.earliest);
        let text = records::own_text().as_bytes();
        self.put(LAYOUT, 0, at, text, Effort::High)
    }

    /// Writes a checkpoint: what exists here, for a reader that comes in or has
    /// missed something. The first of the events is the session, the last a
    /// [`What::SnapshotEnd`].
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

    /// Hands everything written so far to the output.
    pub fn flush(&mut self) -> io::Result<()> {
        self.check()?;
        self.close_block()?;
        self.to.flush().inspect_err(|_| self.broken = true)
    }

    /// Ends the recording in good order: the index, then the mark that nothing
    /// is missing.
    pub fn finish(mut self) -> io::Result<(Written, W)> {
        self.end()?;
        Ok((self.written, self.to))
    }

    /// Ends the recording in good order and begins another, for which `turn`
    /// readies the output. Gives what is in the one that ended.
    pub fn begin_another(
        &mut self,
        turn: impl FnOnce(&mut W) -> io::Result<()>,
    ) -> io::Result<Written> {
        self.end()?;
        let ended = std::mem::take(&mut self.written);
        (self.blocks, self.span, self.listed) = (0, None, 0);
        self.described = false;
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
        let listed = self.listed.to_le_bytes();
        self.put(END, 0, span, &listed, Effort::Normal)?;
        self.to.flush().inspect_err(|_| self.broken = true)
    }

    pub fn written(&self) -> Written {
        self.written
    }

    /// What is written to.
    pub fn output(&self) -> &W {
        &self.to
    }

    /// Nothing must be written to it past this writer.
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

    /// Puts a block whose events are of the stream.
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
        index::put(&mut payload, self.listed, &self.unlisted, &self.checkpoints);
        let offset = self.written.bytes;
        let put = self.put(INDEX, 0, span, &payload, Effort::Normal);
        self.payload = payload;
        put?;
        self.listed = offset;
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
