//! What happened, and exactly when?
//!
//! Every instant and every probability that the simulation follows stands here; the rest of the
//! scenario only plays it. Impact start and end lie on whole minutes, because minutes are what the
//! observed milestones are resolved to: an inference that is right is right to the second.

use super::clock::{MINUTE, Ms, SECOND, at};

/// A day of the sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Day {
    /// Local date.
    pub(super) date: &'static str,
    /// Days differ a little in volume.
    pub(super) volume: f64,
    /// Whether the story happens on it.
    pub(super) is_incident: bool,
}

const fn quiet(date: &'static str, volume: f64) -> Day {
    Day { date, volume, is_incident: false }
}

/// Four comparable Thursdays and the day of the incident, oldest first.
pub(super) const DAYS: [Day; 5] = [
    quiet("2026-10-08", 0.97),
    quiet("2026-10-15", 1.02),
    quiet("2026-10-22", 0.99),
    quiet("2026-10-29", 1.03),
    Day { date: INCIDENT_DATE, volume: 1.01, is_incident: true },
];
/// The day of the incident, a Thursday.
pub(super) const INCIDENT_DATE: &str = "2026-11-05";

/// Each day's data begin two hours before the campaign's minute …
pub(super) const WINDOW_START: Ms = at(9, 5, 0);
/// … and end two hours after it.
pub(super) const WINDOW_END: Ms = at(13, 5, 0);

pub(super) const NOTIFY_RELEASED: Ms = at(10, 52, 10);
pub(super) const SEARCH_RELEASED: Ms = at(11, 1, 20);
pub(super) const MENU_RELEASED: Ms = at(11, 3, 5);
pub(super) const MENU_ROLLED_BACK: Ms = at(11, 16, 30);
pub(super) const CAMPAIGN_STARTED: Ms = at(11, 5, 0);
pub(super) const CAMPAIGN_ENDED: Ms = at(12, 30, 0);
/// First scrape with pool usage above 0.9; scrapes are at :13, :28, :43 and :58.
pub(super) const POOL_OVER_90_PERCENT: Ms = at(11, 5, 28);
/// First scrape with all connections in use and callers waiting.
pub(super) const POOL_SATURATED: Ms = at(11, 6, 13);
/// `mysql_pool_usage > 0.9 for 1m` fires.
pub(super) const POOL_RULE_FIRED: Ms = at(11, 6, 28);
/// First scrape with a database latency p99 above 500 ms.
pub(super) const DB_OVER_500_MS: Ms = at(11, 6, 28);
/// Orders begin to fail.
pub(super) const IMPACT_STARTED: Ms = at(11, 7, 0);
/// Payments begin to fail.
pub(super) const PAYMENT_FAILS: Ms = at(11, 8, 0);
/// Coupons begin to fail.
pub(super) const COUPON_FAILS: Ms = at(11, 9, 0);
/// The cart begins to be slow.
pub(super) const CART_SLOW: Ms = at(11, 6, 30);
pub(super) const ACKNOWLEDGED: Ms = at(11, 7, 25);
pub(super) const DETECTED: Ms = at(11, 8, 32);
pub(super) const DECLARED: Ms = at(11, 8, 40);
/// Ten minutes after it was declared, then every twenty.
pub(super) const FIRST_NOTICE: Ms = at(11, 18, 40);
pub(super) const NOTICE_EVERY: Ms = 20 * MINUTE;
/// The circuit breaker stops all orders.
pub(super) const ORDERING_PAUSED: Ms = at(11, 19, 0);
pub(super) const LOCATED: Ms = at(11, 24, 30);
/// A first attempt to reopen …
pub(super) const RELIEF_STARTED: Ms = at(11, 28, 0);
/// … fails again less than two minutes later …
pub(super) const RELIEF_FAILED: Ms = at(11, 29, 40);
/// … and is stopped.
pub(super) const RELIEF_STOPPED: Ms = at(11, 30, 30);
pub(super) const POOL_RAISED: Ms = at(11, 33, 10);
pub(super) const CACHE_RELEASED: Ms = at(11, 40, 15);
/// The breaker lets a few orders through.
pub(super) const HALF_OPEN: Ms = at(11, 42, 0);
/// The breaker is closed: everybody can order again.
pub(super) const MITIGATED: Ms = at(11, 48, 0);
pub(super) const RECOVERED: Ms = at(12, 5, 0);
/// A job updates a few of the paid orders.
pub(super) const REPAIR_JOB: Ms = at(12, 2, 0);
pub(super) const RESOLVED: Ms = at(12, 30, 0);
/// A success up to here still makes a failed user self-recovered.
pub(super) const GRACE_ENDED: Ms = MITIGATED + 30 * MINUTE;

/// Share of requests that fail on any day for reasons of their own.
pub(super) const BACKGROUND_FAILURES: f64 = 0.0018;
/// Share of users whose client shows the button although ordering is paused.
pub(super) const STALE_CLIENTS: f64 = 0.03;

/// A value over the day, linear between its points and constant beyond them.
pub(super) fn along(points: &[(Ms, f64)], time: Ms) -> f64 {
    let after = points.partition_point(|(instant, _)| *instant <= time);
    match (after.checked_sub(1).and_then(|before| points.get(before)), points.get(after)) {
        (Some((from, low)), Some((to, high))) => {
            low + (high - low) * (time - from) as f64 / (to - from) as f64
        }
        (Some((_, value)), None) | (None, Some((_, value))) => *value,
        (None, None) => 0.0,
    }
}

/// Visits per minute over an ordinary Thursday.
pub(super) fn visits_per_minute(day: Day, time: Ms) -> f64 {
    let usual = along(
        &[
            (at(8, 50, 0), 4.0),
            (at(9, 40, 0), 3.6),
            (at(10, 10, 0), 5.4),
            (at(10, 40, 0), 10.5),
            (at(11, 5, 0), 18.5),
            (at(11, 20, 0), 24.5),
            (at(11, 40, 0), 28.0),
            (at(11, 55, 0), 27.0),
            (at(12, 10, 0), 22.5),
            (at(12, 30, 0), 15.0),
            (at(12, 45, 0), 10.5),
            (at(13, 5, 0), 6.5),
        ],
        time,
    );
    usual * day.volume
}

/// By how much the campaign multiplies them.
pub(super) fn campaign_factor(day: Day, time: Ms) -> f64 {
    if !day.is_incident {
        return 1.0;
    }
    along(
        &[
            (CAMPAIGN_STARTED, 1.0),
            (CAMPAIGN_STARTED + 15 * SECOND, 3.2),
            (at(11, 6, 0), 3.9),
            (at(11, 12, 0), 3.6),
            (at(11, 20, 0), 3.0),
            (at(11, 35, 0), 2.3),
            (at(11, 48, 0), 1.9),
            (at(12, 5, 0), 1.5),
            (CAMPAIGN_ENDED, 1.15),
            (at(13, 0, 0), 1.0),
        ],
        time,
    )
}

/// What somebody who wants to order or pay meets at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gate {
    /// Share of users who are let through to the service.
    pub(super) admitted: f64,
    /// Share of those whose attempt fails there.
    pub(super) failing: f64,
}

const OPEN: Gate = Gate { admitted: 1.0, failing: BACKGROUND_FAILURES };
const PAUSED: Gate = Gate { admitted: 0.0, failing: 1.0 };

/// Creating an order.
pub(super) fn order_gate(day: Day, time: Ms) -> Gate {
    if !day.is_incident || !(IMPACT_STARTED..MITIGATED).contains(&time) {
        return OPEN;
    }
    if time < ORDERING_PAUSED {
        let failing = along(
            &[
                (IMPACT_STARTED, 0.42),
                (at(11, 7, 30), 0.62),
                (at(11, 8, 0), 0.78),
                (at(11, 9, 0), 0.90),
                (at(11, 11, 0), 0.95),
            ],
            time,
        );
        return Gate { admitted: 1.0, failing };
    }
    if (RELIEF_STARTED..RELIEF_STOPPED).contains(&time) {
        let failing = along(
            &[(RELIEF_FAILED - 20 * SECOND, 0.01), (RELIEF_FAILED, 0.55), (RELIEF_FAILED + 30 * SECOND, 0.9)],
            time,
        );
        return Gate { admitted: 0.45, failing };
    }
    if time >= HALF_OPEN {
        let admitted = along(&[(HALF_OPEN, 0.02), (at(11, 45, 0), 0.04), (MITIGATED, 0.05)], time);
        return Gate { admitted, failing: 0.01 };
    }
    PAUSED
}

/// Paying for an order that was created.
pub(super) fn pay_gate(day: Day, time: Ms) -> Gate {
    if !day.is_incident || !(PAYMENT_FAILS..HALF_OPEN).contains(&time) {
        return OPEN;
    }
    if time < ORDERING_PAUSED {
        let failing = along(&[(PAYMENT_FAILS, 0.45), (at(11, 9, 0), 0.65), (at(11, 11, 0), 0.78)], time);
        return Gate { admitted: 1.0, failing };
    }
    if (RELIEF_STARTED..RELIEF_STOPPED).contains(&time) {
        let failing = along(&[(RELIEF_FAILED - 10 * SECOND, 0.01), (RELIEF_FAILED + 20 * SECOND, 0.7)], time);
        return Gate { admitted: 1.0, failing };
    }
    PAUSED
}

/// Share of coupon requests that fail because the same pool is exhausted.
pub(super) fn coupon_failing(day: Day, time: Ms) -> f64 {
    if !day.is_incident {
        return BACKGROUND_FAILURES;
    }
    if (COUPON_FAILS..ORDERING_PAUSED).contains(&time) {
        return along(&[(COUPON_FAILS, 0.30), (at(11, 11, 0), 0.45)], time);
    }
    if (RELIEF_FAILED..RELIEF_STOPPED).contains(&time) { 0.35 } else { BACKGROUND_FAILURES }
}

/// By how much the exhausted pool slows down what needs the trading database.
pub(super) fn trading_slowness(day: Day, time: Ms) -> f64 {
    if !day.is_incident {
        return 1.0;
    }
    along(
        &[
            (CAMPAIGN_STARTED + 20 * SECOND, 1.0),
            (POOL_SATURATED, 2.5),
            (CART_SLOW, 6.0),
            (at(11, 8, 0), 14.0),
            (ORDERING_PAUSED, 16.0),
            (at(11, 21, 0), 4.5),
            (RELIEF_STARTED, 3.5),
            (RELIEF_STOPPED, 10.0),
            (at(11, 33, 0), 4.0),
            (CACHE_RELEASED, 3.4),
            (MITIGATED, 2.4),
            (at(12, 0, 0), 1.8),
            (RECOVERED, 1.0),
        ],
        time,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warning_and_the_saturation_come_before_the_errors() {
        assert_eq!(IMPACT_STARTED - POOL_RULE_FIRED, 32 * SECOND);
        assert_eq!(POOL_RULE_FIRED - POOL_OVER_90_PERCENT, MINUTE);
        const { assert!(POOL_SATURATED < IMPACT_STARTED && DB_OVER_500_MS < IMPACT_STARTED) };
        assert_eq!(MITIGATED - IMPACT_STARTED, 41 * MINUTE);
        assert_eq!(FIRST_NOTICE - DECLARED, 10 * MINUTE);
        const { assert!(RELIEF_FAILED - RELIEF_STARTED < 2 * MINUTE) };
    }

    #[test]
    fn values_between_two_points_are_linear() {
        let points = [(0, 1.0), (10, 2.0)];
        let tenths = [-5, 0, 5, 10, 15].map(|time| (along(&points, time) * 10.0) as i64);
        assert_eq!(tenths, [10, 10, 15, 20, 20]);
    }
}
