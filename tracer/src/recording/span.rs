//! Time spans.

/// The span of some events' times, both ends included, in ns since boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Earliest time, ns since boot.
    pub earliest: u64,
    /// Latest time, ns since boot.
    pub latest: u64,
}

impl Span {
    pub(super) fn of(at: u64) -> Span {
        Span {
            earliest: at,
            latest: at,
        }
    }

    pub(super) fn join(self, other: Span) -> Span {
        Span {
            earliest: self.earliest.min(other.earliest),
            latest: self.latest.max(other.latest),
        }
    }
}
