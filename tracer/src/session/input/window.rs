//! The part of a recording that a command selects: a time range and a subtree.
//!
//! [`range`](super::range) reads that part.

use std::{fmt::Display, time::SystemTime};

use super::when::{Edge, WallSpan, When};
use crate::session::console::time_zone::{time_zone, zone};

/// Digits of the second in messages.
const DIGITS: usize = 3;

/// Part of a recording: a time range, one subtree, or all of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    /// Beginning of the part. `None` selects from the first event on.
    pub since: Option<When>,
    /// End of the part. `None` selects up to the last event.
    pub until: Option<When>,
    /// PID of the process that the part is limited to, with its descendants.
    pub tree: Option<u32>,
}

impl Window {
    /// Returns true if the whole recording is selected.
    pub fn is_everything(&self) -> bool {
        self.is_unbounded() && self.tree.is_none()
    }

    /// Returns true if neither a beginning nor an end is given.
    pub fn is_unbounded(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// Returns the beginning and the end by the wall clock, ns since 1970.
    ///
    /// If a beginning is given, a time of day for the end means its first occurrence
    /// after that, so that the end is not before the beginning.
    pub fn wall_range(&self, span: WallSpan) -> (i64, i64) {
        let zone = time_zone();
        let since = self
            .since
            .map(|since| since.wall_time(Edge::Since, span, zone));
        let until = self.until.map(|until| match since {
            Some(since) => until.wall_time_after(since, span, zone),
            None => until.wall_time(Edge::Until, span, zone),
        });
        (since.unwrap_or(i64::MIN), until.unwrap_or(i64::MAX))
    }

    /// Returns a message for a window without events, with the time that `name`
    /// covers. All times are in ns since 1970.
    pub fn empty_text(
        &self,
        (since, until): (i64, i64),
        name: impl Display,
        span: WallSpan,
    ) -> String {
        let covered = (span.earliest, span.ended);
        let zone = zone();
        let at = |wall| zone.within(wall, covered, DIGITS);
        let nothing = match (self.since, self.until) {
            (Some(_), Some(_)) => format!("nothing between {} and {}", at(since), at(until)),
            (Some(_), None) => format!("nothing after {}", at(since)),
            (None, Some(_)) => format!("nothing before {}", at(until)),
            (None, None) => "nothing".to_owned(),
        };
        let covered = zone.span(span.earliest, span.ended, DIGITS);
        format!("{nothing}; {name} covers {covered}")
    }

    /// Returns the window for following a recording: without a beginning, a
    /// time of day for the end means its next occurrence.
    pub fn for_following(self) -> Window {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let now = i64::try_from(now.as_nanos()).unwrap_or(i64::MAX);
        let until = match self.since {
            Some(_) => self.until,
            None => self.until.map(|until| until.upcoming(now, time_zone())),
        };
        Window { until, ..self }
    }
}
