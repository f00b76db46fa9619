//! A few figures of every process, side by side. A process of the model is a
//! large thing, and visiting a hundred thousand of them for every picture would
//! take most of a tenth of a second: what a list needs of each is kept here and
//! asked for anew only while the process is not gone for good.

use crate::model::{Key, Model, Process};

pub struct Gathered<T> {
    /// In order of appearance.
    entries: Vec<(Key, T)>,
    /// The places of those that may still change.
    unsettled: Vec<u32>,
    /// How many processes the model has let go.
    gone_by: u64,
}

impl<T> Default for Gathered<T> {
    fn default() -> Self {
        Gathered {
            entries: Vec::new(),
            unsettled: Vec::new(),
            gone_by: 0,
        }
    }
}

impl<T> Gathered<T> {
    /// Takes in what is new: time linear in the new and the unsettled. Places
    /// change only when the model lets go of processes, many at once.
    pub fn update(&mut self, model: &Model, of: impl Fn(Key, &Process) -> T) {
        if self.gone_by != model.gone_by() {
            *self = Gathered {
                gone_by: model.gone_by(),
                ..Gathered::default()
            };
        }
        let entries = &mut self.entries;
        self.unsettled.retain(|&place| {
            let (key, entry) = &mut entries[place as usize];
            let process = model.process(*key);
            *entry = of(*key, process);
            process.freed_at.is_none()
        });
        let next = entries.last().map_or(0, |(key, _)| key.index() + 1);
        for (key, process) in model.processes_since(next) {
            if process.freed_at.is_none() {
                self.unsettled.push(entries.len() as u32);
            }
            entries.push((key, of(key, process)));
        }
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Key, &T)> {
        self.entries.iter().map(|(key, entry)| (*key, entry))
    }

    /// By place in the order of appearance, which all that were brought up to
    /// date with the same model have in common.
    pub fn at(&self, place: usize) -> Option<&T> {
        self.entries.get(place).map(|(_, entry)| entry)
    }

    pub fn get(&self, key: Key) -> Option<&T> {
        let place = self.entries.binary_search_by_key(&key, |(key, _)| *key);
        Some(&self.entries[place.ok()?].1)
    }
}
