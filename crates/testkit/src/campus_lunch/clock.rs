//! How does a wall clock in Asia/Shanghai become text?

use chrono::{NaiveDate, NaiveTime};

/// Milliseconds since local midnight.
pub(super) type Ms = i64;

/// Milliseconds in a second.
pub(super) const SECOND: Ms = 1_000;
/// Milliseconds in a minute.
pub(super) const MINUTE: Ms = 60 * SECOND;
/// China has had one offset and no summer time since 1991.
const OFFSET_MS: Ms = 8 * 60 * MINUTE;

/// An instant of the day.
pub(super) const fn at(hour: Ms, minute: Ms, second: Ms) -> Ms {
    ((hour * 60 + minute) * 60 + second) * SECOND
}

/// `11:06:28`, or `11:07` on whole minutes.
pub(super) fn wall(time: Ms) -> String {
    let seconds = time / SECOND;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if second == 0 { format!("{hour:02}:{minute:02}") } else { format!("{hour:02}:{minute:02}:{second:02}") }
}

/// RFC 3339 with milliseconds and the zone's offset, as the services log it.
pub(super) fn stamp_millis(date: &str, time: Ms) -> String {
    let (seconds, millis) = (time / SECOND, time % SECOND);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{millis:03}+08:00")
}

/// RFC 3339 to the second, as monitors and change systems write it.
pub(super) fn stamp(date: &str, time: Ms) -> String {
    let seconds = time / SECOND;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{date}T{hour:02}:{minute:02}:{second:02}+08:00")
}

/// Milliseconds since the epoch of local midnight on that date.
pub(super) fn midnight_epoch_ms(date: &str) -> i64 {
    NaiveDate::parse_from_str(date, "%Y-%m-%d")
        .map(|day| day.and_time(NaiveTime::MIN).and_utc().timestamp_millis() - OFFSET_MS)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_agree_with_the_epoch() {
        let time = at(11, 7, 0) + 5;
        assert_eq!(stamp_millis("2026-11-05", time), "2026-11-05T11:07:00.005+08:00");
        assert_eq!(stamp("2026-11-05", time), "2026-11-05T11:07:00+08:00");
        assert_eq!(wall(at(11, 6, 28)), "11:06:28");
        let parsed = chrono::DateTime::parse_from_rfc3339("2026-11-05T11:07:00.005+08:00").unwrap();
        assert_eq!(midnight_epoch_ms("2026-11-05") + time, parsed.timestamp_millis());
    }
}
