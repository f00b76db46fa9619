//! Every flipped byte and every truncation of a segment: all events outside the
//! broken block are read, the missing ones are counted, and no exited process stays
//! present.

use std::ops::Range;

use super::*;
use crate::recording::{Ending, Index};

/// Writes events in segments of `segment` events and blocks of `block` events.
fn write_blocks(
    ring: &FlightRecorder,
    events: &[Event],
    segment: usize,
    block: usize,
) -> Vec<PathBuf> {
    let mut tracer = Tracer::new(ring);
    for (number, event) in events.iter().enumerate() {
        tracer.take(event);
        match number + 1 {
            count if count % segment == 0 && count < events.len() => tracer.turn(),
            count if count % block == 0 => tracer.recorder.settle(),
            _ => {}
        }
    }
    tracer.recorder.finish().unwrap();
    let segments = crate::recording::segments::list(&ring.dir)
        .unwrap()
        .segments;
    segments.into_iter().map(|segment| segment.path).collect()
}

/// Directory with three segments, and the contents of the middle one.
struct Trial {
    scratch: Scratch,
    events: Vec<Event>,
    middle: PathBuf,
    bytes: Vec<u8>,
    /// Range of bytes and of events of each block. The first block has no events of
    /// its own: it repeats the session.
    blocks: Vec<(Range<usize>, Range<usize>)>,
    whole: BTreeMap<ProcessId, (Comm, State)>,
}

const SEGMENT: usize = 36;

impl Trial {
    fn new(name: &str) -> Trial {
        let scratch = Scratch::new(name);
        let mut events = without_positions(trace(START, 1000, 15));
        events.truncate(3 * SEGMENT);
        let paths = write_blocks(&scratch.ring(), &events, SEGMENT, 12);
        assert_eq!(paths.len(), 3);
        let middle = paths[1].clone();
        let bytes = fs::read(&middle).unwrap();
        let mut at = SEGMENT;
        let entries = Index::load(fs::File::open(&middle).unwrap())
            .unwrap()
            .entries;
        let blocks = entries.iter().enumerate().map(|(number, entry)| {
            let from = at;
            at += if number == 0 {
                0
            } else {
                entry.events as usize
            };
            let offset = entry.offset as usize;
            (offset..offset + entry.length as usize, from..at)
        });
        let blocks: Vec<_> = blocks.collect();
        assert_eq!((blocks.len(), at), (4, 2 * SEGMENT));
        Trial {
            whole: Play::of(&events).present(),
            scratch,
            events,
            middle,
            bytes,
            blocks,
        }
    }

    /// Asserts that with these bytes in the middle segment, exactly the `missing`
    /// events are missing.
    fn assert_missing(&self, bytes: &[u8], missing: Range<usize>, name: &str) {
        fs::write(&self.middle, bytes).unwrap();
        let (read_events, gaps) = events_and_gaps(&self.scratch.0);
        let left = [&self.events[..missing.start], &self.events[missing.end..]].concat();
        assert!(read_events == left, "{name}: {} read", read_events.len());
        let lost = gaps.iter().map(|(_, _, cause)| match cause {
            GapCause::Unreadable { events } => events.unwrap(),
            _ => panic!("{cause:?}"),
        });
        assert_eq!(lost.sum::<u64>(), missing.len() as u64, "{name}");
        assert_eq!(gaps.len(), usize::from(!missing.is_empty()), "{name}");
        let play = Play::of(&read(&self.scratch.0));
        assert_eq!(play.present(), self.whole, "{name}");
    }
}

#[test]
fn flipped_byte_costs_only_its_block() {
    let trial = Trial::new("flipped");
    for at in 0..trial.bytes.len() {
        let mut bytes = trial.bytes.clone();
        bytes[at] ^= 0xff;
        let hit = trial.blocks.iter().find(|(place, _)| place.contains(&at));
        let missing = hit.map_or(SEGMENT..SEGMENT, |(_, events)| events.clone());
        trial.assert_missing(&bytes, missing, &format!("byte {at}"));
    }
}

#[test]
fn truncation_costs_only_what_is_cut_off() {
    let trial = Trial::new("cut");
    for length in 0..trial.bytes.len() {
        let whole = trial.blocks.iter().rev();
        let mut whole = whole.filter(|(place, _)| place.end <= length);
        let from = whole.next().map_or(SEGMENT, |(_, events)| events.end);
        let cut = &trial.bytes[..length];
        trial.assert_missing(cut, from..2 * SEGMENT, &format!("{length} bytes"));
        let reader = crate::recording::Reader::new(cut);
        let ending = reader.map(|mut reader| {
            while reader.next_event().unwrap().is_some() {}
            reader.ending()
        });
        assert!(!matches!(ending, Ok(Some(Ending::Clean))), "{length} bytes");
    }
}
