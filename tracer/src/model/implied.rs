//! Facts about a process that events of other processes show. A recording without
//! those processes has [`Implied`] and [`Reap`] events in their place.

use super::{Key, Model, Process};
use crate::event::{Implied, ProcessId, Reap, What, Who};

impl Model {
    pub(super) fn on_implied(&mut self, at: u64, key: Key, fact: &Implied) {
        let by = self.find(fact.by);
        if let Some(parent) = fact.parent {
            let parent = self.ensure(parent);
            self.change(key, |process| {
                // The same parent means that the tracer no longer holds the process.
                let tracer = process.tracer();
                let tracer = tracer.filter(|_| process.parent != Some(parent));
                process.hand_over(at, Some(parent), tracer);
            });
        }
        if fact.released {
            self.change(key, |process| process.release_by_exit(at, by));
        }
        fact.argv.iter().for_each(|it| self.programs.add(it));
        self.change_unindexed(key, |process| {
            if let Some(argv) = &fact.argv {
                process.snapshot_argv = Some(argv.clone());
                process.snapshot_argv_cut = fact.argv_cut;
                process.snapshot_argv_at = at;
            }
            if let Some(cost) = process.fork_cost.as_mut().filter(|_| fact.copies > 0) {
                cost.charge_parent(at, fact.copies);
                cost.ambiguous |= fact.ambiguous;
            }
            if fact.caller_ended {
                process.pending_mut().rare.vfork_caller_ended_at = Some(at);
            }
        });
    }

    /// Starts to note which processes change, for [`Self::take_changed`].
    pub fn note_changes(&mut self) {
        self.changed.get_or_insert_default();
    }

    /// Returns the processes changed since the last call, some of them repeatedly.
    /// Empty without [`Self::note_changes`].
    pub fn take_changed(&mut self) -> Vec<Key> {
        self.changed
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Returns what the latest event, which happened at `at`, shows about a process
    /// in this model and not in `part`, which lacks events of other processes. Each
    /// fact has its time, ns since boot, and has the process as its subject. Empty if
    /// the process is not in both models.
    pub fn facts_missing_in(&self, part: &Model, id: ProcessId, at: u64) -> Vec<(u64, What)> {
        let (Some(key), Some(known)) = (self.find(id), part.find(id)) else {
            return Vec::new();
        };
        let (process, known) = (self.process(key), part.process(known));
        let caller = process.forked_by.map(|by| by.process);
        let mut facts = Vec::new();
        let argv = process.arguments_at(u64::MAX);
        if let Some((argv, argv_cut)) = argv
            && known.arguments_at(u64::MAX) != Some((argv, argv_cut))
        {
            let fact = Implied {
                by: caller.unwrap_or_default(),
                argv: Some(argv.clone()),
                argv_cut,
                ..Implied::default()
            };
            facts.push((process.snapshot_argv_at, What::Implied(Box::new(fact))));
        }
        let parent_id = |model: &Model, process: &Process| {
            let parent = model.process(process.parent?);
            Some(parent.id)
        };
        let before = parent_id(part, &known);
        let is_traced = (process.tracer().is_some(), known.tracer().is_some());
        let parent = parent_id(self, &process);
        let parent = parent.filter(|&parent| before != Some(parent) || is_traced == (false, true));
        let was_released = |process: &Process| {
            process.reaped_at.is_some()
                && process.reaped_by.is_none()
                && process.autoreaped == Some(false)
        };
        let released = was_released(&process) && !was_released(&known);
        let ended = |process: &Process| process.pending.as_ref()?.rare.vfork_caller_ended_at;
        let caller_ended = ended(&process).is_some() && ended(&known).is_none();
        let (copies, ambiguous) = match (&process.fork_cost, &known.fork_cost) {
            (Some(cost), Some(known)) => (
                cost.parent.count.saturating_sub(known.parent.count),
                cost.ambiguous,
            ),
            (_, _) => (0, false),
        };
        if parent.is_some() || copies > 0 || released || caller_ended {
            let by = match copies > 0 || caller_ended {
                true => caller,
                false => before,
            };
            let fact = Implied {
                by: by.unwrap_or_default(),
                parent,
                copies,
                ambiguous: copies > 0 && ambiguous,
                released,
                caller_ended,
                ..Implied::default()
            };
            facts.push((at, What::Implied(Box::new(fact))));
        }
        let reap = |process: &Process| (process.reaped_at, process.reaped_by);
        if let Some(at) = process.reaped_at
            && reap(&process) != reap(&known)
            && !was_released(&process)
        {
            let by = process.reaped_by.unwrap_or(id.leader());
            facts.push((at, What::Reap(Reap { by })));
        }
        facts
    }

    /// Returns the fault counts of a process's threads that differ from those in `part`: a
    /// fork reports what its caller had copied, and is not kept with a child that is gone.
    pub fn counts_missing_in(&self, part: &Model, id: ProcessId) -> Vec<(Who, What)> {
        let (Some(key), Some(known)) = (self.find(id), part.find(id)) else {
            return Vec::new();
        };
        let known = part.process(known);
        let process = self.process(key);
        let counts = process.threads.iter().filter_map(|thread| {
            let counts = thread.faults.as_ref()?;
            let other = known.threads.iter().find(|it| it.id == thread.id);
            let is_same = other.is_some_and(|other| other.faults.as_ref() == Some(counts));
            let who = Who {
                task: thread.id,
                process: id,
            };
            (!is_same).then(|| (who, What::Faults(counts.clone())))
        });
        counts.collect()
    }
}
