//! The right answers, by the definitions and nothing else: every request is looked at, one by one, in memory.
//!
//! Written from `docs/reference/definitions.md` and the headers of the queries, without a line of theirs.

mod blast;
mod milestones;
mod users;

pub use blast::{Radius, blast_radius};
pub use milestones::{Durations, Milestone, Record, attached_alerts, records};
pub use users::{UserCounts, users};

use super::people::{Entry, Incident};
use super::plan::{MINUTE, Plan, WEEK};
use super::traffic::{Reply, Request};

/// The instants that a question is about.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// The first microsecond of the impact.
    pub start: i64,
    /// The first one after it.
    pub end: i64,
    /// What is known is known up to here.
    pub as_of: i64,
}

impl Window {
    /// The quiet stretch before it.
    pub const fn quiet(&self, plan: &Plan) -> (i64, i64) {
        let end = self.start - plan.guard_minutes * MINUTE;
        (end - plan.before_minutes * MINUTE, end)
    }

    const fn contains(&self, at: i64) -> bool {
        self.start <= at && at < self.end
    }

    /// The weeks before that may be compared with: those that no earlier incident touched.
    pub fn comparable_weeks(&self, plan: &Plan, incidents: &[Incident]) -> Vec<i64> {
        (1..=plan.comparable_days)
            .filter(|week| {
                let (from, to) = (self.start - week * WEEK, self.end - week * WEEK);
                !incidents.iter().any(|incident| {
                    disturbance(&incident.entries).is_some_and(|(began, ended)| began < to && ended > from)
                })
            })
            .collect()
    }
}

/// From when to when people say that it hurt. A record that was left open is taken for a day.
fn disturbance(entries: &[Entry]) -> Option<(i64, i64)> {
    let all = |types: &[&str]| {
        let times = entries.iter().filter(|entry| types.contains(&entry.event_type));
        times.map(|entry| entry.when.at).collect::<Vec<_>>()
    };
    let began = all(&["impact_started"]).into_iter().min()?;
    let ended = all(&["mitigated", "recovered"]).into_iter().max();
    let ended = ended.or_else(|| all(&["resolved"]).into_iter().max());
    Some((began, ended.unwrap_or(began + 24 * 60 * MINUTE)))
}

impl Plan {
    /// Whether a request counts at all.
    pub const fn is_excluded(&self, request: &Request) -> bool {
        self.excludes_probes && request.is_probe
    }

    /// Whether it is made where users enter; everywhere, where nobody says where that is.
    pub fn is_entry(&self, request: &Request) -> bool {
        !self.has_entry || request.service == "gateway"
    }

    /// Whether it failed: by the service's own rule alone, where it has one.
    pub fn is_failed(&self, request: &Request) -> bool {
        let has_own_rule = self.has_business_codes && request.service == "gateway";
        match request.reply {
            Reply::Http(status, code) if has_own_rule => {
                status >= 500 || code.is_some_and(|code| code != "0")
            }
            Reply::Timeout => !has_own_rule,
            Reply::Http(status, _) => status >= 500 || status == 429,
            Reply::Grpc(code) => [2, 4, 8, 12, 13, 14, 15].contains(&code),
            Reply::Outcome(is_ok) => !is_ok,
        }
    }

    /// The key action, where it is one: as configured, else whatever is not only reading.
    pub fn action(&self, request: &Request) -> Option<String> {
        match request.asked {
            Some((_, route)) if self.has_actions && request.service == "gateway" => {
                [("/orders", "order"), ("/pay", "pay"), ("/browse", "browse")]
                    .into_iter()
                    .find_map(|(of, name)| (of == route).then(|| name.to_owned()))
            }
            _ if self.has_actions => None,
            Some(("GET" | "HEAD" | "OPTIONS", _)) => None,
            Some((method, route)) => Some(format!("{method} {route}")),
            None => Some("request".to_owned()),
        }
    }

    /// Who asked: the first identity that is configured and there.
    pub fn user(&self, request: &Request) -> Option<String> {
        let session = request.session.filter(|_| self.counts_sessions);
        request.user.map(|user| format!("u{user}")).or_else(|| session.map(|session| format!("s{session}")))
    }
}

/// The middle of the sorted values; between two neighbours where it falls between them.
fn percentile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = share * (values.len().checked_sub(1)? as f64);
    let (low, high) = (values.get(place.floor() as usize)?, values.get(place.ceil() as usize)?);
    Some(low + (high - low) * place.fract())
}
