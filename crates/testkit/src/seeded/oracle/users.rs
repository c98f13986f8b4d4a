//! Whom did it reach, and who could not do what they came for?

use std::collections::{BTreeMap, BTreeSet};

use super::{Window, percentile};
use crate::seeded::people::Incident;
use crate::seeded::plan::{Plan, WEEK};
use crate::seeded::traffic::Request;

/// The counts of one action, or of all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct UserCounts {
    /// Attempted it.
    pub exposed: i64,
    /// With a failed attempt.
    pub failed: i64,
    /// Of them, succeeded later, in the impact or the time of grace.
    pub self_recovered: i64,
    /// No success, and the time of grace is over.
    pub blocked: i64,
    /// No success yet.
    pub pending: i64,
    /// Attempts.
    pub attempts: i64,
    /// Failed ones.
    pub failed_attempts: i64,
    /// Attempts of nobody known.
    pub anonymous_attempts: i64,
    /// Failed ones.
    pub anonymous_failed_attempts: i64,
    /// Attempts of probes that are left out.
    pub excluded_attempts: i64,
    /// Users who would have failed anyway.
    pub expected_failed: Option<f64>,
}

/// The counts by action; those of all actions together have no name.
pub fn users(
    plan: &Plan,
    incidents: &[Incident],
    requests: &[Request],
    window: Window,
) -> BTreeMap<Option<String>, UserCounts> {
    let asked: Vec<(&Request, String)> = requests
        .iter()
        .filter(|request| request.at_us <= window.as_of && plan.is_entry(request))
        .filter_map(|request| Some((request, plan.action(request)?)))
        .collect();
    let weeks = window.comparable_weeks(plan, incidents);
    let quiet = window.quiet(plan);
    // What nobody asked for anywhere near is no row.
    let is_near = |at: i64| {
        (window.start..=window.end + plan.grace_seconds * 1_000_000).contains(&at)
            || (quiet.0 <= at && at < quiet.1)
            || weeks.iter().any(|week| window.contains(at + week * WEEK))
    };
    let mut scopes: BTreeSet<Option<String>> = asked
        .iter()
        .filter(|(request, _)| is_near(request.at_us))
        .map(|(_, action)| Some(action.clone()))
        .collect();
    if !scopes.is_empty() {
        scopes.insert(None);
    }
    scopes
        .into_iter()
        .map(|scope| {
            let within: Vec<&(&Request, String)> = asked
                .iter()
                .filter(|(_, action)| scope.as_ref().is_none_or(|scope| scope == action))
                .collect();
            let counts = count(plan, &within, window, &weeks, quiet);
            (scope, counts)
        })
        .collect()
}

fn count(
    plan: &Plan,
    asked: &[&(&Request, String)],
    window: Window,
    weeks: &[i64],
    quiet: (i64, i64),
) -> UserCounts {
    let mut counts = UserCounts::default();
    let mut exposed = BTreeSet::new();
    // The first failed attempt of each user, action by action.
    let mut failed: BTreeMap<String, BTreeMap<&str, i64>> = BTreeMap::new();
    for (request, action) in asked.iter().filter(|(request, _)| window.contains(request.at_us)) {
        if plan.is_excluded(request) {
            counts.excluded_attempts += 1;
            continue;
        }
        let is_failed = i64::from(plan.is_failed(request));
        counts.attempts += 1;
        counts.failed_attempts += is_failed;
        let Some(user) = plan.user(request) else {
            counts.anonymous_attempts += 1;
            counts.anonymous_failed_attempts += is_failed;
            continue;
        };
        exposed.insert(user.clone());
        if is_failed == 1 {
            let first = failed.entry(user).or_default().entry(action).or_insert(request.at_us);
            *first = (*first).min(request.at_us);
        }
    }
    let grace_end = window.end + plan.grace_seconds * 1_000_000;
    let mut successes: BTreeMap<(String, &str), Vec<i64>> = BTreeMap::new();
    for (request, action) in
        asked.iter().filter(|(request, _)| (window.start..=grace_end).contains(&request.at_us))
    {
        if !plan.is_excluded(request)
            && !plan.is_failed(request)
            && let Some(user) = plan.user(request)
        {
            successes.entry((user, action)).or_default().push(request.at_us);
        }
    }
    let succeeded = |user: &str, action: &str, since: i64| {
        successes.get(&(user.to_owned(), action)).is_some_and(|times| times.iter().any(|at| *at > since))
    };
    for (user, actions) in &failed {
        counts.failed += 1;
        if actions.iter().all(|(action, since)| succeeded(user, action, *since)) {
            counts.self_recovered += 1;
        } else if window.as_of >= grace_end {
            counts.blocked += 1;
        } else {
            counts.pending += 1;
        }
    }
    counts.exposed = exposed.len() as i64;
    counts.expected_failed = expected(plan, asked, window, weeks, quiet, &counts);
    counts
}

/// As many as the same window of comparable days had; without any, as the quiet stretch had, at most.
fn expected(
    plan: &Plan,
    asked: &[&(&Request, String)],
    window: Window,
    weeks: &[i64],
    quiet: (i64, i64),
    counts: &UserCounts,
) -> Option<f64> {
    let counted = || asked.iter().map(|(request, _)| *request).filter(|request| !plan.is_excluded(request));
    let mut shares = Vec::new();
    for week in weeks {
        let of_week: Vec<&Request> =
            counted().filter(|request| window.contains(request.at_us + week * WEEK)).collect();
        let all: BTreeSet<String> = of_week.iter().filter_map(|request| plan.user(request)).collect();
        let failed: BTreeSet<String> = of_week
            .iter()
            .filter(|request| plan.is_failed(request))
            .filter_map(|request| plan.user(request))
            .collect();
        if !all.is_empty() {
            shares.push(failed.len() as f64 / all.len() as f64);
        }
    }
    if let Some(usual) = percentile(&mut shares, 0.5) {
        return Some(usual * counts.exposed as f64);
    }
    let (mut attempts, mut failed) = (0.0, 0.0);
    for request in counted().filter(|request| quiet.0 <= request.at_us && request.at_us < quiet.1) {
        attempts += 1.0;
        failed += f64::from(u8::from(plan.is_failed(request)));
    }
    let known = (counts.attempts - counts.anonymous_attempts) as f64;
    (attempts > 0.0 && counts.exposed > 0).then(|| (failed / attempts * known).min(counts.exposed as f64))
}
