//! Do clocks that jump shift or reverse anything? 24 zones, both of their switches, and the leap day.
//!
//! What names its offset is exact. What names none is read on the clocks of the zone: exact but for the
//! hour that exists twice, whose readings are the first, and the hour that does not exist.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use fupan_decode::time::{local_date, parse_instant};
use fupan_model::Micros;

/// Zones whose clocks are put forward and back within 2026, or jump by something else than an hour.
const ZONES: [Tz; 24] = [
    Tz::America__New_York,
    Tz::America__Chicago,
    Tz::America__Denver,
    Tz::America__Los_Angeles,
    Tz::America__Anchorage,
    Tz::America__Adak,
    Tz::America__Halifax,
    Tz::America__St_Johns,
    Tz::America__Havana,
    Tz::America__Santiago,
    Tz::America__Nuuk,
    Tz::Europe__London,
    Tz::Europe__Berlin,
    Tz::Europe__Athens,
    Tz::Europe__Chisinau,
    Tz::Atlantic__Azores,
    Tz::Africa__Cairo,
    Tz::Asia__Beirut,
    Tz::Asia__Jerusalem,
    Tz::Australia__Sydney,
    Tz::Australia__Adelaide,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Auckland,
    Tz::Pacific__Chatham,
];

const BIN_SECONDS: i64 = 300;

fn offset_seconds(zone: Tz, at: DateTime<Utc>) -> i64 {
    i64::from(zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc())
}

/// The minutes of 2026 at which the clocks of a zone jump, and by how many seconds.
fn switches(zone: Tz) -> Vec<(DateTime<Utc>, i64)> {
    let begin = Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).single().expect("an instant");
    (1..365 * 24 * 4)
        .map(|quarter| begin + Duration::minutes(15 * quarter))
        .filter_map(|at| {
            let jump = offset_seconds(zone, at) - offset_seconds(zone, at - Duration::minutes(15));
            (jump != 0).then_some((at, jump))
        })
        .collect()
}

/// Every 20 seconds from four hours before to four hours after.
fn around(at: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    (-720..720).map(move |step| at + Duration::seconds(20 * step))
}

fn read(text: &str, zone: Tz) -> DateTime<Utc> {
    let Micros(micros) = parse_instant(text, zone).expect("a time").at;
    DateTime::from_timestamp_micros(micros).expect("an instant")
}

/// Instants by bins of five minutes.
fn bins(instants: &[DateTime<Utc>]) -> BTreeMap<i64, usize> {
    let mut bins = BTreeMap::new();
    for at in instants {
        *bins.entry(at.timestamp().div_euclid(BIN_SECONDS)).or_default() += 1;
    }
    bins
}

#[test]
fn what_names_its_offset_is_exact_around_every_switch() {
    let (mut readings, mut jumps) = (0, 0);
    for zone in ZONES {
        let switches = switches(zone);
        assert_eq!(switches.len(), 2, "{zone}");
        for (at, _) in switches {
            jumps += 1;
            let written: Vec<DateTime<Utc>> = around(at).collect();
            // The zone that is assumed is another one: nothing of it may be taken.
            let assumed = if zone == Tz::Europe__Berlin { Tz::America__Denver } else { Tz::Europe__Berlin };
            let found: Vec<DateTime<Utc>> =
                written.iter().map(|at| read(&at.with_timezone(&zone).to_rfc3339(), assumed)).collect();
            assert_eq!(found, written, "{zone}");
            assert_eq!(bins(&found), bins(&written), "{zone}");
            assert!(bins(&found).values().all(|count| *count == 15), "{zone}");
            readings += found.len();
        }
    }
    println!(
        "figure: {} zones, {jumps} switches, {readings} times with their offsets: 0 shifted, 0 negative durations, 0 shifted bins",
        ZONES.len()
    );
}

#[test]
fn what_names_no_offset_is_read_on_the_clocks_of_the_zone() {
    let (mut exact, mut twice, mut never) = (0, 0, 0);
    for zone in ZONES {
        for (at, jump) in switches(zone) {
            for written in around(at) {
                let clock = written.with_timezone(&zone).naive_local();
                let found = read(&clock.format("%Y-%m-%d %H:%M:%S").to_string(), zone);
                // Clocks that are put back show what they have shown already.
                let is_second = jump < 0 && written >= at && written < at - Duration::seconds(jump);
                let expected = if is_second { written + Duration::seconds(jump) } else { written };
                assert_eq!(found, expected, "{zone} {clock}");
                exact += usize::from(!is_second);
                twice += usize::from(is_second);
            }
            // Readings that no clock shows keep their order and their distances to what was before.
            let before = (at - Duration::seconds(1)).with_timezone(&zone).naive_local();
            for seconds in (1..jump.max(0)).step_by(20) {
                let clock: NaiveDateTime = before + Duration::seconds(seconds);
                let found = read(&clock.format("%Y-%m-%dT%H:%M:%S").to_string(), zone);
                assert_eq!(found, at + Duration::seconds(seconds - 1), "{zone} {clock}");
                never += 1;
            }
        }
    }
    assert!(twice > 0 && never > 0);
    println!(
        "figure: {exact} readings of clocks without an offset exact, {twice} of hours that exist twice are the first, {never} of hours that do not exist go on from before: 0 out of order"
    );
}

#[test]
fn the_leap_day_and_its_neighbours_are_days_in_every_zone() {
    let mut days = 0;
    for zone in ZONES {
        for (month, day) in [(2, 28), (2, 29), (3, 1)] {
            let expected = NaiveDate::from_ymd_opt(2028, month, day).expect("a day");
            for time in ["00:00:00", "12:00:00", "23:59:59"] {
                let found = parse_instant(&format!("{expected} {time}"), zone).expect("a time").at;
                assert_eq!(local_date(found, zone), Some(expected), "{zone} {time}");
            }
            days += 1;
        }
        assert!(parse_instant("2026-02-29 12:00:00", zone).is_err());
    }
    println!("figure: {days} leap days and neighbours begin and end on their day");
}
