//! What happened in each of the last seconds, for rates and sparklines.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::event::SecondCounts;

/// How many seconds are kept.
const SECONDS: usize = 120;

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Second {
    pub forks: u64,
    pub execs: u64,
    pub exits: u64,
    pub faults: u64,
    /// See [`crate::event::Faults::copies`].
    pub copies: u64,
    pub lost: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The number of the newest second since boot.
    newest: u64,
    seconds: VecDeque<Second>,
}

impl History {
    /// The newest second's number, and what happened in each up to it.
    pub(super) fn counts(&self) -> (u64, Vec<SecondCounts>) {
        let seconds = self.seconds.iter().map(|&second| second.into());
        (self.newest, seconds.collect())
    }

    pub(super) fn of(newest: u64, seconds: &[SecondCounts]) -> History {
        let kept = &seconds[seconds.len().saturating_sub(SECONDS)..];
        History {
            newest,
            seconds: kept.iter().map(|&counts| counts.into()).collect(),
        }
    }

    /// The second that `at` (ns since boot) lies in; the oldest kept if it is
    /// older than that.
    pub(super) fn at(&mut self, at: u64) -> &mut Second {
        let second = at / 1_000_000_000;
        if self.seconds.is_empty() {
            self.newest = second;
            self.seconds.push_back(Second::default());
        }
        // A long silence clears everything; it need not be walked.
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

    /// The last `n` seconds up to the one that `now` lies in, the oldest
    /// first; silence is zero.
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
