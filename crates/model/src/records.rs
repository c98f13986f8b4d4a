//! One decoded record of each kind, before it becomes a row.
//!
//! Telemetry borrows from the bytes that it was decoded from; events and changes are few and own
//! their text.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Micros, Precision};

/// Text that borrows from the input where nothing had to be unescaped.
pub type Text<'a> = Cow<'a, str>;

/// All attributes that have no column of their own, in source order; later duplicates win.
pub type Attributes<'a> = Vec<(Text<'a>, Text<'a>)>;

/// A log record (OpenTelemetry log data model plus the columns that incidents are measured by).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogRecord<'a> {
    /// When it happened. A record without a time is rejected by the decoder.
    pub timestamp: Micros,
    /// When the collector saw it.
    pub observed_timestamp: Option<Micros>,
    /// 1–24, see [`crate::severity`].
    pub severity_number: Option<i8>,
    /// The level as the source wrote it.
    pub severity_text: Option<Text<'a>>,
    /// `service.name`.
    pub service_name: Option<Text<'a>>,
    /// `service.version`.
    pub service_version: Option<Text<'a>>,
    /// `host.name` (pod or instance where there is no host).
    pub host_name: Option<Text<'a>>,
    /// `deployment.environment.name`.
    pub deployment_environment_name: Option<Text<'a>>,
    /// `cloud.region`.
    pub cloud_region: Option<Text<'a>>,
    /// `event.name`: the machine's name of what happened, such as `order.submitted`.
    pub event_name: Option<Text<'a>>,
    /// The message.
    pub body: Option<Text<'a>>,
    /// Trace id as the source wrote it.
    pub trace_id: Option<Text<'a>>,
    /// Span id as the source wrote it.
    pub span_id: Option<Text<'a>>,
    /// Opaque user id.
    pub user_id: Option<Text<'a>>,
    /// Session id.
    pub session_id: Option<Text<'a>>,
    /// Tenant, merchant, school.
    pub tenant_id: Option<Text<'a>>,
    /// `http.request.method`.
    pub http_request_method: Option<Text<'a>>,
    /// `http.route`, or the path without its query where there is no route.
    pub http_route: Option<Text<'a>>,
    /// `http.response.status_code`.
    pub http_response_status_code: Option<i16>,
    /// `rpc.grpc.status_code`.
    pub rpc_grpc_status_code: Option<i16>,
    /// `ok` or `failed` where the source itself says so; otherwise derived at ingest.
    pub outcome: Option<Text<'a>>,
    /// `error.type`.
    pub error_type: Option<Text<'a>>,
    /// Duration in milliseconds.
    pub duration_ms: Option<f64>,
    /// Order id.
    pub order_id: Option<Text<'a>>,
    /// Money of the order, in the workspace's currency unit.
    pub amount: Option<f64>,
    /// Everything else.
    pub attributes: Attributes<'a>,
}

/// One value of one metric series.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MetricPoint<'a> {
    /// When it was measured.
    pub timestamp: Micros,
    /// Start of the interval that a sum or histogram covers.
    pub start_timestamp: Option<Micros>,
    /// Name as the source wrote it; histogram parts carry `_bucket`, `_sum`, `_count`.
    pub metric_name: Text<'a>,
    /// `gauge`, `sum`, `histogram`, `summary`, where known.
    pub metric_type: Option<Text<'a>>,
    /// `delta` or `cumulative`, where known.
    pub temporality: Option<Text<'a>>,
    /// UCUM unit.
    pub unit: Option<Text<'a>>,
    /// The value; NaN and infinities are kept.
    pub value: f64,
    /// `service.name`.
    pub service_name: Option<Text<'a>>,
    /// `host.name` (pod or instance).
    pub host_name: Option<Text<'a>>,
    /// `cloud.region`.
    pub cloud_region: Option<Text<'a>>,
    /// All other labels.
    pub attributes: Attributes<'a>,
}

/// A trace span.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpanRecord<'a> {
    /// Trace id.
    pub trace_id: Text<'a>,
    /// Span id.
    pub span_id: Text<'a>,
    /// Parent span id; none for a root.
    pub parent_span_id: Option<Text<'a>>,
    /// Start of the span.
    pub timestamp: Micros,
    /// Duration in milliseconds.
    pub duration_ms: Option<f64>,
    /// `service.name`.
    pub service_name: Option<Text<'a>>,
    /// Operation.
    pub span_name: Option<Text<'a>>,
    /// `server`, `client`, `producer`, `consumer`, `internal`.
    pub span_kind: Option<Text<'a>>,
    /// `ok`, `error`, or none where unset.
    pub status_code: Option<Text<'a>>,
    /// Everything else.
    pub attributes: Attributes<'a>,
}

/// Why `recorded_at` has its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedAtBasis {
    /// The source says when it was recorded.
    Source,
    /// The source does not say; the instant of the occurrence stands in for it.
    Assumed,
    /// Neither is usable; the instant of the ingest stands in for it.
    Ingested,
}

impl RecordedAtBasis {
    /// The value in the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Assumed => "assumed",
            Self::Ingested => "ingested",
        }
    }
}

/// An entry of the append-only log of an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct IncidentEvent {
    /// Deterministic: from the source and its own key (see [`crate::events::event_id`]).
    pub event_id: String,
    /// Which incident; empty for an alert that belongs to none yet.
    pub incident_id: Option<String>,
    /// Past tense; unknown types are kept as they are.
    pub event_type: String,
    /// When it happened; none for facts without a time (a title).
    pub occurred_at: Option<Micros>,
    /// Earliest, where the source is vague.
    pub occurred_at_low: Option<Micros>,
    /// Latest, where the source is vague.
    pub occurred_at_high: Option<Micros>,
    /// How exact the source was.
    pub precision: Precision,
    /// When it was known; filled in at ingest where the decoder leaves it empty.
    pub recorded_at: Option<Micros>,
    /// Where `recorded_at` comes from.
    pub recorded_at_basis: RecordedAtBasis,
    /// Role or name of who did or said it.
    pub actor: Option<String>,
    /// Words of people.
    pub summary: Option<String>,
    /// The service it is about.
    pub service_name: Option<String>,
    /// Everything else.
    pub attributes: Vec<(String, String)>,
    /// The event that this one corrects or withdraws.
    pub supersedes: Option<String>,
    /// The kind of source and its document: `timeline:incident.yaml`, `statuspage`, `alert`.
    pub source: String,
}

/// A change to the running system.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Deterministic, from the source and its own key.
    pub change_id: String,
    /// `deployment`, `commit`, `config`, `flag`, `migration`, `campaign`, `traffic`.
    pub change_type: String,
    /// When it began to act.
    pub occurred_at: Micros,
    /// When it ended, for campaigns and traffic shifts.
    pub ended_at: Option<Micros>,
    /// How exact the source was.
    pub precision: Precision,
    /// When it was known; filled in at ingest where the decoder leaves it empty.
    pub recorded_at: Option<Micros>,
    /// Where `recorded_at` comes from.
    pub recorded_at_basis: RecordedAtBasis,
    /// Role or name.
    pub actor: Option<String>,
    /// Words of people: a commit's subject, a campaign's name.
    pub summary: Option<String>,
    /// The service it is about.
    pub service_name: Option<String>,
    /// Everything else: version, sha, flag name, from and to.
    pub attributes: Vec<(String, String)>,
    /// The change that this one corrects.
    pub supersedes: Option<String>,
    /// The kind of source and its document.
    pub source: String,
}
