//! What may have caused it, with which evidence, and is that enough to say so?
//!
//! One list for metric series, log templates, spans, saturated resources and changes. Each piece
//! of evidence has a size and a fixed weight ([`weights`]), the score is their sum, and the
//! reasons are given out with their points, so that a reader can do the sum. The weights follow
//! from principles, not from any data set:
//!
//! - what moved before the symptom may be its cause, what moved after it is not;
//! - error shares and latencies of what fails *are* the symptom;
//! - a resource that was full before the errors began explains them;
//! - a change is suspect when the thing that it touched departed soon after it. A deployment near
//!   in time whose service shows no departure is innocent until something speaks against it;
//! - what is found in failing requests and not in others is closer to the cause.
//!
//! It is a list of suspects (疑似根因), not a verdict: nothing here is ever [`Certainty::Certain`]
//! unless people confirmed it.

mod evidence;
pub mod weights;

pub use evidence::{Reason, WeighedReason};

use evidence::weigh;
use weights::{LEAD_POINTS, LEADERS_SERVICES_MAX, SCORE_HALF, SCORE_MIN};

/// What kind of thing a candidate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CandidateKind {
    /// A resource or pool that reached its capacity.
    Saturation,
    /// A deployment, configuration, flag, campaign or traffic change.
    Change,
    /// A metric series.
    Metric,
    /// A log template: new, surging or vanished.
    Template,
    /// A span name of the traces.
    Span,
}

impl CandidateKind {
    /// The word that tables and SQL show.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Saturation => "saturation",
            Self::Change => "change",
            Self::Metric => "metric",
            Self::Template => "template",
            Self::Span => "span",
        }
    }
}

/// A resource near its capacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Saturation {
    /// Highest share of the capacity in use, 0 to 1.
    pub share: f64,
    /// When it was reached, in seconds from the onset of the symptom; negative is before.
    pub offset_seconds: f64,
}

/// One suspect with what is known of it. `None` means not measured, which neither helps nor harms.
///
/// Offsets are seconds from the onset of the symptom; negative is before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// What kind of thing it is.
    pub kind: CandidateKind,
    /// Service it belongs to, or that the change touched; empty where it is none's own.
    pub service: String,
    /// Name of the metric, text of the template, title of the change.
    pub subject: String,
    /// Score of [`crate::departure()`], signed. For a change: the departure of the series that it
    /// acts on, where that is known (a campaign: of the traffic).
    pub departure: Option<f64>,
    /// Onset of its own departure ([`crate::onset()`]); for a change, when it took effect.
    pub onset_offset_seconds: Option<f64>,
    /// How many times as often it is found in failing requests as in others.
    pub specificity_lift: Option<f64>,
    /// How full the resource was, and since when.
    pub saturation: Option<Saturation>,
    /// Whether it measures what users feel: share of errors, latency or successes of what fails.
    pub is_symptom: bool,
    /// For a change: the largest departure score among the series of its service, symptoms left
    /// out. `Some(0.0)` says that they were looked at and stayed calm.
    pub service_departure: Option<f64>,
    /// For a change: onset of that departure.
    pub service_onset_offset_seconds: Option<f64>,
    /// Whether people confirmed it (a `cause_located` event that was not retracted names it).
    pub is_confirmed: bool,
}

impl Candidate {
    /// A candidate of which nothing is known yet.
    pub fn new(kind: CandidateKind, service: impl Into<String>, subject: impl Into<String>) -> Self {
        Self {
            kind,
            service: service.into(),
            subject: subject.into(),
            departure: None,
            onset_offset_seconds: None,
            specificity_lift: None,
            saturation: None,
            is_symptom: false,
            service_departure: None,
            service_onset_offset_seconds: None,
            is_confirmed: false,
        }
    }
}

/// How sure the wording may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Confirmed by people (确定).
    Certain,
    /// The evidence points here (推断).
    Inferred,
    /// Too little is known (未知).
    Unknown,
}

impl Certainty {
    /// The word that tables and SQL show.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Inferred => "inferred",
            Self::Unknown => "unknown",
        }
    }
}

/// A candidate's place in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Index into the candidates as given.
    pub index: usize,
    /// Place from 1; equal scores share the better place.
    pub rank: usize,
    /// Sum of the points of `reasons`; below zero where more speaks against it than for it.
    pub score: f64,
    /// The score on a bounded scale, 0 to below 1; 0 where it is not above zero.
    pub strength: f64,
    /// How sure the wording may be.
    pub certainty: Certainty,
    /// What spoke for it and against it, the weightiest first.
    pub reasons: Vec<WeighedReason>,
}

/// The whole list.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// Best first. Equal scores are in order of kind, service and subject, so that the same
    /// candidates give the same list in whatever order they came.
    pub ranked: Vec<Ranked>,
    /// Whether the evidence separates the leaders from the rest. Where it does not, the report
    /// says "not enough evidence" (证据不足).
    pub is_enough: bool,
}

/// Ranks `candidates` by their evidence.
///
/// ```
/// use fupan_analysis::{Candidate, CandidateKind, rank};
/// use fupan_analysis::candidates::Saturation;
/// let mut pool = Candidate::new(CandidateKind::Saturation, "mysql", "connections");
/// pool.departure = Some(15.0);
/// pool.saturation = Some(Saturation { share: 1.0, offset_seconds: -90.0 });
/// let mut deploy = Candidate::new(CandidateKind::Change, "profile", "profile 1.4.2");
/// deploy.onset_offset_seconds = Some(-120.0);
/// deploy.service_departure = Some(0.1);
/// let ranking = rank(&[deploy, pool]);
/// assert_eq!(ranking.ranked[0].index, 1);
/// assert!(ranking.is_enough && ranking.ranked[1].score < 0.0);
/// ```
pub fn rank(candidates: &[Candidate]) -> Ranking {
    let mut ranked: Vec<Ranked> = candidates
        .iter()
        .enumerate()
        .map(|(index, candidate)| {
            let reasons = weigh(candidate);
            let score: f64 = reasons.iter().map(|reason| reason.points).sum();
            let strength = if score > 0.0 { score / (score + SCORE_HALF) } else { 0.0 };
            Ranked { index, rank: 0, score, strength, certainty: Certainty::Unknown, reasons }
        })
        .collect();
    let name = |ranked: &Ranked| {
        let candidate = &candidates[ranked.index];
        (candidate.kind, &candidate.service, &candidate.subject, ranked.index)
    };
    ranked
        .sort_by(|left, right| right.score.total_cmp(&left.score).then_with(|| name(left).cmp(&name(right))));
    let mut place = 0;
    let mut last_score = f64::NAN;
    for (position, entry) in ranked.iter_mut().enumerate() {
        if entry.score.total_cmp(&last_score).is_ne() {
            (place, last_score) = (position + 1, entry.score);
        }
        entry.rank = place;
    }
    let is_enough = is_enough(candidates, &ranked);
    for entry in &mut ranked {
        entry.certainty = match candidates[entry.index].is_confirmed {
            true => Certainty::Certain,
            false if is_enough && entry.score >= SCORE_MIN => Certainty::Inferred,
            false => Certainty::Unknown,
        };
    }
    Ranking { ranked, is_enough }
}

/// Enough: the best has evidence of some weight, and those about as good as it belong to few
/// services. (Several series of one service are one finding seen from several sides.)
fn is_enough(candidates: &[Candidate], ranked: &[Ranked]) -> bool {
    if candidates.iter().any(|candidate| candidate.is_confirmed) {
        return true;
    }
    let Some(best) = ranked.first().filter(|best| best.score >= SCORE_MIN) else { return false };
    // Two changes of one service are two suspects, though several of its series are one finding.
    let mut services: Vec<(&str, &str)> = ranked
        .iter()
        .take_while(|entry| entry.score >= best.score - LEAD_POINTS)
        .map(|entry| {
            let candidate = &candidates[entry.index];
            let own = if candidate.kind == CandidateKind::Change { candidate.subject.as_str() } else { "" };
            (candidate.service.as_str(), own)
        })
        .collect();
    services.sort_unstable();
    services.dedup();
    services.len() <= LEADERS_SERVICES_MAX
}

/// The services of a ranking by their best candidate, best first; ties in order of name. This is
/// the list that labelled benchmarks score.
pub fn best_per_service<'a>(candidates: &'a [Candidate], ranking: &Ranking) -> Vec<(&'a str, f64)> {
    let mut services: Vec<(&str, f64)> = Vec::new();
    for entry in &ranking.ranked {
        let Some(candidate) = candidates.get(entry.index) else { continue };
        if !services.iter().any(|(service, _)| *service == candidate.service) {
            services.push((&candidate.service, entry.score));
        }
    }
    services.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(right.0)));
    services
}

#[cfg(test)]
mod tests;
