//! The side file of a recording: the states that a pass has made of it, and the
//! marks along its bar, so that the next reader need not make them. It is for this
//! version of the model alone and is never needed. Where the file is, and who may
//! read it, is not known here. docs/recording-format.md says how it is laid out.

use std::io::{self, Read, Seek, SeekFrom};

use super::{
    states::{SavedState, StatePlace, States},
    survey::Part,
};
use crate::{
    model::Retention,
    recording::{Entry, Position},
};

const MAGIC: [u8; 8] = *b"\x89trcidx\n";

/// Of how a model is saved and of how this file is laid out. It changes with
/// either; a test of `model::saved` says when.
const VERSION: u64 = 1;

/// Nobody writes longer ones: four times what states may take in memory.
const LONGEST: u64 = 256 << 20;

/// Bytes at the front of a recording, and of a block's header: what they hold
/// tells this recording from others.
const FRONT: usize = 16 + 56;
const HEADER: usize = 56;

const WORDS: usize = 10;
const STATE_WORDS: usize = Position::WORDS + 3;
const MARK_BYTES: usize = 13;

/// Tells a recording from others, up to its last block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// How long it is up to there.
    length: u64,
    /// Where that block begins.
    last: u64,
    /// CRC-32C of its front and of that block's header, which hold the checksums
    /// of the rest.
    crc: u32,
}

impl Fingerprint {
    /// None if there is no block of events.
    pub fn of(from: impl Read + Seek, entries: &[Entry]) -> io::Result<Option<Fingerprint>> {
        let Some(last) = entries.last() else {
            return Ok(None);
        };
        Fingerprint::at(from, last.offset, last.offset + last.length).map(Some)
    }

    fn at(mut from: impl Read + Seek, last: u64, length: u64) -> io::Result<Fingerprint> {
        let mut front = [0; FRONT];
        from.rewind()?;
        from.read_exact(&mut front)?;
        let mut header = [0; HEADER];
        from.seek(SeekFrom::Start(last))?;
        from.read_exact(&mut header)?;
        Ok(Fingerprint {
            length,
            last,
            crc: crc32c::crc32c_append(crc32c::crc32c(&front), &header),
        })
    }

    /// Whether a recording begins as this one did, and is as long at least.
    fn is_of(&self, mut from: impl Read + Seek) -> io::Result<bool> {
        let length = from.seek(SeekFrom::End(0))?;
        if self.length > length {
            return Ok(false);
        }
        Ok(Fingerprint::at(from, self.last, self.length)? == *self)
    }
}

/// What a side file holds.
#[derive(Clone, Debug)]
pub struct Side {
    /// The states in this part of the stream, which is the only one or one of
    /// several.
    pub states: Vec<SavedState>,
    pub retention: Retention,
    /// Which segment the pass began with.
    pub first: u64,
    /// How many events of the stream it has read in all.
    pub events: u64,
    /// What happened when in all of the stream.
    pub marks: Vec<Part>,
}

impl Side {
    /// As bytes, beside the recording of that fingerprint.
    pub fn to_bytes(&self, of: &Fingerprint) -> Vec<u8> {
        let Retention { exited, max_age } = self.retention;
        let head: [u64; WORDS] = [
            VERSION,
            of.length,
            of.last,
            u64::from(of.crc),
            exited as u64,
            max_age,
            self.first,
            self.events,
            self.states.len() as u64,
            self.marks.len() as u64,
        ];
        let mut bytes = MAGIC.to_vec();
        put(&mut bytes, &head);
        for state in &self.states {
            let StatePlace::Read(position) = &state.place else {
                continue;
            };
            put(&mut bytes, &position.to_words());
            let crc = u64::from(crc32c::crc32c(state.bytes()));
            put(
                &mut bytes,
                &[state.length() as u64, state.size() as u64, crc],
            );
        }
        for mark in &self.marks {
            for count in [mark.events, mark.killed, mark.zombies] {
                bytes.extend(count.to_le_bytes());
            }
            bytes.push(u8::from(mark.gap));
        }
        let crc = crc32c::crc32c(&bytes);
        bytes.extend(crc.to_le_bytes());
        for state in &self.states {
            bytes.extend(state.bytes());
        }
        bytes
    }

    /// Reads the side file of a recording, which is this part of the stream; none
    /// if it is another version's, another recording's, or damaged.
    pub fn read(
        mut side: impl Read + Seek,
        recording: impl Read + Seek,
        part: usize,
    ) -> io::Result<Option<Side>> {
        let length = side.seek(SeekFrom::End(0))?;
        side.rewind()?;
        let mut front = [0; MAGIC.len() + 8 * WORDS];
        if length > LONGEST || length < front.len() as u64 {
            return Ok(None);
        }
        side.read_exact(&mut front)?;
        let Some(head) = front.strip_prefix(&MAGIC) else {
            return Ok(None);
        };
        let head: [u64; WORDS] = words(head);
        let [
            version,
            recorded,
            last,
            crc,
            exited,
            max_age,
            first,
            events,
            states,
            marks,
        ] = head;
        let fingerprint = Fingerprint {
            length: recorded,
            last,
            crc: crc as u32,
        };
        if version != VERSION {
            return Ok(None);
        }
        let mut rest = Vec::new();
        side.read_to_end(&mut rest)?;
        let list = usize::try_from(states)
            .ok()
            .and_then(|it| it.checked_mul(8 * STATE_WORDS));
        let bar = usize::try_from(marks)
            .ok()
            .and_then(|it| it.checked_mul(MARK_BYTES));
        let table = list.zip(bar).and_then(|(list, bar)| list.checked_add(bar));
        let Some((table, rest)) = table.and_then(|table| rest.split_at_checked(table)) else {
            return Ok(None);
        };
        let Some((crc, mut rest)) = rest.split_first_chunk() else {
            return Ok(None);
        };
        let seen = crc32c::crc32c_append(crc32c::crc32c(&front), table);
        if seen != u32::from_le_bytes(*crc) || !fingerprint.is_of(recording)? {
            return Ok(None);
        }
        let (list, bar) = table.split_at(list.unwrap_or(0));
        let mut found = Vec::new();
        for entry in list.chunks_exact(8 * STATE_WORDS) {
            let (position, entry) = entry.split_at(8 * Position::WORDS);
            let place = Position::of_words(part, words(position));
            let [length, size, crc] = words(entry);
            let packed = usize::try_from(size).ok();
            let Some((packed, behind)) = packed.and_then(|it| rest.split_at_checked(it)) else {
                return Ok(None);
            };
            rest = behind;
            // One that is damaged is done without.
            if u64::from(crc32c::crc32c(packed)) == crc {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                found.push(SavedState::packed(StatePlace::Read(place), packed, length));
            }
        }
        Ok(Some(Side {
            states: found,
            retention: Retention {
                exited: usize::try_from(exited).unwrap_or(usize::MAX),
                max_age,
            },
            first,
            events,
            marks: bar.chunks_exact(MARK_BYTES).map(mark).collect(),
        }))
    }
}

impl States {
    /// Those of the parts of a stream, in their order; none where not one retention
    /// and one beginning is theirs.
    pub fn of_sides(sides: impl IntoIterator<Item = Side>) -> Option<States> {
        let mut sides = sides.into_iter().peekable();
        let (retention, first) = sides.peek().map(|side| (side.retention, side.first))?;
        let mut states = States::new(retention);
        for side in sides {
            if (side.retention, side.first) != (retention, first) {
                return None;
            }
            side.states.into_iter().for_each(|state| states.push(state));
        }
        Some(states)
    }
}

fn mark(bytes: &[u8]) -> Part {
    let count = |place: usize| {
        let bytes = bytes[4 * place..].first_chunk();
        bytes.map_or(0, |&bytes| u32::from_le_bytes(bytes))
    };
    Part {
        events: count(0),
        killed: count(1),
        zombies: count(2),
        gap: bytes[12] != 0,
    }
}

fn put(to: &mut Vec<u8>, words: &[u64]) {
    to.extend(words.iter().flat_map(|word| word.to_le_bytes()));
}

/// As many as there are bytes for; the others are 0.
fn words<const N: usize>(bytes: &[u8]) -> [u64; N] {
    let mut words = [0; N];
    for (word, &bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(bytes);
    }
    words
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::{
        event::script::{SEC, Script},
        model::Model,
        playback::{Pass, Spacing},
        recording::{Chain, Index, Span, Writer},
    };

    /// The saved model of a fixed story has this checksum. When it is another, the
    /// model is saved in another way: raise [`VERSION`], then write the new one here.
    const SAVED: (u64, u32) = (1, 2_294_815_196);

    fn script() -> Script {
        let script = Script::new().session().found(1, 0, "init").found_all();
        let script = script.fork(1, 10).fork(1, 11).exec(11, "ls", &["ls"]);
        let script = script.at(2 * SEC).killed(10, 9).notify(10).at(3 * SEC);
        script.reap(10).die(11, 1).notify(11).free(10).fork(11, 12)
    }

    #[test]
    fn the_version_changes_with_the_way_a_model_is_saved() {
        let mut model = Model::default();
        script().events.iter().for_each(|event| model.apply(event));
        assert_eq!((VERSION, crc32c::crc32c(&model.save())), SAVED);
    }

    fn recording(seconds: u64) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new()).unwrap();
        let mut script = script();
        for second in 4..seconds {
            script = script.at(second * SEC).fork(1, 100 + second as u32);
        }
        for event in &script.events {
            writer.write(event).unwrap();
            writer.flush().unwrap();
        }
        writer.finish().unwrap().1
    }

    fn side(recording: &[u8]) -> (Side, Vec<u8>) {
        let span = Span {
            earliest: 0,
            latest: 100 * SEC,
        };
        let chain = Chain::of(recording).unwrap();
        let retention = Retention::default();
        let mut pass = Pass::new(chain, span, retention).spaced(Spacing::new(3, 0));
        while pass.go_on(1).unwrap() {}
        let side = Side {
            states: pass.states().iter().cloned().collect(),
            retention,
            first: 7,
            events: pass.events(),
            marks: pass.parts().to_vec(),
        };
        let index = Index::load(Cursor::new(recording)).unwrap();
        let of = Fingerprint::of(Cursor::new(recording), &index.entries).unwrap();
        let bytes = side.to_bytes(&of.unwrap());
        (side, bytes)
    }

    fn read(side: &[u8], recording: &[u8]) -> Option<Side> {
        Side::read(Cursor::new(side), Cursor::new(recording), 0).unwrap()
    }

    #[test]
    fn what_was_written_is_read() {
        let recording = recording(40);
        let (side, bytes) = side(&recording);
        assert!(side.states.len() > 5);
        let back = read(&bytes, &recording).unwrap();
        assert_eq!((back.retention, back.first), (side.retention, side.first));
        assert_eq!((back.events, &back.marks), (side.events, &side.marks));
        let models = |side: &Side| {
            let states = side.states.iter();
            let models = states.map(|state| (state.place, state.restore(usize::MAX).unwrap()));
            models.collect::<Vec<_>>()
        };
        assert!(models(&back) == models(&side));
    }

    #[test]
    fn it_is_of_one_recording_which_may_have_grown() {
        let (short, long) = (recording(30), recording(40));
        let (_, bytes) = side(&short);
        // The end mark of the one that has grown is elsewhere.
        let index = Index::load(Cursor::new(&short)).unwrap();
        let last = index.entries.last().unwrap();
        let end = (last.offset + last.length) as usize;
        assert_eq!(short[..end], long[..end]);
        assert!(read(&bytes, &long).is_some());
        assert!(read(&bytes, &short[..end]).is_some());
        let mut other = short.clone();
        other[end - last.length as usize + 5] ^= 1;
        assert!(read(&bytes, &other).is_none());
        let mut other = short.clone();
        other[60] ^= 1;
        assert!(read(&bytes, &other).is_none());
        assert!(
            Side::read(Cursor::new(&bytes), Cursor::new(&short[..end - 1]), 0)
                .is_ok_and(|side| side.is_none())
        );
    }

    #[test]
    fn damage_costs_states_and_nothing_else() {
        let recording = recording(12);
        let (side, bytes) = side(&recording);
        let good: Vec<_> = side.states.iter().map(|state| state.place).collect();
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x10;
            if let Some(back) = read(&damaged, &recording) {
                assert!(back.states.len() < good.len(), "at {place}");
                assert!(back.states.iter().all(|state| good.contains(&state.place)));
            }
            assert!(read(&bytes[..place], &recording).is_none());
        }
    }
}
