//! How often something happened to a process in each of the last seconds.

use serde::{Deserialize, Serialize};

/// How many seconds are kept.
const SECONDS: usize = 16;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recent {
    /// The number of the newest second since boot.
    newest: u64,
    /// By the second's number modulo [`SECONDS`].
    counts: [u64; SECONDS],
}

impl Recent {
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

    /// The seconds before the one that `now` lies in, the oldest first; one
    /// fewer than are kept.
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

    /// In the last second that is over.
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
    fn seconds_pass_and_silence_is_nothing() {
        let mut recent = Recent::default();
        recent.add(100 * S, 5);
        recent.add(100 * S + 1, 2);
        recent.add(102 * S, 1);
        assert_eq!(recent.rate(103 * S), 1);
        assert_eq!(recent.rate(102 * S), 0);
        assert_eq!(recent.last(103 * S).sum::<u64>(), 8);
        assert_eq!(recent.rate(101 * S), 7);
        // Late, but not too late; then too late.
        recent.add(101 * S, 3);
        recent.add(80 * S, 9);
        assert_eq!(recent.last(103 * S).sum::<u64>(), 11);
        assert_eq!(recent.last(200 * S).sum::<u64>(), 0);
        recent.add(200 * S, 4);
        assert_eq!(recent.last(201 * S).sum::<u64>(), 4);
    }
}
