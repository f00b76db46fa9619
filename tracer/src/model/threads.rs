//! The living threads of a process, in order of their birth.
//!
//! Whoever calls these does so inside [`super::Model::change`]: whether a
//! process lives can depend on its threads.

use super::{Process, Thread};
use crate::event::{Comm, FaultTally, TaskId};

impl Process {
    fn place(&self, id: TaskId) -> Result<usize, usize> {
        let order = |id: TaskId| (id.start, id.pid);
        self.threads
            .binary_search_by_key(&order(id), |thread| order(thread.id))
    }

    pub(super) fn thread_mut(&mut self, id: TaskId) -> Option<&mut Thread> {
        let place = self.place(id).ok()?;
        self.threads.get_mut(place)
    }

    /// A thread that lives, whether or not it was known.
    pub(super) fn insert_thread(&mut self, id: TaskId, comm: Comm) -> &mut Thread {
        let place = self.place(id).unwrap_or_else(|place| {
            let thread = Thread {
                id,
                comm,
                faults: None,
                generation: 0,
            };
            self.threads.insert(place, thread);
            self.threads_seen = self.threads_seen.saturating_add(1);
            place
        });
        &mut self.threads[place]
    }

    /// A thread's exit was told: what it had counted of faults.
    pub(super) fn remove_exited_thread(&mut self, id: TaskId) -> Option<Box<FaultTally>> {
        match self.place(id) {
            Ok(place) => self.threads.remove(place).faults,
            Err(_) => {
                // Either it is one of those dropped before their exits were
                // told, or nothing was ever told of it.
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

    /// A thread is gone though its exit has not been told; whether it was
    /// known.
    pub(super) fn drop_thread(&mut self, id: TaskId) -> bool {
        let known = self.place(id).ok();
        if known.is_some() {
            self.retain_threads(|thread| thread.id != id);
        }
        known.is_some()
    }

    /// Whoever counts begins at zero, as another tracer does.
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

    /// All threads but some are gone. Gives their memory back.
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
        let gone = (before - self.threads.len()) as u32;
        self.dropped = self.dropped.saturating_add(gone);
        if !charged.is_empty() {
            self.pending_mut().charged.append(&mut charged);
        }
        self.threads.shrink_to_fit();
    }
}
