//! What instant does a text or number mean?
//!
//! Handles RFC 3339 and its relatives (a space for the `T`, `+0800`, comma fractions, slashes, no
//! seconds, no zone), Apache's, Go's and C's clocks, months by name, RFC 2822, compact and Chinese dates, and epochs in
//! seconds, milliseconds, microseconds or nanoseconds by magnitude. A month-first date such as
//! `11/05/2026` is ambiguous and needs a mapping with a format. Never panics; years outside
//! 1970–2200 are refused, because they are always mistakes of unit.

mod epoch;
mod scan;
pub(crate) mod yearless;
mod zone;

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use fupan_model::{Micros, Precision};

pub use epoch::{EpochUnit, parse_epoch};
pub use zone::{from_local, local_date, zone_by_name, zone_name};
pub(crate) use zone::{zone_named, zone_of_word};

use crate::limits;

/// An instant that was read from a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParsedInstant {
    /// The instant.
    pub at: Micros,
    /// The source named no zone: the caller's was assumed.
    pub assumed_zone: bool,
    /// How exact the text was.
    pub precision: Precision,
}

/// Why a text is no usable time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// The shape is not known.
    #[error("is not a time in a known layout (a mapping can give one: time = {{ format = \"…\" }})")]
    Unknown,
    /// A month of 13, a 30 February.
    #[error("is not a date of the calendar")]
    Calendar,
    /// A count from some other beginning, or an unset field.
    #[error(
        "is a number too small for a time since 1970 (a mapping can name its unit: time = {{ epoch = \"s\" }})"
    )]
    TooSmall,
    /// Too early or too late to be meant.
    #[error("is outside of the years 1970 to 2200")]
    Range,
}

/// The instant that `text` means; times without a zone are read in `zone`.
pub fn parse_instant(text: &str, zone: Tz) -> Result<ParsedInstant, TimeError> {
    let text = text.trim();
    if let Some(scanned) = scan::fixed(text.as_bytes()) {
        return resolve(&scanned?, zone);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && !text.is_empty() {
        if let Some(scanned) = scan::compact(text).or_else(|| scan::serial(text)) {
            return resolve(&scanned, zone);
        }
        return since_epoch(text);
    }
    if let Some(scanned) = scan::flexible(text) {
        return resolve(&scanned?, zone);
    }
    if let Ok(at) = chrono::DateTime::parse_from_rfc2822(text) {
        return in_range(at.timestamp_micros()).map(exact);
    }
    since_epoch(text)
}

/// As [`parse_instant`], where the zone of a text without one may be named beside it.
pub(crate) fn parse_instant_beside(
    text: &str,
    zone: Tz,
    named: impl FnOnce() -> Option<Tz>,
) -> Result<ParsedInstant, TimeError> {
    let parsed = parse_instant(text, zone)?;
    match if parsed.assumed_zone { named() } else { None } {
        Some(zone) => parse_instant(text, zone).map(|parsed| ParsedInstant { assumed_zone: false, ..parsed }),
        None => Ok(parsed),
    }
}

/// Smaller numbers are counted from elsewhere, or were never set; nothing that fupan reads is as old.
const EPOCH_MICROS_MIN: i64 = 100_000_000 * Micros::PER_SECOND;

fn since_epoch(text: &str) -> Result<ParsedInstant, TimeError> {
    let at = parse_epoch(text, EpochUnit::ByMagnitude)?;
    if at.0 < EPOCH_MICROS_MIN { Err(TimeError::TooSmall) } else { Ok(exact(at)) }
}

/// The instant that `text` means in a layout of `strftime`; a trailing `%*` leaves the rest unread.
pub fn parse_with_format(text: &str, format: &str, zone: Tz) -> Result<ParsedInstant, TimeError> {
    let text = text.trim();
    let (format, open_end) = match format.strip_suffix("%*") {
        Some(head) => (head.trim_end_matches("m=+").trim_end(), true),
        None => (format, false),
    };
    let whole = |rest: &str| open_end || rest.trim().is_empty();
    if let Ok((at, rest)) = chrono::DateTime::parse_and_remainder(text, format) {
        return if whole(rest) {
            in_range(at.timestamp_micros()).map(exact)
        } else {
            Err(TimeError::Unknown)
        };
    }
    if let Ok((local, rest)) = NaiveDateTime::parse_and_remainder(text, format) {
        return if whole(rest) { assumed(local, Precision::Exact, zone) } else { Err(TimeError::Unknown) };
    }
    match NaiveDate::parse_and_remainder(text, format) {
        Ok((date, rest)) if whole(rest) => assumed(date.into(), Precision::Day, zone),
        _ => Err(TimeError::Unknown),
    }
}

const fn exact(at: Micros) -> ParsedInstant {
    ParsedInstant { at, assumed_zone: false, precision: Precision::Exact }
}

fn assumed(local: NaiveDateTime, precision: Precision, zone: Tz) -> Result<ParsedInstant, TimeError> {
    let at = in_range(from_local(local, zone).0)?;
    Ok(ParsedInstant { at, assumed_zone: true, precision })
}

fn resolve(scanned: &scan::Scanned, zone: Tz) -> Result<ParsedInstant, TimeError> {
    let precision = scanned.precision;
    if let Some(offset) = scanned.offset_seconds {
        let micros = scanned.local_micros - i64::from(offset) * Micros::PER_SECOND;
        return in_range(micros).map(|at| ParsedInstant { at, assumed_zone: false, precision });
    }
    let local = chrono::DateTime::from_timestamp_micros(scanned.local_micros).ok_or(TimeError::Range)?;
    match scanned.zone {
        Some(named) => {
            let at = in_range(from_local(local.naive_utc(), named).0)?;
            Ok(ParsedInstant { at, assumed_zone: false, precision })
        }
        None => assumed(local.naive_utc(), precision, zone),
    }
}

/// First microsecond of [`limits::YEAR_MIN`] and of [`limits::YEAR_END`].
const RANGE: (i64, i64) = (
    scan::days_from_civil(limits::YEAR_MIN as i64, 1, 1) * 86_400_000_000,
    scan::days_from_civil(limits::YEAR_END as i64, 1, 1) * 86_400_000_000,
);

pub(crate) const fn in_range(micros: i64) -> Result<Micros, TimeError> {
    if micros >= RANGE.0 && micros < RANGE.1 { Ok(Micros(micros)) } else { Err(TimeError::Range) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> String {
        match parse_instant(text, Tz::UTC) {
            Ok(parsed) => {
                format!("{}{}", parsed.at.to_rfc3339(), if parsed.assumed_zone { " assumed" } else { "" })
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn layouts_of_the_field() {
        for (text, expected) in [
            ("2026-11-05T03:05:03Z", "2026-11-05T03:05:03Z"),
            ("2026-11-05T11:05:03.123456789+08:00", "2026-11-05T03:05:03.123456Z"),
            ("2026-11-05 11:05:03,250 +0800", "2026-11-05T03:05:03.250Z"),
            ("2026-11-05T11:05:03+08", "2026-11-05T03:05:03Z"),
            ("2026/11/05 11:05:03", "2026-11-05T11:05:03Z assumed"),
            ("2026-1-5 1:05", "2026-01-05T01:05:00Z assumed"),
            ("[05/Nov/2026:11:05:03 +0800]", "2026-11-05T03:05:03Z"),
            ("2026-11-05 08:41:09.043078357 +0000 UTC m=+0.119240217", "2026-11-05T08:41:09.043078Z"),
            ("2026-11-05 08:41:09 UTC", "2026-11-05T08:41:09Z"),
            ("2026-11-05T11:05:03+08:00[Asia/Shanghai]", "2026-11-05T03:05:03Z"),
            ("2026-11-05T11:05:03 Asia/Shanghai", "2026-11-05T03:05:03Z"),
            ("2026-11-05 11:05:03 PST", "2026-11-05T19:05:03Z"),
            ("2026-11-05 11:05:03.250 CEST", "2026-11-05T09:05:03.250Z"),
            ("2026-11-05 11:05 GMT+8", "2026-11-05T03:05:00Z"),
            ("2026-11-05 11:05:03 (UTC+08:00)", "2026-11-05T03:05:03Z"),
            ("2026-11-05 11:05:03 CST", "2026-11-05T11:05:03Z assumed"),
            ("2026年11月5日 11时05分03秒", "2026-11-05T11:05:03Z assumed"),
            ("2026-11-05 11时05分", "2026-11-05T11:05:00Z assumed"),
            ("2026年11月5日 下午3:05", "2026-11-05T15:05:00Z assumed"),
            ("2026-11-05 上午12:05:03", "2026-11-05T00:05:03Z assumed"),
            ("2026/11/5 12:05:03 PM", "2026-11-05T12:05:03Z assumed"),
            ("2026/11/5 3:05:03 pm +0800", "2026-11-05T07:05:03Z"),
            ("2026-11-05 11:05:03:250", "2026-11-05T11:05:03.250Z assumed"),
            ("Thu, 05 Nov 2026 11:05:03 +0800", "2026-11-05T03:05:03Z"),
            ("Nov 5, 2026 @ 11:05:03.250", "2026-11-05T11:05:03.250Z assumed"),
            ("November 5, 2026, 3:05:03 PM", "2026-11-05T15:05:03Z assumed"),
            ("Sept 5 2026 11:05 +0800", "2026-09-05T03:05:00Z"),
            ("Nov 5, 2026", "2026-11-05T00:00:00Z assumed"),
            ("Thu Nov  5 11:05:03 2026", "2026-11-05T11:05:03Z assumed"),
            ("Thu Nov  5 11:05:03.250 UTC 2026", "2026-11-05T11:05:03.250Z"),
            ("Thursday, November 5, 2026 11:05:03", "2026-11-05T11:05:03Z assumed"),
            ("20261105110503", "2026-11-05T11:05:03Z assumed"),
            ("20261105", "2026-11-05T00:00:00Z assumed"),
            ("2026110511", "2026-11-05T11:00:00Z assumed"),
            ("202611051105", "2026-11-05T11:05:00Z assumed"),
            ("2000000000", "2033-05-18T03:33:20Z"),
            ("202699051105", "1976-06-04T01:17:31.105Z"),
            ("1793849103", "2026-11-05T03:25:03Z"),
            ("1793849103.25", "2026-11-05T03:25:03.250Z"),
            ("1793849103250", "2026-11-05T03:25:03.250Z"),
            ("1793849103250001", "2026-11-05T03:25:03.250001Z"),
            ("1793849103250001999", "2026-11-05T03:25:03.250001Z"),
            ("1.793849103e9", "2026-11-05T03:25:03Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("2026-11-05 24:00", "2026-11-06T00:00:00Z assumed"),
            ("46331", "2026-11-05T00:00:00Z assumed"),
            ("46331.4", "2026-11-05T09:36:00Z assumed"),
            ("46331.46184", "2026-11-05T11:05:03Z assumed"),
            ("46331.461842013", "2026-11-05T11:05:03.150Z assumed"),
            ("44562.9999999999", "2022-01-02T00:00:00Z assumed"),
        ] {
            assert_eq!(utc(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_says_why() {
        for (text, reason) in [
            ("soon", "known layout"),
            ("", "known layout"),
            ("11/05/2026 11:05", "known layout"),
            ("Nov 5 11:05:03", "known layout"),
            ("Mar 31 2026 soon", "known layout"),
            ("Monster 5, 2026", "known layout"),
            ("Nov 31, 2026", "calendar"),
            ("2026-02-30T00:00:00Z", "calendar"),
            ("2026-13-01", "calendar"),
            ("2026-11-05T25:00:00Z", "calendar"),
            ("1066-10-14T09:00:00Z", "1970"),
            ("9999-12-31T23:59:59Z", "1970"),
            ("-5", "1970"),
            ("0", "too small"),
            ("3600.5", "too small"),
            ("2026-11-05T24:00:01Z", "calendar"),
            ("99999999999999999999999", "1970"),
            ("1e400", "1970"),
        ] {
            assert!(utc(text).contains(reason), "{text}: {}", utc(text));
        }
    }

    #[test]
    fn times_without_a_zone_follow_daylight_saving() {
        let new_york = chrono_tz::America::New_York;
        let at = |text| parse_instant(text, new_york).map(|parsed| parsed.at.to_rfc3339());
        // 02:30 does not exist on 8 March 2026: the clock jumped over it, so it is 03:30 there.
        assert_eq!(at("2026-03-08 02:30:00").as_deref(), Ok("2026-03-08T07:30:00Z"));
        // 01:30 exists twice on 1 November 2026: the first one is meant.
        assert_eq!(at("2026-11-01 01:30:00").as_deref(), Ok("2026-11-01T05:30:00Z"));
    }

    #[test]
    fn precision_is_as_good_as_the_text() {
        let precision = |text| parse_instant(text, Tz::UTC).map(|parsed| parsed.precision);
        assert_eq!(precision("2026-11-05"), Ok(Precision::Day));
        assert_eq!(precision("2026-11-05 11:05"), Ok(Precision::Minute));
        assert_eq!(precision("2026-11-05 11:05:00"), Ok(Precision::Exact));
    }

    #[test]
    fn a_layout_of_ones_own() {
        let read =
            |text, format| parse_with_format(text, format, Tz::UTC).map(|parsed| parsed.at.to_rfc3339());
        assert_eq!(read("11/05/2026 03:04", "%m/%d/%Y %H:%M").as_deref(), Ok("2026-11-05T03:04:00Z"));
        assert_eq!(
            read("2026-11-05 08:41:09.5 +0000 UTC m=+0.119", "%Y-%m-%d %H:%M:%S%.f %z UTC m=+%*").as_deref(),
            Ok("2026-11-05T08:41:09.500Z")
        );
        assert_eq!(read("05.11.2026", "%d.%m.%Y").as_deref(), Ok("2026-11-05T00:00:00Z"));
        assert!(read("05.11.2026 x", "%d.%m.%Y").is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,60}", like in "[0-9TZ:+./, -]{0,40}") {
            let _ = parse_instant(&text, chrono_tz::Asia::Shanghai);
            let _ = parse_instant(&like, chrono_tz::America::New_York);
        }

        #[test]
        fn rfc3339_is_read_back(micros in 0i64..7_258_118_400_000_000) {
            let at = Micros(micros);
            prop_assert_eq!(parse_instant(&at.to_rfc3339(), Tz::UTC).map(|parsed| parsed.at), Ok(at));
        }
    }
}
