//! Which incident is this, when did what happen, and how long did it take?

use fupan_model::Micros;
use serde::{Deserialize, Serialize};

use super::{Figure, Words};

/// The card at the top of the report.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Header {
    /// The incident's id.
    pub incident_id: String,
    /// Its title.
    pub title: String,
    /// Grade by the rules, and what people set.
    pub grade: Grade,
    /// Real, drill, near miss …
    pub kind: IncidentKind,
    /// Responsible person, role or team.
    pub owner: Option<String>,
    /// Open, mitigated, closed.
    pub status: IncidentStatus,
    /// Business line.
    pub business_line: Option<String>,
    /// IANA zone in which all instants are printed; UTC where it is not known.
    pub zone: String,
    /// How it was found, in the source's words: `alert`, `complaint` …
    pub detection_mode: Option<String>,
    /// Whether a change set it off; none where nobody said and no candidate is one.
    pub was_change: Option<bool>,
    /// Contacts of customers about it.
    pub complaints: Figure,
    /// The first sentence, where people wrote one; else it is made from the figures.
    pub summary: Option<String>,
}

/// Grade by the rules, and what people set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Grade {
    /// By the workspace's rules.
    pub by_rule: Option<String>,
    /// The clause that fired.
    pub clause: Option<String>,
    /// As people or another system set it, in its own label.
    pub by_people: Option<String>,
}

/// Kinds of incidents, never mixed in one statistic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// Users were or could have been hurt.
    #[default]
    Real,
    /// Exercise.
    Drill,
    /// Test.
    Test,
    /// Planned work.
    Maintenance,
    /// It almost happened.
    NearMiss,
    /// There was nothing.
    FalseAlarm,
}

impl IncidentKind {
    /// The kind of that name (`real`, `drill`, `test`, `maintenance`, `near_miss`, `false_alarm`).
    pub fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "real" => Self::Real,
            "drill" => Self::Drill,
            "test" => Self::Test,
            "maintenance" => Self::Maintenance,
            "near_miss" => Self::NearMiss,
            "false_alarm" => Self::FalseAlarm,
            _ => return None,
        })
    }
}

/// How far an incident has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentStatus {
    /// Nobody says.
    #[default]
    Unknown,
    /// Users are still being hurt.
    Open,
    /// Users are no longer hurt, work goes on.
    Mitigated,
    /// Full function is back.
    Resolved,
    /// The record is closed.
    Closed,
}

/// What an instant rests on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Seen in telemetry.
    Observed,
    /// Said by people or another system.
    #[default]
    Declared,
    /// Put in for lack of anything better.
    Assumed,
}

/// An instant that matters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Milestone {
    /// Which one.
    pub name: MilestoneName,
    /// The instant that counts, or a range, or why it is unknown.
    pub at: Figure,
    /// What it rests on.
    pub basis: Basis,
    /// The event that set it, where one did.
    pub source: Option<String>,
    /// Other events that claim it; they stay visible.
    pub others: Vec<MilestoneClaim>,
    /// Something is odd about it: out of order, far from the other claim.
    pub flag: Option<Words>,
}

/// Another instant that claims the milestone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MilestoneClaim {
    /// When.
    pub at: Figure,
    /// What it rests on.
    pub basis: Basis,
    /// The event or document.
    pub source: Option<String>,
}

/// The milestones, in their usual order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MilestoneName {
    /// The first departure that belongs to the incident.
    FirstSignal,
    /// Users began to be hurt.
    #[default]
    ImpactStarted,
    /// Somebody or something noticed.
    Detected,
    /// Somebody took it on.
    Acknowledged,
    /// It was called an incident.
    Declared,
    /// The first public notice.
    FirstNotice,
    /// The cause was located.
    Located,
    /// Users stopped being hurt.
    Mitigated,
    /// Full function came back.
    Recovered,
    /// The work was done.
    Resolved,
    /// The record was closed.
    Closed,
}

/// A duration with its target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Duration {
    /// Which one.
    pub name: DurationName,
    /// Seconds, a range of seconds, or why it is unknown.
    pub value: Figure,
    /// Target by policy in seconds; whether it was met is derived.
    pub target_seconds: Option<f64>,
    /// The source's own figure of that kind, where it has one.
    pub source_claim: Option<Figure>,
}

/// The durations; definitions.md says from where to where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DurationName {
    /// TTD: impact start → detected.
    Detect,
    /// How long the warning came before the impact.
    EarlyWarning,
    /// TTA: detected → acknowledged.
    Acknowledge,
    /// TTL: impact start → located.
    Locate,
    /// TTM: impact start → mitigated, last segment. The headline.
    #[default]
    Mitigate,
    /// TTR: impact start → recovered.
    Recover,
    /// Union of the impact segments.
    Downtime,
    /// Declared → resolved.
    RecordOpen,
    /// The policy's anchor → first public notice.
    FirstNotice,
}

impl Milestone {
    /// A milestone at an instant.
    pub fn at(name: MilestoneName, at: Micros, basis: Basis, receipt: &str) -> Self {
        Self { name, at: Figure::instant(at, receipt), basis, ..Self::default() }
    }
}
