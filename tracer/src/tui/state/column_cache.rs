//! A cache of a few figures per process, side by side. Visiting a hundred thousand large processes
//! of the model for every frame would take most of a tenth of a second, so each list keeps what it
//! needs here and refreshes it only until the process is freed. With many such processes and
//! frequent frames, each frame refreshes a part of them.

use crate::{
    model::{Key, Process},
    tui::state::data::Data,
};

/// Processes refreshed per frame: about a millisecond.
const PER_FRAME: usize = 4_096;

/// The source of rows: the version of the model, and the settings of the list.
pub type Source<W> = ((u64, u64), W);

/// Returns true if the old rows can stay until everything new is known: only time has passed, and
/// the settings are the same.
pub fn can_wait<W: PartialEq>(made: &Option<Source<W>>, new: &Source<W>) -> bool {
    made.as_ref().is_some_and(|made| made.1 == new.1)
}

/// A value per process of the model.
pub struct ColumnCache<T> {
    /// In order of appearance.
    entries: Vec<(Key, T)>,
    /// Indices of the entries that may still change.
    unsettled: Vec<u32>,
    /// The number of these that were refreshed in this round.
    refreshed: usize,
    /// The model's count of processes removed from its list, as of the last update.
    unlisted: u64,
}

impl<T> Default for ColumnCache<T> {
    fn default() -> Self {
        ColumnCache {
            entries: Vec::new(),
            unsettled: Vec::new(),
            refreshed: 0,
            unlisted: 0,
        }
    }
}

impl<T> ColumnCache<T> {
    /// Adds new processes and refreshes those not yet freed, in time linear in both. Returns false
    /// if some are still outdated; the next call continues with them. Indices change only when the
    /// model evicts processes, many at a time.
    pub fn update(&mut self, data: &Data<'_>, of: impl Fn(Key, &Process) -> T) -> bool {
        let model = data.model;
        if self.unlisted != model.unlisted() {
            *self = ColumnCache {
                unlisted: model.unlisted(),
                ..ColumnCache::default()
            };
        }
        let end = if data.redraws {
            self.refreshed + PER_FRAME
        } else {
            self.refreshed = 0;
            usize::MAX
        };
        while self.refreshed < end.min(self.unsettled.len()) {
            let index = self.unsettled[self.refreshed];
            let (key, entry) = &mut self.entries[index as usize];
            let process = model.process(*key);
            *entry = of(*key, &process);
            match process.is_settled() {
                true => _ = self.unsettled.swap_remove(self.refreshed),
                false => self.refreshed += 1,
            }
        }
        let all = self.refreshed >= self.unsettled.len();
        if all {
            self.refreshed = 0;
        }
        let next = self.entries.last().map_or(0, |(key, _)| key.index() + 1);
        for (key, process) in model.processes_since(next) {
            if !process.is_settled() {
                self.unsettled.push(self.entries.len() as u32);
            }
            self.entries.push((key, of(key, &process)));
        }
        all
    }

    /// Returns all entries in order of appearance.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Key, &T)> {
        self.entries.iter().map(|(key, entry)| (*key, entry))
    }

    /// Returns an entry by index in order of appearance. Caches updated with the same model share
    /// their indices.
    pub fn at(&self, index: usize) -> Option<&(Key, T)> {
        self.entries.get(index)
    }

    /// Returns the value of a process.
    pub fn get(&self, key: Key) -> Option<&T> {
        let place = self.entries.binary_search_by_key(&key, |(key, _)| *key);
        Some(&self.entries[place.ok()?].1)
    }
}
