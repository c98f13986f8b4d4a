//! What do the monitors measure?
//!
//! Requests, errors and latencies of services come from what the simulation counted; pools, the
//! database and machines follow curves of the story with noise. Scrapes are at :13, :28, :43 and :58.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::clock::{MINUTE, Ms, SECOND, at, stamp};
use super::recorder::{Recorder, percentile_99, sum};
use super::services::Service;
use super::story::{
    CACHE_RELEASED, CAMPAIGN_STARTED, Day, MITIGATED, ORDERING_PAUSED, POOL_RAISED, POOL_SATURATED,
    RELIEF_FAILED, RELIEF_STARTED, RELIEF_STOPPED, WINDOW_END, WINDOW_START, along, campaign_factor,
    trading_slowness, visits_per_minute,
};
use crate::Dice;

/// First scrape after the window's start.
const SCRAPE_OFFSET: Ms = 13 * SECOND;

/// The state of the trading database's connection pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pool {
    pub(super) active: i64,
    pub(super) max: i64,
    pub(super) waiting: i64,
}

/// All campuses share this pool; the logs of the sample are those of one campus.
pub(super) fn pool(day: Day, time: Ms, dice: &mut Dice) -> Pool {
    let usual = 520.0 + 24.0 * visits_per_minute(day, time);
    if !day.is_incident || time < CAMPAIGN_STARTED {
        return Pool { active: (usual + 24.0 * dice.noise()) as i64, max: 2_000, waiting: 0 };
    }
    let active = along(
        &[
            (CAMPAIGN_STARTED, usual),
            (at(11, 5, 13), 1_560.0),
            (at(11, 5, 28), 1_846.0),
            (at(11, 5, 58), 1_930.0),
            (POOL_SATURATED, 2_060.0),
            (ORDERING_PAUSED, 2_060.0),
            (at(11, 19, 28), 1_500.0),
            (at(11, 20, 30), 1_120.0),
            (RELIEF_STARTED, 1_060.0),
            (at(11, 28, 43), 1_700.0),
            (RELIEF_FAILED - 12 * SECOND, 2_060.0),
            (RELIEF_STOPPED + 13 * SECOND, 2_060.0),
            (at(11, 31, 30), 1_420.0),
            (POOL_RAISED, 1_120.0),
            (at(11, 42, 0), 1_150.0),
            (MITIGATED, 1_500.0),
            (at(11, 49, 30), 2_640.0),
            (at(11, 58, 0), 2_450.0),
            (at(12, 10, 0), 1_750.0),
            (at(12, 35, 0), 900.0),
            (at(13, 5, 0), 690.0),
        ],
        time,
    );
    let waiting = along(
        &[
            (POOL_SATURATED - 1, 0.0),
            (POOL_SATURATED, 18.0),
            (at(11, 6, 58), 240.0),
            (at(11, 8, 0), 480.0),
            (at(11, 11, 0), 620.0),
            (ORDERING_PAUSED, 590.0),
            (at(11, 19, 20), 0.0),
            (RELIEF_FAILED - 12 * SECOND, 0.0),
            (RELIEF_FAILED, 120.0),
            (RELIEF_STOPPED, 330.0),
            (RELIEF_STOPPED + 20 * SECOND, 0.0),
        ],
        time,
    );
    let max = if time < POOL_RAISED { 2_000 } else { 5_000 };
    let waiting = if waiting > 0.0 { (waiting * (1.0 + 0.05 * dice.noise())).max(1.0) as i64 } else { 0 };
    Pool { active: ((active + 9.0 * dice.noise()) as i64).min(max), max, waiting }
}

/// Latency of the trading database, 99th percentile, milliseconds.
pub(super) fn database_ms(day: Day, time: Ms, dice: &mut Dice) -> f64 {
    let usual = 38.0 + 1.6 * visits_per_minute(day, time);
    if !day.is_incident || time < CAMPAIGN_STARTED || time > at(12, 20, 0) {
        return usual * (1.0 + 0.06 * dice.noise());
    }
    let latency = along(
        &[
            (CAMPAIGN_STARTED, usual),
            (at(11, 5, 28), 190.0),
            (at(11, 5, 58), 330.0),
            (at(11, 6, 13), 440.0),
            (at(11, 6, 28), 570.0),
            (at(11, 6, 58), 790.0),
            (at(11, 8, 0), 1_650.0),
            (at(11, 11, 0), 2_600.0),
            (ORDERING_PAUSED, 2_750.0),
            (at(11, 20, 0), 430.0),
            (RELIEF_STARTED, 320.0),
            (RELIEF_FAILED, 900.0),
            (RELIEF_STOPPED, 1_900.0),
            (at(11, 31, 30), 480.0),
            (CACHE_RELEASED, 370.0),
            (at(11, 42, 0), 230.0),
            (MITIGATED, 215.0),
            (at(12, 5, 0), 95.0),
            (at(12, 20, 0), usual),
        ],
        time,
    );
    latency * (1.0 + 0.03 * dice.noise())
}

/// Whether nobody can order.
fn is_paused(day: Day, time: Ms) -> bool {
    day.is_incident
        && (ORDERING_PAUSED..MITIGATED).contains(&time)
        && !(RELIEF_STARTED..RELIEF_STOPPED).contains(&time)
}

/// One series: who, what, in which unit, how often, and how to measure it.
struct Series {
    service: Service,
    metric: &'static str,
    unit: &'static str,
    every: Ms,
    measure: Measure,
}

/// Measures a series at an instant; returns the text of the value, none where there is no value.
type Measure = Box<dyn Fn(&Recorder, Ms, &mut Dice) -> String>;

/// What was measured on one day, by service and metric.
pub(super) type Measured = BTreeMap<(Service, &'static str), Vec<(Ms, f64)>>;

/// Appends a day's metrics as CSV rows, by time and then in the order of the series.
pub(super) fn csv_rows(recorder: &Recorder, dice: &mut Dice, csv: &mut String) -> Measured {
    let series = all_series();
    let mut measured = Measured::new();
    for time in (WINDOW_START + SCRAPE_OFFSET..WINDOW_END).step_by(15 * SECOND as usize) {
        let timestamp = stamp(recorder.day.date, time);
        for one in &series {
            if (time - WINDOW_START - SCRAPE_OFFSET) % one.every != 0 {
                continue;
            }
            let (name, value) = (one.service.name(), (one.measure)(recorder, time, dice));
            // Where nothing was served there is no latency: no row, rather than a zero.
            if value.is_empty() {
                continue;
            }
            let _ = writeln!(csv, "{timestamp},{name},{},{},{value},{name}-0", one.metric, one.unit);
            let points = measured.entry((one.service, one.metric)).or_default();
            points.push((time, value.parse().unwrap_or(f64::NAN)));
        }
    }
    measured
}

/// The header of [`csv_rows`].
pub(super) const CSV_HEADER: &str = "timestamp,service,metric,unit,value,instance\n";

fn series(
    service: Service,
    metric: &'static str,
    unit: &'static str,
    every: Ms,
    measure: impl Fn(&Recorder, Ms, &mut Dice) -> String + 'static,
) -> Series {
    Series { service, metric, unit, every: every * SECOND, measure: Box::new(measure) }
}

fn all_series() -> Vec<Series> {
    let mut all = Vec::new();
    for service in Service::ALL {
        if service.serves_requests() {
            request_series(service, &mut all);
        }
        machine_series(service, &mut all);
    }
    database_series(&mut all);
    cache_series(&mut all);
    wobbling_series(&mut all);
    all
}

/// Requests, errors and latency, each over the minute before the scrape.
fn request_series(service: Service, all: &mut Vec<Series>) {
    let is_watched = matches!(service, Service::Gateway | Service::Order | Service::Payment);
    let every = if is_watched { 15 } else { 30 };
    let last_minute =
        move |recorder: &Recorder, time| sum(recorder.by_service.get(&service), time - MINUTE, time);
    all.push(series(service, "http_requests_per_second", "{request}/s", every, move |recorder, time, _| {
        let seconds = (time - WINDOW_START).min(MINUTE) / SECOND;
        format!("{:.2}", f64::from(last_minute(recorder, time).requests) / seconds as f64)
    }));
    all.push(series(service, "http_error_ratio", "1", every, move |recorder, time, _| {
        let count = last_minute(recorder, time);
        format!("{:.4}", f64::from(count.failed) / f64::from(count.requests.max(1)))
    }));
    all.push(series(service, "http_latency_p99", "ms", every, move |recorder, time, _| {
        let slowest = percentile_99(recorder.durations.get(&service), time - MINUTE, time);
        slowest.map(|duration| duration.to_string()).unwrap_or_default()
    }));
}

fn machine_series(service: Service, all: &mut Vec<Series>) {
    all.push(series(service, "cpu_usage_ratio", "1", 30, move |recorder, time, dice| {
        let load = visits_per_minute(recorder.day, time) * campaign_factor(recorder.day, time) / 100.0;
        let idles = matches!(service, Service::Order | Service::Payment) && is_paused(recorder.day, time);
        let load = if idles { 0.2 * load } else { load };
        let weight = match service {
            Service::Gateway | Service::Search => 0.42,
            Service::Menu => 0.34,
            Service::MysqlProxy => 0.38,
            Service::Redis => 0.16,
            _ => 0.2,
        };
        format!("{:.3}", (0.12 + weight * load.min(1.3) + 0.012 * dice.noise()).clamp(0.01, 0.97))
    }));
    all.push(series(service, "memory_used", "MiBy", 30, move |_, time, dice| {
        let base = 900.0 + 130.0 * f64::from(service.name().len() as u32);
        // The menu service fills its image cache and empties it, every 24 minutes, on any day.
        let filling = if service == Service::Menu { (time % (24 * MINUTE)) as f64 / 3_000.0 } else { 0.0 };
        format!("{:.0}", base + filling + 9.0 * dice.noise())
    }));
}

fn database_series(all: &mut Vec<Series>) {
    let proxy = Service::MysqlProxy;
    all.push(series(proxy, "mysql_pool_active", "{connection}", 15, |recorder, time, _| {
        scraped_pool(recorder.day, time).active.to_string()
    }));
    all.push(series(proxy, "mysql_pool_max", "{connection}", 15, |recorder, time, _| {
        scraped_pool(recorder.day, time).max.to_string()
    }));
    all.push(series(proxy, "mysql_pool_waiting", "{request}", 15, |recorder, time, _| {
        scraped_pool(recorder.day, time).waiting.to_string()
    }));
    all.push(series(proxy, "mysql_pool_usage", "1", 15, |recorder, time, _| {
        let sample = scraped_pool(recorder.day, time);
        format!("{:.4}", sample.active as f64 / sample.max as f64)
    }));
    all.push(series(proxy, "mysql_latency_p99", "ms", 15, |recorder, time, dice| {
        format!("{:.0}", database_ms(recorder.day, time, dice))
    }));
    all.push(series(proxy, "mysql_row_lock_wait", "ms", 15, |recorder, time, dice| {
        let day = recorder.day;
        let contended = day.is_incident && (CAMPAIGN_STARTED..ORDERING_PAUSED + 30 * SECOND).contains(&time);
        let usual = if contended { 30.0 * trading_slowness(day, time) } else { 4.0 };
        format!("{:.0}", usual * (1.0 + 0.15 * dice.noise()))
    }));
    all.push(series(proxy, "mysql_queries_per_second", "{query}/s", 15, |recorder, time, dice| {
        let visits = visits_per_minute(recorder.day, time) * campaign_factor(recorder.day, time);
        let ceiling = 6_200.0 + 90.0 * dice.noise();
        let share = if is_paused(recorder.day, time) { 0.45 } else { 1.0 };
        format!("{:.0}", ((900.0 + 110.0 * visits * (1.0 + 0.02 * dice.noise())) * share).min(ceiling))
    }));
}

/// Four series read one scrape: the noise is drawn from the instant itself.
fn scraped_pool(day: Day, time: Ms) -> Pool {
    pool(day, time, &mut Dice::new(time as u64, day.date))
}

fn cache_series(all: &mut Vec<Series>) {
    let redis = Service::Redis;
    all.push(series(redis, "redis_hit_ratio", "1", 30, |recorder, time, dice| {
        let cold = recorder.day.is_incident && (CACHE_RELEASED..CACHE_RELEASED + 2 * MINUTE).contains(&time);
        format!("{:.4}", (if cold { 0.944 } else { 0.972 }) + 0.003 * dice.noise())
    }));
    all.push(series(redis, "redis_operations_per_second", "{operation}/s", 30, |recorder, time, dice| {
        let day = recorder.day;
        let cached = if day.is_incident && time >= CACHE_RELEASED { 1.35 } else { 1.0 };
        let visits = visits_per_minute(day, time) * campaign_factor(day, time);
        format!("{:.0}", (1_500.0 + 210.0 * visits) * cached * (1.0 + 0.02 * dice.noise()))
    }));
    all.push(series(redis, "redis_memory_used", "MiBy", 30, |_, time, dice| {
        format!("{:.0}", 3_100.0 + (time - WINDOW_START) as f64 / 90_000.0 + 3.0 * dice.noise())
    }));
    all.push(series(redis, "redis_connected_clients", "{client}", 30, |_, _, dice| {
        format!("{:.0}", 214.0 + 3.0 * dice.noise())
    }));
}

/// Series that move for reasons of their own.
fn wobbling_series(all: &mut Vec<Series>) {
    for service in [Service::Order, Service::Payment, Service::Coupon, Service::Menu] {
        all.push(series(service, "jvm_gc_pause", "ms", 30, move |recorder, time, dice| {
            let slow = if service == Service::Menu { 1.0 } else { trading_slowness(recorder.day, time) };
            format!("{:.0}", 22.0 * (1.0 + 0.08 * (slow - 1.0)) * (1.0 + 0.2 * dice.noise()))
        }));
    }
    for service in [Service::Order, Service::Payment] {
        all.push(series(service, "worker_threads_busy", "{thread}", 30, move |recorder, time, dice| {
            let slowness = trading_slowness(recorder.day, time);
            format!("{:.0}", (22.0 * slowness * (1.0 + 0.1 * dice.noise())).min(200.0))
        }));
    }
    all.push(series(Service::Notify, "push_queue_depth", "{message}", 30, |recorder, time, dice| {
        // The campaign's messages were queued before it began, and left the queue before it hurt.
        let queued = along(
            &[(at(10, 50, 0), 0.0), (at(10, 58, 0), 5_600.0), (at(11, 5, 0), 5_200.0), (at(11, 5, 40), 0.0)],
            time,
        );
        let queued = if recorder.day.is_incident { queued } else { 0.0 };
        format!("{:.0}", queued * (1.0 + 0.02 * dice.noise()) + 40.0 + 12.0 * dice.noise())
    }));
    all.push(series(Service::Dispatch, "riders_online", "{rider}", 30, |recorder, time, dice| {
        format!("{:.0}", 60.0 + 4.0 * visits_per_minute(recorder.day, time) + 2.0 * dice.noise())
    }));
    all.push(series(Service::Payment, "payment_channel_latency_p99", "ms", 30, |_, time, dice| {
        let swing = (time % (37 * MINUTE)) as f64 / (37 * MINUTE) as f64;
        format!("{:.0}", 310.0 + 60.0 * (swing - 0.5).abs() + 14.0 * dice.noise())
    }));
    all.push(series(
        Service::Merchant,
        "merchant_pool_active",
        "{connection}",
        30,
        |recorder, time, dice| {
            let visits = visits_per_minute(recorder.day, time) * campaign_factor(recorder.day, time);
            format!("{:.0}", 18.0 + 0.5 * visits + 2.0 * dice.noise())
        },
    ));
    all.push(series(Service::Search, "index_refresh", "ms", 30, |_, time, dice| {
        // A merge every 20 minutes, on any day.
        let merging = if (time / MINUTE) % 20 == 7 { 420.0 } else { 0.0 };
        format!("{:.0}", 150.0 + merging + 18.0 * dice.noise())
    }));
    all.push(series(Service::Menu, "image_bandwidth", "MBy/s", 30, |recorder, time, dice| {
        let visits = visits_per_minute(recorder.day, time) * campaign_factor(recorder.day, time);
        format!("{:.1}", 3.0 + 0.6 * visits * (1.0 + 0.05 * dice.noise()))
    }));
}

#[cfg(test)]
mod tests {
    use super::super::story::{DAYS, DB_OVER_500_MS, IMPACT_STARTED, POOL_OVER_90_PERCENT};
    use super::*;

    fn scrapes() -> impl Iterator<Item = Ms> {
        (WINDOW_START + SCRAPE_OFFSET..WINDOW_END).step_by(15 * SECOND as usize)
    }

    #[test]
    fn the_pool_rule_fires_when_the_story_says_so_and_never_on_quiet_days() {
        for day in DAYS {
            let over = |time: Ms| {
                let sample = scraped_pool(day, time);
                sample.active as f64 / sample.max as f64 > 0.9
            };
            let first = scrapes().find(|time| over(*time));
            assert_eq!(first, day.is_incident.then_some(POOL_OVER_90_PERCENT));
        }
        let mut minute = (0..=4).map(|step| POOL_OVER_90_PERCENT + step * 15 * SECOND);
        assert!(minute.all(|time| scraped_pool(DAYS[4], time).active > 1_800));
    }

    #[test]
    fn the_pool_is_saturated_and_the_database_slow_before_orders_fail() {
        let is_full = |time: &Ms| {
            let sample = scraped_pool(DAYS[4], *time);
            sample.active == sample.max && sample.waiting > 0
        };
        assert_eq!(scrapes().find(is_full), Some(POOL_SATURATED));
        let mut dice = Dice::new(3, "latency");
        let slow = scrapes().find(|time| database_ms(DAYS[4], *time, &mut dice) > 500.0);
        assert_eq!(slow, Some(DB_OVER_500_MS));
        assert!(slow.unwrap() < IMPACT_STARTED);
    }
}
