//! An order by rank that is cheap to update. Few ranks change between frames, and sorting a hundred
//! thousand processes each time would take most of a frame: only changed entries are removed and
//! merged back.

use std::cmp::Reverse;

/// Indices ordered by rank.
#[derive(Debug, Default)]
pub struct Ranking {
    /// By index.
    ranks: Vec<u128>,
    /// Indices, the highest rank first; equal ranks in order of appearance.
    order: Vec<u32>,
}

impl Ranking {
    /// Takes the rank of each index. Takes time linear in the number of indices, plus sorting of
    /// those whose rank changed.
    pub fn update(&mut self, ranks: Vec<u128>) {
        let before = std::mem::replace(&mut self.ranks, ranks);
        let ranks = &self.ranks;
        let same = |&place: &u32| before.get(place as usize) == ranks.get(place as usize);
        let by = |place: u32| (Reverse(ranks[place as usize]), place);
        let mut changed: Vec<_> = (0..ranks.len() as u32)
            .filter(|place| !same(place))
            .collect();
        changed.sort_unstable_by_key(|&place| by(place));
        let mut changed = changed.into_iter().peekable();
        let mut order = Vec::with_capacity(ranks.len());
        for &place in self.order.iter().filter(|place| same(place)) {
            while let Some(earlier) = changed.next_if(|&changed| by(changed) < by(place)) {
                order.push(earlier);
            }
            order.push(place);
        }
        order.extend(changed);
        self.order = order;
    }

    /// Returns the indices, the highest rank first.
    pub fn order(&self) -> &[u32] {
        &self.order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updated_order_equals_a_full_sort() {
        let mut ranks: Vec<u128> = (0..500).map(|place| place * 7_919 % 101).collect();
        let mut ranking = Ranking::default();
        for round in 0..40 {
            ranking.update(ranks.clone());
            let mut sorted: Vec<u32> = (0..ranks.len() as u32).collect();
            sorted.sort_by_key(|&place| Reverse(ranks[place as usize]));
            assert_eq!(ranking.order(), sorted, "round {round}");
            for step in 0..round {
                let place = (round * 31 + step * 17) % ranks.len();
                ranks[place] = (ranks[place] * 5 + step as u128) % 103;
            }
            ranks.extend([round as u128, 50]);
        }
        ranks.truncate(3);
        ranking.update(ranks);
        assert_eq!(ranking.order().len(), 3);
    }
}
