//! Incident events → rows of `incident_events`.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::error::ArrowError;
use fupan_model::{IncidentEvent, Micros, Precision, RecordedAtBasis, Table};
use fupan_store::text_map_builder;

use super::columns::{attributes, instant, instants, same, shared};

/// What `incident_events` and `changes` share.
pub(super) struct Envelope<'a> {
    pub(super) occurred_at: Option<Micros>,
    pub(super) occurred_at_low: Option<Micros>,
    pub(super) occurred_at_high: Option<Micros>,
    pub(super) precision: Precision,
    pub(super) recorded_at: Option<Micros>,
    pub(super) recorded_at_basis: RecordedAtBasis,
    pub(super) actor: Option<&'a str>,
    pub(super) summary: Option<&'a str>,
    pub(super) service_name: Option<&'a str>,
    pub(super) attributes: &'a [(String, String)],
    pub(super) supersedes: Option<&'a str>,
    pub(super) source: &'a str,
}

/// The shared columns, `chunk_id` and `source_record` included.
pub(super) fn envelope_columns(
    rows: &[(Envelope<'_>, u64)],
    chunk_id: &str,
    ingested_at: Micros,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let column = |get: &dyn Fn(&Envelope<'_>) -> Option<Micros>| {
        let mut builder = instants(rows.len());
        for (row, _) in rows {
            instant(&mut builder, get(row));
        }
        shared(builder.finish())
    };
    let text = |get: &dyn for<'a> Fn(&'a Envelope<'_>) -> Option<&'a str>| {
        shared(rows.iter().map(|(row, _)| get(row)).collect::<StringArray>())
    };
    // `recorded_at` is never null: where nobody says when it was known, it is known since now.
    let basis = |row: &Envelope<'_>| {
        if row.recorded_at.is_some() { row.recorded_at_basis } else { RecordedAtBasis::Ingested }
    };
    let mut maps = text_map_builder(rows.len());
    for (row, _) in rows {
        attributes(&mut maps, row.attributes)?;
    }
    Ok(vec![
        column(&|row| row.occurred_at),
        column(&|row| row.occurred_at_low.or(row.occurred_at)),
        column(&|row| row.occurred_at_high.or(row.occurred_at)),
        shared(rows.iter().map(|(row, _)| Some(row.precision.as_str())).collect::<StringArray>()),
        column(&|row| Some(row.recorded_at.unwrap_or(ingested_at))),
        shared(rows.iter().map(|(row, _)| Some(basis(row).as_str())).collect::<StringArray>()),
        text(&|row| row.actor),
        text(&|row| row.summary),
        text(&|row| row.service_name),
        shared(maps.finish()),
        text(&|row| row.supersedes),
        text(&|row| Some(row.source)),
        same(chunk_id, rows.len()),
        shared(rows.iter().map(|(_, record)| Some(*record as i64)).collect::<Int64Array>()),
    ])
}

/// Events of one chunk.
#[derive(Default)]
pub(crate) struct EventRows(pub(crate) Vec<(IncidentEvent, u64)>);

impl EventRows {
    pub(crate) fn finish(&self, chunk_id: &str, ingested_at: Micros) -> Result<RecordBatch, ArrowError> {
        let text = |get: &dyn for<'a> Fn(&'a IncidentEvent) -> Option<&'a str>| {
            shared(self.0.iter().map(|(event, _)| get(event)).collect::<StringArray>())
        };
        let mut columns = vec![
            text(&|event| Some(&event.event_id)),
            text(&|event| event.incident_id.as_deref()),
            text(&|event| Some(&event.event_type)),
        ];
        let rows: Vec<_> = self.0.iter().map(|(event, record)| (envelope(event), *record)).collect();
        columns.extend(envelope_columns(&rows, chunk_id, ingested_at)?);
        RecordBatch::try_new(Table::IncidentEvents.schema(), columns)
    }
}

fn envelope(event: &IncidentEvent) -> Envelope<'_> {
    Envelope {
        occurred_at: event.occurred_at,
        occurred_at_low: event.occurred_at_low,
        occurred_at_high: event.occurred_at_high,
        precision: event.precision,
        recorded_at: event.recorded_at,
        recorded_at_basis: event.recorded_at_basis,
        actor: event.actor.as_deref(),
        summary: event.summary.as_deref(),
        service_name: event.service_name.as_deref(),
        attributes: &event.attributes,
        supersedes: event.supersedes.as_deref(),
        source: &event.source,
    }
}
