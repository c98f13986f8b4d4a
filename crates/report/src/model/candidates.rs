//! What departed from its usual course, and how does that fit the symptom?

use fupan_model::Micros;
use serde::{Deserialize, Serialize};

use super::{Figure, Words};

/// A root-cause candidate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Candidate {
    /// 1 is the strongest.
    pub rank: u32,
    /// What kind of thing it is.
    pub kind: CandidateKind,
    /// Metric, log template, operation or change, as in the data.
    pub subject: String,
    /// The service it belongs to.
    pub service: Option<String>,
    /// Host or instance, where it is confined to one.
    pub host: Option<String>,
    /// When it departed from its baseline, or when the change was made.
    pub onset: Option<Micros>,
    /// Onset minus the symptom's onset, in seconds: negative means before.
    pub onset_relative: Figure,
    /// Strength by which candidates are ranked; comparable within this list only.
    pub score: Figure,
    /// How sure the evidence makes us.
    pub certainty: Certainty,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
    /// Other series or templates that say the same thing.
    pub also: Vec<String>,
}

/// What kind of thing a candidate is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CandidateKind {
    /// A metric series.
    #[default]
    Metric,
    /// A log template.
    Template,
    /// A deployment, flag, configuration, campaign, traffic shift.
    Change,
    /// A resource at its limit.
    Saturation,
    /// An operation in traces.
    Span,
}

/// How sure the evidence makes us.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Established, by people or by a controlled comparison.
    Certain,
    /// Consistent with the evidence.
    Inferred,
    /// The evidence does not say.
    #[default]
    Unknown,
}

/// Whether the evidence tells the candidates apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceStrength {
    /// The first stands clearly before the others.
    Separates,
    /// Several fit about equally well.
    #[default]
    NotEnough,
    /// Quiet windows show candidates as strong as these.
    NoBetterThanPlacebo,
}

/// A piece of evidence with its figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// It left its own baseline.
    Departure {
        /// Usual value.
        baseline: Figure,
        /// Value during the impact.
        observed: Figure,
        /// Robust distance, in scaled median absolute deviations (a quantity without unit).
        distance: Figure,
    },
    /// It departed before, with, or after the symptom.
    Onset {
        /// Seconds relative to the symptom: negative means before.
        relative: Figure,
    },
    /// It occurs in failing requests more often than in others.
    Lift {
        /// Share of failing requests with it.
        failing_share: Figure,
        /// Share of the others with it.
        other_share: Figure,
    },
    /// A template that was never seen in the baseline.
    NewTemplate {
        /// Lines during the impact.
        lines: Figure,
    },
    /// A template that became more frequent.
    SurgingTemplate {
        /// Lines per minute in the baseline.
        baseline_rate: Figure,
        /// Lines per minute during the impact.
        rate: Figure,
    },
    /// A template that fell silent.
    VanishedTemplate {
        /// Lines per minute in the baseline.
        baseline_rate: Figure,
        /// Lines per minute during the impact.
        rate: Figure,
    },
    /// A resource reached its limit before the errors began.
    Saturation {
        /// The limit.
        limit: Figure,
        /// Seconds before the errors (negative: after).
        before: Figure,
    },
    /// A change was made near the onset.
    ChangeNear {
        /// Seconds from the change to the symptom (negative: the change came after).
        before: Figure,
    },
    /// The change was taken back, and the symptom ended.
    RollbackEndedIt {
        /// Seconds from the roll-back to the end of the symptom.
        after: Figure,
    },
    /// Slower than usual.
    Slower {
        /// Usual duration.
        baseline: Figure,
        /// Duration during the impact.
        observed: Figure,
    },
    /// Quiet windows show something as strong so often.
    Placebo {
        /// Share of quiet windows.
        share: Figure,
    },
    /// People said so.
    SaidByPeople {
        /// In their words.
        text: String,
    },
    /// Anything else.
    Other {
        /// In both languages.
        words: Words,
        /// Its number.
        figure: Option<Figure>,
    },
}

/// Something that was looked at and left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rejected {
    /// Metric, template, operation or change.
    pub subject: String,
    /// The service it belongs to.
    pub service: Option<String>,
    /// Why.
    pub reason: RejectedReason,
    /// A number for it.
    pub figure: Option<Figure>,
}

/// Why something is not a candidate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum RejectedReason {
    /// It departed only after the symptom.
    #[default]
    AfterSymptom,
    /// It departs as far on quiet days.
    WithinUsual,
    /// It also happens at times without failures.
    NotSpecific,
    /// Too little data to say.
    TooFewData,
    /// It follows another candidate.
    FollowsAnother {
        /// Which.
        subject: String,
    },
    /// Any other reason.
    Other {
        /// In both languages.
        words: Words,
    },
}
