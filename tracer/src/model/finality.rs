//! Two passes over a stream, for a reader that looks at each process once, when it is final,
//! and so needs no memory for all of them. An evicted process is final, but its owners as a
//! zombie may still change their names, and the session may be followed by another. The first
//! pass learns these from the end of the stream.

use std::{collections::HashMap, sync::Arc};

use super::{Key, Model};
use crate::event::{Comm, Session};

/// Values by process.
type Table<T> = HashMap<Key, T, foldhash::fast::FixedState>;

/// Command names at the end of a stream: those that differ from the name at the time when a
/// process was final that had the owner.
#[derive(Default)]
pub struct OwnerNames(Table<Option<Comm>>);

impl OwnerNames {
    /// Returns the command name of an owner at the end of the stream; none if it is unknown.
    pub fn of(&self, model: &Model, owner: Key) -> Option<Comm> {
        let later = self.0.get(&owner).copied();
        later.unwrap_or_else(|| model.process(owner).known_comm())
    }
}

/// The first pass. Its model archives what it evicts. Takes memory for the owners that the
/// model retains, and for the [`OwnerNames`].
#[derive(Default)]
pub struct FirstPass {
    /// The name of each retained owner when a process of its was final, and true if it had
    /// another one later.
    seen: Table<(Option<Comm>, bool)>,
    names: OwnerNames,
    events: u64,
}

impl FirstPass {
    /// Takes the model after each event of the stream, and empties its archive.
    pub fn take(&mut self, model: &mut Model) {
        self.events += 1;
        let archived = model.archived();
        for &key in &archived {
            let process = model.process(key);
            for owner in process.tenures(model.now()).filter_map(|it| it.owner) {
                if archived.binary_search(&owner).is_ok() {
                    continue;
                }
                let name = model.process(owner).known_comm();
                let (seen, changed) = self.seen.entry(owner).or_insert((name, false));
                *changed |= *seen != name;
            }
        }
        for &key in &archived {
            self.settle(model, key);
        }
        model.clear_archive();
    }

    /// Notes the final name of an owner.
    fn settle(&mut self, model: &Model, key: Key) {
        let Some((seen, changed)) = self.seen.remove(&key) else {
            return;
        };
        let name = model.process(key).known_comm();
        if changed || seen != name {
            self.names.0.insert(key, name);
        }
    }

    /// Returns the second pass. `end` is the model at the end of the stream.
    pub fn end(mut self, end: Model) -> FinalPass {
        for key in Vec::from_iter(self.seen.keys().copied()) {
            self.settle(&end, key);
        }
        FinalPass {
            session: end.session.clone(),
            end,
            names: self.names,
            events: self.events,
        }
    }
}

/// The second pass over the same stream, with a model that archives what it evicts.
pub struct FinalPass {
    end: Model,
    session: Option<Arc<Session>>,
    names: OwnerNames,
    /// Number of events that the first pass took and this one has not.
    events: u64,
}

impl FinalPass {
    /// Returns the model at the end of the stream. It lists the processes that are not final
    /// before, and counts all.
    pub fn end(&self) -> &Model {
        &self.end
    }

    /// Takes the model after each event of the stream, and empties its archive. Calls `emit`
    /// for each process that is final since the last event, in order of appearance, with the
    /// model, which has the session of the end meanwhile. Events that the first pass did not
    /// take are ignored: the recording has grown.
    pub fn take<E>(
        &mut self,
        model: &mut Model,
        mut emit: impl FnMut(&Model, Key, &OwnerNames) -> Result<(), E>,
    ) -> Result<(), E> {
        let archived = model.archived();
        if self.events > 0 && !archived.is_empty() {
            std::mem::swap(&mut model.session, &mut self.session);
            for key in archived {
                emit(model, key, &self.names)?;
            }
            std::mem::swap(&mut model.session, &mut self.session);
        }
        self.events = self.events.saturating_sub(1);
        model.clear_archive();
        Ok(())
    }
}
