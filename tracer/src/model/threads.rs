//! The running threads of a process, in order of creation.
//!
//! Callers must be inside [`super::Model::change`], because the state of a process
//! can depend on its threads.

use super::{Process, Thread};
use crate::event::{Comm, FaultTally, TaskId};

impl Process {
    fn place(&self, id: TaskId) -> Result<usize, usize> {
        let order = |id: TaskId| (id.start, id.pid);
        self.threads
            .binary_search_by_key(&order(id), |thread| order(thread.id))
    }

    /// Returns true if the thread runs.
    pub(super) fn has_thread(&self, id: TaskId) -> bool {
        self.place(id).is_ok()
    }

    pub(super) fn thread_mut(&mut self, id: TaskId) -> Option<&mut Thread> {
        let place = self.place(id).ok()?;
        self.threads.get_mut(place)
    }

    /// Returns a running thread, inserted if it is unknown.
    pub(super) fn insert_thread(&mut self, id: TaskId, comm: Comm) -> &mut Thread {
        let place = self.place(id).unwrap_or_else(|place| {
            let thread = Thread {
                id,
                comm,
                faults: None,
                generation: 0,
                vfork_child: None,
            };
            self.threads.insert(place, thread);
            self.threads_seen = self.threads_seen.saturating_add(1);
            place
        });
        &mut self.threads[place]
    }

    /// Removes a thread after its exit record. Returns the faults counted for it so
    /// far.
    pub(super) fn remove_exited_thread(&mut self, id: TaskId) -> Option<Box<FaultTally>> {
        match self.place(id) {
            Ok(place) => self.threads.remove(place).faults,
            Err(_) => {
                // Either it was dropped before its exit record arrived, or it was
                // unknown.
                match self.dropped.checked_sub(1) {
                    Some(dropped) => self.dropped = dropped,
                    None => self.threads_seen = self.threads_seen.saturating_add(1),
                }
                let charged = &mut self.pending.as_mut()?.charged;
                let place = charged.iter().position(|(thread, _)| *thread == id)?;
                Some(charged.swap_remove(place).1)
            }
        }
    }

    /// Drops a thread that has ended without an exit record. Returns true if it was
    /// known.
    pub(super) fn drop_thread(&mut self, id: TaskId) -> bool {
        let known = self.place(id).ok();
        if known.is_some() {
            self.retain_threads(|thread| thread.id != id);
        }
        known.is_some()
    }

    /// Prepares for another tracer, with counters that start at zero.
    pub(super) fn reset_counters(&mut self) {
        for thread in &mut self.threads {
            thread.faults = None;
        }
        if let Some(pending) = &mut self.pending {
            pending.charged.clear();
        }
        self.close_all_states();
        if let Some(reaping) = &mut self.reaping {
            reaping.reset_counters();
        }
    }

    /// Drops all threads but those for which `keep` is true, and frees their
    /// memory.
    pub(super) fn retain_threads(&mut self, keep: impl Fn(&Thread) -> bool) {
        let before = self.threads.len();
        let mut charged = Vec::new();
        self.threads.retain(|thread| {
            let keep = keep(thread);
            if !keep && let Some(faults) = thread.faults.take() {
                charged.push((thread.id, faults));
            }
            keep
        });
        let dropped = (before - self.threads.len()) as u32;
        self.dropped = self.dropped.saturating_add(dropped);
        if !charged.is_empty() {
            self.pending_mut().charged.append(&mut charged);
        }
        self.threads.shrink_to_fit();
    }
}
