//! Who was hurt: stretches of time, services, users, money.

use fupan_model::Micros;
use serde::{Deserialize, Serialize};

use super::{Basis, Figure, Words};

/// A stretch in which users were hurt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImpactSegment {
    /// When it began.
    pub started: Figure,
    /// When it ended; unknown while it still hurts.
    pub ended: Figure,
    /// What the ends rest on.
    pub basis: Basis,
    /// How long.
    pub duration: Figure,
    /// Highest error share within.
    pub peak_error_share: Figure,
}

/// An attempt that looked like mitigation and was not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Relief {
    /// When it was claimed, or when failures fell.
    pub at: Figure,
    /// Why it does not count.
    pub reason: ReliefReason,
    /// How long it held, where it did for a while.
    pub held: Figure,
    /// What people said they did.
    pub summary: Option<String>,
}

/// Why a relief is not mitigation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum ReliefReason {
    /// An earlier attempt that did not hold.
    #[default]
    DidNotHold,
    /// Failures vanished because requests were stopped (a breaker, a closed gate); successes did
    /// not come back.
    RequestsStopped,
    /// People called it mitigated, telemetry disagrees.
    NotConfirmed,
    /// Any other reason.
    Other {
        /// In both languages.
        words: Words,
    },
}

/// What is said about a service or function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceClass {
    /// Its own error share rose above its own baseline, by test and by effect.
    Affected,
    /// Slower, not failing.
    Degraded,
    /// Enough requests, and the upper bound of the effect is below the limit.
    Unaffected,
    /// Too little is known to say.
    #[default]
    Undetermined,
}

/// A row of the blast radius.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BlastRow {
    /// `service.name`, or the function's key.
    pub service: String,
    /// Name in the readers' words.
    pub title: Option<String>,
    /// Owning team.
    pub team: Option<String>,
    /// Users enter here.
    pub is_entry: bool,
    /// The metric that the row rests on; none where it rests on requests.
    pub indicator: Option<String>,
    /// What is said about it.
    pub class: ServiceClass,
    /// When its own error share left its baseline.
    pub onset: Figure,
    /// Highest share of failed requests in a minute.
    pub peak_error_share: Figure,
    /// Share of failed requests over the impact.
    pub error_share: Figure,
    /// Share of failed requests in the baseline.
    pub baseline_error_share: Figure,
    /// Requests in the impact.
    pub requests: Figure,
    /// Failed requests in the impact.
    pub failed_requests: Figure,
    /// p-value of the rise, corrected for the number of services.
    pub p_value: Figure,
    /// Upper bound of the rise of the error share; what "unaffected" rests on.
    pub effect_upper_bound: Figure,
    /// Latency in the impact, where it is degraded (a quantity in ms).
    pub latency_p99: Figure,
    /// Latency in the baseline (a quantity in ms).
    pub baseline_latency_p99: Figure,
    /// What people or a notice said about it, where that differs.
    pub declared_class: Option<ServiceClass>,
}

/// Users by what became of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserCounts {
    /// Key of the action; none for all of them together.
    pub action: Option<String>,
    /// Name of the action in the readers' words.
    pub title: Option<String>,
    /// Column that told users apart, such as `user_id`.
    pub identity: String,
    /// Attempted the action during the impact.
    pub exposed: Figure,
    /// At least one failed attempt.
    pub failed: Figure,
    /// Failed, then succeeded in time.
    pub self_recovered: Figure,
    /// Failed, no success.
    pub blocked: Figure,
    /// Failed, the waiting time is not over.
    pub pending: Figure,
    /// Users that would have failed anyway.
    pub failed_expected: Figure,
    /// Failed beyond that.
    pub failed_excess: Figure,
    /// Baseline users who never came (an estimate).
    pub suppressed: Figure,
    /// Share of the action's requests without an identity.
    pub anonymous_share: Figure,
    /// Requests and failed requests of the action.
    pub outcome: Option<ActionOutcome>,
    /// Seconds after the end in which a late success still counts.
    pub grace_seconds: Option<f64>,
}

/// Requests of an action.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionOutcome {
    /// Requests during the impact.
    pub requests: Figure,
    /// Failed ones.
    pub failed_requests: Figure,
    /// Their share.
    pub error_share: Figure,
}

/// One estimate of the money.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BusinessLoss {
    /// What was estimated and how: failed orders × value, or shortfall minus catch-up.
    pub method: Words,
    /// GMV, revenue, margin.
    pub basis: String,
    /// A range of money.
    pub amount: Figure,
    /// Orders behind it.
    pub orders: Figure,
}

impl ImpactSegment {
    /// A segment between two instants; `ended` none while it still hurts.
    pub fn between(started: Micros, ended: Option<Micros>, basis: Basis, receipt: &str) -> Self {
        let (end, duration) = match ended {
            Some(end) => {
                (Figure::instant(end, receipt), Figure::seconds(end.seconds_since(started), receipt))
            }
            None => (
                Figure::unknown(super::Unknown::StillHurting, receipt),
                Figure::unknown(super::Unknown::StillHurting, receipt),
            ),
        };
        Self { started: Figure::instant(started, receipt), ended: end, basis, duration, ..Self::default() }
    }
}
