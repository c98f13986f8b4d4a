//! Whose rows are in a file, and is each of them there once?

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use fupan_model::Table;

use crate::DataFile;

/// What was found in files, by chunk.
#[derive(Debug, Default)]
pub(crate) struct RowsByChunk {
    /// Rows in all tables but `quarantine`.
    pub(crate) rows: BTreeMap<String, i64>,
    /// Rows in `quarantine`.
    pub(crate) rejected: BTreeMap<String, i64>,
    /// Chunks with rows in files that cannot be read.
    pub(crate) damaged: BTreeSet<String>,
}

impl RowsByChunk {
    pub(crate) fn add(&mut self, other: Self) {
        for (chunk, rows) in other.rows {
            *self.rows.entry(chunk).or_default() += rows;
        }
        for (chunk, rows) in other.rejected {
            *self.rejected.entry(chunk).or_default() += rows;
        }
        self.damaged.extend(other.damaged);
    }
}

/// Rows of a file by chunk, or what is wrong with them.
pub(crate) fn of_file(table: Table, file: &DataFile, batches: &[RecordBatch]) -> Result<RowsByChunk, String> {
    let mut records: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for batch in batches {
        let column = |name| batch.column_by_name(name);
        let (Some(ids), Some(numbers)) = (
            column("chunk_id").and_then(|column| column.as_string_opt::<i32>()),
            column("source_record").and_then(|column| column.as_primitive_opt::<Int64Type>()),
        ) else {
            return Ok(RowsByChunk::default());
        };
        for (row, number) in numbers.iter().enumerate() {
            let chunk = if ids.is_valid(row) { ids.value(row) } else { "" };
            records.entry(chunk).or_default().push(number.unwrap_or_default());
        }
    }
    if let Some(chunk) = records.keys().find(|chunk| !file.chunks.iter().any(|named| named == *chunk)) {
        return Err(format!("it holds rows of chunk `{chunk}`, which the log does not name"));
    }
    if is_one_row_per_record(table) {
        for (chunk, numbers) in &mut records {
            numbers.sort_unstable();
            if let Some(twice) = numbers.windows(2).find(|pair| pair.first() == pair.last()) {
                let number = twice.first().copied().unwrap_or_default();
                return Err(format!("record {number} of chunk {chunk} is in it twice"));
            }
        }
    }
    let counts =
        records.into_iter().map(|(chunk, numbers)| (chunk.to_owned(), numbers.len() as i64)).collect();
    Ok(if table == Table::Quarantine {
        RowsByChunk { rejected: counts, ..RowsByChunk::default() }
    } else {
        RowsByChunk { rows: counts, ..RowsByChunk::default() }
    })
}

/// A record may give several rows, also of logs (a line of OTLP or Loki is a batch); of rejects it gives one.
const fn is_one_row_per_record(table: Table) -> bool {
    matches!(table, Table::Quarantine)
}
