//! Numbers of events and durations.

use std::{collections::HashMap, ops::AddAssign};

use serde::{Deserialize, Serialize};

use super::ZombieTime;

/// A number of events, and when they happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Occurrences {
    /// Number of events.
    pub count: u64,
    /// Times of the first and the last one, ns since boot; none if no time is known.
    pub span: Option<(u64, u64)>,
}

impl Occurrences {
    /// Adds an event.
    pub(super) fn add(&mut self, at: Option<u64>) {
        self.extend(1, at.map(|at| (at, at)));
    }

    /// Adds events between two times.
    pub(super) fn extend(&mut self, count: u64, span: Option<(u64, u64)>) {
        add(&mut self.count, count);
        self.span = match (self.span, span) {
            (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
            (one, other) => one.or(other),
        };
    }
}

/// Durations: their number and distribution, with three significant digits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latencies {
    /// Number of durations.
    pub count: u64,
    /// Longest known duration, ns.
    pub max: u64,
    /// Number of durations that are lower bounds.
    pub inexact: u64,
    /// Number of durations of which no lower bound is known. The percentiles leave them
    /// out.
    pub unknown: u64,
    by_length: HashMap<u64, u64, foldhash::fast::FixedState>,
}

impl Latencies {
    /// Adds a duration, as far as it is known.
    pub fn add(&mut self, time: ZombieTime) {
        add(&mut self.count, 1);
        match (time.exact(), time.min) {
            (None, 0) => add(&mut self.unknown, 1),
            (exact, ns) => {
                add(&mut self.inexact, u64::from(exact.is_none()));
                self.max = self.max.max(ns);
                add(self.by_length.entry(three_digits(ns)).or_default(), 1);
            }
        }
    }

    /// Returns the nearest-rank percentile of the known durations in ns, truncated to
    /// three digits; 100 is exact. None if none is known.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let known = self.count.saturating_sub(self.unknown);
        if percent == 100 {
            return (known > 0).then_some(self.max);
        }
        let rank = known.saturating_mul(percent).div_ceil(100).max(1);
        let mut below = 0;
        let reaches = |&(_, count): &(u64, u64)| {
            add(&mut below, count);
            below >= rank
        };
        let mut lengths: Vec<_> = self.by_length.iter().map(|(&ns, &n)| (ns, n)).collect();
        lengths.sort_unstable();
        lengths.into_iter().find(reaches).map(|(ns, _)| ns)
    }
}

impl AddAssign<&Latencies> for Latencies {
    fn add_assign(&mut self, other: &Latencies) {
        add(&mut self.count, other.count);
        self.max = self.max.max(other.max);
        add(&mut self.inexact, other.inexact);
        add(&mut self.unknown, other.unknown);
        for (&ns, count) in &other.by_length {
            add(self.by_length.entry(ns).or_default(), *count);
        }
    }
}

/// Adds without overflow, because a recording can hold any number.
pub(super) fn add(count: &mut u64, more: u64) {
    *count = count.saturating_add(more);
}

/// Truncates a number to the three digits that reports show.
fn three_digits(ns: u64) -> u64 {
    let unit = 10_u64.pow(ns.checked_ilog10().unwrap_or(0).saturating_sub(2));
    ns / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_match_a_sorted_list() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile(50), None);
        let mut list: Vec<u64> = (1..=250).map(|n| n * n * 1_009).collect();
        list.iter().for_each(|&ns| latencies.add(ns.into()));
        list.sort_unstable();
        for percent in [1, 50, 99, 100] {
            let exact = list[(list.len() * percent).div_ceil(100) - 1];
            let found = latencies.percentile(percent as u64).unwrap();
            assert!(
                found <= exact && exact - found <= exact / 100,
                "{found} {exact}"
            );
        }
        assert_eq!(latencies.percentile(100), Some(250 * 250 * 1_009));
    }

    #[test]
    fn a_duration_without_a_lower_bound_is_not_zero() {
        let bounds = |min, max| ZombieTime { min, max };
        let mut latencies = Latencies::default();
        latencies.add(bounds(0, None));
        latencies.add(bounds(0, Some(900)));
        assert_eq!((latencies.count, latencies.unknown), (2, 2));
        assert_eq!([1, 50, 100].map(|it| latencies.percentile(it)), [None; 3]);
        let mut seen = Latencies::default();
        seen.add(bounds(500, Some(700)));
        seen.add(bounds(300, None));
        seen.add(0.into());
        latencies += &seen;
        assert_eq!(
            (latencies.count, latencies.unknown, latencies.inexact),
            (5, 2, 2)
        );
        let percentiles = [1, 50, 99, 100].map(|it| latencies.percentile(it));
        assert_eq!(percentiles, [Some(0), Some(300), Some(500), Some(500)]);
    }

    #[test]
    fn numbers_are_truncated_to_three_digits() {
        for (ns, cut) in [
            (0, 0),
            (7, 7),
            (999, 999),
            (1_009, 1_000),
            (12_345_678, 12_300_000),
        ] {
            assert_eq!(three_digits(ns), cut);
        }
    }
}
