//! When was it, and how sure are we? `11:05`, `~11:05`, `11:05..11:09`, `2026-11-05`.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use fupan_model::{Micros, Precision};

use crate::formats::text_of;
use crate::time::{from_local, in_range, parse_instant};

/// "About" means within five minutes: people round to the next quarter of an hour at worst.
const ABOUT_MICROS: i64 = 5 * 60 * Micros::PER_SECOND;

/// What a bare time of day refers to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context {
    pub(crate) zone: Tz,
    /// The zone was not said by the document itself.
    pub(crate) zone_is_assumed: bool,
    pub(crate) date: Option<NaiveDate>,
}

/// An instant with its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct When {
    /// The instant; the middle of a range.
    pub(crate) at: Micros,
    /// Earliest and latest, where the source is vague.
    pub(crate) range: Option<(Micros, Micros)>,
    pub(crate) precision: Precision,
    pub(crate) assumed_zone: bool,
    /// A time of day alone, put on the date of the document.
    pub(crate) is_time_of_day: bool,
}

/// Reads what a person wrote.
pub(crate) fn parse_when(text: &str, context: Context) -> Result<When, String> {
    let text = text.trim();
    if let Some((low, high)) = text.split_once("..").or_else(|| text.split_once('～')) {
        return between(single(low, context)?, single(high, context)?);
    }
    let lower = text.to_lowercase();
    let about = ["~", "≈", "about ", "around ", "approx. ", "approx ", "ca. ", "circa ", "大约", "约"]
        .iter()
        .find_map(|prefix| lower.starts_with(prefix).then(|| text.get(prefix.len()..)).flatten())
        .or_else(|| text.strip_suffix("左右"));
    let Some(rest) = about else { return single(text, context) };
    let when = single(rest, context)?;
    if when.precision == Precision::Day {
        return Ok(when);
    }
    let range = Some((Micros(when.at.0 - ABOUT_MICROS), Micros(when.at.0 + ABOUT_MICROS)));
    Ok(When { range, precision: Precision::Range, ..when })
}

/// From the earliest to the latest; the instant itself is the middle.
pub(crate) fn between(low: When, high: When) -> Result<When, String> {
    let high_at = high.range.filter(|_| high.precision == Precision::Day).map_or(high.at, |range| range.1);
    if high_at < low.at {
        return Err("the range ends before it begins; write the date where it passes midnight".to_owned());
    }
    Ok(When {
        at: Micros(low.at.0 + (high_at.0 - low.at.0) / 2),
        range: Some((low.at, high_at)),
        precision: Precision::Range,
        assumed_zone: low.assumed_zone || high.assumed_zone,
        is_time_of_day: low.is_time_of_day,
    })
}

fn single(text: &str, context: Context) -> Result<When, String> {
    let text = text.trim().replace('：', ":");
    if let Some((time, precision)) = time_of_day(&text) {
        let date = context.date.ok_or_else(|| {
            format!(
                "{:?} has no date: write one, or `date: YYYY-MM-DD` at the head of the file",
                text_of(&text)
            )
        })?;
        return local(date.and_time(time), precision, context);
    }
    let parsed =
        parse_instant(&text, context.zone).map_err(|error| format!("{:?} {error}", text_of(&text)))?;
    let assumed_zone = parsed.assumed_zone && context.zone_is_assumed;
    if parsed.precision == Precision::Day {
        let end = Micros(parsed.at.0 + 86_400 * Micros::PER_SECOND - 1);
        return Ok(When {
            at: parsed.at,
            range: Some((parsed.at, end)),
            precision: Precision::Day,
            assumed_zone,
            is_time_of_day: false,
        });
    }
    Ok(When { at: parsed.at, range: None, precision: parsed.precision, assumed_zone, is_time_of_day: false })
}

fn local(at: NaiveDateTime, precision: Precision, context: Context) -> Result<When, String> {
    let at = in_range(from_local(at, context.zone).0).map_err(|error| error.to_string())?;
    Ok(When { at, range: None, precision, assumed_zone: context.zone_is_assumed, is_time_of_day: true })
}

/// `11:05`, `9:05`, `11:05:20`, `11:05:20.5`.
fn time_of_day(text: &str) -> Option<(NaiveTime, Precision)> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':' || byte == b'.') || !text.contains(':')
    {
        return None;
    }
    if let Ok(time) = NaiveTime::parse_from_str(text, "%H:%M:%S%.f") {
        return Some((time, Precision::Exact));
    }
    NaiveTime::parse_from_str(text, "%H:%M").ok().map(|time| (time, Precision::Minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let context = Context {
            zone: chrono_tz::Asia::Shanghai,
            zone_is_assumed: false,
            date: NaiveDate::from_ymd_opt(2026, 11, 5),
        };
        match parse_when(text, context) {
            Ok(when) => {
                let range =
                    when.range.map(|(low, high)| format!(" [{} {}]", low.to_rfc3339(), high.to_rfc3339()));
                format!("{} {}{}", when.at.to_rfc3339(), when.precision.as_str(), range.unwrap_or_default())
            }
            Err(reason) => reason,
        }
    }

    #[test]
    fn what_people_write() {
        for (text, expected) in [
            ("11:05", "2026-11-05T03:05:00Z minute"),
            ("11：05", "2026-11-05T03:05:00Z minute"),
            ("11:05:20", "2026-11-05T03:05:20Z exact"),
            ("~11:05", "2026-11-05T03:05:00Z range [2026-11-05T03:00:00Z 2026-11-05T03:10:00Z]"),
            ("about 11:05", "2026-11-05T03:05:00Z range [2026-11-05T03:00:00Z 2026-11-05T03:10:00Z]"),
            ("约 11:05", "2026-11-05T03:05:00Z range [2026-11-05T03:00:00Z 2026-11-05T03:10:00Z]"),
            ("11:05..11:09", "2026-11-05T03:07:00Z range [2026-11-05T03:05:00Z 2026-11-05T03:09:00Z]"),
            ("2026-11-05 11:05:20 +0900", "2026-11-05T02:05:20Z exact"),
            ("2026-11-05", "2026-11-04T16:00:00Z day [2026-11-04T16:00:00Z 2026-11-05T15:59:59.999999Z]"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        assert!(read("23:50..00:10").contains("midnight"));
        assert!(read("25:99").contains("not a time"));
        assert!(read("noonish").contains("\"noonish\" is not a time"));
    }

    #[test]
    fn a_bare_time_needs_a_date() {
        let context = Context { zone: Tz::UTC, zone_is_assumed: true, date: None };
        assert!(parse_when("11:05", context).unwrap_err().contains("date: YYYY-MM-DD"));
        assert!(parse_when("2026-11-05 11:05", context).unwrap().assumed_zone);
        assert!(!parse_when("2026-11-05T11:05Z", context).unwrap().assumed_zone);
    }
}
