//! Saved states of a model at places in a stream, from which seeks start. This file owns how
//! they are stored and how many are kept. [`super::index_pass`] makes them.

use std::{io, sync::Arc};

use crate::{
    model::{Model, Retention},
    recording::ChainPosition,
};

/// Maximum memory for states, bytes, unless another one is set. When it is exceeded, every second state is dropped.
pub const BUDGET: usize = 64 << 20;

/// zstd compression level. Low, because the pass waits for each state.
const LEVEL: i32 = 1;

/// Maximum ratio of unpacked to packed size. A state that claims more is not unpacked.
const MAX_RATIO: usize = 100;

/// A model, saved at a place in a stream.
#[derive(Clone, Debug)]
pub struct SavedState {
    /// Place at which the model was saved.
    pub place: StatePlace,
    /// The model, compressed.
    bytes: Arc<[u8]>,
    /// Size of the model uncompressed, bytes.
    unpacked_size: usize,
}

/// The place in a stream at which a state was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatePlace {
    /// Saved by a chain that reads the recording.
    Chain(ChainPosition),
    /// Saved by the live trace that writes the recording, in which nothing is missing.
    Live {
        /// Events before the place.
        events: u64,
        /// Latest time of these events, ns since boot.
        latest: u64,
    },
}

impl StatePlace {
    /// Returns the number of events before the place.
    pub fn events(&self) -> u64 {
        match self {
            StatePlace::Chain(position) => position.events,
            StatePlace::Live { events, .. } => *events,
        }
    }

    /// Returns the latest time before the place, ns since boot.
    pub fn latest(&self) -> u64 {
        match self {
            StatePlace::Chain(position) => position.latest,
            StatePlace::Live { latest, .. } => *latest,
        }
    }
}

impl SavedState {
    /// Saves a model at a place.
    pub fn of(model: &Model, place: StatePlace) -> io::Result<SavedState> {
        SavedState::pack(&model.save(), place)
    }

    /// Compresses a model that [`Model::save`] returned.
    pub fn pack(raw: &[u8], place: StatePlace) -> io::Result<SavedState> {
        Ok(SavedState {
            place,
            bytes: zstd::bulk::compress(raw, LEVEL)?.into(),
            unpacked_size: raw.len(),
        })
    }

    /// Returns a state from its compressed form.
    pub(super) fn packed(place: StatePlace, bytes: &[u8], unpacked_size: usize) -> SavedState {
        SavedState {
            place,
            bytes: bytes.into(),
            unpacked_size,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the compressed size in bytes.
    pub fn packed_size(&self) -> usize {
        self.bytes.len()
    }

    /// Returns the uncompressed size in bytes. Restoring takes time in proportion to it.
    pub fn unpacked_size(&self) -> usize {
        self.unpacked_size
    }

    /// Restores the model. Returns none if the bytes are damaged or claim more than `made`
    /// processes; see [`Model::restore`].
    pub fn restore(&self, made: usize) -> Option<Model> {
        if self.unpacked_size / MAX_RATIO > self.bytes.len() {
            return None;
        }
        let raw = zstd::bulk::decompress(&self.bytes, self.unpacked_size).ok()?;
        Model::restore(&raw, made).ok()
    }
}

/// The states of one stream, in order, all made with the same retention.
#[derive(Clone, Debug)]
pub struct States {
    /// Retention of the saved models.
    pub retention: Retention,
    list: Vec<SavedState>,
    size: usize,
    /// Maximum of `size`, bytes.
    budget: usize,
    /// Number of times that every second state was dropped.
    thinned: u32,
}

impl States {
    /// Returns an empty list of states made with `retention`.
    pub fn new(retention: Retention) -> States {
        States {
            retention,
            list: Vec::new(),
            size: 0,
            budget: BUDGET,
            thinned: 0,
        }
    }

    /// Sets the maximum memory of the states, bytes. Call it before the first one.
    pub fn within(mut self, budget: usize) -> States {
        self.budget = budget;
        self
    }

    /// Appends a state. It must lie after all others.
    pub fn push(&mut self, state: SavedState) {
        self.size += state.packed_size();
        self.list.push(state);
        while self.size > self.budget && self.list.len() > 1 {
            self.thin();
        }
    }

    /// Drops every second state and keeps the last.
    fn thin(&mut self) {
        let last = self.list.len() - 1;
        let mut number = 0;
        self.list.retain(|_| {
            number += 1;
            (last + 1 - number).is_multiple_of(2)
        });
        self.size = self.list.iter().map(SavedState::packed_size).sum();
        self.thinned += 1;
    }

    /// Returns the factor by which the minimum distance between states has grown.
    pub fn spread(&self) -> u64 {
        1 << self.thinned.min(32)
    }

    /// Returns the last state after at most `events` events, all at or before `latest`.
    pub fn before(&self, events: u64, latest: u64) -> Option<&SavedState> {
        let list = &self.list;
        let end = list.partition_point(|state| state.place.events() <= events);
        // The latest time before a place never decreases.
        let end = list[..end].partition_point(|state| state.place.latest() <= latest);
        end.checked_sub(1).map(|last| &list[last])
    }

    /// Removes a state that cannot be used.
    pub fn remove(&mut self, place: &StatePlace) {
        self.list.retain(|state| state.place != *place);
    }

    /// Iterates over the states in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &SavedState> {
        self.list.iter()
    }

    /// Returns the last state.
    pub fn last(&self) -> Option<&SavedState> {
        self.list.last()
    }

    /// Returns the compressed size of all states in bytes.
    pub fn size(&self) -> usize {
        self.size
    }
}
