//! Moments on the command line: a time of day, a date and time, or a distance
//! from the beginning or the end.
//!
//! Wall clock times are UTC, like all times that tracer shows, unless they name
//! another offset.

use std::{str::FromStr, time::Duration};

use jiff::{
    Timestamp,
    civil::{DateTime, Time},
    tz::TimeZone,
};

use crate::{
    event::{Session, units},
    recording::Span,
};

/// Length of a day, ns.
const DAY: i64 = 86_400_000_000_000;

/// Moment in a recording, as given on the command line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// `-10m`: this long before the last event.
    BeforeEnd(Duration),
    /// `+90s`: this long after the first event.
    AfterBeginning(Duration),
    /// `03:10`: the last occurrence of this time of day in the recording, ns since
    /// midnight.
    OfDay(i64),
    /// `2026-11-21T03:10:00Z`: ns since 1970.
    At(i64),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<When, String> {
        let parse_duration =
            |length| units::parse_duration(length).map_err(|error| error.to_string());
        if let Some(length) = text.strip_prefix('-') {
            return Ok(When::BeforeEnd(parse_duration(length)?));
        }
        if let Some(length) = text.strip_prefix('+') {
            return Ok(When::AfterBeginning(parse_duration(length)?));
        }
        // jiff would also parse a date and time as a time of day.
        if let Some(time) = time_of_day(text) {
            let of_day = time.duration_since(Time::midnight());
            return Ok(When::OfDay(of_day.as_nanos() as i64));
        }
        let date = || text.parse::<DateTime>().ok();
        let in_utc = || TimeZone::UTC.to_timestamp(date()?).ok();
        let at = text.parse::<Timestamp>().ok().or_else(in_utc);
        let at = at.and_then(|at| i64::try_from(at.as_nanosecond()).ok());
        at.map(When::At).ok_or_else(|| {
            "a moment looks like 03:10, 03:10:05.250, 2026-11-21T03:10:00Z, -10m (before the end) or +90s \
             (after the beginning)"
                .to_owned()
        })
    }
}

fn time_of_day(text: &str) -> Option<Time> {
    let is_allowed = |c: char| c.is_ascii_digit() || c == ':' || c == '.';
    let is_time = text.contains(':') && text.chars().all(is_allowed);
    is_time.then(|| text.parse().ok()).flatten()
}

/// Time that a recording covers by the wall clock, ns since 1970.
#[derive(Clone, Copy, Debug)]
pub struct WallSpan {
    /// First event of all: of the first trace, where a directory holds several.
    pub earliest: i64,
    /// First event.
    pub began: i64,
    /// Last event.
    pub ended: i64,
}

impl WallSpan {
    /// Returns the span of a recording of which only one trace exists.
    pub fn new(span: Span, session: Option<&Session>) -> WallSpan {
        let offset = session.map_or(0, |session| session.realtime_offset);
        let began = offset.saturating_add_unsigned(span.earliest);
        WallSpan {
            earliest: began,
            began,
            ended: offset.saturating_add_unsigned(span.latest),
        }
    }
}

impl When {
    /// Returns the moment by the wall clock, ns since 1970.
    ///
    /// A time of day means its last occurrence in the recording. If it has none,
    /// it means the occurrence that is nearest to the recording.
    pub fn wall_time(self, span: WallSpan) -> i64 {
        let length = |length: Duration| i64::try_from(length.as_nanos()).unwrap_or(i64::MAX);
        match self {
            When::BeforeEnd(before) => span.ended.saturating_sub(length(before)),
            When::AfterBeginning(after) => span.began.saturating_add(length(after)),
            When::At(at) => at,
            When::OfDay(of_day) => {
                let since = span.ended.saturating_sub(of_day).rem_euclid(DAY);
                let last = span.ended.saturating_sub(since);
                let next = last.saturating_add(DAY);
                let is_within = last >= span.earliest;
                let before = span.earliest.saturating_sub(last);
                match is_within || before <= next.saturating_sub(span.ended) {
                    true => last,
                    false => next,
                }
            }
        }
    }

    /// Returns the moment as [`Self::wall_time`] does, but a time of day means its
    /// first occurrence at or after `since`, ns since 1970.
    pub fn wall_time_after(self, since: i64, span: WallSpan) -> i64 {
        match self {
            When::OfDay(of_day) => {
                since.saturating_add(of_day.saturating_sub(since).rem_euclid(DAY))
            }
            When::BeforeEnd(_) | When::AfterBeginning(_) | When::At(_) => self.wall_time(span),
        }
    }

    /// Returns the moment with a time of day replaced by its next occurrence after
    /// `now`, ns since 1970.
    pub fn upcoming(self, now: i64) -> When {
        match self {
            When::OfDay(of_day) => {
                When::At(now.saturating_add(of_day.saturating_sub(now).rem_euclid(DAY)))
            }
            When::BeforeEnd(_) | When::AfterBeginning(_) | When::At(_) => self,
        }
    }
}

/// Returns a wall clock time, ns since 1970, in ns since boot. Times before boot
/// become 0.
pub fn boot_time(wall: i64, session: Option<&Session>) -> u64 {
    let offset = session.map_or(0, |session| session.realtime_offset);
    u64::try_from(wall.saturating_sub(offset)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    #[test]
    fn parses_moments_and_places_them_in_a_recording() {
        // From 23:59:00 on, for an hour; boot was at 23:58:20.
        let session = Session {
            realtime_offset: DAY - 100 * S as i64,
            ..Session::default()
        };
        let span = Span {
            earliest: 40 * S,
            latest: 3640 * S,
        };
        let wall = WallSpan::new(span, Some(&session));
        let within = |text: &str| {
            let when = text.parse::<When>().unwrap();
            boot_time(when.wall_time(wall), Some(&session))
        };
        assert_eq!(within("-10m"), 3040 * S);
        assert_eq!(within("+1.5s"), 41_500_000_000);
        assert_eq!(within("23:59:30"), 70 * S);
        assert_eq!(within("00:10"), 700 * S);
        assert_eq!(within("1970-01-02T00:10:00Z"), 700 * S);
        assert_eq!(within("1970-01-02T00:10"), 700 * S);
        assert_eq!(within("1970-01-02T02:10:00+02:00"), 700 * S);
        // In a directory that covers several days, 23:00 means the last one.
        let days = WallSpan {
            earliest: 0,
            began: 4 * DAY,
            ended: 5 * DAY,
        };
        let last = |text: &str| text.parse::<When>().unwrap().wall_time(days);
        assert_eq!(last("23:00"), 4 * DAY + 23 * 3600 * S as i64);
        assert_eq!(last("-10m"), 5 * DAY - 600 * S as i64);
        let now = 5 * DAY + 1;
        let next = |text: &str| text.parse::<When>().unwrap().upcoming(now);
        assert_eq!(next("00:00"), When::At(6 * DAY));
        assert_eq!(next("00:01"), When::At(5 * DAY + 60 * S as i64));
        assert_eq!(next("+1s"), When::AfterBeginning(Duration::from_secs(1)));
        for nonsense in ["", "soon", "-", "25:00", "03h", "--10m"] {
            assert!(nonsense.parse::<When>().is_err(), "{nonsense}");
        }
    }

    /// From 02:50 to 03:08: what is not in the recording is just before or after it.
    #[test]
    fn a_time_of_day_outside_the_recording_is_the_nearest() {
        let minutes = |minutes: i64| 3 * DAY + minutes * 60 * S as i64;
        let span = WallSpan {
            earliest: minutes(170),
            began: minutes(170),
            ended: minutes(188),
        };
        let moment = |text: &str| text.parse::<When>().unwrap().wall_time(span);
        assert_eq!(moment("02:40"), minutes(160));
        assert_eq!(moment("03:00"), minutes(180));
        assert_eq!(moment("03:10"), minutes(190));
        assert_eq!(moment("23:59"), minutes(-1));
    }
}
