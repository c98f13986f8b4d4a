//! What came out of a query, and what anyone needs to get it again.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use fupan_model::{Micros, tables::timestamp_type};
use serde::{Deserialize, Serialize};

use crate::error::QueryError;

/// The value of a parameter. Text is read as the type that the query's header declares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamValue {
    /// An instant.
    Timestamp(Micros),
    /// Days since the epoch.
    Date(i32),
    /// Text.
    Text(String),
    /// A whole number.
    BigInt(i64),
    /// A number.
    Double(f64),
    /// True or false.
    Boolean(bool),
    /// Not given.
    Null,
}

/// Rows with their schema and their receipt.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The rows, in the order that the query promises.
    pub batches: Vec<RecordBatch>,
    /// Their columns, also where there are no rows. Text is `Utf8`, whole numbers of counts are
    /// `Int64`, instants are microseconds in UTC.
    pub schema: SchemaRef,
    /// What it takes to get it again.
    pub receipt: Receipt,
}

impl Answer {
    /// Rows in all batches.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// What anyone needs to run a query again and to see that it gives the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// `recovery/incident`, or `sql` for an analyst's own text.
    pub query: String,
    /// BLAKE3, hex, over the query's text and all views below it, configuration included.
    pub text_hash: String,
    /// Parameters after defaults, by name.
    pub params: Vec<(String, ParamValue)>,
    /// The ledger version that pins all tables; none for tables in memory.
    pub ledger_version: Option<u64>,
    /// The instant as of which the data is seen.
    pub as_of: Micros,
    /// True where the caller chose it, false where it is the latest instant in the data.
    pub as_of_given: bool,
    /// Rows that the scans gave, after files and row groups were skipped.
    pub rows_read: u64,
    /// Rows in the answer.
    pub rows: u64,
    /// True where a limit cut the answer off.
    pub is_truncated: bool,
    /// BLAKE3, hex, over the answer's columns and rows; the same with any number of threads.
    pub answer_digest: String,
}

/// Brings an engine's batch into the few types that leave a session, a DOUBLE with so many significant digits.
pub(crate) fn normalised(batch: &RecordBatch, digits: usize) -> Result<RecordBatch, QueryError> {
    let schema = normalised_schema(batch.schema_ref());
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            let column = if column.data_type() == field.data_type() {
                Arc::clone(column)
            } else {
                cast(column, field.data_type())?
            };
            Ok(rounded(&column, digits))
        })
        .collect::<Result<Vec<ArrayRef>, arrow::error::ArrowError>>()
        .map_err(|error| QueryError::Engine(error.to_string()))?;
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema, columns, &options)
        .map_err(|error| QueryError::Engine(error.to_string()))
}

/// The schema that [`normalised`] gives; every column may be null.
pub(crate) fn normalised_schema(schema: &Schema) -> SchemaRef {
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| Field::new(field.name(), normalised_type(field.data_type()), true))
        .collect();
    Arc::new(Schema::new(fields))
}

fn normalised_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => DataType::Utf8,
        DataType::UInt64 | DataType::UInt32 => DataType::Int64,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::Timestamp(..) => timestamp_type(),
        DataType::Float32 => DataType::Float64,
        DataType::Dictionary(_, values) => normalised_type(values),
        DataType::List(item) | DataType::LargeList(item) | DataType::ListView(item) => {
            DataType::List(Arc::new(Field::new("item", normalised_type(item.data_type()), true)))
        }
        other => other.clone(),
    }
}

fn rounded(column: &ArrayRef, digits: usize) -> ArrayRef {
    let Some(values) = column.as_primitive_opt::<Float64Type>() else { return Arc::clone(column) };
    let rounded: Float64Array = values.unary(|value| round_digits(value, digits));
    Arc::new(rounded)
}

fn round_digits(value: f64, digits: usize) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { 0.0 } else { value };
    }
    format!("{value:.*e}", digits - 1).parse().unwrap_or(value)
}

/// The digest of an answer: names and types of the columns, then all cells, row by row.
pub(crate) fn digest(schema: &Schema, batches: &[RecordBatch]) -> Result<String, QueryError> {
    let mut hasher = blake3::Hasher::new();
    for field in schema.fields() {
        piece(&mut hasher, field.name());
        piece(&mut hasher, &field.data_type().to_string());
    }
    let options = FormatOptions::new();
    for batch in batches {
        let formatters = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| QueryError::Engine(error.to_string()))?;
        for row in 0..batch.num_rows() {
            for (column, formatter) in batch.columns().iter().zip(&formatters) {
                if column.is_null(row) {
                    hasher.update(&u64::MAX.to_le_bytes());
                } else {
                    piece(&mut hasher, &formatter.value(row).to_string());
                }
            }
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn piece(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{DOUBLE_DIGITS, SUM_DIGITS};

    #[test]
    fn money_keeps_its_cents_and_sums_lose_their_noise() {
        for digits in [SUM_DIGITS, DOUBLE_DIGITS] {
            assert_eq!(round_digits(123_456_789.12, digits).to_bits(), 123_456_789.12f64.to_bits());
            assert_eq!(round_digits(0.1 + 0.2, digits).to_bits(), 0.3f64.to_bits());
            assert_eq!(round_digits(-0.0, digits).to_bits(), 0.0f64.to_bits());
            assert!(round_digits(f64::INFINITY, digits).is_infinite());
        }
        assert_eq!(
            round_digits(1_795_147_200_123.75, DOUBLE_DIGITS).to_bits(),
            1_795_147_200_123.75f64.to_bits()
        );
    }
}
