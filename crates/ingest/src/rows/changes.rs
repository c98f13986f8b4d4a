//! Changes → rows of `changes`.

use arrow::array::{RecordBatch, StringArray};
use arrow::error::ArrowError;
use fupan_model::{Change, Micros, Table};

use super::columns::{instant, instants, shared};
use super::events::{Envelope, envelope_columns};

/// Changes of one chunk.
#[derive(Default)]
pub(crate) struct ChangeRows(pub(crate) Vec<(Change, u64)>);

impl ChangeRows {
    pub(crate) fn finish(&self, chunk_id: &str, ingested_at: Micros) -> Result<RecordBatch, ArrowError> {
        let mut ended_at = instants(self.0.len());
        self.0.iter().for_each(|(change, _)| instant(&mut ended_at, change.ended_at));
        let mut columns = vec![
            shared(self.0.iter().map(|(change, _)| Some(change.change_id.as_str())).collect::<StringArray>()),
            shared(
                self.0.iter().map(|(change, _)| Some(change.change_type.as_str())).collect::<StringArray>(),
            ),
            shared(ended_at.finish()),
        ];
        let rows: Vec<_> = self.0.iter().map(|(change, record)| (envelope(change), *record)).collect();
        columns.extend(envelope_columns(&rows, chunk_id, ingested_at)?);
        RecordBatch::try_new(Table::Changes.schema(), columns)
    }
}

fn envelope(change: &Change) -> Envelope<'_> {
    Envelope {
        occurred_at: Some(change.occurred_at),
        occurred_at_low: None,
        occurred_at_high: None,
        precision: change.precision,
        recorded_at: change.recorded_at,
        recorded_at_basis: change.recorded_at_basis,
        actor: change.actor.as_deref(),
        summary: change.summary.as_deref(),
        service_name: change.service_name.as_deref(),
        attributes: &change.attributes,
        supersedes: change.supersedes.as_deref(),
        source: &change.source,
    }
}
