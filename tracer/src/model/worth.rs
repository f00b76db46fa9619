//! Exited processes that are kept by worth: deaths by signal, zombies that lasted, forks
//! that cost and failures outlive plain successes. Each kind has a ration, so that a storm
//! of one kind does not evict the others. What the reader asks for outlives all others.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{Key, Outcome, Process};
use crate::event::Comm;

/// Time from which a zombie has lasted, ns.
const LASTED: u64 = 100_000_000;
/// Cost from which a fork is kept, ns.
const COSTLY: u64 = 1_000_000;
/// Cost of copying one page, ns: a page fault and the copy of 4 KiB, about.
const PAGE_COPY: u64 = 1_000;
/// Maximum number of kinds per class and cgroup. Further ones are distinguished by outcome
/// alone, so that nobody gets a larger share by inventing command names.
const KINDS: usize = 256;

/// The class of a process, the least worth first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Worth {
    /// A plain success, which is kept only if the reader asks for it.
    Success,
    /// Exited with another code than 0, or its end was not seen.
    Failed,
    /// Its fork cost at least [`COSTLY`].
    CostlyFork,
    /// It was a zombie for at least [`LASTED`].
    LastingZombie,
    /// Killed by a signal.
    Killed,
}

impl Worth {
    const ALL: [Worth; 5] = [
        Worth::Success,
        Worth::Failed,
        Worth::CostlyFork,
        Worth::LastingZombie,
        Worth::Killed,
    ];
}

/// Processes that are worth the same: they share a ration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Kind {
    /// True if the reader asks for it.
    wanted: bool,
    worth: Worth,
    cgroup: Option<u64>,
    /// None for the rest of the kinds of a class and cgroup.
    comm: Option<Option<Comm>>,
    outcome: Outcome,
    /// Decimal digits of the cost or of the time as a zombie, so that the largest are not
    /// rationed with the many small ones.
    digits: u32,
}

impl Kind {
    /// Returns the kind of an exited process; none for a plain success, unless the reader
    /// wants it.
    pub fn of(process: &Process, wanted: bool) -> Option<Kind> {
        let outcome = process.outcome();
        let zombie = zombie_time(process).filter(|&ns| ns >= LASTED);
        let cost = process.fork_cost.as_ref().map(|cost| {
            let copies = cost.both.count.saturating_mul(PAGE_COPY);
            cost.took.unwrap_or(0).saturating_add(copies)
        });
        let (worth, size) = match (outcome, zombie, cost) {
            (Outcome::Killed(_), ..) => (Worth::Killed, 0),
            (_, Some(ns), _) => (Worth::LastingZombie, ns),
            (.., Some(ns)) if ns >= COSTLY => (Worth::CostlyFork, ns),
            (Outcome::Ok, ..) if wanted => (Worth::Success, 0),
            (Outcome::Ok, ..) => return None,
            (Outcome::Code(_) | Outcome::Alive | Outcome::Unseen, ..) => (Worth::Failed, 0),
        };
        Some(Kind {
            wanted,
            worth,
            cgroup: process.cgroup,
            comm: Some(process.known_comm()),
            outcome,
            digits: size.checked_ilog10().unwrap_or(0),
        })
    }

    fn is_beside(&self, other: &Kind) -> bool {
        (self.wanted, self.worth, self.cgroup) == (other.wanted, other.worth, other.cgroup)
    }
}

/// Returns the longest time that an exited process can have been a zombie, in ns; at least
/// [`LASTED`] if it was one before it was found.
fn zombie_time(process: &Process) -> Option<u64> {
    let time = process.zombie_time(0)?;
    Some(time.max.unwrap_or(time.min.max(LASTED)))
}

/// Exited processes kept by worth, by kind and in the order in which they were found to be
/// too many.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Worthy {
    by_kind: BTreeMap<Kind, VecDeque<(u64, Key)>>,
    count: usize,
    /// No process left the process table before that time, ns since boot.
    oldest: u64,
}

/// The limits of [`Worthy`] where `exited` processes are retained.
struct Limits {
    /// Maximum number of processes.
    all: usize,
    /// Number that a class keeps although another one is worth more.
    class: usize,
    /// Maximum number of one kind that the reader does not ask for.
    kind: usize,
}

impl Limits {
    /// Leaves a quarter to the latest processes, whatever they are worth.
    fn of(exited: usize) -> Limits {
        let all = exited - exited / 4;
        Limits {
            all,
            class: all / 8,
            kind: (exited / 64).max(2),
        }
    }
}

impl Worthy {
    pub fn len(&self) -> usize {
        self.count
    }

    /// Keeps a process, with the time at which it left the process table, if it has a kind.
    /// Adds the processes that are no longer retained to `overdue`; the process itself may be
    /// among them.
    pub fn offer(
        &mut self,
        (at, key): (u64, Key),
        kind: Option<Kind>,
        exited: usize,
        overdue: &mut Vec<(u64, Key)>,
    ) {
        let Some(mut kind) = kind.filter(|_| exited > 0) else {
            overdue.push((at, key));
            return;
        };
        if !self.by_kind.contains_key(&kind) && self.kinds_beside(&kind) >= KINDS {
            (kind.comm, kind.digits) = (None, 0);
        }
        if self.count == 0 || at < self.oldest {
            self.oldest = at;
        }
        let limits = Limits::of(exited);
        let wanted = kind.wanted;
        let same = self.by_kind.entry(kind).or_default();
        same.push_back((at, key));
        self.count += 1;
        if !wanted && same.len() > limits.kind {
            self.count -= thin(same, limits.kind, overdue);
        }
        // In batches, because every kind is visited.
        if self.count > limits.all + limits.all / 32 {
            self.shrink(&limits, overdue);
        }
    }

    fn kinds_beside(&self, kind: &Kind) -> usize {
        let least = Kind {
            wanted: kind.wanted,
            worth: kind.worth,
            cgroup: kind.cgroup,
            comm: None,
            outcome: Outcome::Ok,
            digits: 0,
        };
        let beside = self.by_kind.range(least..).map(|(kind, _)| kind);
        beside
            .take(KINDS)
            .take_while(|it| kind.is_beside(it))
            .count()
    }

    /// Reduces the number to the limit: what the reader does not ask for and the class of
    /// least worth first, in it the kinds with most processes.
    fn shrink(&mut self, limits: &Limits, overdue: &mut Vec<(u64, Key)>) {
        let prefers = self.by_kind.keys().any(|kind| kind.wanted);
        let classes = [false, true].into_iter();
        for class in classes.flat_map(|wanted| Worth::ALL.map(|worth| (wanted, worth))) {
            let excess = self.count.saturating_sub(limits.all);
            let kinds = self.by_kind.iter_mut();
            let of_class = |kind: &Kind| (kind.wanted, kind.worth) == class;
            let mut kinds: Vec<_> = kinds.filter(|(kind, _)| of_class(kind)).collect();
            let number: usize = kinds.iter().map(|(_, same)| same.len()).sum();
            let least = match class {
                (false, _) if prefers => limits.class / 2,
                _ => limits.class,
            };
            let kept = number.saturating_sub(excess).max(least);
            if kept >= number {
                continue;
            }
            let sizes = kinds.iter().map(|(_, same)| same.len()).collect();
            let ration = ration(sizes, kept).max(1);
            let mut removed = 0;
            for (_, same) in &mut kinds {
                removed += thin(same, ration, overdue);
            }
            // Many kinds of one process each: the oldest are evicted.
            kinds.retain(|(_, same)| !same.is_empty());
            kinds.sort_by_key(|(_, same)| same.front().copied());
            for (_, same) in kinds {
                if number - removed <= kept {
                    break;
                }
                removed += thin(same, same.len() - 1, overdue);
            }
            self.count -= removed;
        }
        self.by_kind.retain(|_, same| !same.is_empty());
    }

    /// Returns true if a process left the process table more than `max_age` ns before `now`,
    /// or if that must be found out.
    pub fn may_be_too_old(&self, now: u64, max_age: u64) -> bool {
        self.count > 0 && now.saturating_sub(self.oldest) > max_age
    }

    /// Removes the processes that are too old. Takes time linear in the kinds.
    pub fn expire(&mut self, now: u64, max_age: u64, overdue: &mut Vec<(u64, Key)>) {
        for same in self.by_kind.values_mut() {
            let is_old = |(at, _): &mut (u64, Key)| now.saturating_sub(*at) > max_age;
            while let Some(old) = same.pop_front_if(is_old) {
                self.count -= 1;
                overdue.push(old);
            }
        }
        self.by_kind.retain(|_, same| !same.is_empty());
        let fronts = self.by_kind.values().filter_map(|same| same.front());
        self.oldest = fronts.map(|&(at, _)| at).min().unwrap_or(0);
    }

    /// Removes all, in no particular order.
    pub fn drain(&mut self) -> impl Iterator<Item = (u64, Key)> + use<> {
        std::mem::take(self).by_kind.into_values().flatten()
    }
}

/// Removes processes of one kind until at most `most` are left: the first ones, a quarter,
/// and the latest. Returns the number removed.
fn thin(same: &mut VecDeque<(u64, Key)>, most: usize, overdue: &mut Vec<(u64, Key)>) -> usize {
    let excess = same.len().saturating_sub(most);
    if excess == 0 {
        return 0;
    }
    let first = match most {
        0 | 1 => 0,
        _ => (most / 4).max(1),
    };
    overdue.extend(same.drain(first..first + excess));
    excess
}

/// Returns the largest ration with which kinds of these sizes keep at most `most` together.
fn ration(mut sizes: Vec<usize>, most: usize) -> usize {
    sizes.sort_unstable();
    let (mut left, mut kinds) = (most, sizes.len());
    for size in sizes {
        let share = left / kinds;
        if size > share {
            return share;
        }
        (left, kinds) = (left - size, kinds - 1);
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rations_share_what_small_kinds_leave() {
        assert_eq!(ration(vec![1, 100, 3], 24), 20);
        assert_eq!(ration(vec![10, 10, 10], 24), 8);
        assert_eq!(ration(vec![2, 3], 5), usize::MAX);
        assert_eq!(ration(vec![1, 1, 1], 2), 0);
        assert_eq!(ration(Vec::new(), 0), usize::MAX);
    }

    #[test]
    fn first_and_latest_of_a_kind_are_kept() {
        let keys = (0..10).map(|number| (number, Key::at(number as usize)));
        let (mut same, mut overdue) = (VecDeque::from_iter(keys), Vec::new());
        assert_eq!(thin(&mut same, 4, &mut overdue), 6);
        let left: Vec<u64> = same.iter().map(|&(at, _)| at).collect();
        assert_eq!(left, [0, 7, 8, 9]);
        assert_eq!(thin(&mut same, 1, &mut overdue), 3);
        assert_eq!(same, [(9, Key::at(9))]);
        assert_eq!(overdue.len(), 9);
        // A kind that is much smaller than its ration.
        assert_eq!(thin(&mut same, 100, &mut overdue), 0);
        assert_eq!(same.len(), 1);
    }
}
