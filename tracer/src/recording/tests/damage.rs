//! Damaged recordings: the reader returns the events of all intact blocks and reports the missing
//! ones.

use std::io::Cursor;

use proptest::prelude::*;

use super::{Reading, arbitrary, forged, payload, read, record, samples};
use crate::{
    event::{Event, GapCause, What},
    recording::{
        Damage, Ending, Error, Index, VERSION,
        block_header::{EVENTS, HEADER, Header, ZSTD},
        file_header,
        limits::MAX_PAYLOAD,
        span::Span,
    },
};

/// Returns a recording of the sample events and the events of each of its blocks.
fn small() -> (Vec<u8>, Vec<Vec<Event>>) {
    let samples = samples::every_kind();
    let blocks = [
        &samples[..1],
        &samples[1..7],
        &samples[7..14],
        &samples[14..],
    ];
    (record(&blocks), blocks.map(<[_]>::to_vec).to_vec())
}

/// Returns the range of each block of events.
fn places(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let index = Index::load(Cursor::new(bytes)).unwrap();
    let entries = index.entries.iter();
    entries
        .map(|entry| entry.offset as usize..(entry.offset + entry.length) as usize)
        .collect()
}

fn is_unreadable(event: &Event, count: Option<u64>) -> bool {
    let cause = GapCause::Unreadable { events: count };
    matches!(&event.what, What::Gap(gap) if gap.cause == cause)
}

/// Asserts that exactly one block is missing and that a gap stands for it.
fn assert_missing(reading: &Reading, blocks: &[Vec<Event>], missing: usize) {
    let before = blocks[..missing].concat();
    let (head, rest) = reading.events.split_at(before.len());
    assert_eq!(head, before);
    let (gap, rest) = rest.split_first().unwrap();
    let count = blocks[missing].len() as u64;
    assert!(
        is_unreadable(gap, Some(count)),
        "{gap:?} for {count} events"
    );
    let What::Gap(span) = &gap.what else {
        unreachable!()
    };
    let latest = before.iter().map(|event| event.at).max();
    assert_eq!(span.since, latest.unwrap_or(0));
    assert!(rest.first().is_none_or(|next| next.at >= gap.at));
    assert_eq!(rest, blocks[missing + 1..].concat());
}

#[test]
fn flipped_byte_loses_its_block_only() {
    let (bytes, blocks) = small();
    let places = places(&bytes);
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            let reading = read(&damaged[..]).unwrap();
            match places.iter().position(|place| place.contains(&at)) {
                Some(missing) => {
                    assert_missing(&reading, &blocks, missing);
                    let [damage] = reading.damage[..] else {
                        panic!("{:?}", reading.damage)
                    };
                    let place = &places[missing];
                    assert_eq!(damage.offset as usize, place.start);
                    assert_eq!(damage.bytes as usize, place.len());
                    assert_eq!(damage.blocks, Some(1));
                }
                None => assert_eq!(reading.events, blocks.concat(), "byte {at}"),
            }
            let noticed = !reading.damage.is_empty() || reading.ending != Some(Ending::Clean);
            assert!(noticed, "byte {at}");
        }
    }
}

#[test]
fn truncation_keeps_complete_blocks() {
    let (bytes, blocks) = small();
    let places = places(&bytes);
    let samples = blocks.concat();
    for length in 0..bytes.len() {
        let reading = match read(&bytes[..length]) {
            Ok(reading) => reading,
            Err(error) => {
                assert!(matches!(error, Error::Empty), "{error}");
                assert!(length < 16);
                continue;
            }
        };
        let whole = places.iter().filter(|place| place.end <= length).count();
        assert_eq!(reading.events, blocks[..whole].concat());
        assert!(samples.starts_with(&reading.events));
        assert_eq!(reading.damage, []);
        let Some(Ending::Torn { offset, bytes }) = reading.ending else {
            panic!("{:?}", reading.ending)
        };
        assert_eq!(offset + bytes, length as u64);
    }
}

#[test]
fn removed_and_inserted_bytes_lose_their_block_only() {
    let (bytes, blocks) = small();
    let places = places(&bytes);
    for at in places[0].start..places[3].end - 7 {
        let missing = places.iter().position(|place| place.contains(&at)).unwrap();
        let mut shorter = bytes.clone();
        shorter.drain(at..at + 7);
        if places[missing].contains(&(at + 6)) {
            assert_missing(&read(&shorter[..]).unwrap(), &blocks, missing);
        }
        let mut longer = bytes.clone();
        longer.splice(at..at, [0x11; 500]);
        let reading = read(&longer[..]).unwrap();
        if places[missing].start == at {
            assert_eq!(reading.events, blocks.concat());
            assert_eq!(reading.damage.len(), 1);
        } else {
            assert_missing(&reading, &blocks, missing);
        }
    }
}

#[test]
fn blocks_after_a_torn_one_are_found() {
    let (bytes, blocks) = small();
    let places = places(&bytes);
    // A crash in the middle of the second block, then more blocks.
    let torn = places[1].start + HEADER + 3;
    let crashed = [&bytes[..torn], &bytes[places[2].start..]].concat();
    assert_missing(&read(&crashed[..]).unwrap(), &blocks, 1);
}

#[test]
fn damaged_file_header_is_reported_and_loses_no_event() {
    let (mut bytes, blocks) = small();
    bytes[..16].fill(0);
    let reading = read(&bytes[..]).unwrap();
    assert_eq!(reading.events, blocks.concat());
    let damage = Damage {
        offset: 0,
        bytes: 16,
        blocks: Some(0),
        events: Some(0),
    };
    assert_eq!(reading.damage, [damage]);
}

#[test]
fn other_files_are_refused() {
    let refusal = |bytes: &[u8]| read(bytes).unwrap_err();
    assert!(matches!(refusal(b""), Error::Empty));
    assert!(matches!(refusal(b"\x89trac"), Error::Empty));
    assert!(matches!(refusal(b"hello"), Error::NotARecording));
    let text = "no recording at all ".repeat(10_000);
    assert!(matches!(refusal(text.as_bytes()), Error::NotARecording));
}

fn header(stored: usize, raw: usize) -> Header {
    Header {
        version: VERSION,
        kind: EVENTS,
        compression: ZSTD,
        stored: stored as u32,
        raw: raw as u32,
        payload_crc: 0,
        events: u32::MAX,
        blocks_before: 0,
        events_before: 0,
        span: Span::of(0),
    }
}

#[test]
fn nested_headers_take_bounded_time() {
    let mut bytes = file_header::to_bytes().to_vec();
    let claim = header(1 << 20, 1 << 20).to_bytes();
    bytes.extend(claim.repeat(100_000));
    let reading = read(&bytes[..]).unwrap();
    assert_eq!(reading.events, []);
    assert!(matches!(reading.ending, Some(Ending::Torn { .. })));
}

#[test]
fn excessive_lengths_are_refused() {
    for (stored, raw) in [
        (u32::MAX as usize, 10),
        (10, u32::MAX as usize),
        (10, MAX_PAYLOAD),
        (MAX_PAYLOAD, MAX_PAYLOAD),
    ] {
        let mut claim = header(stored, raw);
        let payload = [0x55; 10];
        claim.payload_crc = crc32c::crc32c(&payload);
        let bytes = [&file_header::to_bytes()[..], &claim.to_bytes(), &payload].concat();
        for event in read(&bytes[..]).unwrap().events {
            assert!(is_unreadable(&event, Some(u64::from(u32::MAX))));
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_payload_does_not_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        events in 0..20_u32,
    ) {
        read(&forged(&bytes, events)[..]).unwrap();
    }

    #[test]
    fn changed_payload_does_not_panic(
        events in arbitrary::events(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = payload(&events);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        read(&forged(&bytes, events.len() as u32)[..]).unwrap();
    }
}

#[test]
fn truncated_block_becomes_a_gap() {
    let samples = samples::every_kind();
    let bytes = payload(&samples);
    let more = samples.len() as u32 + 2;
    let reading = read(&forged(&bytes, more)[..]).unwrap();
    let (gap, events) = reading.events.split_last().unwrap();
    assert_eq!(events, samples);
    assert!(is_unreadable(gap, Some(2)));
    assert_eq!(reading.damage.len(), 1);
}

#[test]
fn recording_without_events_is_valid() {
    let reading = read(&record(&[])[..]).unwrap();
    assert_eq!(reading.events, []);
    assert_eq!(reading.ending, Some(Ending::Clean));
}
