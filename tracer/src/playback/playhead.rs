//! [`Playback`]: an open recording and its playhead.
//!
//! This file opens recordings, follows their growth and moves the playhead forward by single
//! events. `seek` and `search` build on it.

use std::io::{Read, Seek, SeekFrom};

use super::{
    chain_index::ChainIndex,
    density,
    stage::{Place, Stage},
    states::States,
};
use crate::{
    event::Event,
    model::Retention,
    recording::{
        Chain, ChainPart, ChainPosition, Error, GrowingIndex, Index, IndexEntry, MemoryLimit,
        PartReport, SnapshotFn, Span,
    },
};

/// An open recording with a playhead: the stage has received every event before it.
pub struct Playback<R> {
    pub(super) chain: Chain<R>,
    pub(super) index: ChainIndex,
    /// The last part while it is still being written.
    tail: Option<Tail<R>>,
    /// States that a seek can start from.
    pub(super) states: States,
    /// Limit for the memory that reading the recording may take.
    pub(super) memory: Option<MemoryLimit>,
    /// Bytes of all parts, which bound the size of a state.
    pub(super) bytes: u64,
    /// The next event, if it has been read ahead.
    pub(super) next: Option<Event>,
    /// Events that the stage has received.
    pub(super) position: u64,
    /// Latest time of these events, ns since boot.
    pub(super) now: u64,
    /// True if the chain is at the playhead.
    pub(super) reader_at_playhead: bool,
    /// The playhead's position in the chain while the chain reads elsewhere.
    pub(super) parked: Option<ParkedReader>,
}

/// The state of the chain at the playhead, saved while the chain reads elsewhere.
#[derive(Debug)]
pub(super) struct ParkedReader {
    position: ChainPosition,
    /// The event after the playhead that had been read ahead.
    next: Option<Event>,
}

/// Progress in indexing a growing recording.
struct Tail<R> {
    growing: GrowingIndex<R>,
    /// Index of this part.
    index: Index,
    /// Entries of `index` that are already in the chain's index.
    entries: usize,
}

impl<R: Read + Seek> Playback<R> {
    /// Opens a recording at its beginning. Reads its index, or rebuilds it if there is none.
    pub fn open(mut from: R) -> Result<Playback<R>, Error> {
        let index = Index::load(&mut from)?;
        let bytes = from.seek(SeekFrom::End(0))?;
        from.rewind()?;
        let chain = Chain::of(from)?;
        let mut all = ChainIndex::default();
        all.add(0, 0, 0, &index.entries);
        Ok(Playback::at_beginning(chain, all, bytes, None))
    }

    /// Opens the parts of one trace, in order. With `follow`, the last part may still be
    /// growing; [`grow`](Self::grow) then reads what has been added.
    pub fn open_parts(mut parts: Vec<ChainPart<R>>, follow: bool) -> Result<Playback<R>, Error> {
        let mut indexes = Vec::new();
        let mut bytes = 0;
        let mut tail = None;
        let last = parts.len().saturating_sub(1);
        for (number, part) in parts.iter_mut().enumerate() {
            if follow && number == last {
                tail = Some(Tail::open(part.open()?)?);
                continue;
            }
            match part.open().map_err(Error::from).and_then(index_and_length) {
                Ok((index, length)) => {
                    indexes.push(index);
                    bytes += length;
                }
                // A recorder may remove the oldest segments at any time.
                Err(_) if number < last => indexes.push(Index::default()),
                Err(why) => return Err(why),
            }
        }
        let chain = Chain::open(parts)?;
        let mut all = ChainIndex::default();
        for (part, index) in indexes.iter().enumerate() {
            let (before, repeated) = (chain.before(part), chain.repeated(part));
            all.add(part, before, repeated, &index.entries);
        }
        let mut playback = Playback::at_beginning(chain, all, bytes, tail);
        playback.grow()?;
        playback.now = playback.span().map_or(0, |span| span.earliest);
        Ok(playback)
    }

    fn at_beginning(
        chain: Chain<R>,
        index: ChainIndex,
        bytes: u64,
        tail: Option<Tail<R>>,
    ) -> Playback<R> {
        Playback {
            now: index.span().map_or(0, |span| span.earliest),
            chain,
            index,
            tail,
            states: States::new(Retention::default()),
            memory: None,
            bytes,
            next: None,
            position: 0,
            reader_at_playhead: true,
            parked: None,
        }
    }

    /// Sets the states that seeks start from. They must have been made from this recording,
    /// with the retention of the stage's model.
    pub fn set_states(&mut self, states: States) {
        self.states = states;
    }

    /// Returns the states that seeks start from.
    pub fn states(&self) -> &States {
        &self.states
    }

    /// Indexes what has been written since the last call. The cost is proportional to it.
    pub fn grow(&mut self) -> Result<(), Error> {
        let Some(tail) = &mut self.tail else {
            return Ok(());
        };
        tail.growing.grow(&mut tail.index)?;
        let part = self.chain.parts() - 1;
        let (before, repeated) = (self.chain.before(part), self.chain.repeated(part));
        let entries = &tail.index.entries;
        let new = &entries[tail.entries..];
        self.bytes += new.iter().map(|entry| entry.length).sum::<u64>();
        self.index.add(part, before, repeated, new);
        tail.entries = entries.len();
        Ok(())
    }

    /// Returns true if the last part has its end mark or is not being followed.
    pub fn has_ended(&self) -> bool {
        let tail = self.tail.as_ref();
        tail.is_none_or(|tail| tail.growing.has_ended())
    }

    /// Appends the next part of the trace, which may still be growing.
    pub fn push(&mut self, mut part: ChainPart<R>) -> Result<(), Error> {
        self.grow()?;
        self.tail = Some(Tail::open(part.open()?)?);
        self.chain.push(part);
        self.grow()
    }

    /// Stops following the last part.
    pub fn stop_growing(&mut self) {
        self.tail = None;
    }

    /// See [`crate::recording::Reader::with_gap_repair`].
    pub fn with_gap_repair(mut self, snapshot_fn: SnapshotFn) -> Playback<R> {
        self.chain = self.chain.with_gap_repair(snapshot_fn);
        self
    }

    /// See [`crate::recording::Reader::with_memory_limit`].
    pub fn with_memory_limit(mut self, limit: MemoryLimit) -> Playback<R> {
        self.chain = self.chain.with_memory_limit(limit);
        self.memory = Some(limit);
        self
    }

    /// See [`Chain::part_reports`]. Places before the last seek may be missing.
    pub fn part_reports(&self) -> impl Iterator<Item = (usize, PartReport)> + '_ {
        self.chain.part_reports()
    }

    /// Returns true if the last event sent to the stage is not part of the stream: it belongs
    /// to the snapshot that follows damage.
    pub fn is_outside_stream(&self) -> bool {
        self.next.is_none() && self.chain.is_outside_stream()
    }

    /// Returns the span from the first to the last event. Returns none without events.
    pub fn span(&self) -> Option<Span> {
        self.index.span()
    }

    /// Returns the number of events in the recording.
    pub fn events(&self) -> u64 {
        self.index.events()
    }

    /// Returns the number of events before the playhead.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Returns the time at the playhead, ns since boot.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Returns true if the playhead is after the last event.
    pub fn is_at_end(&self) -> bool {
        self.position >= self.events()
    }

    /// Returns the index entries of all parts. Offsets are those within each part.
    pub fn blocks(&self) -> &[IndexEntry] {
        self.index.entries()
    }

    /// Returns the events in each of `parts` equal parts of the span, computed from the index
    /// alone.
    pub fn density(&self, parts: usize) -> Vec<u64> {
        density::density(self.index.entries(), self.span(), parts)
    }

    /// Declares that the stage already shows the end of the recording.
    pub fn assume_at_end(&mut self) {
        self.park_reader();
        self.parked = None;
        self.position = self.events();
        self.now = self.span().map_or(0, |span| span.latest);
    }

    /// Moves the chain, but not the playhead, to the block that holds an event.
    pub(super) fn seek_block(&mut self, event: u64) -> Result<(), Error> {
        self.park_reader();
        let (part, offset) = self.index.block_of(event);
        self.chain.resume_at(part, offset)
    }

    /// Returns a lower bound, near the true number, of the events before a place.
    pub(super) fn events_before(&self, place: Place) -> u64 {
        match place {
            Place::Beginning => 0,
            Place::Event(number) => number.min(self.events()),
            Place::End => self.events(),
            Place::Time(at) => self.index.events_until(at),
        }
    }

    pub(super) fn is_at(&mut self, place: Place) -> bool {
        match place {
            Place::Beginning => true,
            Place::Event(number) => self.position >= number,
            Place::End => false,
            Place::Time(at) => {
                let next = self.peek();
                next.is_none_or(|event| event.at > at)
            }
        }
    }

    /// Returns the next event without moving the playhead.
    fn peek(&mut self) -> Option<&Event> {
        if self.next.is_none() {
            // The call that takes the event returns the error again.
            self.next = self.chain.next_event().ok().flatten();
        }
        self.next.as_ref()
    }

    /// Moves the playhead over one event. Returns false at the end.
    pub(super) fn advance(&mut self, stage: &mut dyn Stage) -> Result<bool, Error> {
        let next = match self.next.take() {
            Some(next) => Some(next),
            None => self.chain.next_event()?,
        };
        let Some(event) = next else {
            return Ok(false);
        };
        self.position = self.chain.number();
        self.now = self.now.max(event.at);
        stage.take(&event);
        Ok(true)
    }

    /// Saves the chain's position at the playhead, so that the chain can read elsewhere.
    /// Returns the event that had been read ahead.
    pub(super) fn park_reader(&mut self) -> Option<Event> {
        let next = self.next.take();
        if self.reader_at_playhead {
            let next = next.clone();
            self.parked = self
                .chain
                .position()
                .map(|position| ParkedReader { position, next });
        }
        self.reader_at_playhead = false;
        next
    }

    /// Moves the chain back to the playhead. Returns false if that is impossible.
    pub(super) fn unpark_reader(&mut self) -> Result<bool, Error> {
        if !self.reader_at_playhead
            && let Some(ParkedReader { position, next }) = self.parked.take()
            // A recorder may have removed that part.
            && self.chain.resume(&position).unwrap_or(false)
        {
            self.next = next;
            self.reader_at_playhead = true;
        }
        Ok(self.reader_at_playhead)
    }
}

impl<R: Read> Tail<R> {
    fn open(from: R) -> Result<Tail<R>, Error> {
        Ok(Tail {
            growing: GrowingIndex::open(from)?,
            index: Index::default(),
            entries: 0,
        })
    }
}

/// Returns the index and the length in bytes of a part that is no longer written.
fn index_and_length(mut from: impl Read + Seek) -> Result<(Index, u64), Error> {
    let index = Index::load(&mut from)?;
    Ok((index, from.seek(SeekFrom::End(0))?))
}
