//! What happened, who said what to users, and what is done about it?

use fupan_model::{Micros, RecordedAtBasis};
use serde::{Deserialize, Serialize};

use super::Figure;

/// A line of the timeline.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimelineEntry {
    /// When it happened; none where nobody knows.
    pub at: Option<Micros>,
    /// Earliest, where the source is vague.
    pub at_low: Option<Micros>,
    /// Latest, where the source is vague.
    pub at_high: Option<Micros>,
    /// When it ended: campaigns, traffic shifts, alerts.
    pub ended_at: Option<Micros>,
    /// `event_type` or `change_type`.
    pub event_type: String,
    /// Lane of the swim-lane chart.
    pub lane: Lane,
    /// Role or name.
    pub actor: Option<String>,
    /// Words of people or of the source.
    pub text: String,
    /// The service it is about.
    pub service: Option<String>,
    /// Document it comes from.
    pub source: String,
    /// When it was recorded.
    pub recorded_at: Option<Micros>,
    /// Whether it was known when it happened (by `recorded_at`).
    pub known_then: KnownThen,
    /// Links that people gave; shown as text, never followed.
    pub links: Vec<Link>,
    /// Corrected or withdrawn by a later event.
    pub is_superseded: bool,
    /// It sets a milestone: shown first where there is little room.
    pub is_milestone: bool,
}

/// A link that people gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What it is.
    pub text: String,
    /// Where it leads; only `http` and `https` are ever made clickable, and only with this.
    pub url: String,
}

/// Lanes of the swim-lane chart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Observed in telemetry: impact, onsets.
    Observed,
    /// Alerts and monitoring.
    Monitoring,
    /// Deployments, configuration, flags, campaigns, traffic.
    Change,
    /// People at work.
    #[default]
    Response,
    /// Words to users.
    Notice,
}

impl Lane {
    /// The lane of an event type (or change type) of the model.
    pub fn of_event(event_type: &str) -> Self {
        match event_type {
            "impact_started" | "recovered_observed" | "mitigated_observed" | "service_affected"
            | "service_unaffected" => Self::Observed,
            "alert_fired" | "alert_resolved" | "detected" => Self::Monitoring,
            "deployment" | "commit" | "config" | "flag" | "migration" | "campaign" | "traffic" => {
                Self::Change
            }
            "notice_published" => Self::Notice,
            _ => Self::Response,
        }
    }
}

/// Whether an entry was known when it happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownThen {
    /// Recorded at about the time it happened.
    Yes,
    /// Recorded later.
    No,
    /// The source does not say when it was recorded.
    #[default]
    Undecidable,
}

/// Recorded later than this after the fact means: not known at the time, in seconds. People write
/// a line down a few minutes after it happened.
pub const RECORDED_LATE_SECONDS: f64 = 300.0;

impl KnownThen {
    /// Whether something was known when it happened, by when it was recorded.
    pub fn by_record(occurred: Option<Micros>, recorded: Option<Micros>, basis: RecordedAtBasis) -> Self {
        match (occurred, recorded, basis) {
            (Some(occurred), Some(recorded), RecordedAtBasis::Source) => {
                if recorded.seconds_since(occurred) <= RECORDED_LATE_SECONDS { Self::Yes } else { Self::No }
            }
            _ => Self::Undecidable,
        }
    }
}

/// Words to users and their deadlines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notices {
    /// In order of time.
    pub notices: Vec<Notice>,
    /// Anchor of the first deadline: `detected` or `declared`.
    pub anchor: Option<super::MilestoneName>,
    /// Anchor → first notice.
    pub time_to_first: Figure,
    /// Longest stretch without a word during the impact.
    pub longest_silence: Figure,
    /// Deadline of the first one, seconds.
    pub first_deadline_seconds: Option<f64>,
    /// Longest allowed gap, seconds.
    pub every_seconds: Option<f64>,
}

/// Words to users.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notice {
    /// When it was published.
    pub at: Figure,
    /// What it said.
    pub text: String,
    /// Where.
    pub channel: Option<String>,
    /// Since the one before it, or since the anchor.
    pub gap: Figure,
    /// Functions that it called affected.
    pub claims_affected: Vec<String>,
    /// Functions that it called unaffected.
    pub claims_unaffected: Vec<String>,
    /// Of those, the ones that the data contradict.
    pub contradicted: Vec<String>,
}

/// A piece of follow-through.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionItem {
    /// Its id.
    pub id: String,
    /// What is to be done.
    pub title: String,
    /// `mitigate`, `prevent`, `elsewhere`, or the source's word.
    pub kind: Option<String>,
    /// Who.
    pub owner: Option<String>,
    /// By when.
    pub due: Option<Micros>,
    /// Who checks.
    pub verifier: Option<String>,
    /// How one sees that it is done.
    pub acceptance: Option<String>,
    /// Open, closed, overdue as of the report's `as_of`.
    pub status: ActionStatus,
    /// When it was closed.
    pub closed_at: Option<Micros>,
}

/// How far an action has come, as of the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionStatus {
    /// Not done, in time.
    #[default]
    Open,
    /// Not done, late.
    Overdue,
    /// Done.
    Closed,
}
