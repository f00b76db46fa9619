//! Which processes the reader has asked for: one answer per process, kept
//! until something may have changed it. All views look through the same filter.

use crate::{
    filter::{Filter, Truth},
    model::{Key, Model},
};

#[derive(Default)]
pub struct ActiveFilter {
    filter: Option<Filter>,
    /// Of each process that is kept, in order of appearance.
    verdicts: Vec<(Key, Truth)>,
    /// Whose verdict may still change, by their places.
    unsettled: Vec<u32>,
    /// How many of these have been judged again since `made_from`.
    looked_at: usize,
    made_from: Option<(u64, u64)>,
    generation: u64,
    /// How many processes the model has let go.
    unlisted: u64,
}

impl ActiveFilter {
    pub fn set(&mut self, filter: Option<Filter>) {
        self.filter = filter;
        self.reset();
    }

    pub fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    /// The model is another one: nothing that was known of it holds.
    pub fn reset(&mut self) {
        self.verdicts.clear();
        self.unsettled.clear();
        self.looked_at = 0;
        self.made_from = None;
        self.generation += 1;
    }

    /// Two looks through it with the same number see the same processes.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Judges who is new; and all who may have changed since `version`, in
    /// time linear in those who are not gone for good; at once no more than
    /// `most` of either, the others next time.
    pub fn update(&mut self, model: &Model, now: u64, version: (u64, u64), most: usize) {
        if self.unlisted != model.unlisted() {
            // Places have changed.
            self.reset();
            self.unlisted = model.unlisted();
        }
        let Some(filter) = &self.filter else { return };
        let known = self.verdicts.len();
        let mut changed = false;
        if self.made_from != Some(version) {
            let local = filter.is_local();
            let end = self.looked_at.saturating_add(most);
            while self.looked_at < end.min(self.unsettled.len()) {
                let place = self.unsettled[self.looked_at];
                let (key, verdict) = &mut self.verdicts[place as usize];
                let now = filter.evaluate(model, *key, now);
                changed |= std::mem::replace(verdict, now) != now;
                match local && model.process(*key).freed_at.is_some() {
                    true => _ = self.unsettled.swap_remove(self.looked_at),
                    false => self.looked_at += 1,
                }
            }
            if self.looked_at >= self.unsettled.len() {
                self.made_from = Some(version);
                self.looked_at = 0;
            }
        }
        let next = self.verdicts.last().map_or(0, |(key, _)| key.index() + 1);
        for (key, _) in model.processes_since(next).take(most) {
            self.unsettled.push(self.verdicts.len() as u32);
            let verdict = filter.evaluate(model, key, now);
            self.verdicts.push((key, verdict));
        }
        changed |= self.verdicts.len() > known;
        self.generation += u64::from(changed);
    }

    /// Whether a process is to be shown.
    pub fn shows(&self, key: Key) -> bool {
        self.filter.is_none() || self.verdict(key) == Truth::Yes
    }

    fn verdict(&self, key: Key) -> Truth {
        let place = self.verdicts.binary_search_by_key(&key, |(key, _)| *key);
        place.map_or(Truth::Unknown, |place| self.verdicts[place].1)
    }

    /// How many processes have this verdict.
    pub fn count(&self, wanted: Truth) -> usize {
        let verdicts = self.verdicts.iter();
        verdicts.filter(|(_, verdict)| *verdict == wanted).count()
    }
}
