//! Who has zombies, for the tree: an owner says how many it has, and a folded
//! branch how many are in it.

use std::collections::HashMap;

use crate::{
    model::{Key, Model},
    tui::{state::data::Data, widget::forest::Row},
};

#[derive(Debug, Default)]
pub struct Zombies {
    /// By owner.
    owned: HashMap<Key, u32>,
    /// By ancestor in the fork tree.
    below: HashMap<Key, u32>,
    made_from: Option<(u64, u64)>,
}

impl Zombies {
    /// Time linear in the zombies and their ancestors.
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

    /// How many a row is to be marked with.
    pub fn marked(&self, row: Row) -> u32 {
        let counts = if row.folded > 0 {
            &self.below
        } else {
            &self.owned
        };
        counts.get(&row.key).copied().unwrap_or(0)
    }
}

pub fn ancestors(model: &Model, key: Key) -> impl Iterator<Item = Key> + '_ {
    std::iter::successors(model.tree_parent(key), |&key| model.tree_parent(key))
}
