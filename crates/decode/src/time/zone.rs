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
