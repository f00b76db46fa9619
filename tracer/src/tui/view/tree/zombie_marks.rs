//! Zombie counts for the tree: an owner shows how many it has, a folded branch how many it
//! contains.

use std::collections::HashMap;

use crate::{
    model::{Key, Model},
    tui::{state::data::Data, widget::forest::Row},
};

/// Zombie counts by process.
#[derive(Debug, Default)]
pub struct ZombieMarks {
    /// The number of zombies of each owner.
    owned: HashMap<Key, u32>,
    /// The number of zombies below each ancestor in the fork tree.
    below: HashMap<Key, u32>,
    made_from: Option<(u64, u64)>,
}

impl ZombieMarks {
    /// Updates the counts, in time linear in the zombies and their ancestors.
    pub fn update(&mut self, data: &Data<'_>) {
        if self.made_from == Some(data.slow_version()) {
            return;
        }
        self.made_from = Some(data.slow_version());
        self.owned.clear();
        self.below.clear();
        for zombie in data.model.zombies() {
            if let Some(owner) = data.model.process(zombie).parent {
                *self.owned.entry(owner).or_default() += 1;
            }
            for ancestor in ancestors(data.model, zombie) {
                *self.below.entry(ancestor).or_default() += 1;
            }
        }
    }

    /// Returns the count to show in a row.
    pub fn marked(&self, row: Row) -> u32 {
        let counts = if row.folded > 0 {
            &self.below
        } else {
            &self.owned
        };
        counts.get(&row.key).copied().unwrap_or(0)
    }
}

/// Returns the ancestors of a process in the fork tree, nearest first.
pub fn ancestors(model: &Model, key: Key) -> impl Iterator<Item = Key> + '_ {
    std::iter::successors(model.tree_parent(key), |&key| model.tree_parent(key))
}
