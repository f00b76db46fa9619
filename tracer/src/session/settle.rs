//! When all is said about those who died while a command ran: the kernel frees
//! a task an RCU grace period after it was reaped, mostly within 40 ms, and
//! only then is its accounting complete.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use crate::{
    event::{Event, ProcessId, What},
    records::ProcessEnd,
};

/// Zombies that nobody reaps are not waited for longer than this, nor is a free that is seconds
/// late, as some are on a busy machine.
const LIMIT: Duration = Duration::from_secs(1);

#[derive(Default)]
pub struct Settle {
    /// Dead and not freed.
    waiting: HashSet<ProcessId>,
    /// When the command ended: who dies after that is not waited for.
    since: Option<Instant>,
}

impl Settle {
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

    /// The command has ended.
    pub fn begin(&mut self) {
        self.since = Some(Instant::now());
    }

    pub fn has_begun(&self) -> bool {
        self.since.is_some()
    }

    pub fn is_over(&self) -> bool {
        let late = |since: Instant| since.elapsed() >= LIMIT;
        self.since
            .is_some_and(|since| self.waiting.is_empty() || late(since))
    }
}
