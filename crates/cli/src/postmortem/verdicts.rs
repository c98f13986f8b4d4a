//! What of the ranking goes into the report, and what is named as left out.

use fupan_analysis::candidates::Reason;
use fupan_analysis::{CandidateKind as SuspectKind, Ranking};
use fupan_report::model::{
    Basis, Candidate, CandidateKind, Certainty, EvidenceStrength, Figure, IncidentReport, Milestone,
    MilestoneName, Rejected, RejectedReason, RowsUsed, Words,
};

use super::causes::Found;
use super::cite::Citations;
use super::window::Window;

/// The answers that the ranking is made of.
const RANKED: [&str; 7] = [
    "causes/metrics",
    "causes/saturation",
    "causes/templates",
    "causes/changes",
    "causes/traffic",
    "causes/spans",
    "causes/specificity",
];

/// Candidates that the report shows; the rest are a query away.
const SHOWN_MAX: u32 = 8;

/// Things looked at and left out that the report names.
const REJECTED_MAX: usize = 12;

/// The ranking → the report's list. What has more against it than for it is named as left out.
pub(super) fn write(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    found: &[Found],
    ranking: &Ranking,
) {
    cite.derive("causes/ranking", "causes/metrics", Vec::new());
    let all = RANKED.map(|receipt| RowsUsed { receipt: receipt.to_owned(), ..RowsUsed::default() });
    cite.made_of("causes/ranking", all.to_vec());
    report.candidates_strength =
        if ranking.is_enough { EvidenceStrength::Separates } else { EvidenceStrength::NotEnough };
    let mut shown = 0;
    for ranked in &ranking.ranked {
        let Some(one) = found.get(ranked.index) else { continue };
        let is_worth_showing = ranked.score > 0.0 && !one.suspect.is_symptom;
        if !is_worth_showing || shown >= SHOWN_MAX {
            reject(report, one, &ranked.reasons.iter().map(|reason| reason.reason).collect::<Vec<_>>());
            continue;
        }
        // Several series of one service are one finding seen from several sides.
        let is_series =
            |kind: CandidateKind| matches!(kind, CandidateKind::Saturation | CandidateKind::Metric);
        let same = report.candidates.iter_mut().find(|other| {
            is_series(kind_of(one.suspect.kind))
                && is_series(other.kind)
                && other.service.as_deref().unwrap_or_default() == one.suspect.service
        });
        if let Some(same) = same {
            same.also.push(one.suspect.subject.clone());
            continue;
        }
        shown += 1;
        let offset = one.suspect.onset_offset_seconds;
        report.candidates.push(Candidate {
            rank: shown,
            kind: kind_of(one.suspect.kind),
            subject: one.suspect.subject.clone(),
            service: Some(one.suspect.service.clone()).filter(|service| !service.is_empty()),
            host: one.host.clone(),
            onset: one.onset,
            onset_relative: offset
                .map_or_else(Figure::default, |offset| Figure::seconds(offset, one.receipt)),
            score: Figure::quantity(ranked.strength, "", "causes/ranking"),
            certainty: match ranked.certainty {
                fupan_analysis::Certainty::Certain => Certainty::Certain,
                fupan_analysis::Certainty::Inferred => Certainty::Inferred,
                fupan_analysis::Certainty::Unknown => Certainty::Unknown,
            },
            evidence: one.evidence.clone(),
            also: Vec::new(),
        });
    }
}

/// The first anomaly that belongs to the incident: the earliest onset among the candidates, changes
/// left out (a change is no signal).
pub(super) fn first_signal(report: &mut IncidentReport, window: &Window) {
    let earliest = report
        .candidates
        .iter()
        .filter(|candidate| candidate.kind != CandidateKind::Change)
        .filter_map(|candidate| candidate.onset)
        .filter(|onset| *onset >= window.baseline_end && *onset < window.impact_end)
        .min();
    if let Some(at) = earliest {
        let milestone = Milestone::at(MilestoneName::FirstSignal, at, Basis::Observed, "causes/ranking");
        report.milestones.insert(0, milestone);
    }
}

fn kind_of(kind: SuspectKind) -> CandidateKind {
    match kind {
        SuspectKind::Saturation => CandidateKind::Saturation,
        SuspectKind::Change => CandidateKind::Change,
        SuspectKind::Metric => CandidateKind::Metric,
        SuspectKind::Template => CandidateKind::Template,
        SuspectKind::Span => CandidateKind::Span,
    }
}

/// Changes that were looked at and found innocent are named first: they are what people suspect.
fn reject(report: &mut IncidentReport, one: &Found, reasons: &[Reason]) {
    let is_change = one.suspect.kind == SuspectKind::Change;
    let others = report.rejected.len();
    if !is_change && others >= REJECTED_MAX {
        return;
    }
    let seconds = |seconds: f64| Some(Figure::seconds(seconds, one.receipt));
    let (reason, figure) = reasons
        .iter()
        .find_map(|reason| match *reason {
            Reason::ServiceCalm { score } => Some((
                RejectedReason::Other {
                    words: Words::new(
                        "the changed service itself shows no departure",
                        "被变更的服务自身没有偏离基线",
                    ),
                },
                Some(Figure::quantity(score, "", one.receipt)),
            )),
            Reason::ChangedAfter { seconds: after } | Reason::OnsetAfter { seconds: after } => {
                Some((RejectedReason::AfterSymptom, seconds(after)))
            }
            Reason::IsSymptom => Some((
                RejectedReason::Other {
                    words: Words::new("it is the symptom that has to be explained", "属于待解释的现象本身"),
                },
                None,
            )),
            _ => None,
        })
        .unwrap_or((
            RejectedReason::Other {
                words: Words::new("nothing but its time speaks for it", "除发生时间外没有其他证据"),
            },
            None,
        ));
    if !is_change && !matches!(reason, RejectedReason::AfterSymptom) {
        return;
    }
    let line = Rejected {
        subject: one.suspect.subject.clone(),
        service: Some(one.suspect.service.clone()).filter(|service| !service.is_empty()),
        reason,
        figure,
    };
    if is_change { report.rejected.insert(0, line) } else { report.rejected.push(line) }
}
