//! Wall-clock times as texts, in UTC or in the time zone of the reader.
//!
//! A recording may be read in another time zone than the one it was made in, so it
//! holds UTC only. This module must not know the time zone database or read the
//! environment: a [`Zone`] looks up its offsets with a function that it is given.

use std::{
    fmt::{self, Display},
    sync::Arc,
};

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A wall-clock time. `{}` formats it as `2026-07-30T12:34:56Z`; a precision adds
/// that many digits of the second, at most nine: `{:.6}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utc(
    /// Time in ns since 1970, as returned by [`super::Session::realtime`].
    pub i64,
);

impl Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        WallTime::new(self.0, None).fmt(f)
    }
}

/// Returns the offset from UTC, in seconds, at a time in ns since 1970.
type Offset = dyn Fn(i64) -> i32 + Send + Sync;

/// The time zone of texts. The default is UTC.
#[derive(Clone, Default)]
pub struct Zone(Option<Arc<Offset>>);

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "local" } else { "UTC" })
    }
}

impl Zone {
    /// Returns a zone with the offsets that `offset` returns: seconds to add to UTC,
    /// at a time in ns since 1970.
    pub fn new(offset: impl Fn(i64) -> i32 + Send + Sync + 'static) -> Zone {
        Zone(Some(Arc::new(offset)))
    }

    /// Returns a wall-clock time in this zone. `wall` is in ns since 1970.
    pub fn at(&self, wall: i64) -> WallTime {
        WallTime::new(wall, self.0.as_ref().map(|offset| offset(wall)))
    }

    /// Returns a time span as `2026-11-30 14:02:11 to 14:20:40 +02:00`. The second
    /// date appears if it differs, and so does the first offset. `digits` is the
    /// number of digits of the second.
    pub fn span(&self, began: i64, ended: i64, digits: usize) -> String {
        let (first, last) = (self.at(began), self.at(ended));
        let offset = match first.offset == last.offset {
            true => String::new(),
            false => format!(" {}", first.offset()),
        };
        let date = match first.day == last.day {
            true => String::new(),
            false => format!("{} ", last.date()),
        };
        format!(
            "{} {}{offset} to {date}{} {}",
            first.date(),
            first.clock(digits),
            last.clock(digits),
            last.offset(),
        )
    }

    /// Returns the time of day of a moment in a text that shows the span once, with
    /// [`Self::span`].
    ///
    /// The date appears if the span covers several days or the moment is on another
    /// one, and the offset if it changes.
    pub fn within(&self, wall: i64, (began, ended): (i64, i64), digits: usize) -> String {
        let [moment, first, last] = [wall, began, ended].map(|wall| self.at(wall));
        let mut text = moment.clock(digits).to_string();
        if first.day != last.day || moment.day != last.day {
            text = format!("{} {text}", moment.date());
        }
        if first.offset != last.offset || moment.offset != last.offset {
            text = format!("{text} {}", moment.offset());
        }
        text
    }

    /// Returns a moment in 15 columns, as seen at `now`: `14:02:11.123456` on the same
    /// day, `30 Nov 14:02:11` on another, or `01:30:00 -04:00` if the clocks have been
    /// changed since.
    pub fn seen_at(&self, wall: i64, now: i64) -> String {
        let (moment, now) = (self.at(wall), self.at(now));
        if moment.day != now.day {
            let (_, month, day) = moment.day;
            let month = MONTHS[(month - 1) as usize];
            return format!("{day:>2} {month} {}", moment.clock(0));
        }
        if moment.offset != now.offset {
            return format!("{} {}", moment.clock(0), moment.offset());
        }
        moment.clock(6).to_string()
    }
}

/// A wall-clock time in a zone. `{}` formats it as `2026-07-30T14:34:56+02:00`, or
/// with `Z` in UTC; a precision adds that many digits of the second, at most nine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallTime {
    /// Year, month and day of the month.
    day: (i64, i64, i64),
    /// Seconds since midnight.
    second: i64,
    /// Nanoseconds of the second.
    nanos: i64,
    /// Offset from UTC in seconds; `None` in UTC itself.
    offset: Option<i32>,
}

impl WallTime {
    fn new(wall: i64, offset: Option<i32>) -> WallTime {
        let seconds = wall.div_euclid(SECOND) + i64::from(offset.unwrap_or(0));
        WallTime {
            day: civil(seconds.div_euclid(DAY)),
            second: seconds.rem_euclid(DAY),
            nanos: wall.rem_euclid(SECOND),
            offset,
        }
    }

    /// Returns the date as `2026-07-30`.
    pub fn date(self) -> impl Display {
        let (year, month, day) = self.day;
        fmt::from_fn(move |f| write!(f, "{year:04}-{month:02}-{day:02}"))
    }

    /// Returns the time of day as `14:34:56`, with that many digits of the second, at
    /// most nine.
    pub fn clock(self, digits: usize) -> impl Display {
        let WallTime { second, nanos, .. } = self;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        fmt::from_fn(move |f| {
            write!(f, "{hour:02}:{minute:02}:{second:02}")?;
            let digits = digits.min(9);
            match digits {
                0 => Ok(()),
                _ => write!(f, ".{:0digits$}", nanos / 10_i64.pow(9 - digits as u32)),
            }
        })
    }

    /// Returns the offset from UTC as `+02:00`, or `UTC`.
    pub fn offset(self) -> impl Display {
        fmt::from_fn(move |f| {
            let Some(offset) = self.offset else {
                return f.write_str("UTC");
            };
            let sign = if offset < 0 { '-' } else { '+' };
            let offset = offset.unsigned_abs();
            write!(f, "{sign}{:02}:{:02}", offset / 3600, offset / 60 % 60)?;
            match offset % 60 {
                0 => Ok(()),
                seconds => write!(f, ":{seconds:02}"),
            }
        })
    }
}

impl Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = self.clock(f.precision().unwrap_or(0));
        write!(f, "{}T{clock}", self.date())?;
        match self.offset {
            Some(_) => self.offset().fmt(f),
            None => f.write_str("Z"),
        }
    }
}

/// Converts a day since 1970 to year, month and day (Howard Hinnant,
/// "chrono-compatible low-level date algorithms"): years begin in March, so that
/// the leap day is their last, and 400 of them always have 146,097 days.
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600 * SECOND;

    /// Compares with `date -u -d @SECONDS +%FT%TZ`.
    #[test]
    fn wall_clock_matches_date() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_799, "2000-02-29T23:59:59Z"),
            (1_785_414_896, "2026-07-30T12:34:56Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ];
        for (seconds, text) in cases {
            assert_eq!(Utc(seconds * SECOND).to_string(), text);
        }
    }

    #[test]
    fn precision_sets_the_number_of_digits() {
        let moment = Utc(1_785_414_896_123_456_789);
        assert_eq!(format!("{moment:.6}"), "2026-07-30T12:34:56.123456Z");
        assert_eq!(format!("{moment:.12}"), "2026-07-30T12:34:56.123456789Z");
        assert_eq!(format!("{moment:.0}"), "2026-07-30T12:34:56Z");
        assert!(format!("{:.3}", Utc(i64::MIN)).ends_with('Z'));
    }

    /// Compares with `TZ=ZONE date -d @1785414896 +%FT%T%:z`.
    #[test]
    fn a_zone_adds_its_offset() {
        let cases = [
            (7200, "2026-07-30T14:34:56.5+02:00"),
            (20_700, "2026-07-30T18:19:56.5+05:45"),
            (-34_200, "2026-07-30T03:04:56.5-09:30"),
            (
                -(12 * 3600 + 34 * 60 + 57),
                "2026-07-29T23:59:59.5-12:34:57",
            ),
            (0, "2026-07-30T12:34:56.5+00:00"),
        ];
        for (offset, text) in cases {
            let at = Zone::new(move |_| offset).at(1_785_414_896_500_000_000);
            assert_eq!(format!("{at:.1}"), text);
        }
    }

    #[test]
    fn dates_and_offsets_appear_where_they_change() {
        // New York: the clocks are set back at 06:00 UTC on 1 November 2026.
        let change = 1_793_512_800 * SECOND;
        let zone = Zone::new(move |at| if at < change { -14_400 } else { -18_000 });
        let (before, after) = (change - HOUR / 2, change + HOUR / 2);
        assert_eq!(
            zone.span(before, before + 1, 0),
            "2026-11-01 01:30:00 to 01:30:00 -04:00"
        );
        assert_eq!(
            zone.span(before, after, 0),
            "2026-11-01 01:30:00 -04:00 to 01:30:00 -05:00"
        );
        assert_eq!(
            zone.span(before - 2 * HOUR, before, 0),
            "2026-10-31 23:30:00 to 2026-11-01 01:30:00 -04:00"
        );
        let row = |at, span| zone.within(at, span, 3);
        assert_eq!(row(before, (before, before)), "01:30:00.000");
        assert_eq!(row(before, (before, after)), "01:30:00.000 -04:00");
        assert_eq!(row(after, (before, after)), "01:30:00.000 -05:00");
        let yesterday = before - 2 * HOUR;
        assert_eq!(row(yesterday, (before, before)), "2026-10-31 23:30:00.000");
        assert_eq!(row(before, (yesterday, before)), "2026-11-01 01:30:00.000");
        assert_eq!(zone.seen_at(before, before), "01:30:00.000000");
        assert_eq!(zone.seen_at(before, after), "01:30:00 -04:00");
        assert_eq!(zone.seen_at(yesterday, before), "31 Oct 23:30:00");
        let utc = Zone::default();
        assert_eq!(
            utc.span(before, after, 0),
            "2026-11-01 05:30:00 to 06:30:00 UTC"
        );
    }
}
