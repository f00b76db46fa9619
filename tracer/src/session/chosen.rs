//! Whom a filter keeps, while it is not known yet how their lives will end: who
//! is kept once is told from his beginning, what was told before being held
//! until then. Who is gone and was not kept is forgotten.

use std::collections::{HashMap, HashSet};

use anyhow::Result;

use crate::{
    event::{Event, ProcessId, Who},
    filter::Filter,
    model::{Key, Model, Retention},
};

pub struct Chosen<'a> {
    filter: &'a Filter,
    model: Model,
    kept: HashSet<ProcessId>,
    /// What was told of those who are not kept so far.
    held: HashMap<ProcessId, Vec<Event>>,
}

impl Chosen<'_> {
    pub fn by(filter: &Filter) -> Chosen<'_> {
        Chosen {
            filter,
            model: Model::new(Retention::ALL),
            kept: HashSet::new(),
            held: HashMap::new(),
        }
    }

    /// Takes the next event; gives to `tell` what is known to be kept.
    pub fn take(&mut self, event: Event, tell: &mut dyn FnMut(&Event) -> Result<()>) -> Result<()> {
        self.model.apply(&event);
        let process = event.who.process;
        if event.who == Who::HOST || self.kept.contains(&process) {
            return tell(&event);
        }
        let Some(key) = self.model.find(process) else {
            return Ok(());
        };
        self.held.entry(process).or_default().push(event);
        if self.filter.keeps(&self.model, key, self.model.now()) {
            self.kept.insert(process);
            let held = self.held.remove(&process).unwrap_or_default();
            return held.iter().try_for_each(tell);
        }
        if self.is_over(key) {
            self.held.remove(&process);
        }
        Ok(())
    }

    fn is_over(&self, key: Key) -> bool {
        let process = self.model.process(key);
        process.freed_at.is_some() || process.vanished_at.is_some()
    }

    pub fn model(&self) -> &Model {
        &self.model
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{What, script::Script},
        filter::SavedFilters,
    };

    #[test]
    fn who_is_kept_late_is_told_from_his_beginning() {
        let filter = Filter::parse("name=make", &SavedFilters::default()).unwrap();
        let script = Script::new().session().found(1, 0, "init");
        let script = script.fork(1, 10).fork(1, 11);
        let script = script.exec(11, "ls", &["ls"]).die(11, 0).reap(11).free(11);
        let events = script.exec(10, "make", &["make"]).die(10, 0).events;
        let mut chosen = Chosen::by(&filter);
        let mut told = Vec::new();
        for event in &events {
            let mut tell = |event: &Event| {
                told.push(event.clone());
                Ok(())
            };
            chosen.take(event.clone(), &mut tell).unwrap();
        }
        let is_host = |event: &&Event| event.who == Who::HOST;
        let of_make = |event: &&Event| event.who.process.tgid == 10;
        let expected = events.iter().filter(|it| is_host(it) || of_make(it));
        assert_eq!(told, expected.cloned().collect::<Vec<_>>());
        assert!(told.iter().any(|event| matches!(event.what, What::Fork(_))));
        // Nothing is held of who is gone.
        let mut held = chosen.held.keys().map(|process| process.tgid);
        assert_eq!((held.next(), held.next()), (Some(1), None));
    }
}
