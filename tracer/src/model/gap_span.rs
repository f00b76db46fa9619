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

    pub(super) fn extend(&mut self, next: GapSpan) {
        self.until = next.until;
        for (kind, count) in next.lost {
            match self.lost.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, sum)) => *sum = sum.saturating_add(count),
                None => self.lost.push((kind, count)),
            }
        }
    }
}
