//! [`Reader`] reads the events of one recording, from a file or a pipe.
//!
//! Damage never stops the reader. It continues with the next intact block, emits a
//! [`What::Gap`] for the missing events and records the damage in [`Reader::damage`].

mod resume;

use std::io::{Read, Seek};

use super::{
    block_decoder::BlockDecoder,
    block_header::{CHECKPOINT, END, EVENTS, INDEX, LAYOUT, RECORDS},
    block_scanner::{BlockScanner, FoundBlock},
    checkpoint,
    damage::{Damage, Ending, Trailing, Unknown},
    error::Error,
    file_header,
    gap_repair::{GapRepair, SnapshotFn},
    lookahead::Lookahead,
    memory_limit::{LimitCheck, MemoryLimit},
    payload::PayloadOpener,
    record_layouts::KnownLayouts,
    size_tally::SizeTally,
};
use crate::event::{Event, Gap, GapCause, What, Who};

/// Maximum offset at which the layout of records is searched for, bytes. It precedes the first
/// block of records.
const LAYOUT_SEARCH: u64 = 64 << 20;

/// Iterates over the events of a recording.
pub struct Reader<R> {
    blocks: BlockScanner<R>,
    opener: PayloadOpener,
    /// The payload opened last, decompressed.
    raw: Vec<u8>,
    layouts: KnownLayouts,
    decoder: BlockDecoder,
    /// The current block.
    block: Block,
    /// Blocks and events up to and including that block, read or not. None after a seek.
    expected: Option<(u32, u64)>,
    /// True if a checkpoint is emitted: only the session has been read since the beginning, or
    /// nothing since a seek, so that the checkpoint adds what existed before.
    emits_checkpoint: bool,
    /// True if the recording begins with a session that an earlier part has emitted.
    repeats_session: bool,
    /// True if the last event returned is not part of the stream.
    outside_stream: bool,
    repair: GapRepair,
    memory: LimitCheck,
    /// The end of a snapshot, held back until everything that happened while it was taken has
    /// been returned.
    snapshot_end: Option<Event>,
    /// The event after that.
    held: Option<Event>,
    /// Latest time returned so far, ns since boot.
    latest: u64,
    damage: Vec<Damage>,
    unknown: Unknown,
    ending: Option<Ending>,
    /// What follows the end mark. The outer none: it has not been read yet.
    trailing: Option<Option<Trailing>>,
    version: Option<u16>,
    /// Offset of the first block.
    front: u64,
    tally: SizeTally,
}

/// The block that is being read.
#[derive(Default)]
struct Block {
    offset: u64,
    length: u64,
    latest: u64,
    is_checkpoint: bool,
    version: u16,
}

impl<R: Read> Reader<R> {
    /// Opens a recording. Returns an error if `from` is not one.
    pub fn new(from: R) -> Result<Self, Error> {
        let (input, version) = file_header::header(Lookahead::new(from))?;
        Ok(Reader {
            front: input.offset(),
            blocks: BlockScanner::new(input),
            opener: PayloadOpener::new()?,
            raw: Vec::new(),
            layouts: KnownLayouts::default(),
            decoder: BlockDecoder::default(),
            block: Block::default(),
            expected: Some((0, 0)),
            emits_checkpoint: true,
            repeats_session: false,
            outside_stream: false,
            repair: GapRepair::default(),
            memory: LimitCheck::default(),
            snapshot_end: None,
            held: None,
            latest: 0,
            damage: Vec::new(),
            unknown: Unknown::default(),
            ending: None,
            trailing: None,
            version,
            tally: SizeTally::default(),
        })
    }

    /// Enables repair after unreadable parts: at the next checkpoint, the reader emits a
    /// snapshot of the tasks that exist there. `snapshot_fn` derives it from checkpoints of
    /// version 1.
    pub fn with_gap_repair(mut self, snapshot_fn: SnapshotFn) -> Self {
        self.repair = GapRepair::with(snapshot_fn);
        self
    }

    /// Limits the memory in use while the recording is read.
    pub fn with_memory_limit(mut self, limit: MemoryLimit) -> Self {
        self.memory = LimitCheck::of(Some(limit));
        self
    }

    /// Returns the next event, or none at the end; [`ending`](Self::ending) then describes the
    /// end. Call it again if the recording is still being written.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        loop {
            self.memory.on_event()?;
            if let Some(event) = self.repair.next() {
                return Ok(Some(event));
            }
            let event = match self.held.take() {
                Some(held) => Ok(Some(held)),
                None => self.decoder.next(),
            };
            self.outside_stream = self.block.is_checkpoint;
            self.unknown.events += self.decoder.take_unknown();
            match event {
                Ok(Some(event)) if self.outside_stream && !self.emits_checkpoint => {
                    self.snapshot_end = self.repair.collect(event).or(self.snapshot_end.take());
                }
                // Since version 2 this is the last event of a checkpoint.
                Ok(Some(event)) if self.outside_stream && self.is_snapshot_end(&event) => {
                    self.snapshot_end = Some(event);
                }
                Ok(Some(event)) if self.snapshot_ends_before(event.at) => {
                    self.held = Some(event);
                    return Ok(self.emit_snapshot_end());
                }
                Ok(Some(event)) => {
                    self.latest = self.latest.max(event.at);
                    return Ok(Some(event));
                }
                Ok(None) if self.ending == Some(Ending::Clean) => {
                    if self.trailing.is_none() {
                        self.trailing = Some(self.blocks.trailing()?);
                    }
                    return Ok(self.emit_snapshot_end());
                }
                Ok(None) => {
                    let Some(found) = self.blocks.next()? else {
                        let (offset, bytes) = self.blocks.rest();
                        self.ending = Some(Ending::Torn { offset, bytes });
                        return Ok(None);
                    };
                    file_header::check(found.header.version)?;
                    self.memory.on_block()?;
                    if let Some(gap) = self.enter_block(&found) {
                        return Ok(Some(gap));
                    }
                }
                Err(_) => {
                    if let Some(gap) = self.abandon_block() {
                        return Ok(Some(gap));
                    }
                }
            }
        }
    }

    fn is_snapshot_end(&self, event: &Event) -> bool {
        self.block.version >= 2 && matches!(event.what, What::SnapshotEnd(_))
    }

    /// Returns true if the held-back end of a snapshot belongs before an event at `at`.
    fn snapshot_ends_before(&self, at: u64) -> bool {
        let end = self.snapshot_end.as_ref();
        !self.outside_stream && end.is_some_and(|end| end.at < at)
    }

    /// Emits the held-back end of a snapshot, which is not part of the stream.
    fn emit_snapshot_end(&mut self) -> Option<Event> {
        let end = self.snapshot_end.take()?;
        self.outside_stream = true;
        Some(end)
    }

    /// Makes the recording continue an earlier part that ended at `latest`, so that its session
    /// is a repetition. With `needs_snapshot`, events are missing between the two.
    pub(super) fn continue_after(&mut self, latest: u64, needs_snapshot: bool) {
        (self.emits_checkpoint, self.repeats_session) = (false, true);
        self.latest = latest;
        if needs_snapshot {
            self.repair.mark_due();
        }
    }

    /// Returns true if events are missing and no snapshot has been emitted since.
    pub(super) fn needs_snapshot(&self) -> bool {
        self.repair.is_due()
    }

    /// Returns the damage found so far.
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// Returns the counts of what a later version wrote and this one has skipped.
    pub fn unknown(&self) -> Unknown {
        self.unknown
    }

    /// Returns how the recording ends, or none before its end is reached.
    pub fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Returns what follows the end mark. It is not read, because it belongs to no recording or
    /// to another one.
    pub fn trailing(&self) -> Option<Trailing> {
        self.trailing.flatten()
    }

    /// Returns the format version from the file header, or none if that is damaged.
    pub fn version(&self) -> Option<u16> {
        self.version
    }

    /// Returns the offset of the current block in bytes.
    pub fn offset(&self) -> u64 {
        self.block.offset
    }

    /// Returns the number of events of the recording before the next one. Events of
    /// checkpoints and gaps for unreadable parts do not count.
    pub fn number(&self) -> u64 {
        match self.block.is_checkpoint {
            true => self.expected.map_or(0, |(_, events)| events),
            false => {
                let (_, events) = self.expected.unwrap_or_default();
                let ahead = u64::from(self.decoder.missing()) + u64::from(self.held.is_some());
                events.saturating_sub(ahead)
            }
        }
    }

    /// Returns true if the last event returned is not part of the stream: it belongs to a
    /// checkpoint or was derived from one.
    pub fn is_outside_stream(&self) -> bool {
        self.outside_stream
    }

    /// Returns the sizes of what has been read so far.
    pub fn tally(&self) -> &SizeTally {
        &self.tally
    }

    /// Enters a block. Returns the gap between it and the block before, if any.
    fn enter_block(&mut self, found: &FoundBlock) -> Option<Event> {
        let FoundBlock {
            header,
            offset,
            skipped,
        } = found;
        let here = (header.blocks_before, header.events_before);
        let (blocks, events) = self.expected.unwrap_or(here);
        let damage = Damage {
            offset: offset - skipped,
            bytes: *skipped,
            blocks: header.blocks_before.checked_sub(blocks),
            events: header.events_before.checked_sub(events),
        };
        self.expected = Some((
            header.blocks_before.saturating_add(1),
            header
                .events_before
                .saturating_add(u64::from(header.events)),
        ));
        self.ending = (header.kind == END).then_some(Ending::Clean);
        let is_known = matches!(
            header.kind(),
            EVENTS | INDEX | END | CHECKPOINT | RECORDS | LAYOUT
        );
        self.unknown.blocks += u64::from(!is_known);
        self.tally.add(header);
        self.raw.clear();
        let mut opened = Ok(());
        let mut events = header.events;
        let is_intact = damage.bytes == 0 && damage.blocks == Some(0) && damage.events == Some(0);
        if !is_intact {
            self.repair.interrupt();
        } else if header.kind == CHECKPOINT && !self.block.is_checkpoint {
            self.repair.begin(header.version);
        }
        let is_needed = self.emits_checkpoint || self.repair.is_due();
        let is_decoded = header.is_in_stream() || (header.kind == CHECKPOINT && is_needed);
        if is_decoded || header.kind() == LAYOUT {
            let payload = self.blocks.payload();
            opened = self.opener.open(header, payload, &mut self.raw);
        }
        if is_decoded && header.kind == CHECKPOINT {
            events = opened
                .and_then(|()| checkpoint::take_count(&mut self.raw))
                .inspect_err(|&error| opened = Err(error))
                .unwrap_or(1);
        }
        self.emits_checkpoint &= !header.is_in_stream() || header.events_before == 0;
        match header.kind() {
            RECORDS => self
                .decoder
                .begin_records(opened, &self.raw, events, &self.layouts),
            LAYOUT => {
                self.layouts.learn(&self.raw);
                self.decoder.clear();
            }
            _ => self.decoder.begin_events(opened, &self.raw, events),
        }
        if header.is_in_stream() {
            self.tally.add_columns(self.decoder.sizes());
        }
        self.block = Block {
            offset: *offset,
            length: header.block_length() as u64,
            latest: header.span.latest,
            is_checkpoint: header.kind == CHECKPOINT,
            version: header.version,
        };
        // A gap ends before the first event of this block.
        let until = match header.kind() {
            EVENTS | RECORDS => header.span.earliest,
            _ => header.span.latest,
        };
        let gap = (!is_intact)
            .then(|| self.record_damage(damage, until))
            .flatten();
        self.repeats_session &= !header.is_in_stream();
        gap
    }

    /// Abandons a block whose checksums are right and whose payload is malformed: another
    /// program wrote it.
    fn abandon_block(&mut self) -> Option<Event> {
        self.repair.interrupt();
        // Events of a skipped checkpoint are not part of the stream.
        let missing = match self.block.is_checkpoint && !self.emits_checkpoint {
            true => 0,
            false => u64::from(self.decoder.missing()),
        };
        let damage = Damage {
            offset: self.block.offset,
            bytes: self.block.length,
            blocks: Some(1),
            events: Some(missing),
        };
        self.decoder.clear();
        self.record_damage(damage, self.block.latest)
    }

    /// Records damage and returns the gap that it makes in the stream, if any.
    fn record_damage(&mut self, damage: Damage, until: u64) -> Option<Event> {
        self.damage.push(damage);
        let repeated = u64::from(self.repeats_session);
        let events = damage.events.map(|events| events.saturating_sub(repeated));
        if events == Some(0) {
            return None;
        }
        self.outside_stream = false;
        self.repair.mark_due();
        let since = self.latest;
        self.latest = until.max(since);
        Some(Event {
            at: self.latest,
            cpu: 0,
            who: Who::HOST,
            what: What::Gap(Box::new(Gap {
                since,
                lost: Vec::new(),
                cause: GapCause::Unreadable { events },
            })),
        })
    }
}

impl<R: Read + Seek> Reader<R> {
    /// Continues at the block at `offset`. At a [`Checkpoint`](super::Checkpoint) the reader
    /// first emits the events of the checkpoint, which describe what existed at that moment
    /// (the last one is a [`What::SnapshotEnd`], or a [`What::Summary`] in version 1), then
    /// the events after it. Damage recorded so far is discarded.
    pub fn resume_at(&mut self, offset: u64) -> Result<(), Error> {
        self.read_layout()?;
        self.blocks.seek(offset)?;
        self.reset();
        Ok(())
    }

    /// Reads the layout of records near the front of the recording.
    fn read_layout(&mut self) -> Result<(), Error> {
        if self.layouts.are_searched() {
            return Ok(());
        }
        self.blocks.seek(self.front)?;
        while let Some(found) = self.blocks.next()?
            && found.header.kind() != RECORDS
            && found.header.version >= 2
            && found.offset < LAYOUT_SEARCH
        {
            let payload = self.blocks.payload();
            if found.header.kind() == LAYOUT
                && self
                    .opener
                    .open(&found.header, payload, &mut self.raw)
                    .is_ok()
            {
                self.layouts.learn(&self.raw);
                break;
            }
        }
        self.layouts.set_searched();
        Ok(())
    }

    /// Restarts at the front of the recording.
    pub fn rewind(&mut self) -> Result<(), Error> {
        self.blocks.seek(self.front)?;
        self.reset();
        self.expected = Some((0, 0));
        Ok(())
    }

    fn reset(&mut self) {
        self.decoder.clear();
        (self.snapshot_end, self.held) = (None, None);
        self.block = Block::default();
        self.expected = None;
        (
            self.emits_checkpoint,
            self.repeats_session,
            self.outside_stream,
        ) = (true, false, false);
        self.repair.reset();
        self.latest = 0;
        self.damage.clear();
        (self.ending, self.trailing) = (None, None);
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_event().transpose()
    }
}
