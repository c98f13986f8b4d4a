//! What are the right answers?
//!
//! Counted from what the simulation recorded while it ran, by the definitions of
//! `docs/reference/definitions.md`; the log files are never read back.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::clock::{MINUTE, Ms, SECOND, stamp};
use super::monitors::Firing;
use super::recorder::{Attempt, Recorder, Seconds, sum};
use super::rows::Basket;
use super::services::{Function, Service};
use super::story::{self, GRACE_ENDED, IMPACT_STARTED, INCIDENT_DATE, MITIGATED};

/// Users by what became of them. `failed = self_recovered + blocked + pending`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct UserCounts {
    /// Distinct users who attempted the action during the impact.
    pub exposed: usize,
    /// Of those, with at least one failed attempt during the impact.
    pub failed: usize,
    /// Of those, with a later success of the same action before the grace time was over.
    pub self_recovered: usize,
    /// Of the failed, without one.
    pub blocked: usize,
    /// Of the failed, those whose grace time was not over where the data end.
    pub pending: usize,
}

/// One key action during the impact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActionTruth {
    /// Users of this action.
    pub users: UserCounts,
    /// Users with a failed attempt in the same minutes of each baseline day.
    pub failed_users_on_baseline_days: Vec<usize>,
    /// Attempts at the gateway, probes left out.
    pub attempts: usize,
    /// Of these, failed (by status or business code).
    pub failed_attempts: usize,
    /// Failed attempts by HTTP status; 200 are those with a business code.
    pub failed_by_status: BTreeMap<u16, usize>,
    /// Attempts that succeeded.
    pub succeeded: usize,
    /// Attempts that succeeded in the same minutes of each baseline day.
    pub succeeded_on_baseline_days: Vec<usize>,
    /// Distinct orders with a failed attempt during the impact and no success up to the grace time.
    pub lost_orders: usize,
    /// Their amount in yuan.
    pub lost_amount: f64,
}

/// One service during the impact, from its own request records, probes left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceTruth {
    /// `service.name`.
    pub service: &'static str,
    /// `failing`, `degraded`, `unaffected`, or `no_request_records`.
    pub verdict: &'static str,
    /// First minute in which it failed or was slow.
    pub onset: Option<String>,
    /// Requests during the impact.
    pub requests: u32,
    /// Of these, failed.
    pub failed: u32,
    /// Requests in the same minutes of the four baseline days.
    pub baseline_requests: u32,
    /// Of these, failed.
    pub baseline_failed: u32,
}

/// A paid order that was not updated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unsettled {
    /// The order.
    pub order_id: String,
    /// Its amount in yuan.
    pub amount: f64,
    /// When the channel reported the payment.
    pub captured_at: String,
    /// When a job updated the order, if it did.
    pub updated_at: Option<String>,
}

/// The right answers about campus-lunch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// Name of the scenario.
    pub scenario: &'static str,
    /// The seed that it was generated from.
    pub seed: u64,
    /// Id of the incident in the timeline.
    pub incident_id: &'static str,
    /// Zone of all local times.
    pub zone: &'static str,
    /// Comparable days.
    pub baseline_days: Vec<&'static str>,
    /// Instants by name.
    pub milestones: BTreeMap<&'static str, String>,
    /// Durations by name, seconds.
    pub durations_seconds: BTreeMap<&'static str, i64>,
    /// Instants of notices to users.
    pub notices: Vec<String>,
    /// Users over both key actions; blocked where any failed action never succeeded.
    pub users: UserCounts,
    /// By key action, `order` and `pay`.
    pub actions: BTreeMap<&'static str, ActionTruth>,
    /// Sum over the minutes of the impact of the users with a failed attempt in that minute.
    pub failing_user_minutes: usize,
    /// The minute in which most users failed, and how many.
    pub peak_minute: (String, usize),
    /// Services in the order of the variants.
    pub services: Vec<ServiceTruth>,
    /// Failing services by onset.
    pub onset_order: Vec<&'static str>,
    /// Functions by verdict: `failing`, `degraded`, `unaffected`.
    pub functions: BTreeMap<&'static str, Vec<&'static str>>,
    /// What really happened, the strongest first.
    pub causes: Vec<&'static str>,
    /// Firings of alert rules: id, service and rule, instant.
    pub alerts: Vec<(String, String, String)>,
    /// Changes and alerts that had nothing to do with it.
    pub decoys: Vec<&'static str>,
    /// Paid, and the order not updated at once.
    pub unsettled_payments: Vec<Unsettled>,
    /// Log records per file.
    pub log_records: BTreeMap<String, usize>,
    /// Requests of probes at the gateway during the impact, counted nowhere above: all, failed.
    pub probe_requests: (u32, u32),
}

const IMPACT: std::ops::Range<Ms> = IMPACT_STARTED..MITIGATED;

impl Truth {
    /// Counts over the recorded days; the last one is the day of the incident.
    pub(super) fn tally(seed: u64, days: &[Recorder], alerts: &[Firing]) -> Self {
        let (incident, baselines) = days.split_last().expect("the story has a last day");
        let actions = BTreeMap::from([
            ("order", action(Function::Order, incident, baselines)),
            ("pay", action(Function::Pay, incident, baselines)),
        ]);
        let by_minute = failing_users_by_minute(&incident.attempts);
        let peak = by_minute.iter().max_by_key(|(time, users)| (**users, -**time));
        let probes = sum(incident.probes.get(&Service::Gateway), IMPACT.start, IMPACT.end);
        let services: Vec<_> =
            Service::ALL.into_iter().map(|service| service_truth(service, incident, baselines)).collect();
        Self {
            scenario: "campus-lunch",
            seed,
            incident_id: "INC-2026-1105",
            zone: "Asia/Shanghai",
            baseline_days: baselines.iter().map(|recorder| recorder.day.date).collect(),
            milestones: milestones(),
            durations_seconds: durations(),
            notices: super::documents::notices().into_iter().map(|time| stamp(INCIDENT_DATE, time)).collect(),
            users: users(&incident.attempts, &[Function::Order, Function::Pay]),
            failing_user_minutes: by_minute.values().sum(),
            peak_minute: peak
                .map_or_else(Default::default, |(time, users)| (stamp(INCIDENT_DATE, *time), *users)),
            actions,
            services,
            onset_order: ["api-gateway", "order-service", "payment-service", "coupon-service"].into(),
            functions: BTreeMap::from([
                ("failing", vec!["order", "pay"]),
                ("degraded", vec!["cart"]),
                ("unaffected", vec!["search", "browse", "order_status"]),
            ]),
            causes: vec![
                "mysql-proxy: connection pool trade-mysql exhausted (2000 of 2000, callers waiting)",
                "campaign 「午餐满减」 from 11:05: traffic ×3.9, and SELECT … FOR UPDATE on the campaign's quota",
            ],
            alerts: alerts
                .iter()
                .map(|one| {
                    (
                        one.id.clone(),
                        format!("{} {}", one.rule.service.name(), one.rule.text()),
                        stamp(INCIDENT_DATE, one.fired),
                    )
                })
                .collect(),
            decoys: vec![
                "deployment notify-service 2.6.0 at 10:52:10",
                "deployment search-service 4.8.1 at 11:01:20",
                "deployment menu-service 6.1.0 at 11:03:05, rolled back in vain at 11:16:30",
                "alert push_queue_depth of notify-service: the campaign's messages, waiting for 11:05",
            ],
            unsettled_payments: unsettled(incident),
            log_records: days
                .iter()
                .map(|recorder| (format!("logs/{}.jsonl.zst", recorder.day.date), recorder.rows.len()))
                .collect(),
            probe_requests: (probes.requests, probes.failed),
        }
    }
}

fn milestones() -> BTreeMap<&'static str, String> {
    [
        ("campaign_started_at", story::CAMPAIGN_STARTED),
        ("pool_usage_over_90_percent_at", story::POOL_OVER_90_PERCENT),
        ("pool_saturated_at", story::POOL_SATURATED),
        ("pool_rule_fired_at", story::POOL_RULE_FIRED),
        ("database_latency_over_500_ms_at", story::DB_OVER_500_MS),
        ("impact_started_at", IMPACT_STARTED),
        ("acknowledged_at", story::ACKNOWLEDGED),
        ("detected_by_people_at", story::DETECTED),
        ("declared_at", story::DECLARED),
        ("first_notice_at", story::FIRST_NOTICE),
        ("ordering_paused_at", story::ORDERING_PAUSED),
        ("located_at", story::LOCATED),
        ("temporary_relief_started_at", story::RELIEF_STARTED),
        ("temporary_relief_failed_at", story::RELIEF_FAILED),
        ("ordering_paused_again_at", story::RELIEF_STOPPED),
        ("pool_raised_at", story::POOL_RAISED),
        ("cache_released_at", story::CACHE_RELEASED),
        ("reopening_started_at", story::HALF_OPEN),
        ("mitigated_at", MITIGATED),
        ("recovered_at", story::RECOVERED),
        ("grace_ended_at", GRACE_ENDED),
        ("resolved_at", story::RESOLVED),
    ]
    .into_iter()
    .map(|(name, time)| (name, stamp(INCIDENT_DATE, time)))
    .collect()
}

fn durations() -> BTreeMap<&'static str, i64> {
    [
        ("early_warning_seconds", IMPACT_STARTED - story::POOL_RULE_FIRED),
        ("saturation_before_impact_seconds", IMPACT_STARTED - story::POOL_SATURATED),
        ("time_to_detect_seconds", 0),
        ("time_to_acknowledge_seconds", story::ACKNOWLEDGED - story::POOL_RULE_FIRED),
        ("time_to_locate_seconds", story::LOCATED - IMPACT_STARTED),
        ("time_to_mitigate_seconds", MITIGATED - IMPACT_STARTED),
        ("time_to_recover_seconds", story::RECOVERED - IMPACT_STARTED),
        ("record_open_seconds", story::RESOLVED - story::DECLARED),
        ("first_notice_after_declared_seconds", story::FIRST_NOTICE - story::DECLARED),
    ]
    .into_iter()
    .map(|(name, duration)| (name, duration / SECOND))
    .collect()
}

/// Users over the actions given, each judged per action first.
fn users(attempts: &[Attempt], actions: &[Function]) -> UserCounts {
    let mut exposed = BTreeSet::new();
    let mut first_failure = BTreeMap::new();
    let mut recovered = BTreeSet::new();
    for attempt in attempts.iter().filter(|attempt| actions.contains(&attempt.function)) {
        let key = (attempt.user, attempt.function);
        let is_in_impact = IMPACT.contains(&attempt.time);
        if is_in_impact {
            exposed.insert(attempt.user);
        }
        if attempt.is_failed && is_in_impact {
            first_failure.entry(key).or_insert(attempt.time);
        }
        let has_failed = first_failure.get(&key).is_some_and(|failed| *failed < attempt.time);
        if !attempt.is_failed && has_failed && attempt.time <= GRACE_ENDED {
            recovered.insert(key);
        }
    }
    let failed: BTreeSet<u32> = first_failure.keys().map(|(user, _)| *user).collect();
    let blocked: BTreeSet<u32> =
        first_failure.keys().filter(|key| !recovered.contains(key)).map(|(user, _)| *user).collect();
    UserCounts {
        exposed: exposed.len(),
        failed: failed.len(),
        self_recovered: failed.difference(&blocked).count(),
        blocked: blocked.len(),
        pending: 0,
    }
}

fn action(function: Function, incident: &Recorder, baselines: &[Recorder]) -> ActionTruth {
    let during = |recorder: &Recorder, is_failed: bool| {
        let wanted = |attempt: &&Attempt| {
            attempt.function == function && attempt.is_failed == is_failed && IMPACT.contains(&attempt.time)
        };
        recorder.attempts.iter().filter(wanted).copied().collect::<Vec<_>>()
    };
    let (failed, succeeded) = (during(incident, true), during(incident, false));
    let mut failed_by_status = BTreeMap::new();
    for attempt in &failed {
        *failed_by_status.entry(attempt.status).or_default() += 1;
    }
    let served: BTreeSet<u32> = incident
        .attempts
        .iter()
        .filter(|attempt| attempt.function == function && !attempt.is_failed && attempt.time <= GRACE_ENDED)
        .map(|attempt| attempt.basket.order)
        .collect();
    let lost: BTreeMap<u32, Basket> = failed
        .iter()
        .filter(|attempt| !served.contains(&attempt.basket.order))
        .map(|attempt| (attempt.basket.order, attempt.basket))
        .collect();
    ActionTruth {
        users: users(&incident.attempts, &[function]),
        failed_users_on_baseline_days: baselines
            .iter()
            .map(|day| users(&day.attempts, &[function]).failed)
            .collect(),
        attempts: failed.len() + succeeded.len(),
        failed_attempts: failed.len(),
        failed_by_status,
        succeeded: succeeded.len(),
        succeeded_on_baseline_days: baselines.iter().map(|day| during(day, false).len()).collect(),
        lost_orders: lost.len(),
        lost_amount: lost.values().map(|basket| i64::from(basket.cents)).sum::<i64>() as f64 / 100.0,
    }
}

fn failing_users_by_minute(attempts: &[Attempt]) -> BTreeMap<Ms, usize> {
    let mut minutes: BTreeMap<Ms, BTreeSet<u32>> = BTreeMap::new();
    for attempt in attempts.iter().filter(|attempt| attempt.is_failed && IMPACT.contains(&attempt.time)) {
        minutes.entry(attempt.time / MINUTE * MINUTE).or_default().insert(attempt.user);
    }
    minutes.into_iter().map(|(minute, users)| (minute, users.len())).collect()
}

fn service_truth(service: Service, incident: &Recorder, baselines: &[Recorder]) -> ServiceTruth {
    let during = |recorder: &Recorder| {
        let seconds: Option<&Seconds> = recorder.by_service.get(&service);
        sum(seconds, IMPACT.start, IMPACT.end)
    };
    let (verdict, onset) = match service {
        Service::Gateway | Service::Order => ("failing", Some(IMPACT_STARTED)),
        Service::Payment => ("failing", Some(story::PAYMENT_FAILS)),
        Service::Coupon => ("failing", Some(story::COUPON_FAILS)),
        Service::Cart => ("degraded", Some(story::CART_SLOW)),
        Service::MysqlProxy | Service::Redis => ("no_request_records", None),
        _ => ("unaffected", None),
    };
    let (now, usual) = (during(incident), baselines.iter().map(during));
    let (baseline_requests, baseline_failed) =
        usual.fold((0, 0), |(requests, failed), day| (requests + day.requests, failed + day.failed));
    ServiceTruth {
        service: service.name(),
        verdict,
        onset: onset.map(|time| stamp(INCIDENT_DATE, time / MINUTE * MINUTE)),
        requests: now.requests,
        failed: now.failed,
        baseline_requests,
        baseline_failed,
    }
}

fn unsettled(incident: &Recorder) -> Vec<Unsettled> {
    let mut payments: Vec<Unsettled> = incident
        .unsettled
        .iter()
        .map(|(basket, captured, updated)| Unsettled {
            order_id: basket.order_id(incident.day),
            amount: f64::from(basket.cents) / 100.0,
            captured_at: stamp(INCIDENT_DATE, *captured),
            updated_at: updated.map(|time| stamp(INCIDENT_DATE, time)),
        })
        .collect();
    payments.sort_by(|one, other| one.order_id.cmp(&other.order_id));
    payments
}
