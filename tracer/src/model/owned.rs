//! Zombies by owner: how many there are, how old the oldest, and how long those
//! waited that were reaped.

use std::collections::BTreeMap;

use super::{Key, Latencies, Model, Tally};

/// The zombies of one owner.
#[derive(Clone, Debug, Default)]
pub struct OwnedZombies {
    /// Those not reaped.
    pub unreaped: u64,
    /// The age of the oldest of these.
    pub oldest: Option<ZombieAge>,
    /// How long each that was reaped had been a zombie.
    pub reaped: Latencies,
}

/// How long a zombie has been one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ZombieAge {
    pub ns: u64,
    /// It was a zombie already when it was found.
    pub at_least: bool,
}

impl OwnedZombies {
    fn add(&mut self, zombie: ZombieAge) {
        self.unreaped = self.unreaped.saturating_add(1);
        self.oldest = self.oldest.max(Some(zombie));
    }
}

impl Model {
    pub fn zombie_age(&self, zombie: Key, now: u64) -> ZombieAge {
        let known = self.process(zombie).zombie_time(now);
        ZombieAge {
            ns: known.unwrap_or_else(|| now.saturating_sub(self.began())),
            at_least: known.is_none(),
        }
    }

    /// The zombies of this moment by owner; none: it is not known. Linear in the
    /// zombies.
    pub fn unreaped(&self, now: u64) -> BTreeMap<Option<Key>, OwnedZombies> {
        let mut owners: BTreeMap<Option<Key>, OwnedZombies> = BTreeMap::new();
        for zombie in self.zombies() {
            let owner = owners.entry(self.process(zombie).parent).or_default();
            owner.add(self.zombie_age(zombie, now));
        }
        owners
    }

    /// Those of one owner. Linear in the zombies of all.
    pub fn unreaped_by(&self, owner: Option<Key>, now: u64) -> OwnedZombies {
        let mut owned = OwnedZombies::default();
        let zombies = self.zombies();
        for zombie in zombies.filter(|&zombie| self.process(zombie).parent == owner) {
            owned.add(self.zombie_age(zombie, now));
        }
        owned
    }

    /// The same with those that were reaped.
    pub fn owners(&self, tally: &Tally, now: u64) -> BTreeMap<Option<Key>, OwnedZombies> {
        let mut owners = self.unreaped(now);
        for (&owner, reaped) in &tally.reapers.by_owner {
            owners.entry(owner).or_default().reaped = reaped.clone();
        }
        owners
    }
}
