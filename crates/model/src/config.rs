//! `fupan.toml`: what a workspace says about its services, actions, identity, baselines and grades.
//!
//! Everything has a default; whatever had to be assumed is said in the report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Zone, fiscal calendar, languages.
    pub workspace: Workspace,
    /// Per service: what counts as a valid and as a bad request.
    pub services: BTreeMap<String, Service>,
    /// Key actions in the order in which a user takes them.
    pub actions: BTreeMap<String, Action>,
    /// Who a user is.
    pub identity: Identity,
    /// Named SQL conditions that split users.
    pub segments: BTreeMap<String, String>,
    /// What "usual" is compared with.
    pub baseline: Baseline,
    /// Pairs of events that must agree, by key.
    pub reconcile: BTreeMap<String, Reconcile>,
    /// Grades with their clause, deadlines and targets.
    pub grades: BTreeMap<String, Grade>,
    /// Ingest settings.
    pub ingest: Ingest,
    /// What queries may use.
    pub query: Query,
}

/// Zone, fiscal calendar, languages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Workspace {
    /// IANA zone for times without one, days and periods.
    pub zone: String,
    /// Month in which the fiscal year starts, 1–12.
    pub fiscal_year_start: u8,
    /// Languages of reports, the first is the default.
    pub language: Vec<String>,
}

impl Default for Workspace {
    fn default() -> Self {
        Self {
            zone: "UTC".to_owned(),
            fiscal_year_start: 1,
            language: vec!["en".to_owned(), "zh".to_owned()],
        }
    }
}

/// One service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// Requests are counted where users enter: gateway and service both log one request.
    pub entry: bool,
    /// Name shown in reports, in the reader's words.
    pub title: Option<String>,
    /// Owning team.
    pub team: Option<String>,
    /// Business line.
    pub business_line: Option<String>,
    /// Service level objective.
    pub slo: Option<Slo>,
    /// Service level indicator.
    pub sli: Option<Sli>,
}

/// A service level objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slo {
    /// Share of good requests, 0–1.
    pub target: f64,
    /// Window, such as `28d`.
    pub window: String,
}

/// A service level indicator: SQL conditions over `logs`, or metrics.
///
/// From metrics: two of `good`, `bad` and `valid` as `sum:metric{label='value'}`, or `bad` alone as
/// `mean:metric`, a failed share of 0–1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sli {
    /// Which records count (SQL condition), or `sum:metric{label='value'}`.
    pub valid: Option<String>,
    /// Which of them are bad (SQL condition), `sum:metric{label='value'}`, or `mean:metric`.
    pub bad: Option<String>,
    /// Good events as a metric, `sum:metric{label='value'}`.
    pub good: Option<String>,
    /// Slower than this counts as degraded, milliseconds.
    pub latency_ms: Option<f64>,
}

impl Sli {
    /// Whether an indicator's text names a metric (`sum:…`, `mean:…`) instead of a condition over log records.
    pub fn names_metric(text: &str) -> bool {
        ["sum:", "mean:"].iter().any(|prefix| text.trim_start().starts_with(prefix))
    }

    /// Whether any part of the indicator comes from a metric.
    pub fn is_from_metrics(&self) -> bool {
        [&self.good, &self.bad, &self.valid].into_iter().flatten().any(|text| Self::names_metric(text))
    }
}

/// A key action of users.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Action {
    /// Name shown in reports.
    pub title: Option<String>,
    /// Services at which it enters.
    pub services: Vec<String>,
    /// HTTP method.
    pub method: Option<String>,
    /// Route, exact.
    pub route: Option<String>,
    /// Event name instead of a route.
    pub event: Option<String>,
    /// Column that holds the order's key.
    pub order_key: Option<String>,
    /// Column that holds the amount.
    pub amount: Option<String>,
}

/// Who a user is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// Columns, the first one present wins; never mixed in one count.
    pub user: Vec<String>,
    /// SQL condition for bots and probes.
    pub exclude: Option<String>,
    /// Seconds after the end of the impact in which a late success still counts.
    pub grace_seconds: u32,
}

impl Default for Identity {
    fn default() -> Self {
        Self { user: vec!["user_id".to_owned(), "session_id".to_owned()], exclude: None, grace_seconds: 1800 }
    }
}

/// What "usual" is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Baseline {
    /// The quiet stretch just before the impact, such as `60m`.
    pub before: String,
    /// Left out between it and the impact.
    pub guard: String,
    /// How many comparable days.
    pub comparable_days: u32,
    /// Fewer requests than this prove nothing.
    pub min_requests: u32,
    /// Absolute rise of the error share that counts as failing.
    pub min_effect: f64,
    /// CSV of `date,day_type`.
    pub calendar: Option<String>,
}

impl Default for Baseline {
    fn default() -> Self {
        Self {
            before: "60m".to_owned(),
            guard: "5m".to_owned(),
            comparable_days: 4,
            min_requests: 100,
            min_effect: 0.02,
            calendar: None,
        }
    }
}

/// Events that must agree, by key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconcile {
    /// What users asked for.
    pub submitted: KeyedEvent,
    /// What a queue or cache took.
    pub accepted: KeyedEvent,
    /// What was written for good.
    pub persisted: KeyedEvent,
    /// Later than this is late, such as `60s`.
    pub late_after: Option<String>,
}

/// An event and the column that holds its key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyedEvent {
    /// `event_name`.
    pub event: String,
    /// Column or attribute.
    pub key: String,
}

/// A grade.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grade {
    /// The clause.
    pub when: Option<String>,
    /// Deadline of the first notice.
    pub first_notice: Option<String>,
    /// Longest gap between notices.
    pub notice_every: Option<String>,
    /// `detect`, `locate`, `mitigate` → duration.
    pub targets: BTreeMap<String, String>,
}

/// Ingest settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ingest {
    /// Share of rejected records above which the command ends with exit code 1.
    pub max_rejected_share: f64,
}

impl Default for Ingest {
    fn default() -> Self {
        Self { max_rejected_share: 0.05 }
    }
}

/// What the queries of one command may use, those of reports and ad-hoc SQL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Query {
    /// Memory in MiB. What needs more goes to the disk for a while, or ends by this limit.
    pub memory_mib: u32,
}

impl Default for Query {
    fn default() -> Self {
        Self { memory_mib: 2048 }
    }
}

/// Seconds in a duration such as `90s`, `10m`, `4h`, `28d`; none where it is not one.
pub fn duration_seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = match unit.trim() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration_seconds("60m"), Some(3600));
        assert_eq!(duration_seconds(" 28d "), Some(2_419_200));
        assert_eq!(duration_seconds("60"), None);
        assert_eq!(duration_seconds("m"), None);
        assert_eq!(duration_seconds("5 fortnights"), None);
    }
}
