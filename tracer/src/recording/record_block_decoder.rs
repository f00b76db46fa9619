//! Decodes the payload of a block of records, group by group.

use std::{sync::Arc, vec};

use super::{
    event_block::EventBlockDecoder,
    limits::MAX_PAYLOAD,
    malformed::Malformed,
    planes::{self, Word},
    record_layouts::{KnownLayouts, PlacedWord, RecordShapes},
    varint,
};
use crate::{
    event::{Event, Kind},
    records::{Assembler, FaultClassifier, RECORD_HEADER, event_kind, peek},
};

/// Decodes blocks of records.
#[derive(Default)]
pub(super) struct RecordBlockDecoder {
    assembler: Assembler,
    shapes: Option<Arc<RecordShapes>>,
    /// Numbers of events and records of each group that is left.
    groups: vec::IntoIter<(u32, u32)>,
    /// Payload of the events that user space added.
    events: Vec<u8>,
    event_decoder: EventBlockDecoder,
    kinds: Vec<u8>,
    cpus: Vec<u64>,
    times: Vec<u64>,
    /// Number of records decoded so far.
    next: usize,
    by_kind: Vec<Rows>,
    /// Index into `by_kind` for each kind.
    places: Vec<u8>,
    /// Buffer for one record.
    record: Vec<u8>,
    /// Number of records that only a later version knows.
    pub unknown: u64,
}

/// The records of one kind.
#[derive(Default)]
struct Rows {
    kind: u8,
    size: usize,
    count: usize,
    /// True if the records have the layout of another build.
    needs_conversion: bool,
    /// Number of records returned so far.
    next: usize,
    /// Fixed parts with headers.
    fixed: Vec<u8>,
    tails: Vec<u8>,
    tail_lengths: Vec<u64>,
    /// Offset of the next record's tail.
    tail: usize,
    /// Size in the payload, bytes.
    packed: u64,
}

impl RecordBlockDecoder {
    /// Begins the payload of a block with `events` events and records according to its header.
    /// Allocates at most [`MAX_PAYLOAD`] bytes for records.
    pub fn begin(
        &mut self,
        payload: &[u8],
        events: u32,
        layouts: &KnownLayouts,
    ) -> Result<(), Malformed> {
        self.groups = Vec::new().into_iter();
        self.next = 0;
        let mut rest = payload;
        let rest = &mut rest;
        let id = rest.split_off(..4).ok_or(Malformed)?;
        let faults = fault_classifier(rest.split_off(..1).ok_or(Malformed)?[0])?;
        let shapes = layouts.find(u32::read(id)).ok_or(Malformed)?;
        let groups = groups(rest, events)?;
        let (added, records) = groups.iter().fold((0, 0), |(added, records), group| {
            (added + group.0, records + group.1 as usize)
        });
        self.begin_events(rest, added)?;
        self.kinds.clear();
        self.kinds
            .extend(rest.split_off(..records).ok_or(Malformed)?);
        get_planes(rest, records, &mut self.cpus)?;
        self.begin_times(rest, records)?;
        self.begin_rows(rest, &shapes)?;
        self.assembler.set_fault_classifier(faults);
        self.shapes = Some(shapes);
        self.groups = groups.into_iter();
        rest.is_empty().then_some(()).ok_or(Malformed)
    }

    fn begin_events(&mut self, rest: &mut &[u8], events: u32) -> Result<(), Malformed> {
        let length = usize::try_from(varint::get(rest)?).map_err(|_| Malformed)?;
        self.events.clear();
        self.events
            .extend(rest.split_off(..length).ok_or(Malformed)?);
        self.event_decoder.begin(Ok(()), &self.events, events);
        Ok(())
    }

    fn begin_times(&mut self, rest: &mut &[u8], records: usize) -> Result<(), Malformed> {
        let Some(steps) = records.checked_sub(1) else {
            self.times.clear();
            return Ok(());
        };
        let mut at = u64::read(rest.split_off(..8).ok_or(Malformed)?);
        get_planes(rest, steps, &mut self.times)?;
        for step in &mut self.times {
            let before = at;
            at = u64::from_difference(*step, at);
            *step = before;
        }
        self.times.push(at);
        Ok(())
    }

    fn begin_rows(&mut self, rest: &mut &[u8], shapes: &RecordShapes) -> Result<(), Malformed> {
        let mut counts = [0_usize; 256];
        self.kinds
            .iter()
            .for_each(|&kind| counts[usize::from(kind)] += 1);
        let occurring = || counts.iter().enumerate().filter(|&(_, &count)| count > 0);
        self.by_kind.resize_with(occurring().count(), Rows::default);
        self.places.resize(counts.len(), 0);
        for (place, (kind, _)) in occurring().enumerate() {
            self.places[kind] = place as u8;
        }
        let mut room = MAX_PAYLOAD;
        let mut numbers = Vec::new();
        for ((kind, &count), rows) in occurring().zip(&mut self.by_kind) {
            let kind = kind as u8;
            let shape = shapes.of_kind(kind).ok_or(Malformed)?;
            let bytes = count.checked_mul(shape.size).ok_or(Malformed)?;
            room = room.checked_sub(bytes).ok_or(Malformed)?;
            let before = rest.len();
            (rows.kind, rows.size, rows.count) = (kind, shape.size, count);
            rows.needs_conversion = shape.converter.is_some();
            rows.begin(rest, &shape.words, &mut numbers)?;
            rows.packed = (before - rest.len()) as u64;
        }
        Ok(())
    }

    /// Returns the events of the next group in order, or none at the end of the block.
    pub fn next_group(&mut self) -> Result<Option<vec::IntoIter<Event>>, Malformed> {
        let Some((events, records)) = self.groups.next() else {
            return Ok(None);
        };
        for _ in 0..events {
            match self.event_decoder.next_one(&self.events)? {
                Some(event) => self.assembler.event(event),
                None => self.unknown += 1,
            }
        }
        for _ in 0..records {
            if !self.decode_next()? {
                self.unknown += 1;
            }
        }
        Ok(Some(self.assembler.end_group()))
    }

    /// Decodes the next record. Returns false if this version does not know it.
    fn decode_next(&mut self) -> Result<bool, Malformed> {
        let next = self.next;
        self.next += 1;
        let kind = *self.kinds.get(next).ok_or(Malformed)?;
        let (cpu, at) = (self.cpus[next], self.times[next]);
        let place = usize::from(self.places[usize::from(kind)]);
        let rows = self.by_kind.get_mut(place).ok_or(Malformed)?;
        let needs_conversion = rows.needs_conversion;
        let (fixed, tail) = rows.next().ok_or(Malformed)?;
        fixed[..4].copy_from_slice(&u32::from(kind).to_le_bytes());
        (cpu as u32).write(&mut fixed[4..]);
        at.write(&mut fixed[8..]);
        let shapes = self.shapes.as_ref().filter(|_| needs_conversion);
        let shape = shapes.and_then(|shapes| shapes.of_kind(kind));
        let converter = shape.and_then(|shape| shape.converter.as_ref());
        let good = match (converter, tail) {
            (None, []) => self.assembler.record(fixed),
            (None, tail) => {
                self.record.clear();
                self.record.extend_from_slice(fixed);
                self.record.extend_from_slice(tail);
                self.assembler.record(&self.record)
            }
            (Some(converter), tail) => {
                converter.convert(fixed, tail, &mut self.record);
                self.assembler.record(&self.record)
            }
        };
        Ok(good.is_ok())
    }

    /// Returns the size of each kind of event in the payload, bytes.
    pub fn sizes(&self) -> impl Iterator<Item = (u8, u64)> + '_ {
        let of_records = self.by_kind.iter().filter_map(|rows| {
            let (kind, _) = peek(&rows.fixed)?;
            Some((event_kind(kind) as u8, rows.packed))
        });
        of_records.chain(self.event_decoder.sizes())
    }
}

impl Rows {
    fn begin(
        &mut self,
        rest: &mut &[u8],
        words: &[PlacedWord],
        numbers: &mut Vec<u64>,
    ) -> Result<(), Malformed> {
        (self.next, self.tail) = (0, 0);
        get_planes(rest, self.count, &mut self.tail_lengths)?;
        let first = rest
            .split_off(..self.size - RECORD_HEADER)
            .ok_or(Malformed)?;
        self.fixed.clear();
        for _ in 0..self.count {
            self.fixed.extend_from_slice(&[0; RECORD_HEADER]);
            self.fixed.extend_from_slice(first);
        }
        self.fixed[0] = self.kind;
        let presence = rest.split_off(..words.len()).ok_or(Malformed)?;
        for (&word, &present) in words.iter().zip(presence) {
            if present == 0 {
                continue;
            }
            planes::get(present, self.count - 1, rest, numbers)?;
            let rows = self.fixed.chunks_exact_mut(self.size);
            let rows = rows.map(|row| &mut row[word.offset..]);
            match word.width {
                8 => add::<u64>(rows, numbers),
                4 => add::<u32>(rows, numbers),
                _ => add::<u8>(rows, numbers),
            }
        }
        let all = self
            .tail_lengths
            .iter()
            .try_fold(0_u64, |all, &it| all.checked_add(it));
        let all = usize::try_from(all.ok_or(Malformed)?).map_err(|_| Malformed)?;
        self.tails.clear();
        self.tails.extend(rest.split_off(..all).ok_or(Malformed)?);
        Ok(())
    }

    fn next(&mut self) -> Option<(&mut [u8], &[u8])> {
        let place = self.next;
        self.next += 1;
        let from = self.tail;
        self.tail += usize::try_from(*self.tail_lengths.get(place)?).ok()?;
        let fixed = self
            .fixed
            .get_mut(place * self.size..(place + 1) * self.size)?;
        Some((fixed, self.tails.get(from..self.tail)?))
    }
}

fn add<'a, W: Word>(mut rows: impl Iterator<Item = &'a mut [u8]>, numbers: &[u64]) {
    let Some(first) = rows.next() else { return };
    let mut now = W::read(first);
    for (row, &number) in rows.zip(numbers) {
        now = W::from_difference(number, now);
        now.write(row);
    }
}

fn get_planes(rest: &mut &[u8], count: usize, numbers: &mut Vec<u64>) -> Result<(), Malformed> {
    let present = rest.split_off(..1).ok_or(Malformed)?[0];
    planes::get(present, count, rest, numbers)
}

/// Reads the numbers of events and records of each group. Together they must match the header.
fn groups(rest: &mut &[u8], events: u32) -> Result<Vec<(u32, u32)>, Malformed> {
    let number = |rest: &mut &[u8]| {
        let number = varint::get(rest)?;
        u32::try_from(number)
            .ok()
            .filter(|&it| it <= events)
            .ok_or(Malformed)
    };
    let count = number(rest)?;
    // Each group takes at least two bytes.
    if count as usize > rest.len() / 2 {
        return Err(Malformed);
    }
    let mut groups = Vec::with_capacity(count as usize);
    let mut left = events;
    for _ in 0..count {
        let group = (number(rest)?, number(rest)?);
        left = left.checked_sub(group.0).ok_or(Malformed)?;
        left = left.checked_sub(group.1).ok_or(Malformed)?;
        groups.push(group);
    }
    (left == 0).then_some(groups).ok_or(Malformed)
}

fn fault_classifier(number: u8) -> Result<Option<FaultClassifier>, Malformed> {
    Ok(Some(match number {
        0 => return Ok(None),
        1 => FaultClassifier::Candidates,
        2 => FaultClassifier::FromAllocations,
        3 => FaultClassifier::FromPageTable,
        _ => return Err(Malformed),
    }))
}

// Kinds are bytes in a payload.
const _: () = assert!(size_of::<Kind>() == 1);
