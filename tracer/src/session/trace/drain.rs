//! The last records of a command's trace.
//!
//! The kernel frees a task an RCU grace period after its reap, mostly within 40 ms.
//! Only then is its accounting complete, so the trace waits for the frees of all
//! processes that exited while the command ran.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use crate::{
    event::{Event, ProcessId, What},
    records::ProcessEnd,
};

/// Maximum wait. Some zombies are never reaped, and on a busy machine some frees
/// are seconds late.
const LIMIT: Duration = Duration::from_secs(1);

/// Tracks the processes that have exited and have not been freed.
#[derive(Default)]
pub struct Drain {
    /// Processes that exited before the command ended and have not been freed.
    waiting: HashSet<ProcessId>,
    /// Time at which the command ended. Processes that exit later are not awaited.
    since: Option<Instant>,
}

impl Drain {
    /// Takes an event from user space.
    pub fn event(&mut self, event: &Event) {
        let process = event.who.process;
        match &event.what {
            What::Exit(exit) if exit.group_dead != Some(false) => {
                self.take(ProcessEnd::Exited(process));
            }
            What::Free(_) if event.who.is_leader() => self.take(ProcessEnd::Freed(process)),
            _ => {}
        }
    }

    /// Takes a record from the kernel.
    pub fn record(&mut self, record: &[u8]) {
        if let Some(ending) = ProcessEnd::of(record) {
            self.take(ending);
        }
    }

    fn take(&mut self, ending: ProcessEnd) {
        match ending {
            ProcessEnd::Exited(process) if self.since.is_none() => {
                self.waiting.insert(process);
            }
            ProcessEnd::Exited(_) => {}
            ProcessEnd::Freed(process) => {
                self.waiting.remove(&process);
            }
        }
    }

    /// Starts to wait: the command has ended.
    pub fn begin(&mut self) {
        self.since = Some(Instant::now());
    }

    /// Returns true once the command has ended.
    pub fn has_begun(&self) -> bool {
        self.since.is_some()
    }

    /// Returns true once all awaited processes are freed or the wait is too long.
    pub fn is_over(&self) -> bool {
        let late = |since: Instant| since.elapsed() >= LIMIT;
        self.since
            .is_some_and(|since| self.waiting.is_empty() || late(since))
    }
}
