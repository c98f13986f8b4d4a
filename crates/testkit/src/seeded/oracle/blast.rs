//! What was hurt, since when, and what can be shown not to have been?

use std::collections::{BTreeMap, BTreeSet};

use super::{Window, percentile};
use crate::seeded::people::Incident;
use crate::seeded::plan::{Plan, WEEK};
use crate::seeded::traffic::Request;

/// What is said of a service or an action.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Radius {
    /// affected, degraded, unaffected or undetermined.
    pub class: &'static str,
    /// Why.
    pub reason: &'static str,
    /// Since when.
    pub onset_us: Option<i64>,
    /// Requests in the impact.
    pub requests: i64,
    /// Failed ones.
    pub failed: i64,
    /// What it was compared with.
    pub baseline_basis: Option<&'static str>,
    /// Requests there.
    pub baseline_requests: Option<i64>,
    /// Failed ones.
    pub baseline_failed: Option<i64>,
    /// Minutes that fail by themselves.
    pub failing_minutes: i64,
    /// The share of failures of the worst minute.
    pub peak_failed_share: Option<f64>,
    /// The probability that the share rose by chance.
    pub p_value: Option<f64>,
    /// The upper bound of the rise.
    pub rise_high: Option<f64>,
    /// The median of the latency, in milliseconds.
    pub latency_ms_p50: Option<f64>,
    /// Its 99th percentile.
    pub latency_ms_p99: Option<f64>,
}

/// Ten seconds, and a minute, in microseconds.
const BIN: i64 = 10_000_000;
const MINUTE_BINS: i64 = 6;
/// Fewer requests say nothing of a minute's share.
const PEAK_REQUESTS_MIN: i64 = 20;
/// Fewer requests say nothing of ten seconds' latency.
const SLOW_REQUESTS_MIN: usize = 5;
/// A minute's failures are an outage of their own from so many minutes on.
const FAILING_MINUTES_MIN: i64 = 3;
/// The 95th percentile of the normal distribution.
const Z: f64 = 1.644_853_626_951_472_2;

/// The answers by service, or by action where users enter.
pub fn blast_radius(
    plan: &Plan,
    incidents: &[Incident],
    requests: &[Request],
    window: Window,
    is_by_action: bool,
) -> BTreeMap<String, Radius> {
    let key = |request: &Request| {
        if is_by_action {
            plan.action(request).filter(|_| plan.is_entry(request))
        } else {
            Some(request.service.to_owned())
        }
    };
    let counted =
        requests.iter().filter(|request| !plan.is_excluded(request) && request.at_us <= window.as_of);
    let keyed: Vec<(String, &Request)> =
        counted.filter_map(|request| Some((key(request)?, request))).collect();
    let weeks = window.comparable_weeks(plan, incidents);
    let names: BTreeSet<&String> = keyed.iter().map(|(name, _)| name).collect();
    let sides: BTreeMap<&String, Sides<'_>> = names
        .into_iter()
        .map(|name| {
            let own = || keyed.iter().filter(|(other, _)| other == name).map(|(_, request)| *request);
            (name, Sides::of(plan, &own().collect::<Vec<_>>(), window, &weeks))
        })
        .filter(|(_, sides)| sides.is_there())
        .collect();
    let tested = sides.values().filter(|sides| !sides.during.is_empty() && sides.basis.is_some()).count();
    let p_limit = 0.05 / tested as f64;
    let judged = sides.iter();
    judged.map(|(name, sides)| ((*name).clone(), sides.judge(plan, window, p_limit, is_by_action))).collect()
}

/// Requests of one subject.
struct Sides<'a> {
    during: Vec<&'a Request>,
    /// From the end of the quiet stretch to the end of the impact.
    watched: Vec<&'a Request>,
    basis: Option<&'static str>,
    before: Vec<&'a Request>,
    has_before: bool,
    comparable_days_used: usize,
}

impl<'a> Sides<'a> {
    fn of(plan: &Plan, own: &[&'a Request], window: Window, weeks: &[i64]) -> Self {
        let quiet = window.quiet(plan);
        let pick = |is_in: &dyn Fn(i64) -> bool| -> Vec<&'a Request> {
            own.iter().copied().filter(|request| is_in(request.at_us)).collect()
        };
        let of_week = |week: i64| pick(&|at| window.contains(at + week * WEEK));
        let days: Vec<Vec<&Request>> =
            weeks.iter().map(|week| of_week(*week)).filter(|day| !day.is_empty()).collect();
        let comparable_days_used = days.len();
        let comparable: Vec<&Request> = days.concat();
        let before_it = pick(&|at| quiet.0 <= at && at < quiet.1);
        let enough = |side: &Vec<&Request>| side.len() as i64 >= plan.min_requests;
        let has_before = !comparable.is_empty() || !before_it.is_empty();
        let choices = [("comparable_days", comparable), ("quiet_stretch", before_it)];
        let chosen = choices
            .iter()
            .find(|(_, side)| enough(side))
            .or_else(|| choices.iter().find(|(_, side)| !side.is_empty()))
            .cloned();
        Self {
            during: pick(&|at| window.contains(at)),
            watched: pick(&|at| quiet.1 <= at && at < window.end),
            basis: chosen.as_ref().map(|(basis, _)| *basis),
            before: chosen.map(|(_, side)| side).unwrap_or_default(),
            has_before,
            comparable_days_used,
        }
    }

    fn is_there(&self) -> bool {
        !self.during.is_empty() || self.has_before
    }

    fn judge(&self, plan: &Plan, window: Window, p_limit: f64, is_by_action: bool) -> Radius {
        let failed = |side: &[&Request]| side.iter().filter(|request| plan.is_failed(request)).count() as i64;
        let latency = |side: &[&Request], share| {
            percentile(
                &mut side.iter().map(|request| request.tenths_ms as f64 / 10.0).collect::<Vec<_>>(),
                share,
            )
        };
        let now = Share { hits: failed(&self.during), trials: self.during.len() as i64 };
        let then = Share { hits: failed(&self.before), trials: self.before.len() as i64 };
        let has_both = now.trials > 0 && then.trials > 0;
        let p_value = has_both.then(|| rise_p(now, then));
        let rise_high = has_both.then(|| rise_high(now, then));
        let watched_us = (window.end - window.quiet(plan).1) as f64;
        let is_failing = |side: &[&Request], length: i64| {
            let bin = Share { hits: failed(side), trials: side.len() as i64 };
            then.trials > 0
                && bin.hits > 0
                && bin.value() - then.value() >= plan.min_effect
                && rise_p(bin, then) < p_limit * length as f64 / watched_us
        };
        let (bins, minutes) = (self.bins(BIN), self.bins(BIN * MINUTE_BINS));
        let first_failed = |side: &&Vec<&Request>| {
            side.iter().filter(|request| plan.is_failed(request)).map(|request| request.at_us).min()
        };
        let failing_bin = bins.values().find(|side| is_failing(side, BIN)).as_ref().and_then(first_failed);
        let failing: Vec<&Vec<&Request>> =
            minutes.values().filter(|side| is_failing(side, BIN * MINUTE_BINS)).collect();
        let failing_at = failing_bin.or_else(|| failing.first().and_then(first_failed));
        let is_slower = |now: Option<f64>, then: Option<f64>| {
            now.zip(then).is_some_and(|(now, then)| now > 2.0 * then && now - then >= 50.0)
        };
        let usual_ms = latency(&self.before, 0.5);
        let slow_at = bins
            .values()
            .find(|side| side.len() >= SLOW_REQUESTS_MIN && is_slower(latency(side, 0.5), usual_ms))
            .and_then(|side| side.iter().map(|request| request.at_us).min());
        let is_slow = |share: f64, times: i64| {
            now.trials.min(then.trials) >= times * plan.min_requests
                && is_slower(latency(&self.during, share), latency(&self.before, share))
        };
        let (few, many) =
            (plan.min_requests, now.trials >= plan.min_requests && then.trials >= plan.min_requests);
        let is_risen = p_value.is_some_and(|p| p < p_limit) && now.value() - then.value() >= plan.min_effect;
        let usual = self.expected_requests(plan, window);
        let usual_successes = (self.basis == Some("comparable_days"))
            .then(|| (then.trials - then.hits) as f64 / self.comparable_days_used as f64);
        let is_silent = is_by_action
            && usual_successes
                .is_some_and(|usual| usual >= few as f64 && ((now.trials - now.hits) as f64) < 0.5 * usual);
        let is_starved = is_by_action && usual.is_some_and(|usual| (now.trials as f64) < 0.5 * usual);
        let failing_minutes = failing.len() as i64;
        let (class, reason) = if now.trials == 0 && !is_by_action {
            ("undetermined", "no_requests")
        } else if self.basis.is_none() {
            ("undetermined", "no_baseline")
        } else if is_risen || failing_minutes >= FAILING_MINUTES_MIN {
            ("affected", "failing")
        } else if is_silent {
            ("affected", "silent")
        } else if now.trials == 0 {
            ("undetermined", "no_requests")
        } else if is_slow(0.5, 1) || is_slow(0.99, 10) {
            ("degraded", "slow")
        } else if !many {
            ("undetermined", "too_few_requests")
        } else if is_starved {
            ("undetermined", "starved")
        } else if rise_high.is_some_and(|high| high >= plan.min_effect) || failing_minutes > 0 {
            ("undetermined", "effect_not_excluded")
        } else {
            ("unaffected", "effect_excluded")
        };
        let onset_us = match reason {
            "failing" => failing_at,
            "silent" => failing_at.or(slow_at),
            "slow" => slow_at,
            _ => None,
        };
        let peak = minutes.values().filter(|side| side.len() as i64 >= PEAK_REQUESTS_MIN);
        let peak = peak.map(|side| failed(side) as f64 / side.len() as f64).max_by(f64::total_cmp);
        Radius {
            class,
            reason,
            onset_us,
            requests: now.trials,
            failed: now.hits,
            baseline_basis: self.basis,
            baseline_requests: self.basis.map(|_| then.trials),
            baseline_failed: self.basis.map(|_| then.hits),
            failing_minutes,
            peak_failed_share: peak.filter(|share| *share > 0.0),
            p_value,
            rise_high,
            latency_ms_p50: latency(&self.during, 0.5),
            latency_ms_p99: latency(&self.during, 0.99),
        }
    }

    fn bins(&self, length: i64) -> BTreeMap<i64, Vec<&'a Request>> {
        let mut bins: BTreeMap<i64, Vec<&Request>> = BTreeMap::new();
        for request in &self.watched {
            bins.entry(request.at_us.div_euclid(length)).or_default().push(request);
        }
        bins
    }

    /// In as long a time.
    fn expected_requests(&self, plan: &Plan, window: Window) -> Option<f64> {
        let quiet = window.quiet(plan);
        match self.basis? {
            "comparable_days" => Some(self.before.len() as f64 / self.comparable_days_used as f64),
            _ => Some(
                self.before.len() as f64 * (window.end - window.start) as f64 / (quiet.1 - quiet.0) as f64,
            ),
        }
    }
}

#[derive(Clone, Copy)]
struct Share {
    hits: i64,
    trials: i64,
}

impl Share {
    fn value(self) -> f64 {
        self.hits as f64 / self.trials as f64
    }

    /// The score interval (Wilson 1927).
    fn wilson(self) -> (f64, f64) {
        let (n, p) = (self.trials as f64, self.value());
        let middle = p + Z * Z / (2.0 * n);
        let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let whole = 1.0 + Z * Z / n;
        ((middle - half) / whole, (middle + half) / whole)
    }
}

/// The upper bound of the difference of two shares (Newcombe 1998, method 10).
fn rise_high(now: Share, then: Share) -> f64 {
    let (above, below) = (now.wilson().1 - now.value(), then.value() - then.wilson().0);
    now.value() - then.value() + above.hypot(below)
}

/// How probable is it that so many or more of the hits fall to this side by chance, those of equal number
/// counted half? Every table is weighed, with sums of logarithms.
fn rise_p(now: Share, then: Share) -> f64 {
    let (hits, all) = (now.hits + then.hits, now.trials + then.trials);
    if hits == 0 || hits == all {
        return 0.5;
    }
    let ln_choose = |n: i64, k: i64| -> f64 {
        let k = k.min(n - k);
        (0..k).map(|step| ((n - step) as f64).ln() - ((step + 1) as f64).ln()).sum()
    };
    let whole = ln_choose(all, hits);
    let table = |at: i64| (ln_choose(now.trials, at) + ln_choose(then.trials, hits - at) - whole).exp();
    let more: f64 = (now.hits + 1..=hits.min(now.trials)).map(table).sum();
    more + table(now.hits) / 2.0
}
