//! Forks that failed, by caller and error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Model;
use crate::event::{ForkFailed, ProcessId, Who};

/// Maximum number of distinct callers and errors.
const KINDS: usize = 1024;

/// Failed forks of one process with one error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForkFailures {
    /// Number of failures.
    pub count: u64,
    /// Time of the latest, ns since boot.
    pub last_at: u64,
    /// The latest failure.
    pub last: ForkFailed,
    /// Process that called fork.
    pub by: ProcessId,
}

/// Failures by the caller's process and the error.
pub(super) type FailedForks = BTreeMap<(ProcessId, i32), ForkFailures>;

impl Model {
    pub(super) fn on_fork_failed(&mut self, at: u64, who: Who, failed: &ForkFailed) {
        self.totals.failed_forks = self.totals.failed_forks.saturating_add(1);
        self.of(who);
        let kind = (who.process, failed.errno);
        if self.failed_forks.len() >= KINDS && !self.failed_forks.contains_key(&kind) {
            // Drops the one with the oldest latest failure.
            let oldest = self.failed_forks.iter();
            let oldest = oldest.min_by_key(|(_, failures)| failures.last_at);
            if let Some((&oldest, _)) = oldest {
                self.failed_forks.remove(&oldest);
            }
        }
        let failures = self
            .failed_forks
            .entry(kind)
            .or_insert_with(|| ForkFailures {
                count: 0,
                last_at: at,
                last: failed.clone(),
                by: who.process,
            });
        failures.count = failures.count.saturating_add(1);
        failures.last_at = at;
        failures.last = failed.clone();
    }

    /// Returns the failed forks by caller and error. If there are very many, only
    /// the latest.
    pub fn failed_forks(&self) -> impl Iterator<Item = &ForkFailures> {
        self.failed_forks.values()
    }
}
