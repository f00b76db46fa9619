//! Several recordings of one trace, read as a single stream. No event is emitted twice where
//! two parts meet, and events missing there become a gap. This file must not know how the
//! parts are found.

mod resume;

use std::io::{Read, Seek};

use super::{
    chain_part::{ChainPart, OpenedPart, PartReport, PartSource, ReadOptions, open_from},
    error::Error,
    gap_repair::SnapshotFn,
    memory_limit::MemoryLimit,
    reader::Reader,
};
use crate::event::{Event, Gap, GapCause, Summary, What, Who};

/// Reads the parts of one trace, in order, as a single stream of events.
pub struct Chain<R> {
    parts: Vec<ChainPart<R>>,
    /// Index of the first part that could be opened. Events are counted from its beginning.
    first: usize,
    /// Index of the part that is read.
    at: usize,
    reader: Reader<R>,
    options: ReadOptions,
    /// True if the part before this one has been read, so that the session at the beginning of
    /// this one has been emitted.
    continues: bool,
    /// Latest time returned so far, ns since boot.
    latest: u64,
    /// Events missing before the part that was just entered.
    missing: u64,
    /// The event after a gap.
    held: Option<Event>,
    /// True if the last event returned is a gap.
    is_after_gap: bool,
    /// Counts at the beginning of the first part.
    base: Option<Summary>,
    /// Events missing before the current part.
    missing_before: u64,
    /// Reports on earlier parts, each with the index of the part.
    reports: Vec<(usize, PartReport)>,
}

impl<R: Read> Chain<R> {
    /// Opens one recording that is a whole trace.
    pub fn of(from: R) -> Result<Chain<R>, Error> {
        Chain::open(vec![ChainPart {
            open: PartSource::Once(Some(from)),
            segment: None,
            realtime_offset: None,
            at: 0,
        }])
    }

    /// Opens a chain of parts, each of which continues the one before. Parts at the front that
    /// cannot be opened are skipped and reported.
    pub fn open(mut parts: Vec<ChainPart<R>>) -> Result<Chain<R>, Error> {
        let OpenedPart {
            part,
            reader,
            refused,
        } = open_from(&mut parts, 0, ReadOptions::default())?;
        let mut chain = Chain {
            parts,
            first: part,
            at: part,
            reader,
            options: ReadOptions::default(),
            continues: false,
            latest: 0,
            missing: 0,
            held: None,
            is_after_gap: false,
            base: None,
            missing_before: 0,
            reports: refused,
        };
        chain.begin();
        Ok(chain)
    }

    /// See [`Reader::with_gap_repair`].
    pub fn with_gap_repair(mut self, snapshot_fn: SnapshotFn) -> Chain<R> {
        self.options.snapshot_fn = Some(snapshot_fn);
        self.reader = self.reader.with_gap_repair(snapshot_fn);
        self
    }

    /// See [`Reader::with_memory_limit`].
    pub fn with_memory_limit(mut self, limit: MemoryLimit) -> Chain<R> {
        self.options.memory = Some(limit);
        self.reader = self.reader.with_memory_limit(limit);
        self
    }

    /// Starts the stream with the current part. Events of parts skipped before it count as
    /// missing.
    fn begin(&mut self) {
        let before = |part: usize| self.parts[part].segment.map_or(0, |it| it.events_before);
        self.missing = before(self.at).saturating_sub(before(0));
        self.latest = match self.missing {
            0 => 0,
            _ => self.parts[0].at,
        };
        (self.continues, self.held) = (false, None);
    }

    /// Appends the next part of the trace. Parts must be pushed in order.
    pub fn push(&mut self, part: ChainPart<R>) {
        self.parts.push(part);
    }

    /// Returns the next event, or none at the end of the last part. Call it again after the
    /// last part has grown.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        let next = self.next_of_parts()?;
        self.is_after_gap = next
            .as_ref()
            .is_some_and(|event| matches!(event.what, What::Gap(_)));
        Ok(next)
    }

    fn next_of_parts(&mut self) -> Result<Option<Event>, Error> {
        loop {
            let next = match self.held.take() {
                Some(held) => Some(held),
                None => self.reader.next_event()?,
            };
            let Some(mut event) = next else {
                if self.at + 1 == self.parts.len() {
                    return Ok(None);
                }
                self.enter_next()?;
                continue;
            };
            let is_first = self.continues && self.reader.number() == 1;
            let is_repeated = is_first && matches!(event.what, What::Session(_));
            if self.missing > 0 {
                let gap = self.gap(event.at);
                self.held = (!is_repeated).then_some(event);
                return Ok(Some(gap));
            }
            if is_repeated {
                continue;
            }
            self.latest = self.latest.max(event.at);
            self.adjust(&mut event)?;
            return Ok(Some(event));
        }
    }

    /// Continues in the next part that can be opened.
    fn enter_next(&mut self) -> Result<(), Error> {
        let read = self.number();
        let OpenedPart {
            part,
            reader,
            refused,
        } = open_from(&mut self.parts, self.at + 1, self.options)?;
        self.reports.push((self.at, self.report()));
        // Those of a refused part are not missing between parts.
        let between = self.before(part - refused.len()).saturating_sub(read);
        self.missing_before = between;
        self.reports.extend(refused);
        self.missing += self.before(part).saturating_sub(read);
        let needs_snapshot = self.missing > 0 || self.reader.needs_snapshot();
        self.at = part;
        self.reader = reader;
        self.reader.continue_after(self.latest, needs_snapshot);
        self.continues = true;
        Ok(())
    }

    /// Returns the gap before the next part, which begins at `until`.
    fn gap(&mut self, until: u64) -> Event {
        let since = self.latest;
        self.latest = until.max(since);
        let cause = GapCause::Unreadable {
            events: Some(std::mem::take(&mut self.missing)),
        };
        Event {
            at: self.latest,
            cpu: 0,
            who: Who::HOST,
            what: What::Gap(Box::new(Gap {
                since,
                lost: Vec::new(),
                cause,
            })),
        }
    }

    /// Adjusts what depends on where the stream begins and ends.
    fn adjust(&mut self, event: &mut Event) -> Result<(), Error> {
        match &mut event.what {
            // If the clock was set while tracing, its latest offset is the best one.
            What::Session(session) => {
                let latest = self.parts.last().and_then(|part| part.realtime_offset);
                session.realtime_offset = latest.unwrap_or(session.realtime_offset);
            }
            What::Summary(summary) if self.is_outside_stream() && self.lacks_beginning() => {
                let base = match &self.base {
                    Some(base) => base,
                    None if self.at == self.first && self.reader.number() <= 1 => {
                        self.base.insert(Summary {
                            began: event.at,
                            ..(**summary).clone()
                        })
                    }
                    None => {
                        let base = self.read_base()?;
                        self.base.insert(base)
                    }
                };
                **summary = summary.since(base);
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns true if earlier segments of the trace are not in this chain.
    fn lacks_beginning(&self) -> bool {
        let first = self.parts[self.first].segment;
        first.is_some_and(|segment| segment.number > 0)
    }

    /// Returns the counts of all events before the first part.
    fn read_base(&mut self) -> Result<Summary, Error> {
        let options = ReadOptions {
            snapshot_fn: None,
            ..self.options
        };
        let mut first = open_from(&mut self.parts, self.first, options)?.reader;
        while let Some(event) = first.next_event()? {
            if !first.is_outside_stream() && first.number() > 1 {
                break;
            }
            if let What::Summary(summary) = event.what {
                return Ok(Summary {
                    began: event.at,
                    ..*summary
                });
            }
        }
        Ok(Summary::default())
    }

    /// Returns the number of parts.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Returns the number of events of the stream before a part.
    pub fn before(&self, part: usize) -> u64 {
        let segment = |part: usize| self.parts.get(part).and_then(|part| part.segment);
        match (segment(self.first), segment(part)) {
            (Some(first), Some(this)) if part > self.first => {
                let session = u64::from(first.number > 0);
                this.events_before.saturating_sub(first.events_before) + session
            }
            _ => 0,
        }
    }

    /// Returns the number of events at the beginning of a part that are not in the stream: its
    /// session, except in the first part.
    pub fn repeated(&self, part: usize) -> u64 {
        u64::from(part > self.first)
    }

    /// Returns the number of events of the stream before the next one.
    pub fn number(&self) -> u64 {
        let own = self.reader.number();
        self.before(self.at) + own.saturating_sub(self.repeated(self.at))
    }

    /// See [`Reader::is_outside_stream`].
    pub fn is_outside_stream(&self) -> bool {
        self.reader.is_outside_stream()
    }

    /// Returns the index of the part that is read and the offset in it.
    pub fn place(&self) -> (usize, u64) {
        (self.at, self.reader.offset())
    }

    /// Returns the reader of the current part.
    pub fn reader(&self) -> &Reader<R> {
        &self.reader
    }

    /// Returns a report for each part read so far, with the index of the part.
    pub fn part_reports(&self) -> impl Iterator<Item = (usize, PartReport)> + '_ {
        let current = (self.at, self.report());
        self.reports.iter().cloned().chain([current])
    }

    fn report(&self) -> PartReport {
        PartReport {
            refused: None,
            damage: self.reader.damage().to_vec(),
            unknown: self.reader.unknown(),
            ending: self.reader.ending(),
            trailing: self.reader.trailing(),
            missing_before: self.missing_before,
        }
    }
}

impl<R: Read + Seek> Chain<R> {
    /// Continues at a block of a part. See [`Reader::resume_at`].
    pub fn resume_at(&mut self, part: usize, offset: u64) -> Result<(), Error> {
        self.enter(part)?;
        self.reader.resume_at(offset)
    }

    /// Enters a part as if nothing had been read before.
    pub(super) fn enter(&mut self, part: usize) -> Result<(), Error> {
        if part != self.at {
            self.reader = self.parts[part].read(self.options)?;
            self.at = part;
        }
        self.missing_before = 0;
        (self.continues, self.latest) = (false, 0);
        (self.missing, self.held) = (0, None);
        self.is_after_gap = false;
        Ok(())
    }

    /// Restarts at the first part that can still be opened.
    pub fn rewind(&mut self) -> Result<(), Error> {
        if self.at != self.first {
            let opened = open_from(&mut self.parts, self.first, self.options)?;
            (self.at, self.reader) = (opened.part, opened.reader);
        }
        self.begin();
        self.reader.rewind()
    }
}
