//! Wall-clock times in UTC. A recording may be read in another time zone than the
//! one it was made in.

use std::fmt;

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

/// A wall-clock time. `{}` formats it as `2026-07-30T12:34:56Z`; a precision adds
/// that many digits of the second, at most nine: `{:.6}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utc(
    /// Time in ns since 1970, as returned by [`super::Session::realtime`].
    pub i64,
);

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

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.div_euclid(SECOND);
        let (year, month, day) = civil(seconds.div_euclid(DAY));
        let second = seconds.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        if let Some(digits) = f.precision().filter(|&digits| digits > 0) {
            let nanos = format!("{:09}", self.0.rem_euclid(SECOND));
            write!(f, ".{}", &nanos[..digits.min(9)])?;
        }
        f.write_str("Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
