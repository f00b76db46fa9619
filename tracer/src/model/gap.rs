//! What was lost, and how the model heals: after a gap a new snapshot tells
//! who still lives, and whoever it does not name has gone unseen.

use super::{Model, State};
use crate::event::{Gap, Kind};

/// A stretch of time in which records were lost.
#[derive(Clone, Debug, PartialEq)]
pub struct GapSpan {
    pub since: u64,
    pub until: u64,
    pub lost: Vec<(Kind, u64)>,
}

impl GapSpan {
    pub fn total(&self) -> u64 {
        self.lost.iter().map(|(_, count)| count).sum()
    }
}

impl Model {
    pub(super) fn on_gap(&mut self, at: u64, gap: &Gap) {
        let lost: Vec<_> = gap
            .lost
            .iter()
            .map(|lost| (lost.kind, lost.count))
            .collect();
        let span = GapSpan {
            since: gap.since,
            until: at,
            lost,
        };
        self.totals.lost = self.totals.lost.saturating_add(span.total());
        self.history.at(at).lost += span.total();
        self.gaps.push(span);
    }

    /// Everyone who lived at `began` has been named since the last snapshot.
    pub(super) fn on_snapshot_end(&mut self, at: u64, began: u64) {
        let generation = self.generation;
        self.generation += 1;
        let unseen: Vec<_> = self
            .processes
            .iter()
            .filter(|(_, process)| {
                process.generation != generation
                    && process.id.start < began
                    && matches!(
                        process.state(),
                        State::Alive | State::Zombie | State::Exiting
                    )
            })
            .map(|(key, _)| key)
            .collect();
        for key in unseen {
            self.change(key, |process| {
                process.vanished_at = Some(at);
                process.threads.clear();
            });
        }
    }
}
