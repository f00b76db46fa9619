//! A few figures of every process, side by side. A process of the model is a
//! large thing, and visiting a hundred thousand of them for every picture would
//! take most of a tenth of a second: what a list needs of each is kept here and
//! asked for anew only while the process is not gone for good. Where many are
//! not, and another picture follows soon, some are asked for each picture.

use crate::{
    model::{Key, Process},
    tui::state::data::Data,
};

/// So many are looked at again for one picture: about a millisecond.
const AT_ONCE: usize = 4_096;

/// What rows were made from: the model as of when, and what was asked of it.
pub type Source<W> = ((u64, u64), W);

/// Rows that differ from those that were made only by being later can wait
/// until all is known that they are made from.
pub fn can_wait<W: PartialEq>(made: &Option<Source<W>>, new: &Source<W>) -> bool {
    made.as_ref().is_some_and(|made| made.1 == new.1)
}

pub struct ColumnCache<T> {
    /// In order of appearance.
    entries: Vec<(Key, T)>,
    /// The places of those that may still change.
    unsettled: Vec<u32>,
    /// How many of these have been looked at again in this round.
    looked_at: usize,
    /// How many processes the model has let go.
    unlisted: u64,
}

impl<T> Default for ColumnCache<T> {
    fn default() -> Self {
        ColumnCache {
            entries: Vec::new(),
            unsettled: Vec::new(),
            looked_at: 0,
            unlisted: 0,
        }
    }
}

impl<T> ColumnCache<T> {
    /// Takes in what is new: time linear in the new and the unsettled. False: of
    /// these some are still as they were, and the next call goes on with them.
    /// Places change only when the model lets go of processes, many at once.
    pub fn update(&mut self, data: &Data<'_>, of: impl Fn(Key, &Process) -> T) -> bool {
        let model = data.model;
        if self.unlisted != model.unlisted() {
            *self = ColumnCache {
                unlisted: model.unlisted(),
                ..ColumnCache::default()
            };
        }
        let end = if data.redraws {
            self.looked_at + AT_ONCE
        } else {
            self.looked_at = 0;
            usize::MAX
        };
        while self.looked_at < end.min(self.unsettled.len()) {
            let place = self.unsettled[self.looked_at];
            let (key, entry) = &mut self.entries[place as usize];
            let process = model.process(*key);
            *entry = of(*key, process);
            match process.freed_at {
                Some(_) => _ = self.unsettled.swap_remove(self.looked_at),
                None => self.looked_at += 1,
            }
        }
        let all = self.looked_at >= self.unsettled.len();
        if all {
            self.looked_at = 0;
        }
        let next = self.entries.last().map_or(0, |(key, _)| key.index() + 1);
        for (key, process) in model.processes_since(next) {
            if process.freed_at.is_none() {
                self.unsettled.push(self.entries.len() as u32);
            }
            self.entries.push((key, of(key, process)));
        }
        all
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Key, &T)> {
        self.entries.iter().map(|(key, entry)| (*key, entry))
    }

    /// By place in the order of appearance, which all that were brought up to
    /// date with the same model have in common.
    pub fn at(&self, place: usize) -> Option<&(Key, T)> {
        self.entries.get(place)
    }

    pub fn get(&self, key: Key) -> Option<&T> {
        let place = self.entries.binary_search_by_key(&key, |(key, _)| *key);
        Some(&self.entries[place.ok()?].1)
    }
}
