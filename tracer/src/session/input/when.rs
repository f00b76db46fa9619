//! Moments on the command line: a time of day, a date and time, or a distance
//! from the beginning or the end.
//!
//! Times of day and dates are in the time zone of the reader, like all times that
//! tracer shows, unless they name an offset. Where the clocks are set back, a time of
//! day occurs twice: `--since` means the first one and `--until` the second, so that
//! nothing is left out. A time that is skipped because the clocks are set forward
//! means the moment at which they are.

use std::{str::FromStr, time::Duration};

use jiff::{
    Timestamp,
    civil::{DateTime, Time},
    tz::{AmbiguousOffset, Offset, TimeZone},
};

use crate::{
    event::{Session, units},
    recording::Span,
};

/// Moment in a recording, as given on the command line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// `-10m`: this long before the last event.
    BeforeEnd(Duration),
    /// `+90s`: this long after the first event.
    AfterBeginning(Duration),
    /// `03:10`, `03:10+02:00`: the last occurrence of this time of day in the
    /// recording, in the reader's time zone or at an offset from UTC.
    OfDay(Time, Option<Offset>),
    /// `2026-11-21T03:10:00`: a date and time in the reader's time zone.
    Local(DateTime),
    /// `2026-11-21T03:10:00Z`: ns since 1970.
    At(i64),
}

/// The end of a window that a moment stands for. It decides which one is meant if a
/// local time occurs twice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Edge {
    /// The beginning: the first one.
    Since,
    /// The end: the second one.
    Until,
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
        let (clock, offset) = split_offset(text);
        // jiff would also parse a date and time as a time of day.
        if let Some(time) = time_of_day(clock) {
            return Ok(When::OfDay(time, offset));
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(When::At(nanos(at)));
        }
        let date = clock.parse::<DateTime>().ok();
        let moment = date.and_then(|date| match offset {
            Some(offset) => offset.to_timestamp(date).ok().map(|at| When::At(nanos(at))),
            None => Some(When::Local(date)),
        });
        moment.ok_or_else(|| {
            "a moment looks like 03:10, 03:10:05.250, 2026-11-21T03:10:00 (add Z or +02:00 for another \
             time zone), -10m (before the end) or +90s (after the beginning)"
                .to_owned()
        })
    }
}

/// Splits off the offset from UTC: `Z`, `UTC`, `+02:00` or `+0200`, also behind a space.
fn split_offset(text: &str) -> (&str, Option<Offset>) {
    let utc = ["Z", "z", "UTC"]
        .iter()
        .find_map(|utc| text.strip_suffix(utc));
    if let Some(clock) = utc {
        return (clock.trim_end(), Some(Offset::UTC));
    }
    let offset = text.rfind(['+', '-']).and_then(|sign| {
        let (clock, offset) = text.split_at(sign);
        // The last part of a date is not an offset.
        let offset = clock.contains(':').then(|| parse_offset(offset))??;
        Some((clock.trim_end(), Some(offset)))
    });
    offset.unwrap_or((text, None))
}

/// Parses `+02:00` or `-0500`.
fn parse_offset(text: &str) -> Option<Offset> {
    let digits = text[1..].replacen(':', "", 1);
    let is_offset = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: i32 = is_offset.then(|| digits.parse().ok())??;
    let (hours, minutes) = (number / 100, number % 100);
    let seconds = (hours * 60 + minutes) * 60;
    let sign = if text.starts_with('-') { -1 } else { 1 };
    (minutes < 60).then(|| Offset::from_seconds(sign * seconds).ok())?
}

fn time_of_day(text: &str) -> Option<Time> {
    let is_allowed = |c: char| c.is_ascii_digit() || c == ':' || c == '.';
    let is_time = text.contains(':') && text.chars().all(is_allowed);
    is_time.then(|| text.parse().ok()).flatten()
}

/// Returns a time in ns since 1970. What is out of range becomes the nearest.
fn nanos(at: Timestamp) -> i64 {
    at.as_nanosecond().clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// The moments at which a local time occurs: two different ones if the clocks are set
/// back, otherwise the same one twice. In ns since 1970.
#[derive(Clone, Copy)]
struct Occurrence {
    first: i64,
    last: i64,
}

impl Occurrence {
    /// Returns the occurrence of a local date and time; none if it is out of range.
    fn of(local: DateTime, zone: &TimeZone) -> Option<Occurrence> {
        let at = |offset: Offset| offset.to_timestamp(local).ok();
        let (first, last) = match zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => (at(offset)?, at(offset)?),
            AmbiguousOffset::Fold { before, after } => (at(before)?, at(after)?),
            AmbiguousOffset::Gap { after, .. } => {
                let change = zone.following(at(after)?).next()?.timestamp();
                (change, change)
            }
        };
        let (first, last) = (nanos(first), nanos(last));
        Some(Occurrence { first, last })
    }

    /// Returns the occurrences of a time of day on the days around `wall`, in order.
    fn around(wall: i64, time: Time, zone: &TimeZone) -> impl Iterator<Item = Occurrence> {
        let wall = Timestamp::from_nanosecond(wall.into()).unwrap_or_default();
        let date = zone.to_datetime(wall).date();
        let days = [-2, -1, 0, 1, 2].into_iter();
        let dates = days.filter_map(move |day| date.checked_add(jiff::Span::new().days(day)).ok());
        dates.filter_map(move |date| Occurrence::of(date.to_datetime(time), zone))
    }

    fn pick(self, edge: Edge) -> i64 {
        match edge {
            Edge::Since => self.first,
            Edge::Until => self.last,
        }
    }
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
    pub fn wall_time(self, edge: Edge, span: WallSpan, zone: &TimeZone) -> i64 {
        let length = |length: Duration| i64::try_from(length.as_nanos()).unwrap_or(i64::MAX);
        match self {
            When::BeforeEnd(before) => span.ended.saturating_sub(length(before)),
            When::AfterBeginning(after) => span.began.saturating_add(length(after)),
            When::At(at) => at,
            When::Local(local) => {
                // Only dates beyond the year 9998 have none.
                Occurrence::of(local, zone).map_or(i64::MAX, |it| it.pick(edge))
            }
            When::OfDay(time, offset) => {
                let zone = in_zone(offset, zone);
                let began = |it: &Occurrence| it.first <= span.ended;
                let around = || Occurrence::around(span.ended, time, &zone);
                let last = around().take_while(began).last();
                let next = around().find(|it| !began(it));
                let before = |it: Occurrence| span.earliest.saturating_sub(it.last);
                let after = |it: Occurrence| it.first.saturating_sub(span.ended);
                let nearest = match (last, next) {
                    (Some(last), Some(next)) if before(last) > after(next) => next,
                    (Some(one), _) | (None, Some(one)) => one,
                    (None, None) => return span.ended,
                };
                nearest.pick(edge)
            }
        }
    }

    /// Returns the end of a window as [`Self::wall_time`] does, but a time of day means
    /// its first occurrence at or after `since`, ns since 1970.
    pub fn wall_time_after(self, since: i64, span: WallSpan, zone: &TimeZone) -> i64 {
        match self {
            When::OfDay(time, offset) => next_occurrence(since, time, &in_zone(offset, zone)),
            _ => self.wall_time(Edge::Until, span, zone),
        }
    }

    /// Returns the moment with a time of day replaced by its next occurrence after
    /// `now`, ns since 1970.
    pub fn upcoming(self, now: i64, zone: &TimeZone) -> When {
        match self {
            When::OfDay(time, offset) => {
                When::At(next_occurrence(now, time, &in_zone(offset, zone)))
            }
            _ => self,
        }
    }
}

/// Returns the zone of a time of day: its own offset, or else `zone`.
fn in_zone(offset: Option<Offset>, zone: &TimeZone) -> TimeZone {
    offset.map_or_else(|| zone.clone(), TimeZone::fixed)
}

/// Returns the end of the first occurrence that is not over at `since`.
fn next_occurrence(since: i64, time: Time, zone: &TimeZone) -> i64 {
    let mut around = Occurrence::around(since, time, zone);
    around
        .find(|it| it.last >= since)
        .map_or(since, |it| it.last)
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
    /// Length of a day, ns.
    const DAY: i64 = 86_400_000_000_000;

    fn when(text: &str) -> When {
        text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    /// Parses the full form of a moment.
    fn at(text: &str) -> i64 {
        nanos(text.parse().unwrap())
    }

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
            let at = when(text).wall_time(Edge::Since, wall, &TimeZone::UTC);
            boot_time(at, Some(&session))
        };
        assert_eq!(within("-10m"), 3040 * S);
        assert_eq!(within("+1.5s"), 41_500_000_000);
        assert_eq!(within("23:59:30"), 70 * S);
        assert_eq!(within("00:10"), 700 * S);
        for same in [
            "1970-01-02T00:10:00Z",
            "1970-01-02T00:10",
            "1970-01-02 00:10",
            "1970-01-02T02:10:00+02:00",
            "1970-01-02 02:10:00.000 +02:00",
            "1970-01-01 19:10 -0500",
            "1970-01-02 00:10 UTC",
            "02:10+02:00",
            "19:10:00.0 -05:00",
            "00:10Z",
        ] {
            assert_eq!(within(same), 700 * S, "{same}");
        }
        // In a directory that covers several days, 23:00 means the last one.
        let days = WallSpan {
            earliest: 0,
            began: 4 * DAY,
            ended: 5 * DAY,
        };
        let last = |text: &str| when(text).wall_time(Edge::Since, days, &TimeZone::UTC);
        assert_eq!(last("23:00"), 4 * DAY + 23 * 3600 * S as i64);
        assert_eq!(last("-10m"), 5 * DAY - 600 * S as i64);
        let now = 5 * DAY + 1;
        let next = |text: &str| when(text).upcoming(now, &TimeZone::UTC);
        assert_eq!(next("00:00"), When::At(6 * DAY));
        assert_eq!(next("00:01"), When::At(5 * DAY + 60 * S as i64));
        assert_eq!(next("+1s"), When::AfterBeginning(Duration::from_secs(1)));
        for nonsense in [
            "",
            "soon",
            "-",
            "25:00",
            "03h",
            "--10m",
            "03:10+2",
            "03:10+99:99",
            "Z",
            "UTC",
            "+02:00",
            "03:10 é",
            "03:10+é",
        ] {
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
        let moment = |text: &str| when(text).wall_time(Edge::Since, span, &TimeZone::UTC);
        assert_eq!(moment("02:40"), minutes(160));
        assert_eq!(moment("03:00"), minutes(180));
        assert_eq!(moment("03:10"), minutes(190));
        assert_eq!(moment("23:59"), minutes(-1));
    }

    /// New York on 1 November 2026: the clocks go from 02:00 back to 01:00 at 06:00 UTC.
    /// Berlin on 29 March 2026: they go from 02:00 to 03:00 at 01:00 UTC.
    #[test]
    fn a_local_time_that_occurs_twice_or_never_has_a_clear_meaning() {
        let posix = |rule| TimeZone::posix(rule).unwrap();
        let new_york = posix("EST5EDT,M3.2.0,M11.1.0");
        let berlin = posix("CET-1CEST,M3.5.0,M10.5.0/3");
        let span = |began: &str, ended: &str| WallSpan {
            earliest: at(began),
            began: at(began),
            ended: at(ended),
        };
        let fall = span("2026-11-01T04:00:00Z", "2026-11-01T09:00:00Z");
        let spring = span("2026-03-29T00:30:00Z", "2026-03-29T03:00:00Z");
        for (text, since, until) in [
            ("00:59", "2026-11-01T04:59:00Z", "2026-11-01T04:59:00Z"),
            ("01:30", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"),
            (
                "01:30-04:00",
                "2026-11-01T05:30:00Z",
                "2026-11-01T05:30:00Z",
            ),
            (
                "2026-11-01 01:30",
                "2026-11-01T05:30:00Z",
                "2026-11-01T06:30:00Z",
            ),
            ("02:00", "2026-11-01T07:00:00Z", "2026-11-01T07:00:00Z"),
        ] {
            let moment = |edge| when(text).wall_time(edge, fall, &new_york);
            assert_eq!(moment(Edge::Since), at(since), "{text}");
            assert_eq!(moment(Edge::Until), at(until), "{text}");
        }
        for (text, moment) in [
            ("01:59", "2026-03-29T00:59:00Z"),
            ("02:30", "2026-03-29T01:00:00Z"),
            ("2026-03-29T02:59:59", "2026-03-29T01:00:00Z"),
            ("03:00", "2026-03-29T01:00:00Z"),
            ("03:30", "2026-03-29T01:30:00Z"),
        ] {
            for edge in [Edge::Since, Edge::Until] {
                let found = when(text).wall_time(edge, spring, &berlin);
                assert_eq!(found, at(moment), "{text}");
            }
        }
        // The end of a window that begins in the first of two equal hours is in the second.
        let since = at("2026-11-01T05:15:00Z");
        let until = when("01:10").wall_time_after(since, fall, &new_york);
        assert_eq!(until, at("2026-11-01T06:10:00Z"));
        let upcoming = when("01:10").upcoming(at("2026-11-01T06:20:00Z"), &new_york);
        assert_eq!(upcoming, When::At(at("2026-11-02T06:10:00Z")));
        // One that ends between the two occurrences contains the first.
        let first = span("2026-11-01T05:00:00Z", "2026-11-01T05:40:00Z");
        let moment = when("01:30").wall_time(Edge::Since, first, &new_york);
        assert_eq!(moment, at("2026-11-01T05:30:00Z"));
    }
}
