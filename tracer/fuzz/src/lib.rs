//! Shared by the fuzz targets: recordings forged around arbitrary bytes, and checks of what
//! a reader makes of them.

use libfuzzer_sys as _;
use std::io::Cursor;

use tracer::{
    event::Event,
    model::{Model, presence_snapshot},
    playback::{Place, Playback, SearchTarget, Stage},
    recording::{Index, Reader, Writer},
};

/// Layout as in docs/recording-format.md, independent of the code.
const FILE_HEADER: usize = 16;
const HEADER: usize = 56;
const INDEX: u8 = 2;
const END: u8 = 3;

/// Size of the head of each payload in the input of [`forge`]: the kind of the block (with
/// [`OLD`] for version 1), the number of events it claims, the length of the payload (u16).
pub const CLAIM: usize = 4;

/// Marks a block of version 1.
pub const OLD: u8 = 0x80;

/// Returns a recording with valid checksums and the payloads of the input, which repeats
/// [`CLAIM`] and payload.
pub fn forge(input: &[u8]) -> Vec<u8> {
    let mut forged = Forged::default();
    forged.put_all(input);
    forged.end()
}

/// Returns a recording that lacks the second block: behind the first one comes the rest of
/// the input.
pub fn forge_gap(input: &[u8]) -> Vec<u8> {
    let mut forged = Forged::default();
    let rest = forged.put_first(input).unwrap_or_default();
    forged.skip_block();
    forged.put_all(rest);
    forged.end()
}

/// A recording under construction.
struct Forged {
    bytes: Vec<u8>,
    blocks: u32,
    events: u64,
    /// Offset of the latest index.
    index: u64,
}

impl Default for Forged {
    fn default() -> Forged {
        Forged {
            bytes: front(),
            blocks: 0,
            events: 0,
            index: 0,
        }
    }
}

impl Forged {
    /// Appends the first block of the input. Returns the rest, or none without a block.
    fn put_first<'a>(&mut self, input: &'a [u8]) -> Option<&'a [u8]> {
        let (&[kind, events, low, high], rest) = input.split_first_chunk::<CLAIM>()?;
        let length = usize::from(u16::from_le_bytes([low, high])).min(rest.len());
        let (payload, rest) = rest.split_at(length);
        if kind == INDEX {
            self.index = self.bytes.len() as u64;
        }
        self.put(kind, events, payload);
        Some(rest)
    }

    fn put_all(&mut self, mut input: &[u8]) {
        while let Some(rest) = self.put_first(input) {
            input = rest;
        }
    }

    fn put(&mut self, kind: u8, events: u8, payload: &[u8]) {
        let events = u32::from(events);
        put(
            &mut self.bytes,
            kind,
            events,
            self.blocks,
            self.events,
            payload,
        );
        self.blocks += 1;
        self.events += u64::from(events);
    }

    /// Continues as after a block of an event that is missing.
    fn skip_block(&mut self) {
        self.blocks += 1;
        self.events += 1;
    }

    fn end(mut self) -> Vec<u8> {
        let index = self.index.to_le_bytes();
        self.put(END, 0, &index);
        self.bytes
    }
}

fn front() -> Vec<u8> {
    let mut front = b"\x89tracer\n\x02\x00\x10\x00".to_vec();
    front.extend(crc32c::crc32c(&front).to_le_bytes());
    front
}

fn put(to: &mut Vec<u8>, kind: u8, events: u32, blocks: u32, events_before: u64, payload: &[u8]) {
    let length = (payload.len() as u32).to_le_bytes();
    let version = if kind & OLD == 0 { 2 } else { 1 };
    let mut rest = vec![version, 0, kind & !OLD, 0];
    rest.extend([length, length, crc32c::crc32c(payload).to_le_bytes()].concat());
    rest.extend(events.to_le_bytes());
    rest.extend(blocks.to_le_bytes());
    rest.extend(events_before.to_le_bytes());
    rest.extend([0; 16]);
    to.extend(b"\xf7TrB");
    to.extend(crc32c::crc32c(&rest).to_le_bytes());
    to.extend(rest);
    to.extend(payload);
}

/// Converts the blocks of a valid recording to an input of [`forge`].
pub fn claims(recording: &[u8]) -> Vec<u8> {
    let mut input = Vec::new();
    let mut rest = recording.get(FILE_HEADER..).unwrap_or_default();
    while let Some(header) = rest.first_chunk::<HEADER>() {
        let word = |at: usize| {
            header[at..]
                .first_chunk()
                .map_or(0, |&it| u32::from_le_bytes(it))
        };
        let (stored, raw, events) = (word(12), word(16) as usize, word(24));
        let Some(payload) = rest.get(HEADER..HEADER + stored as usize) else {
            break;
        };
        let payload = match header[11] {
            0 => payload.to_vec(),
            _ => zstd::bulk::decompress(payload, raw).unwrap_or_default(),
        };
        // Longer payloads do not fit a seed.
        if let (Ok(length), Ok(events)) = (u16::try_from(payload.len()), u8::try_from(events)) {
            let old = if header[8] < 2 { OLD } else { 0 };
            input.extend([header[10] | old, events]);
            input.extend(length.to_le_bytes());
            input.extend(payload);
        }
        rest = &rest[HEADER + stored as usize..];
    }
    input
}

/// Reads a recording in every way. Nothing may panic, and the events that were read can be
/// written and read again unchanged.
pub fn read(bytes: &[u8]) -> Vec<Event> {
    let Ok(reader) = Reader::new(bytes) else {
        return Vec::new();
    };
    let events: Vec<Event> = reader.map_while(Result::ok).collect();
    assert_comes_back(&events);
    assert_heals(bytes);
    go_about(bytes);
    events
}

/// The snapshot after an unreadable part comes in addition to the events, never in their
/// place.
fn assert_heals(bytes: &[u8]) {
    let of = |reader: Result<Reader<_>, _>| -> Vec<Event> {
        let Ok(mut reader) = reader else {
            return Vec::new();
        };
        let mut events = Vec::new();
        while let Ok(Some(event)) = reader.next_event() {
            if !reader.is_outside_stream() {
                events.push(event);
            }
        }
        events
    };
    let healed = Reader::new(bytes).map(|reader| reader.with_gap_repair(presence_snapshot));
    assert_eq!(of(healed), of(Reader::new(bytes)));
}

/// Writes events and reads them again.
pub fn assert_comes_back(events: &[Event]) {
    let mut writer = Writer::new(Vec::new()).expect("memory has no errors");
    for event in events {
        // A block that is too long is refused.
        if writer.write(event).is_err() {
            return;
        }
    }
    let Ok((_, bytes)) = writer.finish() else {
        return;
    };
    let mut reader = Reader::new(&bytes[..]).expect("a written recording can be read");
    for event in events {
        let back = reader.next_event().expect("memory has no errors");
        assert_eq!(back.as_ref(), Some(event));
    }
    assert!(reader.damage().is_empty());
}

/// Seeks to the places of the index, or of a rebuilt one.
fn go_about(bytes: &[u8]) {
    let Ok(index) = Index::load(Cursor::new(bytes)) else {
        return;
    };
    let Ok(mut playback) = Playback::open(Cursor::new(bytes)) else {
        return;
    };
    let total = index.entries.iter().map(|it| u64::from(it.events));
    let total = total.fold(0, u64::saturating_add);
    let stage = &mut NoStage;
    let _ = playback.density(40);
    for place in [
        Place::End,
        Place::Event(total / 2),
        Place::Time(playback.now() / 2),
        Place::Beginning,
    ] {
        let _ = playback.seek(place, stage);
    }
    let _ = playback.next_where(|event| SearchTarget::Exit.matches(event), stage);
    let _ = playback.previous_where(|event| SearchTarget::Gap.matches(event), stage);
}

/// A stage that keeps nothing.
pub struct NoStage;

impl Stage for NoStage {
    fn clear(&mut self) {}

    fn restore(&mut self, _: Model) {}

    fn take(&mut self, _: &Event) {}
}
