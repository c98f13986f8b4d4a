//! Is the end of this file a beginning of a chunk that is in? Digests cannot tell, records can.
//!
//! A copy that was cut (a half download, an earlier copy of a growing file that comes later) ends
//! inside of a chunk. Its records are compared with the chunk's rows of the same numbers, rejects
//! included; only where all are equal, nothing of it is new.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Int64Type};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use fupan_model::Table;
use fupan_store::{ChunkRows, LedgerRow, Store};

use crate::IngestError;
use crate::decode::Decoded;

/// Tables in which rows have no key but their place.
pub(crate) const TABLES: [Table; 4] = [Table::Logs, Table::Metrics, Table::Spans, Table::Quarantine];

/// Columns that differ between two copies of the same record.
const OWN_COLUMNS: [&str; 3] = ["chunk_id", "date", "source"];

/// What a piece is compared with.
pub(crate) struct Comparison<'a> {
    pub(crate) piece: &'a Decoded,
    /// Chunks that are not in the store yet.
    pub(crate) waiting: &'a [ChunkRows],
    pub(crate) store: &'a Store,
}

impl Comparison<'_> {
    /// Whether the chunk holds all records of the piece.
    ///
    /// The last one may be cut: it ends in the middle of a line, or lacks lines that belong to it. Then it
    /// is compared as far as it goes, provided that there are whole ones before it.
    pub(crate) async fn holds(&self, row: &LedgerRow) -> Result<bool, IngestError> {
        let cut = &self.piece.cut;
        let first = cut.first_record;
        let end = first.saturating_add(self.piece.records());
        if self.holds_records(row, first..end).await? {
            return Ok(true);
        }
        let last = end.saturating_sub(1);
        let may_be_cut = cut.is_unfinished && (cut.byte_offset > 0 || last > first);
        Ok(may_be_cut && self.holds_records(row, first..last).await? && self.may_begin(row, last).await?)
    }

    async fn holds_records(&self, row: &LedgerRow, records: Range<u64>) -> Result<bool, IngestError> {
        for table in TABLES {
            let own = match table {
                Table::Quarantine => Some(self.piece.rejects()?),
                _ => self.piece.telemetry.get(&table).cloned(),
            };
            let own = own.iter().map(|batch| only(batch, &records)).collect::<Result<Vec<_>, _>>()?;
            let Some(of_chunk) = self.rows_of(row, table, &records).await? else { return Ok(false) };
            if texts(&own)? != texts(&of_chunk)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether what there is of the record may be the beginning of the chunk's record of that number.
    async fn may_begin(&self, row: &LedgerRow, record: u64) -> Result<bool, IngestError> {
        let records = record..record.saturating_add(1);
        let Some(of_chunk) = self.rows_of(row, Table::Logs, &records).await? else { return Ok(false) };
        let own = self.piece.telemetry.get(&Table::Logs).map(|batch| only(batch, &records)).transpose()?;
        let is_in_line = !self.piece.cut.bytes.ends_with(b"\n");
        Ok(match (own.as_ref().and_then(first_body), of_chunk.iter().find_map(first_body)) {
            (Some(own), Some(whole)) => {
                // What a line that is cut would be taken for tells nothing; the lines before it do.
                let lines = own.rsplit_once('\n').map_or("", |(lines, _)| lines);
                whole.starts_with(if is_in_line { lines } else { &own })
            }
            _ => is_in_line,
        })
    }

    /// The rows of some records of a chunk; none where they cannot be read: a damaged file proves nothing.
    async fn rows_of(
        &self,
        row: &LedgerRow,
        table: Table,
        records: &Range<u64>,
    ) -> Result<Option<Vec<RecordBatch>>, IngestError> {
        let waiting = self.waiting.iter().find(|chunk| chunk.ledger_row.chunk_id == row.chunk_id);
        let batches = match waiting {
            Some(chunk) => chunk.batches.get(&table).cloned().unwrap_or_default(),
            None => match self.store.read_chunk(table, &row.chunk_id).await {
                Ok(batches) => batches,
                Err(_) => return Ok(None),
            },
        };
        Ok(Some(batches.iter().map(|batch| only(batch, records)).collect::<Result<_, _>>()?))
    }
}

pub(crate) fn first_body(batch: &RecordBatch) -> Option<String> {
    let bodies = batch.column_by_name("body")?.as_string_opt::<i32>()?;
    bodies.iter().flatten().next().map(str::to_owned)
}

/// The rows of some records.
pub(crate) fn only(batch: &RecordBatch, records: &Range<u64>) -> Result<RecordBatch, ArrowError> {
    let numbers =
        batch.column_by_name("source_record").and_then(|column| column.as_primitive_opt::<Int64Type>());
    let Some(numbers) = numbers else { return Ok(batch.slice(0, 0)) };
    let wanted: BooleanArray = numbers
        .iter()
        .map(|number| Some(number.is_some_and(|number| records.contains(&number.unsigned_abs()))))
        .collect();
    filter_record_batch(batch, &wanted)
}

/// Each row as a text, in an order of their own: a table may be sorted otherwise than its source.
pub(crate) fn texts(batches: &[RecordBatch]) -> Result<Vec<String>, ArrowError> {
    let options = FormatOptions::default().with_null("\u{0}");
    let mut texts = Vec::new();
    for batch in batches {
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns());
        let columns: Vec<ArrayRef> = columns
            .filter(|(field, _)| !OWN_COLUMNS.contains(&field.name().as_str()))
            .map(|(_, column)| numbered(column))
            .collect::<Result<_, _>>()?;
        let formatters: Vec<_> = columns
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            let mut text = String::new();
            for formatter in &formatters {
                formatter.value(row).write(&mut text)?;
                text.push('\u{1f}');
            }
            texts.push(text);
        }
    }
    texts.sort_unstable();
    Ok(texts)
}

/// Instants as their microseconds: what a zone makes of them is of no interest here.
fn numbered(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match column.data_type() {
        DataType::Timestamp(..) => cast(column, &DataType::Int64),
        _ => Ok(Arc::clone(column)),
    }
}
