//! Which instant does the reader mean?

use chrono::{NaiveTime, SecondsFormat, TimeZone};
use chrono_tz::Tz;
use fupan_decode::time::{from_local, local_date, parse_instant};
use fupan_model::{Micros, Precision};

use crate::failure::Failure;

/// What stands behind `--as-of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A whole instant.
    At(Micros),
    /// A time of day: the day has to be found.
    TimeOfDay(NaiveTime),
}

/// Reads an instant, or a time of day. A day without a time means its end: all of it is known.
pub(crate) fn parse(text: &str, zone: Tz) -> Result<Asked, Failure> {
    let text = text.trim();
    if let Some(time) = time_of_day(text) {
        return Ok(Asked::TimeOfDay(time));
    }
    let parsed = parse_instant(text, zone).map_err(|error| {
        Failure::usage(format!("{text:?} {}", without_mappings(&error.to_string())))
            .hint("write an instant such as 2026-11-05T11:35+08:00, or a time such as 11:35")
    })?;
    if parsed.precision == Precision::Day {
        return Ok(Asked::At(Micros(parsed.at.0 + 86_400 * Micros::PER_SECOND - 1)));
    }
    Ok(Asked::At(parsed.at))
}

/// Advice about mapping files is of no use to somebody who wrote the time by hand.
pub(crate) fn without_mappings(reason: &str) -> &str {
    reason.split(" (a mapping").next().unwrap_or(reason)
}

/// The instant without fractions of a second: nobody marks an incident to the microsecond.
pub(crate) const fn whole_second(at: Micros) -> Micros {
    Micros(at.0 - at.0.rem_euclid(Micros::PER_SECOND))
}

/// `11:35`, `9:05`, `11:35:20`.
pub(crate) fn time_of_day(text: &str) -> Option<NaiveTime> {
    ["%H:%M", "%H:%M:%S", "%H:%M:%S%.f"]
        .into_iter()
        .find_map(|form| NaiveTime::parse_from_str(text, form).ok())
}

/// That time on the day of `day`, in the zone.
pub(crate) fn on_day_of(time: NaiveTime, day: Micros, zone: Tz) -> Option<Micros> {
    let date = local_date(day, zone)?;
    Some(from_local(date.and_time(time), zone))
}

/// RFC 3339 with the zone's offset: `2026-11-05T11:35:00+08:00`.
pub(crate) fn with_offset(at: Micros, zone: Tz) -> String {
    at.to_datetime().map_or_else(
        || at.to_rfc3339(),
        |utc| zone.from_utc_datetime(&utc.naive_utc()).to_rfc3339_opts(SecondsFormat::AutoSi, true),
    )
}

/// `2026-11-05 11:35:00`, for a table whose footer names the zone.
pub(crate) fn local(at: Micros, zone: Tz) -> String {
    let Some(utc) = at.to_datetime() else { return at.to_rfc3339() };
    let form =
        if at.0.rem_euclid(Micros::PER_SECOND) == 0 { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M:%S%.3f" };
    zone.from_utc_datetime(&utc.naive_utc()).format(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHANGHAI: Tz = chrono_tz::Asia::Shanghai;

    #[test]
    fn a_time_of_day_needs_its_day() {
        let Asked::TimeOfDay(time) = parse("11:35", SHANGHAI).unwrap() else { panic!("a time of day") };
        let late_evening_utc =
            Micros(chrono::DateTime::parse_from_rfc3339("2026-11-04T20:00:00Z").unwrap().timestamp_micros());
        let at = on_day_of(time, late_evening_utc, SHANGHAI).unwrap();
        assert_eq!(with_offset(at, SHANGHAI), "2026-11-05T11:35:00+08:00");
    }

    #[test]
    fn a_day_means_all_of_it() {
        let Asked::At(at) = parse("2026-11-05", SHANGHAI).unwrap() else { panic!("an instant") };
        assert_eq!(at.to_rfc3339(), "2026-11-05T15:59:59.999999Z");
        assert!(parse("noonish", SHANGHAI).is_err());
    }
}
