//! Counts of the whole stream in each of the last seconds, for rates and
//! sparklines.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::event::SecondCounts;

/// Number of seconds kept.
const SECONDS: usize = 120;

/// Counts of one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// New processes.
    pub forks: u64,
    /// Execs.
    pub execs: u64,
    /// Exits of processes.
    pub exits: u64,
    /// Page faults.
    pub faults: u64,
    /// Pages copied on write, see [`crate::event::Faults::copies`].
    pub copies: u64,
    /// Lost records.
    pub lost: u64,
}

/// Counts in each of the last seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Number of the newest second since boot.
    newest: u64,
    seconds: VecDeque<Second>,
}

impl History {
    /// Returns the newest second's number and the counts up to it.
    pub(super) fn counts(&self) -> (u64, Vec<SecondCounts>) {
        let seconds = self.seconds.iter().map(|&second| second.into());
        (self.newest, seconds.collect())
    }

    /// Builds the history of a summary.
    pub(super) fn of(newest: u64, seconds: &[SecondCounts]) -> History {
        let kept = &seconds[seconds.len().saturating_sub(SECONDS)..];
        History {
            newest,
            seconds: kept.iter().map(|&counts| counts.into()).collect(),
        }
    }

    /// Returns the second that `at` (ns since boot) lies in; the oldest kept if
    /// `at` is before that.
    pub(super) fn at(&mut self, at: u64) -> &mut Second {
        let second = at / 1_000_000_000;
        if self.seconds.is_empty() {
            self.newest = second;
            self.seconds.push_back(Second::default());
        }
        // A long pause clears every second, so it need not be walked.
        let missing = second.saturating_sub(self.newest).min(SECONDS as u64);
        for _ in 0..missing {
            self.seconds.push_back(Second::default());
        }
        self.newest = self.newest.max(second);
        while self.seconds.len() > SECONDS {
            self.seconds.pop_front();
        }
        let back = (self.newest - second) as usize;
        let index = self.seconds.len().saturating_sub(1 + back);
        &mut self.seconds[index]
    }

    /// Returns the last `n` seconds up to the one that `now` lies in, the oldest
    /// first. Seconds without events are zero.
    pub fn last(&self, n: usize, now: u64) -> Vec<Second> {
        let now = now / 1_000_000_000;
        (0..n as u64)
            .rev()
            .map(|back| {
                let index = (now.checked_sub(back))
                    .and_then(|second| self.newest.checked_sub(second))
                    .and_then(|back| self.seconds.len().checked_sub(1 + back as usize));
                index.map_or(Second::default(), |index| self.seconds[index])
            })
            .collect()
    }
}
