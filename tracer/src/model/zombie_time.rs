//! The time a process was a zombie, bounded by what was seen of its start and end.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Process, State, process::GRACE};
use crate::event::units::duration;

/// A duration in ns, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ZombieTime {
    /// Lower bound.
    pub min: u64,
    /// Upper bound; none if the start was not seen.
    pub max: Option<u64>,
}

impl From<u64> for ZombieTime {
    fn from(ns: u64) -> ZombieTime {
        ZombieTime {
            min: ns,
            max: Some(ns),
        }
    }
}

impl ZombieTime {
    /// Returns the duration if both ends were seen.
    pub fn exact(self) -> Option<u64> {
        self.max.filter(|&max| max == self.min)
    }

    /// Formats as `2.0 s` or, if only a bound is known, as `>2.0 s` or `<2.0 s`: at
    /// most eight characters.
    pub fn compact(self) -> String {
        let min = duration(self.min);
        match self.max.map(duration) {
            Some(max) if max == min => max,
            Some(max) if self.min == 0 => format!("<{max}"),
            Some(_) | None => format!(">{min}"),
        }
    }
}

/// Formats as `2.0 s`, `2.0 to 2.1 s`, `812 ms to 1.4 s` or `over 2.0 s`.
impl fmt::Display for ZombieTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let min = duration(self.min);
        let Some(max) = self.max.map(duration) else {
            return write!(f, "over {min}");
        };
        if min == max {
            return f.write_str(&max);
        }
        match (min.split_once(' '), max.split_once(' ')) {
            (_, Some(_)) if self.min == 0 => write!(f, "up to {max}"),
            (Some((number, unit)), Some((_, other))) if unit == other => {
                write!(f, "{number} to {max}")
            }
            _ => write!(f, "{min} to {max}"),
        }
    }
}

/// A moment between two times, ns since boot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    /// None if there is no lower bound.
    pub(super) earliest: Option<u64>,
    pub(super) latest: u64,
}

impl From<u64> for Bounds {
    fn from(at: u64) -> Bounds {
        Bounds {
            earliest: Some(at),
            latest: at,
        }
    }
}

impl Bounds {
    /// Returns the time from this moment to a later one.
    pub(super) fn until(self, end: Bounds) -> ZombieTime {
        let earliest_end = end.earliest.unwrap_or(0);
        ZombieTime {
            min: earliest_end.saturating_sub(self.latest),
            max: self.earliest.map(|start| end.latest.saturating_sub(start)),
        }
    }
}

/// The start and end of a zombie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ZombieSpan {
    pub(super) start: Bounds,
    pub(super) end: Bounds,
}

impl Process {
    /// Returns the time it was a zombie; up to `now` if it still is. None if it has
    /// not become one, as far as known.
    pub fn zombie_time(&self, now: u64) -> Option<ZombieTime> {
        if self.autoreaped == Some(true) {
            return Some(0.into());
        }
        let ZombieSpan { start, end } = self.zombie_span(now)?;
        Some(start.until(end))
    }

    /// Returns the start and the end of its time as a zombie. None if it has not
    /// become one, or if the kernel reaped it at once.
    pub(super) fn zombie_span(&self, now: u64) -> Option<ZombieSpan> {
        if self.autoreaped == Some(true) {
            return None;
        }
        let gone = self.freed_at.or(self.vanished_at);
        let end = match (self.state(), self.reaped_at) {
            (State::Alive | State::Exiting | State::Vanished, _) => return None,
            (State::Zombie, _) => Bounds::from(now),
            (State::Reaped, Some(reaped)) => Bounds::from(reaped),
            (State::Reaped, None) => Bounds {
                earliest: self.last_seen_as_zombie(),
                latest: gone.or(self.zombie_at).or(self.exited_at)?,
            },
        };
        let start = match (self.zombie_at, self.found_exited_at()) {
            (Some(at), _) if !self.zombie_inferred => Bounds::from(at),
            (Some(latest), _) | (None, Some(latest)) => Bounds {
                earliest: self.exited_at,
                latest,
            },
            (None, None) => Bounds {
                earliest: Some(self.exited_at?),
                latest: end.latest,
            },
        };
        Some(ZombieSpan { start, end })
    }

    /// Returns the latest time at which it was certainly still a zombie, for one that
    /// was reaped unobserved: when it passed to its second owner, and [`GRACE`] before
    /// it was freed. The second owner may have ignored SIGCHLD, and then the exit of the
    /// first released it.
    pub(super) fn last_seen_as_zombie(&self) -> Option<u64> {
        let handed_over = self.former_owners().first().map(|former| former.until);
        let freed = self.freed_at.map(|freed| freed.saturating_sub(GRACE));
        [self.zombie_at, self.found_exited_at(), handed_over, freed]
            .into_iter()
            .flatten()
            .max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::script::{MS, SEC};

    #[test]
    fn bounds_format_in_few_words() {
        let cases = [
            ((2_000 * MS, Some(2_000 * MS)), "2.0 s", "2.0 s"),
            ((2_010 * MS, Some(2_020 * MS)), "2.0 s", "2.0 s"),
            ((2_000 * MS, Some(2_110 * MS)), "2.0 to 2.1 s", ">2.0 s"),
            ((812 * MS, Some(1_400 * MS)), "812 ms to 1.4 s", ">812 ms"),
            ((50 * SEC, Some(70 * SEC)), "50.0 s to 1m 10s", ">50.0 s"),
            ((61 * SEC, Some(70 * SEC)), "1m 01s to 1m 10s", ">1m 01s"),
            ((0, Some(2_100 * MS)), "up to 2.1 s", "<2.1 s"),
            ((2_000 * MS, None), "over 2.0 s", ">2.0 s"),
        ];
        for ((min, max), text, compact) in cases {
            let time = ZombieTime { min, max };
            assert_eq!(
                (time.to_string().as_str(), time.compact().as_str()),
                (text, compact)
            );
        }
    }
}
