//! Some columns of some chunks, without the rest of their files.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use fupan_model::{Micros, Table};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::state::files_of;
use crate::{DataFile, Store, StoreError};

impl Store {
    /// These columns of the rows of these chunks, whether they count or not. Where a range is given, rows of
    /// other instants are left out; then `timestamp` has to be among the columns, and `chunk_id` always.
    pub async fn read_columns(
        &self,
        table: Table,
        columns: &[&str],
        chunks: &BTreeSet<String>,
        range: Option<(Micros, Micros)>,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        let delta = self.delta(table).await?;
        let mut batches = Vec::new();
        for file in files_of(&delta)?.iter().filter(|file| is_asked_for(file, chunks, range)) {
            let path = Path::from(format!("{}/{}", table.name(), file.path));
            let bytes = self.object_store().get(&path).await?.bytes().await?;
            let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
            let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
            for batch in builder.with_projection(mask).build()? {
                batches.push(only(&batch?, chunks, range)?);
            }
        }
        Ok(batches)
    }
}

fn is_asked_for(file: &DataFile, chunks: &BTreeSet<String>, range: Option<(Micros, Micros)>) -> bool {
    let is_then = match (file.timestamps, range) {
        (Some((low, high)), Some((first, last))) => low <= last && high >= first,
        _ => true,
    };
    is_then && file.chunks.iter().any(|chunk| chunks.contains(chunk))
}

fn only(
    batch: &RecordBatch,
    chunks: &BTreeSet<String>,
    range: Option<(Micros, Micros)>,
) -> Result<RecordBatch, StoreError> {
    let ids = batch.column_by_name("chunk_id").and_then(|column| column.as_string_opt::<i32>());
    let instants = batch
        .column_by_name("timestamp")
        .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
    let is_then = |row: usize| match (range, instants) {
        (Some((first, last)), Some(instants)) => {
            instants.is_valid(row) && (first.0..=last.0).contains(&instants.value(row))
        }
        _ => true,
    };
    // Rows of a chunk mostly stand together.
    let mut known = ("", false);
    let wanted: BooleanArray = (0..batch.num_rows())
        .map(|row| {
            let id = ids.map_or("", |ids| ids.value(row));
            if known.0 != id {
                known = (id, chunks.contains(id));
            }
            Some(known.1 && is_then(row))
        })
        .collect();
    Ok(filter_record_batch(batch, &wanted)?)
}
