//! Which instant is a month, a day and a clock without a year?
//!
//! The latest one that is not after the source was last written. Where that is unknown there is no
//! answer: a guessed year would put an incident where it never was.

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use fupan_model::{Micros, Precision};

use super::scan::MONTHS;
use super::{ParsedInstant, from_local, local_date, parse_instant};

/// A time without a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Yearless<'a> {
    pub(crate) month: u32,
    pub(crate) day: u32,
    /// `11:05:03.123`.
    pub(crate) clock: &'a str,
}

/// Clocks of machines differ, and a file is written a little before its time is.
const AHEAD_MAX: i64 = 86_400 * Micros::PER_SECOND;

/// Years to look back for a 29 February: 2096 to 2104 lies furthest apart.
const YEARS_BACK: i32 = 8;

impl Yearless<'_> {
    /// The latest such instant that is not after `modified_at`.
    pub(crate) fn read(self, zone: Tz, modified_at: Option<Micros>) -> Result<ParsedInstant, String> {
        let modified_at = modified_at.ok_or(
            "has no year, and when the source was written is not known \
             (read it from its file, or give a mapping with reference_year)",
        )?;
        let clock = parse_instant(&format!("2000-01-01T{}", self.clock), Tz::UTC)
            .map_err(|error| format!("has a clock that {error}"))?;
        let in_day = clock.at.0 - JANUARY_2000;
        let last = local_date(modified_at, zone).map_or(1970, |date| date.year()) + 1;
        (last - YEARS_BACK - 1..=last)
            .rev()
            .filter_map(|year| NaiveDate::from_ymd_opt(year, self.month, self.day))
            .filter_map(|date| {
                date.and_hms_opt(0, 0, 0)?.checked_add_signed(chrono::TimeDelta::microseconds(in_day))
            })
            .map(|local| from_local(local, zone))
            .find(|at| at.0 <= modified_at.0.saturating_add(AHEAD_MAX))
            .map(|at| ParsedInstant { at, assumed_zone: true, precision: Precision::Exact })
            .ok_or_else(|| "is not a date of the calendar".to_owned())
    }
}

/// 2000-01-01T00:00:00Z in microseconds.
const JANUARY_2000: i64 = 946_684_800 * Micros::PER_SECOND;

/// The number of a month by its English name of three letters.
pub(crate) fn month_of(name: &str) -> Option<u32> {
    let is_short = |month: &str| month.get(..3).is_some_and(|short| short.eq_ignore_ascii_case(name));
    let at = MONTHS.iter().position(|month| is_short(month))?;
    u32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(month: u32, day: u32, modified: &str) -> String {
        let modified_at = parse_instant(modified, Tz::UTC).ok().map(|parsed| parsed.at);
        let yearless = Yearless { month, day, clock: "11:05:03.5" };
        yearless.read(chrono_tz::Asia::Shanghai, modified_at).map_or_else(|e| e, |p| p.at.to_rfc3339())
    }

    #[test]
    fn the_latest_year_before_the_source_was_written() {
        assert_eq!(read(11, 5, "2026-11-05T04:00:00Z"), "2026-11-05T03:05:03.500Z");
        // December in a file that was written in January is last year's.
        assert_eq!(read(12, 31, "2027-01-01T00:10:00Z"), "2026-12-31T03:05:03.500Z");
        // Clocks that run ahead do not make it a year older.
        assert_eq!(read(1, 1, "2026-12-31T20:00:00Z"), "2027-01-01T03:05:03.500Z");
        assert_eq!(read(2, 29, "2027-06-01T00:00:00Z"), "2024-02-29T03:05:03.500Z");
        assert!(read(2, 30, "2027-06-01T00:00:00Z").contains("calendar"));
        assert!(read(11, 5, "").contains("no year"));
    }
}
