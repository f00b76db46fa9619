//! The active filter: a verdict for each process, kept until it may have changed. All views show
//! the same processes.

use crate::{
    filter::{Filter, Truth},
    model::{Key, Model},
};

/// The filter and its verdicts.
#[derive(Default)]
pub struct ActiveFilter {
    filter: Option<Filter>,
    /// The verdict for each process in the model, in order of appearance.
    verdicts: Vec<(Key, Truth)>,
    /// Indices of the verdicts that may still change.
    unsettled: Vec<u32>,
    /// The number of these that were evaluated again since `made_from`.
    evaluated: usize,
    made_from: Option<(u64, u64)>,
    generation: u64,
    /// The model's count of processes removed from its list, as of the last update.
    unlisted: u64,
}

impl ActiveFilter {
    /// Sets the filter; without one, all processes are shown.
    pub fn set(&mut self, filter: Option<Filter>) {
        self.filter = filter;
        self.reset();
    }

    /// Returns the filter, if there is one.
    pub fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    /// Discards all verdicts; the model is replaced or its indices have changed.
    pub fn reset(&mut self) {
        self.verdicts.clear();
        self.unsettled.clear();
        self.evaluated = 0;
        self.made_from = None;
        self.generation += 1;
    }

    /// Returns a number that changes with the set of shown processes.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Evaluates the filter for new processes and for all that may have changed since `version`, in
    /// time linear in those not yet freed. At most `most` of either are evaluated per call; later
    /// calls continue.
    pub fn update(&mut self, model: &Model, now: u64, version: (u64, u64), most: usize) {
        if self.unlisted != model.unlisted() {
            // Indices have changed.
            self.reset();
            self.unlisted = model.unlisted();
        }
        let Some(filter) = &self.filter else { return };
        let known = self.verdicts.len();
        let mut changed = false;
        if self.made_from != Some(version) {
            let local = filter.is_local();
            let end = self.evaluated.saturating_add(most);
            while self.evaluated < end.min(self.unsettled.len()) {
                let place = self.unsettled[self.evaluated];
                let (key, verdict) = &mut self.verdicts[place as usize];
                let now = filter.evaluate(model, *key, now);
                changed |= std::mem::replace(verdict, now) != now;
                match local && model.process(*key).is_settled() {
                    true => _ = self.unsettled.swap_remove(self.evaluated),
                    false => self.evaluated += 1,
                }
            }
            if self.evaluated >= self.unsettled.len() {
                self.made_from = Some(version);
                self.evaluated = 0;
            }
        }
        let next = self.verdicts.last().map_or(0, |(key, _)| key.index() + 1);
        for key in model.keys_since(next).take(most) {
            self.unsettled.push(self.verdicts.len() as u32);
            let verdict = filter.evaluate(model, key, now);
            self.verdicts.push((key, verdict));
        }
        changed |= self.verdicts.len() > known;
        self.generation += u64::from(changed);
    }

    /// Returns true if the filter shows a process.
    pub fn shows(&self, key: Key) -> bool {
        self.filter.is_none() || self.verdict(key) == Truth::Yes
    }

    /// Returns the verdict for a process; unknown for one that the model no longer retains.
    pub fn verdict(&self, key: Key) -> Truth {
        let place = self.verdicts.binary_search_by_key(&key, |(key, _)| *key);
        place.map_or(Truth::Unknown, |place| self.verdicts[place].1)
    }

    /// Returns the number of processes with a verdict.
    pub fn count(&self, wanted: Truth) -> usize {
        let verdicts = self.verdicts.iter();
        verdicts.filter(|(_, verdict)| *verdict == wanted).count()
    }
}
