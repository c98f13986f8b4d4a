//! Which instant is a clock's reading in a zone?

use chrono::{Days, LocalResult, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;
use fupan_model::Micros;

/// The instant at which the clocks of `zone` showed `local`.
///
/// A reading that exists twice (clocks put back) is the first one; one that does not exist (clocks
/// put forward) is read with the offset from before the jump, as most calendars do.
pub fn from_local(local: NaiveDateTime, zone: Tz) -> Micros {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Micros(at.timestamp_micros()),
        LocalResult::None => {
            let day_before = local.checked_sub_days(Days::new(1)).unwrap_or(local);
            let offset = zone.offset_from_utc_datetime(&day_before).fix();
            Micros(
                local.and_utc().timestamp_micros() - i64::from(offset.local_minus_utc()) * Micros::PER_SECOND,
            )
        }
    }
}

/// The calendar day of an instant in a zone.
pub fn local_date(at: Micros, zone: Tz) -> Option<NaiveDate> {
    at.to_datetime().map(|at| at.with_timezone(&zone).date_naive())
}

/// The zone of a name of the IANA database, or of a fixed offset: `+08:00`, `+8`, `UTC+8`, `GMT-03:30`.
///
/// An offset becomes the zone of the database that has it and never changed its clocks since 1993; there is
/// none for some offsets with a part of an hour.
pub fn zone_by_name(name: &str) -> Option<Tz> {
    let name = name.trim();
    name.parse().ok().or_else(|| zone_of_offset(offset_minutes(name)?))
}

/// Abbreviations of zones that loggers print (`PostgreSQL` above all), and their offsets. Those that several
/// countries use have none: `CST` is China, Cuba or Chicago, so that the zone of the workspace is assumed, and counted.
const ABBREVIATIONS: [(&str, Option<&str>); 16] = [
    ("CST", None),
    ("BST", None),
    ("IST", None),
    ("CET", Some("+01:00")),
    ("CEST", Some("+02:00")),
    ("EST", Some("-05:00")),
    ("EDT", Some("-04:00")),
    ("CDT", Some("-05:00")),
    ("MST", Some("-07:00")),
    ("MDT", Some("-06:00")),
    ("PST", Some("-08:00")),
    ("PDT", Some("-07:00")),
    ("JST", Some("+09:00")),
    ("KST", Some("+09:00")),
    ("HKT", Some("+08:00")),
    ("SGT", Some("+08:00")),
];

/// What a word behind a time says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ZoneWord {
    /// This zone.
    One(Tz),
    /// An abbreviation that several countries use.
    Shared,
}

impl ZoneWord {
    /// The zone, where it is one.
    pub(crate) const fn zone(self) -> Option<Tz> {
        match self {
            Self::One(zone) => Some(zone),
            Self::Shared => None,
        }
    }
}

/// What an abbreviation, or a name (`America/New_York`, as PHP writes it), means; none if it is neither.
pub(crate) fn zone_of_word(word: &str) -> Option<ZoneWord> {
    if word.contains('/') {
        return zone_by_name(word).map(ZoneWord::One);
    }
    let (_, offset) = ABBREVIATIONS.iter().find(|(name, _)| *name == word)?;
    Some(offset.and_then(zone_by_name).map_or(ZoneWord::Shared, ZoneWord::One))
}

/// The one zone that a name, an offset or an abbreviation means.
pub(crate) fn zone_named(text: &str) -> Option<Tz> {
    if ["北京时间", "东八区", "中国标准时间"].contains(&text.trim()) {
        return Some(Tz::Asia__Shanghai);
    }
    zone_by_name(text).or_else(|| zone_of_word(text.trim())?.zone())
}

/// Minutes east of Greenwich.
fn offset_minutes(text: &str) -> Option<i32> {
    let upper = text.to_ascii_uppercase();
    let rest = ["UTC", "GMT"].iter().find_map(|prefix| upper.strip_prefix(prefix)).unwrap_or(&upper).trim();
    let (sign, digits) = match (rest.strip_prefix('+'), rest.strip_prefix(['-', '−'])) {
        (Some(digits), _) => (1, digits),
        (_, Some(digits)) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "0"),
    };
    let number = |text: &str| -> Option<i32> {
        let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_number)
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Zones with a part of an hour whose clocks do not change.
const PARTS_OF_AN_HOUR: [(i32, Tz); 8] = [
    (270, Tz::Asia__Kabul),
    (330, Tz::Asia__Kolkata),
    (345, Tz::Asia__Kathmandu),
    (390, Tz::Asia__Yangon),
    (570, Tz::Australia__Darwin),
    (525, Tz::Australia__Eucla),
    (-570, Tz::Pacific__Marquesas),
    (0, Tz::UTC),
];

fn zone_of_offset(minutes: i32) -> Option<Tz> {
    if let Some((_, zone)) = PARTS_OF_AN_HOUR.iter().find(|(known, _)| *known == minutes) {
        return Some(*zone);
    }
    // In the names of the database the sign is turned round: west is positive.
    let hours = (minutes % 60 == 0).then_some(-minutes / 60)?;
    format!("Etc/GMT{hours:+}").parse().ok()
}

/// The zone's name as people write it: `UTC+08:00` for the fixed offset that the database calls `Etc/GMT-8`.
pub fn zone_name(zone: Tz) -> String {
    let name = zone.name();
    let hours = name.strip_prefix("Etc/GMT").and_then(|hours| hours.parse::<i32>().ok());
    match hours.filter(|hours| *hours != 0) {
        Some(hours) => {
            let sign = if hours < 0 { '+' } else { '-' };
            format!("UTC{sign}{:02}:00", hours.abs())
        }
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_by_name_and_by_offset() {
        for (text, name, shown) in [
            ("Asia/Shanghai", "Asia/Shanghai", "Asia/Shanghai"),
            ("+08:00", "Etc/GMT-8", "UTC+08:00"),
            ("+0800", "Etc/GMT-8", "UTC+08:00"),
            ("UTC+8", "Etc/GMT-8", "UTC+08:00"),
            ("gmt-03:00", "Etc/GMT+3", "UTC-03:00"),
            ("UTC−11", "Etc/GMT+11", "UTC-11:00"),
            ("+5:30", "Asia/Kolkata", "Asia/Kolkata"),
            ("+00:00", "UTC", "UTC"),
        ] {
            let zone = zone_by_name(text).unwrap();
            assert_eq!((zone.name(), zone_name(zone).as_str()), (name, shown), "{text}");
        }
        for text in ["", "8", "+", "+8:5", "+08:60", "+15", "-13", "+03:20", "UTC+", "Beijing", "+٨"] {
            assert_eq!(zone_by_name(text), None, "{text}");
        }
    }

    #[test]
    fn a_clock_in_a_fixed_offset_is_read_with_it() {
        let local = NaiveDate::from_ymd_opt(2026, 11, 5).unwrap().and_hms_opt(11, 5, 3).unwrap();
        let at = from_local(local, zone_by_name("+08:00").unwrap());
        assert_eq!(at.to_rfc3339(), "2026-11-05T03:05:03Z");
    }
}
