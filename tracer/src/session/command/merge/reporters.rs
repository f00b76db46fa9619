//! The input that reports each process: the first that mentions it, until that
//! input ends.

use std::collections::HashMap;

use super::input::Phase;
use crate::{event::ProcessId, model::Model};

/// Minimum number of entries before stale ones are evicted.
const CAPACITY: usize = 4096;

/// Time after its last event at which the entry of an exited process is stale, ns.
const STALE_AFTER: u64 = 60_000_000_000;

/// Input that reports a process, and the time of the last event about it.
struct Reporter {
    input: usize,
    /// ns since boot.
    last: u64,
}

/// Reporters of all processes.
#[derive(Default)]
pub struct Reporters {
    reporters: HashMap<ProcessId, Reporter, foldhash::fast::RandomState>,
    /// Number of entries after the last eviction.
    after_eviction: usize,
}

impl Reporters {
    /// Returns true if no process has been reported.
    pub fn is_empty(&self) -> bool {
        self.reporters.is_empty()
    }

    /// Returns the input that reports a process.
    pub fn of(&self, process: ProcessId) -> Option<usize> {
        let reporter = self.reporters.get(&process);
        reporter.map(|reporter| reporter.input)
    }

    /// Makes an input the reporter of a process.
    pub fn set(&mut self, process: ProcessId, input: usize, at: u64) {
        let reporter = Reporter { input, last: at };
        self.reporters.insert(process, reporter);
    }

    /// Returns true if `input` reports the process. A process without a reporter,
    /// or whose reporter has ended, gets this one.
    pub fn claim(
        &mut self,
        input: usize,
        process: ProcessId,
        at: u64,
        phase: impl Fn(usize) -> Phase,
    ) -> bool {
        let new = Reporter { input, last: at };
        let reporter = self.reporters.entry(process).or_insert(new);
        reporter.last = reporter.last.max(at);
        if reporter.input == input {
            return true;
        }
        match phase(reporter.input) {
            Phase::Waiting | Phase::Active => false,
            Phase::Ended(last) if at <= last => false,
            Phase::Ended(_) => {
                reporter.input = input;
                true
            }
        }
    }

    /// Evicts stale entries of processes that the model has evicted.
    pub fn evict_stale(&mut self, model: &Model) {
        if self.reporters.len() >= CAPACITY.max(2 * self.after_eviction) {
            let now = model.now();
            self.reporters.retain(|&process, reporter| {
                now.saturating_sub(reporter.last) < STALE_AFTER || model.find(process).is_some()
            });
            self.after_eviction = self.reporters.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, What, Who};

    #[test]
    fn evicts_stale_entries() {
        let mut reporters = Reporters::default();
        let mut model = Model::present_only();
        let id = |pid: u32| ProcessId {
            tgid: pid,
            start: 1,
        };
        for pid in 1..=20 * CAPACITY as u32 {
            // None of the processes is present any more.
            model.apply(&Event {
                at: u64::from(pid) * STALE_AFTER / 100,
                cpu: 0,
                who: Who::HOST,
                what: What::End,
            });
            reporters.set(id(pid), 0, model.now());
            reporters.evict_stale(&model);
        }
        let left = reporters.reporters.len();
        assert!(left <= CAPACITY + 100, "{left}");
    }
}
