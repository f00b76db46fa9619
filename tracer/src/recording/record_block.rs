//! Collects records as they come from the kernel until they are written as one block. Records of a
//! kind are kept together and packed only when the block is closed, so adding a record costs a copy
//! of its bytes.

use super::{
    event_block::EventBlockBuilder,
    planes::{self, Word},
    record_layouts::{self, RecordShapes},
    span::Span,
    varint,
};
use crate::{
    event::{Event, What},
    records::{FaultClassifier, RECORD_HEADER, Sink, peek},
};

/// Size of the records at which a block is full, bytes.
const MAX_RECORDS: usize = 512 << 10;

/// Size of the events of user space at which a block is full, bytes.
const MAX_EVENTS: usize = 256 << 10;

/// Maximum size of the records of a group, bytes. The source ends a group before it exceeds this, so
/// that every group fits into one block.
pub const MAX_GROUP: usize = 512 << 10;

/// Maximum memory that an empty block holds for records, bytes.
const MAX_HELD: usize = 2 * MAX_RECORDS;

/// Number of kinds of records, known or not.
const KINDS: usize = 256;

impl Rows {
    /// Returns the memory that it holds, bytes.
    fn capacity(&self) -> usize {
        self.fixed.capacity() + self.tails.capacity() + 8 * self.tail_lengths.capacity()
    }
}

/// Groups of records and events that are written to a recording as one block.
pub struct RecordBlock {
    pub(super) event_block: EventBlockBuilder,
    groups: Vec<(u32, u32)>,
    /// Numbers of events and records added since the last group ended.
    open: (u32, u32),
    kinds: Vec<u8>,
    cpus: Vec<u64>,
    times: Vec<u64>,
    by_kind: Vec<Rows>,
    /// Size of the records, bytes.
    bytes: usize,
    span: Option<Span>,
    faults: Option<FaultClassifier>,
    /// True if a session was added, which must be written at once.
    urgent: bool,
}

/// The records of one kind.
#[derive(Default)]
struct Rows {
    count: usize,
    /// Fixed parts without headers, one after the other.
    fixed: Vec<u8>,
    /// Tails, one after the other.
    tails: Vec<u8>,
    /// Length of each tail, bytes.
    tail_lengths: Vec<u64>,
}

impl Default for RecordBlock {
    fn default() -> Self {
        RecordBlock {
            event_block: EventBlockBuilder::default(),
            groups: Vec::new(),
            open: (0, 0),
            kinds: Vec::new(),
            cpus: Vec::new(),
            times: Vec::new(),
            by_kind: std::iter::repeat_with(Rows::default).take(KINDS).collect(),
            bytes: 0,
            span: None,
            faults: None,
            urgent: false,
        }
    }
}

impl Sink for RecordBlock {
    fn event(&mut self, event: Event) {
        if let What::Session(session) = &event.what {
            self.faults = FaultClassifier::for_hooks(&session.hooks);
            self.urgent = true;
        }
        self.extend_span(event.at);
        self.event_block.add(&event);
        self.open.0 += 1;
    }

    fn record(&mut self, record: &[u8]) {
        let known = peek(record).zip(record.split_at_checked(RECORD_HEADER));
        let Some(((kind, at), (head, rest))) = known else {
            debug_assert!(false, "not a record: {record:?}");
            return;
        };
        let fixed = kind.layout().size - RECORD_HEADER;
        let Some((fixed, tail)) = rest.split_at_checked(fixed) else {
            debug_assert!(false, "a short record: {record:?}");
            return;
        };
        let kind = kind as u8;
        self.kinds.push(kind);
        self.cpus.push(u64::from(u32::read(&head[4..])));
        self.times.push(at);
        let rows = &mut self.by_kind[usize::from(kind)];
        rows.count += 1;
        rows.fixed.extend_from_slice(fixed);
        rows.tails.extend_from_slice(tail);
        rows.tail_lengths.push(tail.len() as u64);
        self.bytes += record.len();
        self.open.1 += 1;
        self.extend_span(at);
    }

    fn end_group(&mut self) {
        if self.open != (0, 0) {
            self.groups.push(std::mem::take(&mut self.open));
        }
    }
}

impl RecordBlock {
    fn extend_span(&mut self, at: u64) {
        let span = Span::of(at);
        self.span = Some(self.span.map_or(span, |sum| sum.join(span)));
    }

    /// Returns true if the block is to be closed after this group.
    pub fn is_full(&self) -> bool {
        self.urgent || self.bytes >= MAX_RECORDS || self.event_block.size() >= MAX_EVENTS
    }

    /// Returns true if the block has no groups.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Returns the number of events that a reader gets from the block.
    pub fn count(&self) -> u32 {
        self.event_block.count() + self.kinds.len() as u32
    }

    /// Returns the span of the times in the block. Returns none if it is empty.
    pub fn span(&self) -> Option<Span> {
        self.span
    }

    /// Returns the size of the records in memory, bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns true if the block has records.
    pub(super) fn has_records(&self) -> bool {
        !self.kinds.is_empty()
    }

    /// Starts the next block and keeps the memory, unless kinds that were frequent in earlier
    /// blocks hold much of it.
    pub fn clear(&mut self) {
        let held: usize = self.by_kind.iter().map(Rows::capacity).sum();
        if held > MAX_HELD {
            self.by_kind.fill_with(Rows::default);
        }
        match self.event_block.count() {
            0 => self.event_block.clear(),
            _ => self.event_block = EventBlockBuilder::default(),
        }
        self.groups.clear();
        self.open = (0, 0);
        self.kinds.clear();
        self.cpus.clear();
        self.times.clear();
        for rows in &mut self.by_kind {
            rows.count = 0;
            rows.fixed.clear();
            rows.tails.clear();
            rows.tail_lengths.clear();
        }
        (self.bytes, self.span, self.urgent) = (0, None, false);
    }

    /// Takes over the fault classifier of the block before.
    pub fn continue_from(&mut self, after: &RecordBlock) {
        self.faults = after.faults;
    }

    /// Writes the payload of the block to `payload`.
    pub(super) fn pack(&self, payload: &mut Vec<u8>) {
        self.pack_as(record_layouts::own_id(), RecordShapes::own(), payload);
    }

    fn pack_as(&self, id: u32, shapes: &RecordShapes, payload: &mut Vec<u8>) {
        payload.clear();
        payload.extend(id.to_le_bytes());
        payload.push(classifier_number(self.faults));
        varint::put(payload, self.groups.len() as u64);
        for &(events, records) in &self.groups {
            varint::put(payload, u64::from(events));
            varint::put(payload, u64::from(records));
        }
        let mut events = Vec::new();
        if self.event_block.count() > 0 {
            self.event_block.payload(&mut events);
        }
        varint::put(payload, events.len() as u64);
        payload.append(&mut events);
        payload.extend_from_slice(&self.kinds);
        let mut numbers = Vec::with_capacity(self.kinds.len());
        put_planes(&self.cpus, payload);
        if let Some(first) = self.times.first() {
            payload.extend(first.to_le_bytes());
            let steps = self.times.windows(2).map(|two| two[1].difference(two[0]));
            numbers.extend(steps);
            put_planes(&numbers, payload);
        }
        for (kind, rows) in self.by_kind.iter().enumerate() {
            if rows.count > 0
                && let Some(shape) = shapes.of_kind(kind as u8)
            {
                rows.pack(
                    &shape.words,
                    shape.size - RECORD_HEADER,
                    &mut numbers,
                    payload,
                );
            }
        }
    }
}

impl Rows {
    /// Writes the first record unchanged, then for every number of the other records the difference
    /// to the record before.
    fn pack(
        &self,
        words: &[record_layouts::PlacedWord],
        size: usize,
        numbers: &mut Vec<u64>,
        to: &mut Vec<u8>,
    ) {
        put_planes(&self.tail_lengths, to);
        to.extend_from_slice(&self.fixed[..size]);
        let presence = to.len();
        to.resize(presence + words.len(), 0);
        for (place, word) in words.iter().enumerate() {
            let rows = self.fixed[word.offset - RECORD_HEADER..].chunks(size);
            numbers.clear();
            match word.width {
                8 => differences::<u64>(rows, numbers),
                4 => differences::<u32>(rows, numbers),
                _ => differences::<u8>(rows, numbers),
            }
            to[presence + place] = planes::put(numbers, to);
        }
        to.extend_from_slice(&self.tails);
    }
}

fn differences<'a, W: Word>(mut rows: impl Iterator<Item = &'a [u8]>, numbers: &mut Vec<u64>) {
    let Some(first) = rows.next() else { return };
    let mut before = W::read(first);
    numbers.extend(rows.map(|row| {
        let now = W::read(row);
        now.difference(std::mem::replace(&mut before, now))
    }));
}

/// Writes the presence bits of the planes, then the planes.
fn put_planes(numbers: &[u64], to: &mut Vec<u8>) {
    let place = to.len();
    to.push(0);
    to[place] = planes::put(numbers, to);
}

/// Returns the number of a fault classifier in the format.
fn classifier_number(faults: Option<FaultClassifier>) -> u8 {
    match faults {
        None => 0,
        Some(FaultClassifier::Candidates) => 1,
        Some(FaultClassifier::FromAllocations) => 2,
        Some(FaultClassifier::FromPageTable) => 3,
    }
}

#[cfg(test)]
impl RecordBlock {
    /// Writes the payload that another build with the layout `text` would write. `change` converts
    /// the fixed parts of this build's records to that layout.
    pub fn pack_of_other_build(
        &mut self,
        text: &str,
        change: impl Fn(u8, &[u8]) -> Vec<u8>,
        payload: &mut Vec<u8>,
    ) {
        let layout = crate::records::Layout::parse(text.as_bytes()).unwrap();
        for (kind, rows) in self.by_kind.iter_mut().enumerate() {
            if let Some(shape) = RecordShapes::own().of_kind(kind as u8) {
                let fixed = rows.fixed.chunks(shape.size - RECORD_HEADER);
                rows.fixed = fixed.flat_map(|row| change(kind as u8, row)).collect();
            }
        }
        self.pack_as(
            record_layouts::id(text.as_bytes()),
            &RecordShapes::of(&layout),
            payload,
        );
    }
}
