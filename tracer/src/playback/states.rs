//! States of a model at places of a stream, from which a landing goes on: how
//! they are held and how many. Who makes them is in [`super::pass`].

use std::{io, sync::Arc};

use crate::{
    model::{Model, Retention},
    recording::Position,
};

/// Memory that states take at most, bytes. Beyond it every second one goes.
pub const BUDGET: usize = 64 << 20;

/// zstd's level: a state is packed while somebody waits for the next.
const LEVEL: i32 = 1;

/// A packed state is at least this part of its bytes: what claims to be less is
/// not unpacked.
const PACKED: usize = 100;

/// A model as it was behind so many events.
#[derive(Clone, Debug)]
pub struct SavedState {
    pub place: StatePlace,
    /// Packed, and how long unpacked.
    bytes: Arc<[u8]>,
    length: usize,
}

/// Where in a stream a state was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatePlace {
    /// By a chain over the recording.
    Read(Position),
    /// By whoever made the recording, of which nothing is missing: behind so many
    /// events, the latest of which had this time.
    Made { events: u64, latest: u64 },
}

impl StatePlace {
    pub fn events(&self) -> u64 {
        match self {
            StatePlace::Read(position) => position.events,
            StatePlace::Made { events, .. } => *events,
        }
    }

    /// The latest time before it, ns since boot.
    pub fn latest(&self) -> u64 {
        match self {
            StatePlace::Read(position) => position.latest,
            StatePlace::Made { latest, .. } => *latest,
        }
    }
}

impl SavedState {
    pub fn of(model: &Model, place: StatePlace) -> io::Result<SavedState> {
        let raw = model.save();
        Ok(SavedState {
            place,
            bytes: zstd::bulk::compress(&raw, LEVEL)?.into(),
            length: raw.len(),
        })
    }

    /// One that was packed earlier.
    pub(super) fn packed(place: StatePlace, bytes: &[u8], length: usize) -> SavedState {
        SavedState {
            place,
            bytes: bytes.into(),
            length,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes it takes.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes it takes unpacked: the time to restore it goes with that.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The model, if the bytes are good; see [`Model::restore`].
    pub fn restore(&self, made: usize) -> Option<Model> {
        if self.length / PACKED > self.bytes.len() {
            return None;
        }
        let raw = zstd::bulk::decompress(&self.bytes, self.length).ok()?;
        Model::restore(&raw, made).ok()
    }
}

/// The states of one stream, in its order, made with one retention.
#[derive(Clone, Debug)]
pub struct States {
    pub retention: Retention,
    list: Vec<SavedState>,
    size: usize,
    /// How often every second one went.
    thinned: u32,
}

impl States {
    pub fn new(retention: Retention) -> States {
        States {
            retention,
            list: Vec::new(),
            size: 0,
            thinned: 0,
        }
    }

    /// Adds one that lies behind all others.
    pub fn push(&mut self, state: SavedState) {
        self.size += state.size();
        self.list.push(state);
        while self.size > BUDGET && self.list.len() > 1 {
            self.thin();
        }
    }

    /// Drops every second one; the last stays.
    fn thin(&mut self) {
        let last = self.list.len() - 1;
        let mut number = 0;
        self.list.retain(|_| {
            number += 1;
            (last + 1 - number).is_multiple_of(2)
        });
        self.size = self.list.iter().map(SavedState::size).sum();
        self.thinned += 1;
    }

    /// States are to lie so much further apart than at first.
    pub fn spread(&self) -> u64 {
        1 << self.thinned.min(32)
    }

    /// The last that lies no later than behind `events` events and this time.
    pub fn before(&self, events: u64, latest: u64) -> Option<&SavedState> {
        let list = &self.list;
        let end = list.partition_point(|state| state.place.events() <= events);
        // The latest time before a place only rises.
        let end = list[..end].partition_point(|state| state.place.latest() <= latest);
        end.checked_sub(1).map(|last| &list[last])
    }

    /// One is of no use.
    pub fn remove(&mut self, place: &StatePlace) {
        self.list.retain(|state| state.place != *place);
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &SavedState> {
        self.list.iter()
    }

    pub fn last(&self) -> Option<&SavedState> {
        self.list.last()
    }

    /// How many bytes all take.
    pub fn size(&self) -> usize {
        self.size
    }
}
