//! A filter over a recording that is still written.
//!
//! A process may match late in its life. Its events are held until it matches,
//! then all of them are emitted. A process that is freed without a match is
//! dropped.

use std::collections::{HashMap, HashSet};

use anyhow::Result;

use crate::{
    event::{Event, ProcessId, Who},
    filter::Filter,
    model::{Archive, Key, Model, Retention},
};

/// Emits the events of processes that match a filter, from their first event on.
pub struct MatchBuffer<'a> {
    filter: &'a Filter,
    model: Model,
    matched: HashSet<ProcessId>,
    /// Events of processes that have not matched yet.
    held: HashMap<ProcessId, Vec<Event>>,
}

impl MatchBuffer<'_> {
    /// Creates an empty buffer. The model's evicted processes go to `archive`.
    pub fn new(filter: &Filter, archive: Archive) -> MatchBuffer<'_> {
        let mut model = Model::new(Retention::default());
        model.set_archive(archive);
        MatchBuffer {
            filter,
            model,
            matched: HashSet::new(),
            held: HashMap::new(),
        }
    }

    /// Takes the next event. Passes the events that are now known to match, and
    /// those of the host, to `emit`.
    pub fn take(&mut self, event: Event, emit: &mut dyn FnMut(&Event) -> Result<()>) -> Result<()> {
        self.model.apply(&event);
        let process = event.who.process;
        if event.who == Who::HOST || self.matched.contains(&process) {
            return emit(&event);
        }
        let Some(key) = self.model.find(process) else {
            return Ok(());
        };
        self.held.entry(process).or_default().push(event);
        if self.filter.keeps(&self.model, key, self.model.now()) {
            self.matched.insert(process);
            let held = self.held.remove(&process).unwrap_or_default();
            return held.iter().try_for_each(emit);
        }
        if self.is_final(key) {
            self.held.remove(&process);
        }
        Ok(())
    }

    /// Returns true if no more events of the process will come.
    fn is_final(&self, key: Key) -> bool {
        let process = self.model.process(key);
        process.freed_at.is_some() || process.vanished_at.is_some()
    }

    /// Returns the model of all events taken so far.
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
    fn late_match_emits_all_earlier_events() {
        let filter = Filter::parse("name=make", &SavedFilters::default()).unwrap();
        let script = Script::new().session().found(1, 0, "init");
        let script = script.fork(1, 10).fork(1, 11);
        let script = script.exec(11, "ls", &["ls"]).die(11, 0).reap(11).free(11);
        let events = script.exec(10, "make", &["make"]).die(10, 0).events;
        let mut buffer = MatchBuffer::new(&filter, Archive::default());
        let mut emitted = Vec::new();
        for event in &events {
            let mut emit = |event: &Event| {
                emitted.push(event.clone());
                Ok(())
            };
            buffer.take(event.clone(), &mut emit).unwrap();
        }
        let is_host = |event: &&Event| event.who == Who::HOST;
        let of_make = |event: &&Event| event.who.process.tgid == 10;
        let expected = events.iter().filter(|it| is_host(it) || of_make(it));
        assert_eq!(emitted, expected.cloned().collect::<Vec<_>>());
        assert!(
            emitted
                .iter()
                .any(|event| matches!(event.what, What::Fork(_)))
        );
        // Nothing is held for processes that were freed.
        let mut held = buffer.held.keys().map(|process| process.tgid);
        assert_eq!((held.next(), held.next()), (Some(1), None));
    }
}
