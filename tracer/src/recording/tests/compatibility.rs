//! Recordings of later versions, with unknown contents, and of earlier ones, with missing contents.

use super::{forged, payload, read, samples};
use crate::{
    event::{Comm, Event, Hook, Kind, Label, Purpose, Text, What},
    recording::{
        Error, Reader, Span,
        block_header::{EVENTS, HEADER, Header},
        columns::Column,
        event_block::{EventBlockBuilder, KINDS},
        file_header,
        payload::{BlockLabel, BlockPacker, Effort},
        varint,
    },
};

fn collect(events: &[Event]) -> EventBlockBuilder {
    let mut builder = EventBlockBuilder::default();
    events.iter().for_each(|event| builder.add(event));
    builder
}

fn recording(builder: &EventBlockBuilder, events: usize) -> Vec<u8> {
    let mut payload = Vec::new();
    builder.payload(&mut payload);
    forged(&payload, events as u32)
}

#[test]
fn unknown_kinds_are_skipped_and_counted() {
    const LATER: u8 = 200;
    let samples = samples::every_kind();
    let mut builder = collect(&samples[..9]);
    for _ in 0..3 {
        // The time of the previous event and the newest subject.
        let columns = &mut builder.encoder.columns;
        columns.number(KINDS, u64::from(LATER));
        for field in 0..30 {
            columns.number(Column::new(LATER, field, 0), 0);
            columns.number(Column::new(LATER, field, 3), 77);
        }
    }
    samples[9..].iter().for_each(|event| builder.add(event));
    let bytes = recording(&builder, samples.len() + 3);

    let mut reader = Reader::new(&bytes[..]).unwrap();
    let events: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(events, samples);
    assert_eq!(reader.unknown().events, 3);
    assert_eq!(reader.damage(), []);
}

#[test]
fn unknown_fields_are_ignored() {
    let samples = samples::every_kind();
    let mut builder = collect(&samples);
    for kind in 0..=255 {
        let columns = &mut builder.encoder.columns;
        columns.number(Column::new(kind, 31, 15), u64::MAX);
        columns.number(Column::new(kind, 20, 0), 1);
    }
    let bytes = recording(&builder, samples.len());
    assert_eq!(read(&bytes[..]).unwrap().events, samples);
}

#[test]
fn missing_fields_read_as_zero() {
    let mut builder = EventBlockBuilder::default();
    for &kind in Kind::ALL {
        builder.encoder.columns.number(KINDS, kind as u64);
    }
    let bytes = recording(&builder, Kind::ALL.len());
    let reading = read(&bytes[..]).unwrap();
    let kinds: Vec<_> = reading.events.iter().map(|it| it.what.kind()).collect();
    assert_eq!(kinds, Kind::ALL);
    let exec = reading.events.iter().find_map(|event| match &event.what {
        What::Exec(exec) => Some(exec),
        _ => None,
    });
    let exec = exec.unwrap();
    assert_eq!(
        (exec.comm, &exec.filename),
        (Comm::default(), &Text::default())
    );
    assert_eq!(exec.argv, None);
}

#[test]
fn event_with_unknown_value_is_skipped_and_columns_stay_in_step() {
    let samples = samples::every_kind();
    let (first, second) = samples.split_at(12);
    let mut builder = collect(first);
    // An exit of the host, all zeros except an unknown value of `sigchld` (field 8).
    let kind = Kind::Exit as u8;
    let newest = u64::from(builder.encoder.head.newest);
    let columns = &mut builder.encoder.columns;
    columns.number(KINDS, u64::from(kind));
    for field in 0..16 {
        let number = match field {
            2 => varint::difference(newest, 0),
            8 => 99,
            _ => 0,
        };
        columns.number(Column::new(kind, field, 0), number);
    }
    for part in 1..9 {
        columns.number(Column::new(kind, 10, part), 0);
    }
    second.iter().for_each(|event| builder.add(event));
    let bytes = recording(&builder, samples.len() + 1);

    let mut reader = Reader::new(&bytes[..]).unwrap();
    let events: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(events, samples);
    assert_eq!(reader.unknown().events, 1);
}

#[test]
fn list_entries_may_grow_and_unknown_ones_are_skipped() {
    let mut builder = EventBlockBuilder::default();
    let columns = &mut builder.encoder.columns;
    columns.number(KINDS, Kind::Session as u64);
    let hooks = Column::new(Kind::Session as u8, 15, 0);
    columns.bytes(hooks, &[3]);
    // Purpose, hook, losses, and bytes that only a later version knows.
    columns.bytes(hooks, b"\x08\x01\x01\x01a\x01b\xff\xff");
    // An unknown purpose.
    columns.bytes(hooks, b"\x05\x63\x01\x01c\x00");
    // An entry that ends early.
    columns.bytes(hooks, b"\x01\x02");
    let bytes = recording(&builder, 1);

    let mut reader = Reader::new(&bytes[..]).unwrap();
    let event = reader.next_event().unwrap().unwrap();
    let What::Session(session) = event.what else {
        panic!("{event:?}")
    };
    let hook = |purpose, hook: Option<&str>, loses: &str| Hook {
        purpose,
        hook: hook.map(Label::from),
        loses: loses.into(),
    };
    let expected = [
        hook(Purpose::Fork, Some("a"), "b"),
        hook(Purpose::WakeupNew, None, ""),
    ];
    assert_eq!(session.hooks, expected);
    assert_eq!(reader.unknown().events, 1);
}

#[test]
fn unknown_blocks_are_skipped_and_counted() {
    let samples = samples::every_kind();
    let mut packer = BlockPacker::new().unwrap();
    let mut bytes = file_header::to_bytes().to_vec();
    let events = payload(&samples);
    let blocks: [(u8, u32, &[u8]); 3] = [
        (EVENTS, samples.len() as u32, &events),
        (77, 0, b"any payload here."),
        (EVENTS, samples.len() as u32, &events),
    ];
    let mut before = 0;
    for (number, (kind, events, payload)) in blocks.into_iter().enumerate() {
        let label = BlockLabel {
            kind,
            events,
            blocks_before: number as u32,
            events_before: before,
            span: Span::of(7),
        };
        bytes.extend(packer.pack(label, payload, Effort::Normal).unwrap());
        before += u64::from(events);
    }
    let mut reader = Reader::new(&bytes[..]).unwrap();
    let events: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(events, [&samples[..], &samples].concat());
    assert_eq!(reader.unknown().blocks, 1);
    assert_eq!(reader.damage(), []);
}

#[test]
fn later_version_is_refused_by_number() {
    let mut later = file_header::to_bytes();
    later[8] = 3;
    let crc = crc32c::crc32c(&later[..12]);
    later[12..].copy_from_slice(&crc.to_le_bytes());
    let refusal = read(&later[..]).unwrap_err();
    assert!(matches!(refusal, Error::Version(3)), "{refusal}");
    assert!(refusal.to_string().contains("format version 3"));

    // The same if the file header is damaged and only the block shows the version.
    let mut bytes = forged(&payload(&samples::every_kind()), 23);
    let header = Header::parse(&bytes[16..]).unwrap();
    let header = Header {
        version: 300,
        ..header
    };
    bytes[16..16 + HEADER].copy_from_slice(&header.to_bytes());
    bytes[..16].fill(0);
    let refusal = read(&bytes[..]).unwrap_err();
    assert!(matches!(refusal, Error::Version(300)), "{refusal}");
}
