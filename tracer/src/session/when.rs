//! Moments as people say them on the command line: a time of day, a date with a
//! time, so long before the end, so long after the beginning. Wall clock times
//! are UTC, like all that tracer shows, unless they name another offset.

use std::{str::FromStr, time::Duration};

use jiff::{
    Timestamp,
    civil::{DateTime, Time},
    tz::TimeZone,
};

use crate::{
    event::{Session, humane},
    recording::Span,
};

const DAY: i64 = 86_400_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// `-10m`: so long before the last event.
    BeforeEnd(Duration),
    /// `+90s`: so long after the first.
    AfterBeginning(Duration),
    /// `03:10`: the first time that it is so late in the recording; ns of the
    /// day.
    OfDay(i64),
    /// `2026-11-21T03:10:00Z`: ns since 1970.
    At(i64),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<When, String> {
        if let Some(length) = text.strip_prefix('-') {
            return Ok(When::BeforeEnd(humane::parse_duration(length)?));
        }
        if let Some(length) = text.strip_prefix('+') {
            return Ok(When::AfterBeginning(humane::parse_duration(length)?));
        }
        // What has a date would be taken for a time of day, too.
        if let Some(time) = dateless(text) {
            let of_day = time.duration_since(Time::midnight());
            return Ok(When::OfDay(of_day.as_nanos() as i64));
        }
        let date = || text.parse::<DateTime>().ok();
        let in_utc = || TimeZone::UTC.to_timestamp(date()?).ok();
        let at = text.parse::<Timestamp>().ok().or_else(in_utc);
        let at = at.and_then(|at| i64::try_from(at.as_nanosecond()).ok());
        at.map(When::At).ok_or_else(|| {
            "a moment is 03:10, 03:10:05.250, 2026-11-21T03:10:00Z, -10m (before the end) or +90s \
             (after the beginning)"
                .to_owned()
        })
    }
}

fn dateless(text: &str) -> Option<Time> {
    let of_time = |c: char| c.is_ascii_digit() || c == ':' || c == '.';
    let is_time = text.contains(':') && text.chars().all(of_time);
    is_time.then(|| text.parse().ok()).flatten()
}

impl When {
    /// The moment as the recording counts it, ns since boot.
    pub fn within(self, span: Span, session: Option<&Session>) -> u64 {
        let length = |length: Duration| u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
        let offset = session.map_or(0, |session| session.realtime_offset);
        let began = offset.saturating_add_unsigned(span.earliest);
        let boot = |wall: i64| u64::try_from(wall.saturating_sub(offset)).unwrap_or(0);
        match self {
            When::BeforeEnd(before) => span.latest.saturating_sub(length(before)),
            When::AfterBeginning(after) => span.earliest.saturating_add(length(after)),
            When::OfDay(of_day) => {
                let late = (of_day - began).rem_euclid(DAY);
                boot(began.saturating_add(late))
            }
            When::At(at) => boot(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    #[test]
    fn moments_are_read_as_people_say_them() {
        // From 23:59:00 on, for an hour; boot was at 23:58:20.
        let session = Session {
            realtime_offset: DAY - 100 * S as i64,
            ..Session::default()
        };
        let span = Span {
            earliest: 40 * S,
            latest: 3640 * S,
        };
        let within = |text: &str| text.parse::<When>().unwrap().within(span, Some(&session));
        assert_eq!(within("-10m"), 3040 * S);
        assert_eq!(within("+1.5s"), 41_500_000_000);
        assert_eq!(within("23:59:30"), 70 * S);
        assert_eq!(within("00:10"), 700 * S);
        assert_eq!(within("1970-01-02T00:10:00Z"), 700 * S);
        assert_eq!(within("1970-01-02T00:10"), 700 * S);
        assert_eq!(within("1970-01-02T02:10:00+02:00"), 700 * S);
        for nonsense in ["", "soon", "-", "25:00", "03h", "--10m"] {
            assert!(nonsense.parse::<When>().is_err(), "{nonsense}");
        }
    }
}
