//! Saved positions of a [`Reader`](super::Reader) and of a [`Chain`](super::Chain) between two
//! events.

/// The position of a reader in one recording, with the state that it needs to resume there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ReaderPosition {
    /// Offset of the block that holds the last event.
    pub offset: u64,
    /// Events of the recording up to and including the last one.
    pub events: u64,
    /// Latest time returned so far, ns since boot.
    pub latest: u64,
    /// True if events are missing and no checkpoint has been read since.
    pub needs_snapshot: bool,
    /// True if the reader emits the events of a checkpoint that follows, as it does at the
    /// beginning.
    pub emits_checkpoint: bool,
    /// True if the recording begins with a session that an earlier part has emitted.
    pub repeats_session: bool,
}

/// The position of a chain between two events. It is valid for every chain over the same parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChainPosition {
    pub(super) part: usize,
    pub(super) reader: ReaderPosition,
    /// Events of the stream before this position.
    pub events: u64,
    /// Latest time of these events, ns since boot.
    pub latest: u64,
}

impl ChainPosition {
    /// Number of words in the serialized form.
    pub const WORDS: usize = 6;

    /// Returns the index of the chain part that holds this position.
    pub fn part(&self) -> usize {
        self.part
    }

    /// Serializes the position without the index of its part.
    pub fn to_words(self) -> [u64; ChainPosition::WORDS] {
        let ReaderPosition {
            offset,
            events,
            latest,
            needs_snapshot,
            emits_checkpoint,
            repeats_session,
        } = self.reader;
        let flags = u64::from(needs_snapshot)
            | u64::from(emits_checkpoint) << 1
            | u64::from(repeats_session) << 2;
        [offset, events, latest, flags, self.events, self.latest]
    }

    /// Restores a position in the part with index `part` from its serialized form.
    pub fn of_words(part: usize, words: [u64; ChainPosition::WORDS]) -> ChainPosition {
        let [
            offset,
            events_of_part,
            latest_of_part,
            flags,
            events,
            latest,
        ] = words;
        let is_set = |flag: u64| flags & flag != 0;
        ChainPosition {
            part,
            reader: ReaderPosition {
                offset,
                events: events_of_part,
                latest: latest_of_part,
                needs_snapshot: is_set(1),
                emits_checkpoint: is_set(2),
                repeats_session: is_set(4),
            },
            events,
            latest,
        }
    }
}
