//! Event counts of one process in each of the last seconds.

use serde::{Deserialize, Serialize};

/// Number of seconds kept.
const SECONDS: usize = 16;

/// Counts in each of the last seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recent {
    /// Number of the newest second since boot.
    newest: u64,
    /// Counts, by the second's number modulo [`SECONDS`].
    counts: [u64; SECONDS],
}

impl Recent {
    /// Adds `count` to the second that `at` lies in.
    pub(super) fn add(&mut self, at: u64, count: u64) {
        let second = at / 1_000_000_000;
        let passed = second.saturating_sub(self.newest).min(SECONDS as u64);
        for back in 0..passed {
            self.counts[place(second - back)] = 0;
        }
        self.newest = self.newest.max(second);
        if self.newest - second < SECONDS as u64 {
            let here = &mut self.counts[place(second)];
            *here = here.saturating_add(count);
        }
    }

    /// Returns the counts of the seconds before the one that `now` lies in, the
    /// oldest first; one fewer than are kept.
    pub fn last(&self, now: u64) -> impl Iterator<Item = u64> + '_ {
        let now = now / 1_000_000_000;
        (1..SECONDS as u64).rev().map(move |back| {
            let second = now.checked_sub(back);
            let kept =
                |&second: &u64| second <= self.newest && self.newest - second < SECONDS as u64;
            second
                .filter(kept)
                .map_or(0, |second| self.counts[place(second)])
        })
    }

    /// Returns the count of the last complete second.
    pub fn rate(&self, now: u64) -> u64 {
        self.last(now).last().unwrap_or(0)
    }
}

fn place(second: u64) -> usize {
    (second % SECONDS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    #[test]
    fn seconds_without_events_count_zero() {
        let mut recent = Recent::default();
        recent.add(100 * S, 5);
        recent.add(100 * S + 1, 2);
        recent.add(102 * S, 1);
        assert_eq!(recent.rate(103 * S), 1);
        assert_eq!(recent.rate(102 * S), 0);
        assert_eq!(recent.last(103 * S).sum::<u64>(), 8);
        assert_eq!(recent.rate(101 * S), 7);
        // Late but within the window; then outside of it.
        recent.add(101 * S, 3);
        recent.add(80 * S, 9);
        assert_eq!(recent.last(103 * S).sum::<u64>(), 11);
        assert_eq!(recent.last(200 * S).sum::<u64>(), 0);
        recent.add(200 * S, 4);
        assert_eq!(recent.last(201 * S).sum::<u64>(), 4);
    }
}
