//! The processes that a report is about: all of a model, or those that a filter keeps.

use std::collections::HashSet;

use super::layout::Layout;
use crate::{
    event::Faults,
    filter::{Filter, Truth},
    model::{Key, Model, ProcessRef, Tally},
};

/// Number of commands named in [`Scope::evicted_note`].
const NAMED: usize = 3;

/// The processes of a report, and the counts over them.
pub struct Scope<'a> {
    /// The model.
    pub model: &'a Model,
    /// Width, time zone, rows and the end of the part.
    pub layout: Layout,
    /// Counts over the processes of the report.
    pub tally: Tally,
    /// The filter, if there is one.
    pub filtered: Option<Filtered<'a>>,
}

/// The result of a filter.
pub struct Filtered<'a> {
    /// The filter.
    pub filter: &'a Filter,
    kept: HashSet<Key>,
    /// Number of processes for which the filter is unknown.
    pub unknown: u64,
}

impl Filtered<'_> {
    /// Returns the number of processes that the filter keeps.
    pub fn count(&self) -> u64 {
        self.kept.len() as u64
    }
}

impl<'a> Scope<'a> {
    /// Returns the processes that the filter keeps, or all.
    pub fn new(model: &'a Model, filter: Option<&'a Filter>, layout: Layout) -> Scope<'a> {
        let Some(filter) = filter else {
            let tally = model.tally();
            return Scope {
                model,
                layout,
                tally,
                filtered: None,
            };
        };
        let (mut kept, mut unknown) = (HashSet::new(), 0);
        for (key, _) in model.processes_of_this_part() {
            match filter.evaluate(model, key, model.now()) {
                Truth::Yes => drop(kept.insert(key)),
                Truth::Unknown => unknown += 1,
                Truth::No => {}
            }
        }
        Scope {
            model,
            layout,
            tally: model.tally_of(|key| kept.contains(&key)),
            filtered: Some(Filtered {
                filter,
                kept,
                unknown,
            }),
        }
    }

    /// Returns true if the report is about the process.
    pub fn keeps(&self, key: Key) -> bool {
        let kept = self.filtered.as_ref().map(|it| &it.kept);
        kept.is_none_or(|kept| kept.contains(&key))
    }

    /// Iterates over the retained processes of the report, in order of appearance.
    pub fn processes(&self) -> impl Iterator<Item = (Key, ProcessRef<'a>)> {
        let of_part = self.model.processes_of_this_part();
        of_part.filter(|&(key, _)| self.keeps(key))
    }

    /// Returns the faults of the processes, including evicted ones without a filter.
    pub fn faults(&self) -> Faults {
        if self.filtered.is_none() {
            return self.model.totals().faults;
        }
        let faults = self.processes().map(|(_, process)| process.faults);
        faults.fold(Faults::default(), Faults::plus)
    }

    /// Returns a note for the title of a list of processes, if some were evicted.
    pub fn evicted_note(&self) -> String {
        match self.model.unlisted() {
            0 => String::new(),
            evicted => format!(
                " ({evicted} that exited earlier are no longer listed{})",
                evicted_commands(self.model)
            ),
        }
    }
}

/// Returns the commands with most evicted processes: `: 9000 make, 52 cc, …`.
fn evicted_commands(model: &Model) -> String {
    let unlisted = model.unlisted_by_comm();
    let named = unlisted.iter().take(NAMED).map(|&(comm, count)| {
        let name = comm.map_or_else(|| "?".to_owned(), |comm| comm.to_string());
        format!("{count} {name}")
    });
    let mut named: Vec<String> = named.collect();
    if named.is_empty() {
        return String::new();
    }
    if unlisted.len() > NAMED {
        named.push("…".to_owned());
    }
    format!(": {}", named.join(", "))
}
