//! Work that the writer thread has not done.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Jobs handed over to the writer thread and not done.
#[derive(Debug, Default)]
pub struct Backlog {
    pending: Mutex<Pending>,
    /// Notified when a job is done.
    done: Condvar,
}

#[derive(Debug, Default)]
struct Pending {
    jobs: usize,
    events: u64,
}

impl Backlog {
    /// Adds a job with a number of events.
    pub fn add(&self, events: u64) {
        let mut pending = self.pending();
        pending.jobs += 1;
        pending.events += events;
    }

    /// Removes a job that is done.
    pub fn remove(&self, events: u64) {
        let mut pending = self.pending();
        pending.jobs -= 1;
        pending.events -= events;
        self.done.notify_all();
    }

    /// Returns the number of jobs.
    pub fn jobs(&self) -> usize {
        self.pending().jobs
    }

    /// Returns the number of events in all jobs.
    pub fn events(&self) -> u64 {
        self.pending().events
    }

    /// Waits until there are fewer than `jobs` jobs, for `limit` at most. Returns true if
    /// there are.
    pub fn wait_below(&self, jobs: usize, limit: Duration) -> bool {
        let is_full = |pending: &mut Pending| pending.jobs >= jobs;
        let waited = self
            .done
            .wait_timeout_while(self.pending(), limit, is_full)
            .unwrap_or_else(PoisonError::into_inner);
        !waited.1.timed_out()
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        // The counts are valid after every statement.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
