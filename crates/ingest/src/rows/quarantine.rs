//! Records that could not be read → rows of `quarantine`.

use arrow::array::{BinaryArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow::error::ArrowError;
use fupan_decode::{Place, limits};
use fupan_model::Table;

use super::columns::{same, shared};

/// A reject: where, why, and its first bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reject {
    pub(crate) place: Place,
    pub(crate) reason: String,
    pub(crate) bytes: Vec<u8>,
    /// Whether it had more of them.
    pub(crate) is_truncated: bool,
}

/// Rejects of one chunk.
#[derive(Default)]
pub(crate) struct QuarantineRows(pub(crate) Vec<Reject>);

impl QuarantineRows {
    pub(crate) fn push(&mut self, place: Place, reason: String, bytes: &[u8], is_truncated: bool) {
        let kept = bytes.get(..limits::REJECTED_BYTES_MAX).unwrap_or(bytes).to_vec();
        self.0.push(Reject { place, reason, bytes: kept, is_truncated });
    }

    pub(crate) fn finish(&self, source: &str, chunk_id: &str) -> Result<RecordBatch, ArrowError> {
        let rows = &self.0;
        RecordBatch::try_new(
            Table::Quarantine.schema(),
            vec![
                same(source, rows.len()),
                shared(rows.iter().map(|row| Some(row.place.record as i64)).collect::<Int64Array>()),
                shared(rows.iter().map(|row| Some(row.place.byte_offset as i64)).collect::<Int64Array>()),
                shared(rows.iter().map(|row| Some(row.reason.as_str())).collect::<StringArray>()),
                shared(rows.iter().map(|row| Some(row.bytes.as_slice())).collect::<BinaryArray>()),
                shared(rows.iter().map(|row| Some(row.is_truncated)).collect::<BooleanArray>()),
                same(chunk_id, rows.len()),
            ],
        )
    }
}
