//! Zombies by owner: their number, the age of the oldest, and how long reaped ones
//! had waited.

use std::collections::BTreeMap;

use super::{Key, Latencies, Model, Tally};

/// The zombies of one owner.
#[derive(Clone, Debug, Default)]
pub struct OwnedZombies {
    /// Number of zombies not reaped.
    pub unreaped: u64,
    /// Age of the oldest of them.
    pub oldest: Option<ZombieAge>,
    /// Time each reaped one had been a zombie.
    pub reaped: Latencies,
}

/// Time since a process became a zombie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ZombieAge {
    /// Age in ns.
    pub ns: u64,
    /// True if the age is a lower bound: the process was already a zombie when it
    /// was found.
    pub at_least: bool,
}

impl OwnedZombies {
    fn add(&mut self, zombie: ZombieAge) {
        self.unreaped = self.unreaped.saturating_add(1);
        self.oldest = self.oldest.max(Some(zombie));
    }
}

impl Model {
    /// Returns the age of a zombie at `now`.
    pub fn zombie_age(&self, zombie: Key, now: u64) -> ZombieAge {
        let known = self.process(zombie).zombie_time(now);
        ZombieAge {
            ns: known.unwrap_or_else(|| now.saturating_sub(self.began())),
            at_least: known.is_none(),
        }
    }

    /// Returns the current zombies by owner; the key is none if the owner is
    /// unknown. Takes time linear in the zombies.
    pub fn unreaped(&self, now: u64) -> BTreeMap<Option<Key>, OwnedZombies> {
        let mut owners: BTreeMap<Option<Key>, OwnedZombies> = BTreeMap::new();
        for zombie in self.zombies() {
            let owner = owners.entry(self.process(zombie).parent).or_default();
            owner.add(self.zombie_age(zombie, now));
        }
        owners
    }

    /// Returns the current zombies of one owner. Takes time linear in all zombies.
    pub fn unreaped_by(&self, owner: Option<Key>, now: u64) -> OwnedZombies {
        let mut owned = OwnedZombies::default();
        let zombies = self.zombies();
        for zombie in zombies.filter(|&zombie| self.process(zombie).parent == owner) {
            owned.add(self.zombie_age(zombie, now));
        }
        owned
    }

    /// Returns the zombies by owner, including those already reaped.
    pub fn owners(&self, tally: &Tally, now: u64) -> BTreeMap<Option<Key>, OwnedZombies> {
        let mut owners = self.unreaped(now);
        for (&owner, reaped) in &tally.reapers.by_owner {
            owners.entry(owner).or_default().reaped = reaped.clone();
        }
        owners
    }
}
