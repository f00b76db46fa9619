//! The side file of a recording: the states and timeline marks that a pass has made, so that
//! the next reader need not make them again. It is valid for one version of the model only,
//! and can always be rebuilt. docs/recording-format.md specifies its layout. This file must
//! not know where side files are, nor who may read them.

use std::io::{self, Read, Seek, SeekFrom};

use super::{
    states::{SavedState, StatePlace, States},
    timeline_marks::TimelineMark,
};
use crate::{
    model::Retention,
    recording::{ChainPosition, IndexEntry},
};

const MAGIC: [u8; 8] = *b"\x89trcidx\n";

/// Version of the saved model and of this layout. Raise it when either changes; a test below
/// fails when the saved model has changed.
const VERSION: u64 = 4;

/// Maximum length of a side file in bytes: four times what states may take in memory.
const MAX_LENGTH: u64 = 256 << 20;

/// Bytes at the front of a recording that the fingerprint covers: the file header and the
/// header of the first block.
const FRONT: usize = 16 + 56;
/// Length of a block header in bytes.
const HEADER: usize = 56;

/// Number of words in the header of a side file, after the magic.
const HEAD_WORDS: usize = 11;
/// Number of words that describe a state.
const STATE_WORDS: usize = ChainPosition::WORDS + 3;
/// Length of a timeline mark in bytes.
const MARK_BYTES: usize = 13;

/// Identifies a recording up to its last block of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Length of the recording up to the end of that block, bytes.
    length: u64,
    /// Offset of that block.
    last: u64,
    /// CRC-32C of the front of the recording and of that block's header, which hold the
    /// checksums of the rest.
    crc: u32,
}

impl Fingerprint {
    /// Returns the fingerprint of a recording with these index entries. Returns none if there
    /// are no entries.
    pub fn of(from: impl Read + Seek, entries: &[IndexEntry]) -> io::Result<Option<Fingerprint>> {
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

    /// Returns true if the recording begins as the fingerprinted one did and is no shorter.
    fn matches(&self, mut from: impl Read + Seek) -> io::Result<bool> {
        let length = from.seek(SeekFrom::End(0))?;
        if self.length > length {
            return Ok(false);
        }
        Ok(Fingerprint::at(from, self.last, self.length)? == *self)
    }
}

/// The contents of a side file.
#[derive(Clone, Debug)]
pub struct SideFile {
    /// States in this part of the stream: a whole recording or one segment.
    pub states: Vec<SavedState>,
    /// Retention of the saved models.
    pub retention: Retention,
    /// Number of the segment that the pass began with.
    pub first: u64,
    /// Events that the pass has read in all parts.
    pub events: u64,
    /// Timeline marks of the whole stream. Empty except in the last part.
    pub marks: Vec<TimelineMark>,
}

impl SideFile {
    /// Serializes the contents, for the recording with the fingerprint `of`.
    pub fn to_bytes(&self, of: &Fingerprint) -> Vec<u8> {
        let Retention {
            exited,
            max_age,
            programs,
        } = self.retention;
        let head: [u64; HEAD_WORDS] = [
            VERSION,
            of.length,
            of.last,
            u64::from(of.crc),
            exited as u64,
            max_age,
            programs,
            self.first,
            self.events,
            self.states.len() as u64,
            self.marks.len() as u64,
        ];
        let mut bytes = MAGIC.to_vec();
        put(&mut bytes, &head);
        for state in &self.states {
            let StatePlace::Chain(position) = &state.place else {
                continue;
            };
            put(&mut bytes, &position.to_words());
            let crc = u64::from(crc32c::crc32c(state.bytes()));
            put(
                &mut bytes,
                &[
                    state.unpacked_size() as u64,
                    state.packed_size() as u64,
                    crc,
                ],
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

    /// Reads the side file of `recording`, the part of the stream with index `part`. Returns
    /// none if it has another version, belongs to another recording or is damaged.
    pub fn read(
        mut side: impl Read + Seek,
        recording: impl Read + Seek,
        part: usize,
    ) -> io::Result<Option<SideFile>> {
        let length = side.seek(SeekFrom::End(0))?;
        side.rewind()?;
        let mut front = [0; MAGIC.len() + 8 * HEAD_WORDS];
        if length > MAX_LENGTH || length < front.len() as u64 {
            return Ok(None);
        }
        side.read_exact(&mut front)?;
        let Some(head) = front.strip_prefix(&MAGIC) else {
            return Ok(None);
        };
        let head: [u64; HEAD_WORDS] = words(head);
        let [
            version,
            recorded,
            last,
            crc,
            exited,
            max_age,
            programs,
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
        if seen != u32::from_le_bytes(*crc) || !fingerprint.matches(recording)? {
            return Ok(None);
        }
        let (list, bar) = table.split_at(list.unwrap_or(0));
        let mut found = Vec::new();
        for entry in list.chunks_exact(8 * STATE_WORDS) {
            let (position, entry) = entry.split_at(8 * ChainPosition::WORDS);
            let place = ChainPosition::of_words(part, words(position));
            let [unpacked_size, packed_size, crc] = words(entry);
            let packed = usize::try_from(packed_size).ok();
            let Some((packed, behind)) = packed.and_then(|it| rest.split_at_checked(it)) else {
                return Ok(None);
            };
            rest = behind;
            // A damaged state is left out.
            if u64::from(crc32c::crc32c(packed)) == crc {
                let unpacked_size = usize::try_from(unpacked_size).unwrap_or(usize::MAX);
                found.push(SavedState::packed(
                    StatePlace::Chain(place),
                    packed,
                    unpacked_size,
                ));
            }
        }
        Ok(Some(SideFile {
            states: found,
            retention: Retention {
                exited: usize::try_from(exited).unwrap_or(usize::MAX),
                max_age,
                programs,
            },
            first,
            events,
            marks: bar.chunks_exact(MARK_BYTES).map(mark).collect(),
        }))
    }
}

impl States {
    /// Joins the states of all parts of a stream, in order. Returns none if the parts differ
    /// in retention or in the first segment.
    pub fn from_side_files(sides: impl IntoIterator<Item = SideFile>) -> Option<States> {
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

fn mark(bytes: &[u8]) -> TimelineMark {
    let count = |place: usize| {
        let bytes = bytes[4 * place..].first_chunk();
        bytes.map_or(0, |&bytes| u32::from_le_bytes(bytes))
    };
    TimelineMark {
        events: count(0),
        killed: count(1),
        zombies: count(2),
        gap: bytes[12] != 0,
    }
}

fn put(to: &mut Vec<u8>, words: &[u64]) {
    to.extend(words.iter().flat_map(|word| word.to_le_bytes()));
}

/// Returns the words in `bytes`; words beyond its end are 0.
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
        playback::{IndexPass, StateSpacing},
        recording::{Chain, Index, Span, Writer},
    };

    /// The version, and the CRC-32C of the saved model of a fixed script. When the checksum
    /// changes, the saved form has changed: raise [`VERSION`] and update both here.
    const SAVED_MODEL: (u64, u32) = (4, 99_222_813);

    fn script() -> Script {
        let script = Script::new().session().found(1, 0, "init").found_all();
        let script = script.fork(1, 10).fork(1, 11).exec(11, "ls", &["ls"]);
        let script = script.at(2 * SEC).killed(10, 9).notify(10).at(3 * SEC);
        script.reap(10).die(11, 1).notify(11).free(10).fork(11, 12)
    }

    #[test]
    fn version_changes_with_the_saved_model() {
        let mut model = Model::default();
        script().events.iter().for_each(|event| model.apply(event));
        assert_eq!((VERSION, crc32c::crc32c(&model.save())), SAVED_MODEL);
        let page = include_str!("../../../docs/recording-format.md");
        assert!(page.contains(&format!("saved form of a model: {VERSION}\n")));
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

    fn side(recording: &[u8]) -> (SideFile, Vec<u8>) {
        let span = Span {
            earliest: 0,
            latest: 100 * SEC,
        };
        let chain = Chain::of(recording).unwrap();
        let retention = Retention::default();
        let mut pass = IndexPass::new(chain, span, retention).spaced(StateSpacing::new(3, 0));
        while pass.advance(1).unwrap() {}
        let side = SideFile {
            states: pass.states().iter().cloned().collect(),
            retention,
            first: 7,
            events: pass.events(),
            marks: pass.marks().to_vec(),
        };
        let index = Index::load(Cursor::new(recording)).unwrap();
        let of = Fingerprint::of(Cursor::new(recording), &index.entries).unwrap();
        let bytes = side.to_bytes(&of.unwrap());
        (side, bytes)
    }

    fn read(side: &[u8], recording: &[u8]) -> Option<SideFile> {
        SideFile::read(Cursor::new(side), Cursor::new(recording), 0).unwrap()
    }

    #[test]
    fn written_side_file_reads_back() {
        let recording = recording(40);
        let (side, bytes) = side(&recording);
        assert!(side.states.len() > 5);
        let back = read(&bytes, &recording).unwrap();
        assert_eq!((back.retention, back.first), (side.retention, side.first));
        assert_eq!((back.events, &back.marks), (side.events, &side.marks));
        let models = |side: &SideFile| {
            let states = side.states.iter();
            let models = states.map(|state| (state.place, state.restore(usize::MAX).unwrap()));
            models.collect::<Vec<_>>()
        };
        assert!(models(&back) == models(&side));
    }

    #[test]
    fn side_file_matches_its_recording_even_after_growth() {
        let (short, long) = (recording(30), recording(40));
        let (_, bytes) = side(&short);
        // A recording that has grown has its end mark elsewhere.
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
            SideFile::read(Cursor::new(&bytes), Cursor::new(&short[..end - 1]), 0)
                .is_ok_and(|side| side.is_none())
        );
    }

    #[test]
    fn damage_loses_states_only() {
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
