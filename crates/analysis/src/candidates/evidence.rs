//! What speaks for a candidate, what against it, and how much?

use super::weights as w;
use super::{Candidate, CandidateKind};
use crate::departure::Departure;

/// One piece of evidence, with the number that it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// It left its baseline by `score` scatters, signed.
    Departed {
        /// As [`Departure::score`].
        score: f64,
    },
    /// Its onset came before the symptom's.
    OnsetBefore {
        /// By so many seconds.
        seconds: f64,
    },
    /// Its onset cannot be told from the symptom's.
    OnsetTogether {
        /// Seconds from the symptom, either way.
        seconds: f64,
    },
    /// Its onset came after the symptom's.
    OnsetAfter {
        /// By so many seconds.
        seconds: f64,
    },
    /// It is what users feel, so what has to be explained.
    IsSymptom,
    /// It is found more (over 1) or less often in failing requests than in others.
    Specific {
        /// So many times as often.
        lift: f64,
    },
    /// The resource was full before the symptom.
    SaturatedBefore {
        /// Share of the capacity in use.
        share: f64,
        /// Seconds before the symptom.
        seconds: f64,
    },
    /// The resource was full, but only after the symptom.
    SaturatedAfter {
        /// Share of the capacity in use.
        share: f64,
        /// Seconds after the symptom.
        seconds: f64,
    },
    /// The change came before the symptom.
    ChangedBefore {
        /// By so many seconds.
        seconds: f64,
    },
    /// The change came after the symptom: it cannot have caused it.
    ChangedAfter {
        /// By so many seconds.
        seconds: f64,
    },
    /// The service that was changed left its baseline.
    ServiceDeparted {
        /// Largest departure score of its series.
        score: f64,
    },
    /// The service that was changed shows no departure.
    ServiceCalm {
        /// Largest departure score of its series.
        score: f64,
    },
    /// The departure of the service that was changed followed the change.
    FollowedChange {
        /// After so many seconds.
        seconds: f64,
    },
    /// The service had departed before it was changed.
    PrecededChange {
        /// By so many seconds.
        seconds: f64,
    },
    /// People confirmed it.
    Confirmed,
}

/// A reason and what it adds to the score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeighedReason {
    /// The evidence.
    pub reason: Reason,
    /// Its points; below zero where it speaks against the candidate.
    pub points: f64,
}

/// All evidence of a candidate, the weightiest first. Numbers that are not finite are not evidence.
pub(super) fn weigh(candidate: &Candidate) -> Vec<WeighedReason> {
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    let mut reasons = Vec::new();
    let mut add = |reason, points| reasons.push(WeighedReason { reason, points });
    if let Some(score) = finite(candidate.departure) {
        add(Reason::Departed { score }, w::DEPARTURE * strength(score));
    }
    if let Some(lift) = finite(candidate.specificity_lift).filter(|lift| *lift >= 0.0) {
        let points = w::LIFT_PER_DECADE * lift.max(0.1).log10().min(2.0);
        add(Reason::Specific { lift }, points);
    }
    if let Some(saturation) = candidate.saturation.filter(|full| full.share >= w::SATURATED_SHARE) {
        let (share, seconds) = (saturation.share, saturation.offset_seconds);
        if seconds <= 0.0 {
            add(Reason::SaturatedBefore { share, seconds: -seconds }, w::SATURATED_BEFORE);
        } else {
            add(Reason::SaturatedAfter { share, seconds }, w::SATURATED_AFTER);
        }
    }
    if candidate.is_symptom {
        add(Reason::IsSymptom, w::SYMPTOM);
    }
    if let Some(offset) = finite(candidate.onset_offset_seconds) {
        if candidate.kind == CandidateKind::Change {
            let (reason, points) = change_timing(offset);
            add(reason, points);
        } else if finite(candidate.departure).is_none_or(|score| strength(score) >= w::CALM_STRENGTH) {
            // The onset of something that hardly moved is noise.
            let (reason, points) = onset_timing(offset);
            add(reason, points);
        }
    }
    if candidate.kind == CandidateKind::Change {
        for (reason, points) in changed_service(candidate).into_iter().flatten() {
            add(reason, points);
        }
    }
    if candidate.is_confirmed {
        add(Reason::Confirmed, 0.0);
    }
    reasons.sort_by(|left, right| right.points.abs().total_cmp(&left.points.abs()));
    reasons
}

fn strength(score: f64) -> f64 {
    let departure = Departure {
        score,
        before_median: 0.0,
        after_median: 0.0,
        spread: 1.0,
        before_points: 0,
        after_points: 0,
    };
    departure.strength()
}

fn onset_timing(offset: f64) -> (Reason, f64) {
    if offset > w::TOGETHER_SECONDS {
        let late = ((offset - w::TOGETHER_SECONDS) / w::AFTER_FULL_SECONDS).min(1.0);
        return (Reason::OnsetAfter { seconds: offset }, w::ONSET_AFTER * late);
    }
    if offset >= -w::TOGETHER_SECONDS {
        return (Reason::OnsetTogether { seconds: offset }, w::ONSET_TOGETHER);
    }
    let fade = (-((-offset - w::EARLY_SECONDS).max(0.0)) / w::EARLY_FADE_SECONDS).exp();
    (Reason::OnsetBefore { seconds: -offset }, w::ONSET_BEFORE * fade)
}

fn change_timing(offset: f64) -> (Reason, f64) {
    if offset > w::TOGETHER_SECONDS {
        return (Reason::ChangedAfter { seconds: offset }, w::CHANGE_AFTER);
    }
    let before = (-offset).max(0.0);
    (Reason::ChangedBefore { seconds: before }, w::CHANGE_BEFORE * (-before / w::CHANGE_FADE_SECONDS).exp())
}

/// Did what was changed move, and did it move after the change?
fn changed_service(candidate: &Candidate) -> [Option<(Reason, f64)>; 2] {
    let Some(score) = candidate.service_departure.filter(|score| score.is_finite()) else {
        return [None, None];
    };
    let strength = strength(score);
    if strength < w::CALM_STRENGTH {
        return [Some((Reason::ServiceCalm { score }, w::SERVICE_CALM)), None];
    }
    let departed = Some((Reason::ServiceDeparted { score }, w::SERVICE_DEPARTED * strength));
    let (Some(change), Some(onset)) =
        (candidate.onset_offset_seconds, candidate.service_onset_offset_seconds)
    else {
        return [departed, None];
    };
    let seconds = onset - change;
    let order = if seconds < -w::TOGETHER_SECONDS {
        Some((Reason::PrecededChange { seconds: -seconds }, w::PRECEDED_CHANGE))
    } else if seconds <= w::FOLLOWS_SECONDS {
        Some((Reason::FollowedChange { seconds: seconds.max(0.0) }, w::FOLLOWED_CHANGE))
    } else {
        None
    };
    [departed, order]
}
