//! Tests of the recording as a whole.

mod arbitrary;
mod compatibility;
mod damage;
mod format_page;
mod record_blocks;
pub(crate) mod samples;
mod writer_failures;

use std::{
    cell::RefCell,
    collections::VecDeque,
    io::{self, Cursor, Read},
    rc::Rc,
};

use proptest::prelude::*;

use super::{
    Damage, Ending, Error, Index, Reader, Span, Writer,
    block_header::EVENTS,
    event_block::EventBlockBuilder,
    file_header,
    payload::{BlockLabel, BlockPacker, Effort},
    writer::INDEX_ENTRIES,
};
use crate::event::{Event, Kind};

/// Records events, in at least one block for each slice.
fn record(blocks: &[&[Event]]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).unwrap();
    for block in blocks {
        for event in *block {
            writer.write(event).unwrap();
        }
        writer.flush().unwrap();
    }
    let (written, bytes) = writer.finish().unwrap();
    assert_eq!(written.bytes, bytes.len() as u64);
    bytes
}

/// Returns the payload of a block of these events.
fn payload(events: &[Event]) -> Vec<u8> {
    let mut builder = EventBlockBuilder::default();
    events.iter().for_each(|event| builder.add(event));
    let mut payload = Vec::new();
    builder.payload(&mut payload);
    payload
}

/// Returns a recording of one block with this payload and valid checksums.
fn forged(payload: &[u8], events: u32) -> Vec<u8> {
    let block = forged_block(EVENTS, payload, events, 0);
    [&file_header::to_bytes()[..], &block].concat()
}

/// Returns a block with valid checksums that follows `blocks_before` others.
fn forged_block(kind: u8, payload: &[u8], events: u32, blocks_before: u32) -> Vec<u8> {
    let label = BlockLabel {
        kind,
        events,
        blocks_before,
        events_before: 0,
        span: Span::of(7),
    };
    let mut packer = BlockPacker::new().unwrap();
    packer
        .pack(label, payload, Effort::Normal)
        .unwrap()
        .to_vec()
}

/// The events that a reader returns, and its reports.
#[derive(Debug)]
struct Reading {
    events: Vec<Event>,
    damage: Vec<Damage>,
    ending: Option<Ending>,
}

fn read(from: impl Read) -> Result<Reading, Error> {
    let mut reader = Reader::new(from)?;
    let events = reader.by_ref().collect::<Result<_, _>>()?;
    Ok(Reading {
        events,
        damage: reader.damage().to_vec(),
        ending: reader.ending(),
    })
}

#[test]
fn every_kind_of_event_round_trips() {
    let samples = samples::every_kind();
    for kind in Kind::ALL {
        let present = samples.iter().any(|event| event.what.kind() == *kind);
        assert!(present, "no {} among the samples", kind.name());
    }
    let reading = read(&record(&[&samples[..5], &samples[5..]])[..]).unwrap();
    assert_eq!(reading.events, samples);
    assert_eq!(reading.ending, Some(Ending::Clean));
    assert_eq!(reading.damage, []);
}

proptest! {
    #[test]
    fn arbitrary_events_round_trip(
        one in arbitrary::events(),
        two in arbitrary::events(),
    ) {
        let reading = read(&record(&[&one, &two])[..]).unwrap();
        prop_assert_eq!(reading.events, [one, two].concat());
        prop_assert_eq!(reading.ending, Some(Ending::Clean));
        prop_assert_eq!(reading.damage, []);
    }
}

#[test]
fn long_recording_has_many_blocks() {
    let samples = samples::every_kind();
    let (first, rest) = samples.split_first().unwrap();
    let mut events = vec![first.clone()];
    for turn in 0..5000_u32 {
        events.extend(rest.iter().cloned().map(|mut event| {
            event.at += u64::from(turn) * 1_000_000;
            event.who.task.pid += turn;
            event
        }));
    }
    let bytes = record(&[&events]);
    let index = Index::load(Cursor::new(&bytes)).unwrap();
    assert!(index.entries.len() > 3, "{} blocks", index.entries.len());
    assert_eq!(read(&bytes[..]).unwrap().events, events);
}

#[test]
fn index_lists_all_blocks_and_can_be_rebuilt() {
    let samples = samples::every_kind();
    let blocks: Vec<_> = samples.chunks(1).cycle().take(INDEX_ENTRIES + 5).collect();
    let bytes = record(&blocks);
    let written = Index::load(Cursor::new(&bytes)).unwrap();
    assert!(written.written);
    assert_eq!(written.entries.len(), blocks.len());

    let cut = bytes.len() - 1;
    let made = Index::load(Cursor::new(&bytes[..cut])).unwrap();
    assert!(!made.written);
    assert_eq!(made.entries, written.entries);

    for (entry, block) in written.entries.iter().zip(&blocks) {
        assert_eq!(entry.events, 1);
        assert_eq!(entry.span.earliest, block[0].at);
        assert_eq!(entry.span.latest, block[0].at);
    }
}

/// A reader that returns one byte at a time and is interrupted before each.
struct Trickle<'a>(&'a [u8], bool);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let one = buffer.len().min(1);
        self.0.read(&mut buffer[..one])
    }
}

#[test]
fn pipe_may_deliver_single_bytes() {
    let samples = samples::every_kind();
    let bytes = record(&[&samples]);
    let reading = read(Trickle(&bytes, false)).unwrap();
    assert_eq!(reading.events, samples);
    assert_eq!(reading.ending, Some(Ending::Clean));
}

/// The bytes written so far of a file that is still being written.
#[derive(Clone, Default)]
struct GrowingFile(Rc<RefCell<VecDeque<u8>>>);

impl Read for GrowingFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buffer)
    }
}

#[test]
fn growing_recording_is_read_on() {
    let samples = samples::every_kind();
    let bytes = record(&[&samples[..9], &samples[9..]]);
    let (front, rest) = bytes.split_at(16);
    let file = GrowingFile::default();
    file.0.borrow_mut().extend(front);
    let mut reader = Reader::new(file.clone()).unwrap();
    let mut events = Vec::new();
    for &byte in rest {
        events.extend(reader.by_ref().map(Result::unwrap));
        assert!(matches!(reader.ending(), Some(Ending::Torn { .. })));
        file.0.borrow_mut().push_back(byte);
    }
    events.extend(reader.by_ref().map(Result::unwrap));
    assert_eq!(events, samples);
    assert_eq!(reader.ending(), Some(Ending::Clean));
    assert_eq!(reader.damage(), []);
}
