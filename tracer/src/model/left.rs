//! Zombies that an owner no longer owns: how long it left them unreaped, and which
//! process reaped them in the end.

use std::{collections::BTreeMap, ops::AddAssign};

use serde::{Deserialize, Serialize};

use super::{Latencies, Occurrences, Process, Tenure, TenureEnd, ZombieTime, counts::add};
use crate::event::{Comm, ProcessId};

/// Time from which a zombie was not just waiting for its owner's next turn, ns.
pub(super) const LONG: u64 = 1_000_000_000;

/// The former zombies of one owner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OwnerTally {
    /// Time each zombie waited that was reaped while it had this owner, counted from
    /// when that became its owner.
    pub reaped: Latencies,
    /// Zombies that it left unreaped for a second or longer, by what happened to
    /// them.
    pub left: BTreeMap<TenureEnd, LeftZombies>,
}

/// Zombies that an owner left unreaped for a second or longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LeftZombies {
    /// Their number, when the first of them had this owner, and when the last of
    /// them no longer had.
    pub times: Occurrences,
    /// Number of owners.
    pub owners: u64,
    /// Longest time that one had its owner.
    pub longest: ZombieTime,
    /// The process that reaped them, or is their owner now.
    pub successor: Successor,
}

/// The process that reaped zombies, or is their owner now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Successor {
    /// There is none, or it is not known.
    #[default]
    Unknown,
    /// This process, with its command name.
    One(ProcessId, Option<Comm>),
    /// Several processes.
    Several,
}

impl Successor {
    fn and(self, other: Successor) -> Successor {
        match (self, other) {
            (Successor::One(one, _), Successor::One(another, _)) if one == another => self,
            (one, other) if one == other => one,
            _ => Successor::Several,
        }
    }
}

impl LeftZombies {
    /// Adds further zombies.
    pub fn extend(&mut self, more: &LeftZombies) {
        self.successor = match self.times.count {
            0 => more.successor,
            _ => self.successor.and(more.successor),
        };
        self.times.extend(more.times.count, more.times.span);
        add(&mut self.owners, more.owners);
        self.longest = self.longest.max(more.longest);
    }
}

impl OwnerTally {
    /// Adds a zombie that is reaped or has another owner.
    pub(super) fn add(&mut self, tenure: &Tenure, end: TenureEnd, successor: Successor) {
        if matches!(end, TenureEnd::Reaped(_)) {
            self.reaped.add(tenure.time);
        }
        if tenure.is_long() {
            let left = self.left.entry(end).or_default();
            left.extend(&LeftZombies {
                times: Occurrences {
                    count: 1,
                    span: Some((tenure.since, tenure.until)),
                },
                owners: 0,
                longest: tenure.time,
                successor,
            });
            left.owners = 1;
        }
    }
}

impl AddAssign<&OwnerTally> for OwnerTally {
    fn add_assign(&mut self, other: &OwnerTally) {
        self.reaped += &other.reaped;
        for (&end, left) in &other.left {
            self.left.entry(end).or_default().extend(left);
        }
    }
}

impl Tenure {
    /// Returns true if the owner certainly left the zombie unreaped for a second or
    /// longer.
    pub fn is_long(&self) -> bool {
        self.time.min >= LONG
    }
}

impl Process {
    /// Returns true if a former owner left this zombie unreaped for a second or
    /// longer.
    pub fn was_left(&self, now: u64) -> bool {
        let mut tenures = self.tenures(now);
        tenures.any(|tenure| tenure.end.is_some() && tenure.is_long())
    }
}
