//! The table contract: which tables there are and which columns they have.
//!
//! Columns follow OpenTelemetry names (`a.b_c` becomes `a_b_c`); timestamps are microseconds in
//! UTC. Columns are added by schema evolution, never renamed, never cast.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

/// One of the tables below a store's root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Log records, one row each.
    Logs,
    /// Metric points, one row each; a histogram is several series.
    Metrics,
    /// Trace spans.
    Spans,
    /// The append-only log of what happened to incidents.
    IncidentEvents,
    /// Deployments, commits, flags, configuration, campaigns, traffic shifts.
    Changes,
    /// Shape → template: a projection, rebuilt from the logs.
    LogTemplates,
    /// Records that could not be read, with the reason and their bytes.
    Quarantine,
    /// The ledger: one row per committed chunk, and per note about one.
    Ingests,
}

impl Table {
    /// All tables, in the order in which they are created.
    pub const ALL: [Self; 8] = [
        Self::Logs,
        Self::Metrics,
        Self::Spans,
        Self::IncidentEvents,
        Self::Changes,
        Self::LogTemplates,
        Self::Quarantine,
        Self::Ingests,
    ];

    /// The table's name, in SQL and as the folder below the root.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Metrics => "metrics",
            Self::Spans => "spans",
            Self::IncidentEvents => "incident_events",
            Self::Changes => "changes",
            Self::LogTemplates => "log_templates",
            Self::Quarantine => "quarantine",
            Self::Ingests => "ingests",
        }
    }

    /// The table of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// Partition columns: telemetry is partitioned by UTC date, the small tables are not.
    pub const fn partition_columns(self) -> &'static [&'static str] {
        match self {
            Self::Logs | Self::Metrics | Self::Spans => &["date"],
            _ => &[],
        }
    }

    /// Columns that carry statistics for data skipping: the ones that are filtered by, no bodies.
    pub const fn statistics_columns(self) -> &'static [&'static str] {
        match self {
            Self::Logs => &[
                "timestamp",
                "severity_number",
                "service_name",
                "shape_id",
                "http_response_status_code",
                "chunk_id",
            ],
            Self::Metrics => &["timestamp", "metric_name", "service_name", "series_id", "chunk_id"],
            Self::Spans => &["timestamp", "service_name", "chunk_id"],
            Self::IncidentEvents => &["incident_id", "event_type", "occurred_at", "recorded_at", "chunk_id"],
            Self::Changes => &["change_type", "occurred_at", "recorded_at", "chunk_id"],
            Self::LogTemplates => &["shape_id"],
            Self::Quarantine => &["source", "chunk_id"],
            Self::Ingests => &["chunk_id", "chunk_key", "action"],
        }
    }

    /// The columns, in order. Every row of a table that comes from a source carries `chunk_id` and
    /// `source_record` (1-based).
    pub fn schema(self) -> SchemaRef {
        let fields = match self {
            Self::Logs => logs(),
            Self::Metrics => metrics(),
            Self::Spans => spans(),
            Self::IncidentEvents => incident_events(),
            Self::Changes => changes(),
            Self::LogTemplates => log_templates(),
            Self::Quarantine => quarantine(),
            Self::Ingests => ingests(),
        };
        Arc::new(Schema::new(fields))
    }
}

/// Microseconds, UTC: the only timestamp type in the store.
pub fn timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// `MAP<TEXT, TEXT>` with the field names that Delta prescribes.
pub fn text_map_type() -> DataType {
    let entry = Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, true),
    ]);
    DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(entry), false)), false)
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}
fn at(name: &str) -> Field {
    Field::new(name, timestamp_type(), true)
}
fn long(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}
fn short(name: &str) -> Field {
    Field::new(name, DataType::Int16, true)
}
fn double(name: &str) -> Field {
    Field::new(name, DataType::Float64, true)
}
fn map(name: &str) -> Field {
    Field::new(name, text_map_type(), true)
}
fn date() -> Field {
    Field::new("date", DataType::Date32, true)
}

fn logs() -> Vec<Field> {
    vec![
        date(),
        at("timestamp"),
        at("observed_timestamp"),
        Field::new("severity_number", DataType::Int8, true),
        text("severity_text"),
        text("service_name"),
        text("service_version"),
        text("host_name"),
        text("deployment_environment_name"),
        text("cloud_region"),
        text("event_name"),
        text("body"),
        long("shape_id"),
        text("trace_id"),
        text("span_id"),
        text("user_id"),
        text("session_id"),
        text("tenant_id"),
        text("http_request_method"),
        text("http_route"),
        short("http_response_status_code"),
        short("rpc_grpc_status_code"),
        text("outcome"),
        text("error_type"),
        double("duration_ms"),
        text("order_id"),
        double("amount"),
        map("attributes"),
        text("chunk_id"),
        long("source_record"),
    ]
}

fn metrics() -> Vec<Field> {
    vec![
        date(),
        at("timestamp"),
        at("start_timestamp"),
        text("metric_name"),
        text("metric_type"),
        text("temporality"),
        text("unit"),
        double("value"),
        text("service_name"),
        text("host_name"),
        text("cloud_region"),
        long("series_id"),
        map("attributes"),
        text("chunk_id"),
        long("source_record"),
    ]
}

fn spans() -> Vec<Field> {
    vec![
        text("trace_id"),
        text("span_id"),
        text("parent_span_id"),
        at("timestamp"),
        double("duration_ms"),
        text("service_name"),
        text("span_name"),
        text("span_kind"),
        text("status_code"),
        map("attributes"),
        date(),
        text("chunk_id"),
        long("source_record"),
    ]
}

/// What `incident_events` and `changes` share: when it happened, when it was known, who and what.
fn envelope() -> Vec<Field> {
    vec![
        at("occurred_at"),
        at("occurred_at_low"),
        at("occurred_at_high"),
        text("precision"),
        at("recorded_at"),
        text("recorded_at_basis"),
        text("actor"),
        text("summary"),
        text("service_name"),
        map("attributes"),
        text("supersedes"),
        text("source"),
        text("chunk_id"),
        long("source_record"),
    ]
}

fn incident_events() -> Vec<Field> {
    let mut fields = vec![text("event_id"), text("incident_id"), text("event_type")];
    fields.extend(envelope());
    fields
}

fn changes() -> Vec<Field> {
    let mut fields = vec![text("change_id"), text("change_type"), at("ended_at")];
    fields.extend(envelope());
    fields
}

fn log_templates() -> Vec<Field> {
    vec![long("shape_id"), long("template_id"), text("template"), text("miner_version")]
}

fn quarantine() -> Vec<Field> {
    vec![
        text("source"),
        long("source_record"),
        long("byte_offset"),
        text("reason"),
        Field::new("bytes", DataType::Binary, true),
        Field::new("is_truncated", DataType::Boolean, true),
        text("chunk_id"),
    ]
}

fn ingests() -> Vec<Field> {
    vec![
        text("action"),
        text("chunk_id"),
        text("chunk_key"),
        text("reading"),
        text("source"),
        text("input_format"),
        text("mapping"),
        text("assumed_zone"),
        long("assumed_zone_records"),
        long("prefix_bytes"),
        text("prefix_digest"),
        long("chunk_bytes"),
        long("records_read"),
        long("records_accepted"),
        long("records_rejected"),
        long("records_duplicate"),
        long("rows"),
        at("first_timestamp"),
        at("last_timestamp"),
        map("table_versions"),
        text("superseded_by"),
        at("ingested_at"),
        text("software_version"),
        map("redactions"),
        text("source_place"),
        long("samples_repeated"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_table() {
        for table in Table::ALL {
            assert_eq!(Table::by_name(table.name()), Some(table));
        }
        assert_eq!(Table::by_name("log"), None);
    }

    #[test]
    fn partitions_and_statistics_name_real_columns() {
        for table in Table::ALL {
            let schema = table.schema();
            for column in table.partition_columns().iter().chain(table.statistics_columns()) {
                assert!(schema.field_with_name(column).is_ok(), "{}.{column}", table.name());
            }
        }
    }
}
