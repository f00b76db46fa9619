//! An interval in which records were lost.

use serde::{Deserialize, Serialize};

use crate::event::{GapCause, Kind};

/// An interval in which records were lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GapSpan {
    /// Start, ns since boot.
    pub since: u64,
    /// End, ns since boot.
    pub until: u64,
    /// Number of lost records per kind; empty if an unreadable part of a recording
    /// was the cause.
    pub lost: Vec<(Kind, u64)>,
    /// Reason for the gap.
    pub cause: GapCause,
    /// Number of gaps in the interval: more than 1 if neighbours of one cause were joined
    /// because there were too many gaps. Not everything between is lost then.
    pub count: u64,
}

/// Maximum number of gaps that are kept apart.
const GAPS: usize = 4096;

/// Joins each two neighbours of one cause if there are too many gaps, so that their number and
/// their losses stay exact and only the intervals grow.
pub(super) fn limit(gaps: &mut Vec<GapSpan>) {
    if gaps.len() <= GAPS {
        return;
    }
    let mut joined: Vec<GapSpan> = Vec::with_capacity(GAPS);
    // The latest gap of each cause that has no partner yet.
    let mut single: Vec<usize> = Vec::new();
    for gap in gaps.drain(..) {
        let partner = single.iter().position(|&place| joined[place].is_like(&gap));
        match partner.map(|partner| single.swap_remove(partner)) {
            Some(place) => joined[place].join(gap),
            None => {
                single.push(joined.len());
                joined.push(gap);
            }
        }
    }
    *gaps = joined;
}

impl GapSpan {
    /// Returns the number of lost records, as far as it is known.
    pub fn total(&self) -> u64 {
        match self.cause {
            GapCause::NoRoom | GapCause::Skipped | GapCause::OverBudget => {
                let counts = self.lost.iter().map(|&(_, count)| count);
                counts.fold(0, u64::saturating_add)
            }
            GapCause::Unreadable { events } => events.unwrap_or(0),
            GapCause::Untraced => 0,
        }
    }

    /// Returns true if the number of lost records is unknown.
    pub fn has_unknown_size(&self) -> bool {
        match self.cause {
            GapCause::NoRoom
            | GapCause::Skipped
            | GapCause::OverBudget
            | GapCause::Unreadable { events: Some(_) } => false,
            GapCause::Unreadable { events: None } | GapCause::Untraced => true,
        }
    }

    /// Returns true if lives may be missing: forks, execs, exits, reaps.
    pub fn hides_lives(&self) -> bool {
        self.cause != GapCause::OverBudget
    }

    /// Returns true if `next` is part of the same interval, reported in two
    /// records.
    pub(super) fn continues_into(&self, next: &GapSpan) -> bool {
        let counted = matches!(
            self.cause,
            GapCause::NoRoom | GapCause::Skipped | GapCause::OverBudget
        );
        counted && self.cause == next.cause && next.since <= self.until
    }

    fn is_like(&self, other: &GapSpan) -> bool {
        let kinds = [self, other].map(|gap| std::mem::discriminant(&gap.cause));
        kinds[0] == kinds[1] && self.has_unknown_size() == other.has_unknown_size()
    }

    /// Joins a later gap of a like cause.
    fn join(&mut self, next: GapSpan) {
        if let (
            GapCause::Unreadable { events: Some(sum) },
            GapCause::Unreadable { events: Some(more) },
        ) = (&mut self.cause, next.cause)
        {
            *sum = sum.saturating_add(more);
        }
        self.count = self.count.saturating_add(next.count);
        self.extend(next);
    }

    pub(super) fn extend(&mut self, next: GapSpan) {
        self.until = self.until.max(next.until);
        for (kind, count) in next.lost {
            match self.lost.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, sum)) => *sum = sum.saturating_add(count),
                None => self.lost.push((kind, count)),
            }
        }
    }
}
