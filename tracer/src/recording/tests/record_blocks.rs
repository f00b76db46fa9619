//! Blocks of records: the records of the kernel are read back as events, in the order of the groups,
//! from this build and from others.

use proptest::{prelude::*, strategy::ValueTree as _};

use super::{forged_block, read, samples};
use crate::{
    event::{Event, What},
    recording::{
        Effort, Ending, RecordBlock, Writer,
        block_header::{LAYOUT, RECORDS},
        record_block_decoder::RecordBlockDecoder,
        record_layouts::KnownLayouts,
    },
    records::{Assembler, Layout, RECORD_HEADER, Sink, own_text},
};

/// Numbers of two kinds of records.
const EXEC: u8 = 4;
const NOTIFY: u8 = 9;

/// The records of a group, and the events that user space adds.
#[derive(Clone, Debug)]
struct Group {
    events: Vec<Event>,
    records: Vec<Vec<u8>>,
}

fn arbitrary_record() -> impl Strategy<Value = Vec<u8>> {
    let size = |kind: u8| Layout::own().of(kind).map(|layout| (kind, layout.size));
    let kind = prop::sample::select((0..=u8::MAX).filter_map(size).collect::<Vec<_>>());
    let values = (kind, 0..4_u32, 0..5000_u64, any::<u64>(), 0..40_usize);
    values.prop_map(|((kind, size), cpu, at, seed, tail)| {
        // A few arbitrary bytes among zeros.
        let bytes = |place: u64| {
            let mixed = (seed ^ place)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(29);
            if mixed.is_multiple_of(4) {
                (mixed >> 8) as u8
            } else {
                0
            }
        };
        let bytes: Vec<u8> = (0..700).map(bytes).collect();
        let mut record = bytes[..size].to_vec();
        record[..4].copy_from_slice(&u32::from(kind).to_le_bytes());
        record[4..8].copy_from_slice(&cpu.to_le_bytes());
        record[8..16].copy_from_slice(&(1_000_000 + at).to_le_bytes());
        if kind == EXEC {
            // Valid lengths of the texts after the fixed part.
            record[44..48].copy_from_slice(&(tail as u32 / 2).to_le_bytes());
            record[48..52].copy_from_slice(&(tail as u32 - tail as u32 / 2).to_le_bytes());
            record.extend_from_slice(&bytes[..tail]);
        }
        record
    })
}

fn arbitrary_groups() -> impl Strategy<Value = Vec<Group>> {
    let samples = samples::every_kind();
    let events = prop::collection::vec(prop::sample::select(samples), 0..3);
    let records = prop::collection::vec(arbitrary_record(), 0..30);
    let group = (events, records).prop_map(|(events, records)| Group { events, records });
    prop::collection::vec(group, 1..6)
}

fn put(groups: &[Group], sink: &mut dyn Sink) {
    for group in groups {
        group
            .events
            .iter()
            .for_each(|event| sink.event(event.clone()));
        group.records.iter().for_each(|record| sink.record(record));
        sink.end_group();
    }
}

/// Returns the events that a live trace makes of the groups, and the number of records that it
/// rejects because of unknown values.
fn live_events(groups: &[Group]) -> (Vec<Event>, u64) {
    let mut assembler = Assembler::default();
    let (mut events, mut unknown) = (Vec::new(), 0);
    for group in groups {
        group
            .events
            .iter()
            .for_each(|event| assembler.event(event.clone()));
        for record in &group.records {
            unknown += u64::from(assembler.record(record).is_err());
        }
        events.extend(assembler.end_group());
    }
    (events, unknown)
}

fn session() -> Group {
    Group {
        events: samples::every_kind()[..1].to_vec(),
        records: Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn replay_equals_live(mut groups in arbitrary_groups()) {
        groups.insert(0, session());
        let mut writer = Writer::new(Vec::new()).unwrap();
        let mut block = RecordBlock::default();
        for effort in [Effort::Low, Effort::Normal] {
            put(&groups, &mut block);
            writer.write_block(&block, effort).unwrap();
            block.clear();
        }
        let (written, bytes) = writer.finish().unwrap();
        let mut reader = crate::recording::Reader::new(&bytes[..]).unwrap();
        let events: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
        let (mut expected, unknown) = live_events(&groups);
        expected.extend(expected.clone());
        prop_assert_eq!(&events, &expected);
        prop_assert_eq!(reader.unknown().events, 2 * unknown);
        prop_assert_eq!(reader.ending(), Some(Ending::Clean));
        prop_assert_eq!(written.events, events.len() as u64 + 2 * unknown);
        prop_assert_eq!(reader.number(), written.events);
    }

    #[test]
    fn damaged_payload_does_not_panic(
        groups in arbitrary_groups(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        lie in -2..3_i64,
    ) {
        let mut block = RecordBlock::default();
        put(&groups, &mut block);
        let mut payload = Vec::new();
        block.pack(&mut payload);
        for (place, byte) in changes {
            let place = place.index(payload.len());
            payload[place] = byte;
        }
        let count = (i64::from(block.count()) + lie).max(0) as u32;
        let mut record_decoder = RecordBlockDecoder::default();
        for payload in [&payload[..], &payload[..cut.index(payload.len())]] {
            let begun = record_decoder.begin(payload, count, &KnownLayouts::default());
            if begun.is_ok() {
                while let Ok(Some(events)) = record_decoder.next_group() {
                    drop(events);
                }
            }
        }
    }
}

/// Returns the layout of a build whose `Notify` has one more field, in front.
fn other_text() -> String {
    let mut text = String::new();
    let mut inside = false;
    for line in own_text().lines() {
        let mut words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        if words[0] == "struct" {
            inside = words[1] == "Notify";
            if inside {
                words[2] = (words[2].parse::<usize>().unwrap() + 8).to_string();
            }
        } else if inside && words[2] != "head" && words[0].is_empty() {
            words[4] = (words[4].parse::<usize>().unwrap() + 8).to_string();
        }
        text.push_str(&words.join(" "));
        text.push('\n');
        if inside && words.get(2).is_some_and(|name| name == "head") {
            text.push_str("  later u64 40 Unknown to this build.\n");
        }
    }
    text
}

#[test]
fn records_of_another_build_are_converted() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..50 {
        let groups = arbitrary_groups().new_tree(&mut runner).unwrap().current();
        let mut block = RecordBlock::default();
        put(&groups, &mut block);
        let count = block.count();
        let text = other_text();
        let mut payload = Vec::new();
        let change = |kind: u8, row: &[u8]| match kind == NOTIFY {
            true => [
                &row[..40 - RECORD_HEADER],
                &[7; 8],
                &row[40 - RECORD_HEADER..],
            ]
            .concat(),
            false => row.to_vec(),
        };
        block.pack_of_other_build(&text, change, &mut payload);
        let layout = forged_block(LAYOUT, text.as_bytes(), 0, 0);
        let records = forged_block(RECORDS, &payload, count, 1);
        let bytes = [
            &crate::recording::file_header::to_bytes()[..],
            &layout,
            &records,
        ]
        .concat();
        let (expected, _) = live_events(&groups);
        assert_eq!(read(&bytes[..]).unwrap().events, expected);
        // Without the layout the block is unreadable, and the number of events is reported.
        let alone = [&crate::recording::file_header::to_bytes()[..], &records].concat();
        let reading = read(&alone[..]).unwrap();
        let lost = reading
            .damage
            .iter()
            .filter_map(|damage| damage.events)
            .sum::<u64>();
        assert_eq!(lost, u64::from(count));
        assert!(
            reading
                .events
                .iter()
                .all(|event| matches!(event.what, What::Gap(_)))
        );
    }
}
