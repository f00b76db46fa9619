//! Zombies by owner: their number, the age of the oldest, and how long former ones
//! had waited.

use std::collections::BTreeMap;

use super::{Key, Model, OwnerTally, Tally, ZombieTime};

/// The zombies of one owner.
#[derive(Clone, Debug, Default)]
pub struct OwnedZombies {
    /// Number of zombies not reaped.
    pub unreaped: u64,
    /// Age of the oldest of them, from its exit on.
    pub oldest: Option<ZombieTime>,
    /// Longest time that one of them has had this owner.
    pub owned_for: Option<ZombieTime>,
    /// Time at which it became the owner of the first of them, ns since boot.
    pub since: Option<u64>,
    /// Number of them that it inherited as zombies.
    pub inherited: u64,
    /// Number of them that it holds as their tracer (ptrace(2)).
    pub traced: u64,
    /// A process that waits in vain for one of those: their parent.
    pub traced_parent: Option<Key>,
    /// Zombies that were reaped or have another owner now.
    pub former: OwnerTally,
}

impl Model {
    fn add_zombie(&self, owned: &mut OwnedZombies, zombie: Key, now: u64) {
        let process = self.process(zombie);
        owned.unreaped = owned.unreaped.saturating_add(1);
        owned.oldest = owned.oldest.max(process.zombie_time(now));
        if let Some(tenure) = process.tenures(now).last() {
            owned.owned_for = owned.owned_for.max(Some(tenure.time));
            let since = owned
                .since
                .map_or(tenure.since, |since| since.min(tenure.since));
            owned.since = Some(since);
        }
        owned.inherited += u64::from(!process.former_owners().is_empty());
        if process.tracer().is_some() {
            owned.traced += 1;
            owned.traced_parent = process.parent;
        }
    }

    /// Returns the current zombies by owner; the key is none if the owner is
    /// unknown. Takes time linear in the zombies.
    pub fn unreaped(&self, now: u64) -> BTreeMap<Option<Key>, OwnedZombies> {
        let mut owners: BTreeMap<Option<Key>, OwnedZombies> = BTreeMap::new();
        for zombie in self.zombies() {
            let owned = owners.entry(self.process(zombie).owner()).or_default();
            self.add_zombie(owned, zombie, now);
        }
        owners
    }

    /// Returns the current zombies of one owner. Takes time linear in all zombies.
    pub fn unreaped_by(&self, owner: Option<Key>, now: u64) -> OwnedZombies {
        let mut owned = OwnedZombies::default();
        let zombies = self.zombies();
        for zombie in zombies.filter(|&zombie| self.process(zombie).owner() == owner) {
            self.add_zombie(&mut owned, zombie, now);
        }
        owned
    }

    /// Returns the zombies by owner, including former ones.
    pub fn owners(&self, tally: &Tally, now: u64) -> BTreeMap<Option<Key>, OwnedZombies> {
        let mut owners = self.unreaped(now);
        for (&owner, former) in &tally.reapers.by_owner {
            owners.entry(owner).or_default().former = former.clone();
        }
        owners
    }
}
