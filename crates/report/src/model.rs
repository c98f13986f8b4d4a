//! What has to be known to write an incident's postmortem?
//!
//! [`IncidentReport`] is the whole answer: plain values that the caller fills from query results.
//! Rendering is a pure function of it, in either language. Everything may be unknown: a
//! [`Figure`] that was not computed says so, an empty list says that nothing was found, and
//! [`DataQuality`] says what could not have been found.
//!
//! Text in here that comes from data (titles, summaries, service names, log templates …) is kept
//! as it is; it becomes inert when it is rendered.

mod candidates;
mod figure;
mod header;
mod impact;
mod numbering;
mod provenance;
mod series;
mod timeline;

pub use candidates::{
    Candidate, CandidateKind, Certainty, Evidence, EvidenceStrength, Rejected, RejectedReason,
};
pub use figure::{Figure, FigureValue, Unknown, Words};
pub use header::{
    Basis, Duration, DurationName, Grade, Header, IncidentKind, IncidentStatus, Milestone, MilestoneClaim,
    MilestoneName,
};
pub use impact::{
    ActionOutcome, BlastRow, BusinessLoss, ImpactSegment, Relief, ReliefReason, ServiceClass, UserCounts,
};
pub use provenance::{
    Assumption, DataGap, DataQuality, DefinitionUsed, Provenance, QuarantineReason, Receipt, RowsUsed,
    SourceQuality,
};
pub use series::{CandidateSeries, HeatMap, HeatRow, RequestPoint, RequestSeries, Series, SeriesPoint};
pub use timeline::{
    ActionItem, ActionStatus, KnownThen, Lane, Link, Notice, Notices, RECORDED_LATE_SECONDS, TimelineEntry,
};

use serde::{Deserialize, Serialize};

/// Everything that an incident's postmortem says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IncidentReport {
    /// What the incident is: id, title, grade, owner, zone.
    pub header: Header,
    /// Instants that matter, in the order of definitions.md; missing ones may be left out.
    pub milestones: Vec<Milestone>,
    /// Durations between milestones with their targets.
    pub durations: Vec<Duration>,
    /// Stretches in which users were hurt, in order of time.
    pub impact_segments: Vec<ImpactSegment>,
    /// Attempts that looked like mitigation and were not.
    pub reliefs: Vec<Relief>,
    /// One row per service or function, the worst first.
    pub blast_radius: Vec<BlastRow>,
    /// Smallest rise of the error share that counts as failing (0–1); printed beside the table.
    pub min_effect_share: Option<f64>,
    /// Users over all key actions; none where there are no requests with an identity.
    pub users: Option<UserCounts>,
    /// Users per key action, in the order in which a user takes them.
    pub users_by_action: Vec<UserCounts>,
    /// Requests that failed, over all entry services.
    pub failed_requests: Figure,
    /// Requests in the impact, over all entry services.
    pub requests: Figure,
    /// Share of minutes × users that were hurt, as user-minutes.
    pub user_minutes: Figure,
    /// Highest share of failed requests in any minute, over all entry services.
    pub peak_error_share: Figure,
    /// Money, where orders and amounts are configured.
    pub business_loss: Vec<BusinessLoss>,
    /// Charged twice, refunded too much, paid and not delivered; exact to the cent.
    pub asset_loss: Figure,
    /// What happened, in order of time.
    pub timeline: Vec<TimelineEntry>,
    /// Words to users and their deadlines.
    pub notices: Notices,
    /// Root-cause candidates, the strongest first.
    pub candidates: Vec<Candidate>,
    /// Whether the evidence tells the candidates apart.
    pub candidates_strength: EvidenceStrength,
    /// What was looked at and left out, with the reason.
    pub rejected: Vec<Rejected>,
    /// Follow-through.
    pub actions: Vec<ActionItem>,
    /// What was read and what was lost.
    pub data_quality: DataQuality,
    /// What had to be assumed.
    pub assumptions: Vec<Assumption>,
    /// Definitions beyond those that every report prints.
    pub definitions: Vec<DefinitionUsed>,
    /// Where the numbers come from; [`Figure::receipt`] names one by its key.
    pub receipts: Vec<Receipt>,
    /// Which data and software this was made from.
    pub provenance: Provenance,
    /// What the charts draw.
    pub series: Series,
}

impl IncidentReport {
    /// The milestone of that name, if it is in the list.
    pub fn milestone(&self, name: MilestoneName) -> Option<&Milestone> {
        self.milestones.iter().find(|milestone| milestone.name == name)
    }

    /// The duration of that name, if it is in the list.
    pub fn duration(&self, name: DurationName) -> Option<&Duration> {
        self.durations.iter().find(|duration| duration.name == name)
    }

    /// The receipt of that key.
    pub fn receipt(&self, key: &str) -> Option<&Receipt> {
        self.receipts.iter().find(|receipt| receipt.key == key)
    }
}
