//! Rows → a Parquet file with its digest and statistics, and back.

use std::collections::{BTreeSet, HashMap};

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, RecordBatch};
use arrow::compute::{max, min};
use arrow::datatypes::{
    DataType, Date32Type, Field, FieldRef, Float64Type, Int8Type, Int16Type, Int64Type, Schema, SchemaRef,
    TimestampMicrosecondType,
};
use bytes::Bytes;
use deltalake_core::kernel::Add;
use fupan_model::{Micros, Table};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion,
};
use parquet::schema::types::ColumnPath;
use serde_json::{Map, Value, json};
use twox_hash::XxHash64;

use crate::numbered::used;
use crate::table::{TAG_CHUNKS, TAG_DIGEST};
use crate::{StoreError, columns, limits, series};

/// A Parquet file that is ready to be written.
#[derive(Debug)]
pub(crate) struct EncodedFile {
    /// The file.
    pub(crate) bytes: Bytes,
    /// What the log says about it; the path is relative to the table.
    pub(crate) add: Add,
    date_days: Option<i32>,
    chunks: Vec<String>,
}

impl EncodedFile {
    pub(crate) fn holds_any(&self, chunks: &BTreeSet<String>) -> bool {
        self.chunks.iter().any(|chunk| chunks.contains(chunk))
    }

    /// Ids of the chunks in it.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = &str> {
        self.chunks.iter().map(String::as_str)
    }

    /// What it was encoded from.
    pub(crate) fn rows(self, table: Table) -> Result<Rows, StoreError> {
        let batches = decode(self.bytes, &table.schema())?;
        Ok(Rows { date_days: self.date_days, chunks: self.chunks, batches })
    }
}

/// Rows of whole chunks for one partition.
#[derive(Debug)]
pub(crate) struct Rows {
    /// Value of the `date` partition.
    pub(crate) date_days: Option<i32>,
    /// Ids of the chunks, in order.
    pub(crate) chunks: Vec<String>,
    /// The rows, with all columns of the table.
    pub(crate) batches: Vec<RecordBatch>,
}

impl Rows {
    /// What is left without some chunks; none where they were all.
    pub(crate) fn without(self, hidden: &BTreeSet<String>) -> Result<Option<Self>, StoreError> {
        let (hidden, chunks): (Vec<String>, Vec<String>) =
            self.chunks.into_iter().partition(|chunk| hidden.contains(chunk));
        if chunks.is_empty() {
            return Ok(None);
        }
        let batches =
            self.batches.iter().map(|batch| without_chunks(batch, &hidden)).collect::<Result<_, _>>()?;
        Ok(Some(Self { chunks, batches, ..self }))
    }
}

/// Encodes rows of one partition. The same rows give the same bytes and the same name, whatever the `threads`.
pub(crate) fn encode(
    table: Table,
    rows: &Rows,
    written_at: Micros,
    threads: usize,
) -> Result<EncodedFile, StoreError> {
    let (bytes, statistics) = match table {
        Table::Metrics => series::encode(&rows.batches)?,
        _ => encode_rows(table, &rows.batches, threads)?,
    };
    let digest = blake3::hash(&bytes).to_hex().to_string();
    let first_chunk = rows.chunks.first().map_or("none", String::as_str);
    let name = format!("{}-{}.parquet", prefix(first_chunk), prefix(&digest));
    let date = rows.date_days.and_then(date_text);
    let path = date.as_ref().map_or_else(|| name.clone(), |date| format!("date={date}/{name}"));
    let mut partition_values = HashMap::new();
    if !table.partition_columns().is_empty() {
        partition_values.insert("date".to_owned(), date);
    }
    let add = Add {
        path,
        partition_values,
        size: bytes.len() as i64,
        modification_time: written_at.0 / 1000,
        data_change: true,
        stats: Some(statistics.to_string()),
        tags: Some(HashMap::from([
            (TAG_DIGEST.to_owned(), Some(digest)),
            (TAG_CHUNKS.to_owned(), Some(rows.chunks.join(","))),
        ])),
        deletion_vector: None,
        base_row_id: None,
        default_row_commit_version: None,
        clustering_provider: None,
    };
    Ok(EncodedFile { bytes: bytes.into(), add, date_days: rows.date_days, chunks: rows.chunks.clone() })
}

fn prefix(hex: &str) -> &str {
    hex.get(..16).unwrap_or(hex)
}

/// `YYYY-MM-DD` of days since the epoch.
pub(crate) fn date_text(days: i32) -> Option<String> {
    Micros(i64::from(days) * 86_400 * Micros::PER_SECOND)
        .to_datetime()
        .map(|at| at.format("%Y-%m-%d").to_string())
}

/// Days since the epoch of `YYYY-MM-DD`.
pub(crate) fn date_days(text: &str) -> Option<i32> {
    let date = text.parse::<chrono::NaiveDate>().ok()?;
    i32::try_from(date.signed_duration_since(chrono::NaiveDate::default()).num_days()).ok()
}

/// The Parquet file of rows in the order of their source, and Delta's statistics of it.
fn encode_rows(
    table: Table,
    batches: &[RecordBatch],
    threads: usize,
) -> Result<(Vec<u8>, Value), StoreError> {
    let stored =
        batches.iter().map(|batch| without_partitions(table, batch)).collect::<Result<Vec<_>, _>>()?;
    let schema = without_partitions(table, &RecordBatch::new_empty(table.schema()))?.schema();
    let rows: usize = stored.iter().map(RecordBatch::num_rows).sum();
    let mut bytes = Vec::with_capacity(rows * limits::ROW_BYTES_IN_FILE);
    let properties = writer_properties(table, &schema, &stored)?;
    let writer = ArrowWriter::try_new(&mut bytes, SchemaRef::clone(&schema), Some(properties))?;
    columns::write(writer, &schema, &stored, threads)?;
    Ok((bytes, statistics(table, &stored)?))
}

/// The schema of the files: partition columns live in the path.
fn without_partitions(table: Table, batch: &RecordBatch) -> Result<RecordBatch, StoreError> {
    let kept: Vec<usize> = batch
        .schema()
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| !table.partition_columns().contains(&field.name().as_str()))
        .map(|(index, _)| index)
        .collect();
    Ok(batch.project(&kept)?)
}

/// What all data files have in common.
pub(crate) fn properties() -> Result<WriterPropertiesBuilder, StoreError> {
    Ok(WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_encoding(Encoding::PLAIN)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(limits::ZSTD_LEVEL)?))
        .set_created_by("fupan".to_owned()))
}

/// Encodings by what the rows hold: instants and counters by their steps, texts and numbers that hardly
/// repeat without a dictionary, which would only be built and thrown away. Smallest and largest texts are
/// kept where files are chosen by them; elsewhere they cost two comparisons a value and leave out nothing.
fn writer_properties(
    table: Table,
    schema: &Schema,
    batches: &[RecordBatch],
) -> Result<WriterProperties, StoreError> {
    let mut builder = properties()?.set_max_row_group_row_count(Some(limits::ROW_GROUP_ROWS));
    for (index, field) in schema.fields().iter().enumerate() {
        let columns: Vec<&ArrayRef> = batches.iter().map(|batch| batch.column(index)).collect();
        let path = ColumnPath::from(field.name().as_str());
        if let Some(encoding) = encoding_without_dictionary(field.name(), &columns) {
            builder = builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path.clone(), encoding);
        }
        for path in texts_without_statistics(table, field) {
            builder = builder.set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    Ok(builder.build())
}

fn texts_without_statistics(table: Table, field: &Field) -> Vec<ColumnPath> {
    let name = field.name();
    match field.data_type() {
        DataType::Utf8 if !table.statistics_columns().contains(&name.as_str()) => {
            vec![ColumnPath::from(name.as_str())]
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(parts) = entries.data_type() else { return Vec::new() };
            let path = |part: &FieldRef| [name, entries.name(), part.name()].map(ToOwned::to_owned).to_vec();
            parts.iter().map(|part| ColumnPath::new(path(part))).collect()
        }
        _ => Vec::new(),
    }
}

/// None where a dictionary pays.
fn encoding_without_dictionary(name: &str, columns: &[&ArrayRef]) -> Option<Encoding> {
    match columns.first()?.data_type() {
        DataType::Timestamp(..) => Some(Encoding::DELTA_BINARY_PACKED),
        DataType::Int64 if name == "source_record" => Some(Encoding::DELTA_BINARY_PACKED),
        DataType::Utf8 => {
            let (mut rows, mut bytes) = (0, 0);
            let marks = sampled(columns, |column, row| {
                let texts = column.as_string_opt::<i32>()?;
                rows += 1;
                bytes += texts.value(row).len();
                Some(XxHash64::oneshot(0, texts.value(row).as_bytes()))
            });
            // Lengths apart from the letters: hexadecimal ids then take half a byte a digit. Bodies and
            // other long texts repeat themselves with their lengths between.
            let is_short = bytes <= limits::ID_BYTES_MAX * rows;
            let encoding = if is_short { Encoding::DELTA_LENGTH_BYTE_ARRAY } else { Encoding::PLAIN };
            differ_mostly(marks).then_some(encoding)
        }
        DataType::Float64 => numbers_differ(columns).then_some(Encoding::PLAIN),
        _ => None,
    }
}

/// Values of rows at equal distances, each by a number that tells it from others.
fn sampled(columns: &[&ArrayRef], mut mark: impl FnMut(&ArrayRef, usize) -> Option<u64>) -> Vec<u64> {
    let rows: usize = columns.iter().copied().map(Array::len).sum();
    let step = (rows / limits::DICTIONARY_SAMPLE_ROWS).max(1);
    let mut marks = Vec::with_capacity(2 * limits::DICTIONARY_SAMPLE_ROWS);
    for column in columns {
        let sampled = (0..column.len()).step_by(step).filter(|row| column.is_valid(*row));
        marks.extend(sampled.filter_map(|row| mark(column, row)));
    }
    marks
}

/// Whether most numbers of a sample are seen but once.
pub(crate) fn numbers_differ(columns: &[&ArrayRef]) -> bool {
    let bits = |column: &ArrayRef, row| Some(column.as_primitive_opt::<Float64Type>()?.value(row).to_bits());
    differ_mostly(sampled(columns, bits))
}

/// Whether most values of a sample are seen but once.
fn differ_mostly(mut marks: Vec<u64>) -> bool {
    let sampled = marks.len();
    marks.sort_unstable();
    marks.dedup();
    marks.len() * 2 > sampled
}

/// Delta's per-file statistics for the columns that are filtered by.
fn statistics(table: Table, batches: &[RecordBatch]) -> Result<Value, StoreError> {
    let (mut low, mut high, mut nulls) = (Map::new(), Map::new(), Map::new());
    for name in table.statistics_columns() {
        let columns: Vec<&ArrayRef> = batches.iter().filter_map(|batch| batch.column_by_name(name)).collect();
        if columns.is_empty() {
            continue;
        }
        let null_count: usize = columns.iter().map(Array::null_count).sum();
        nulls.insert((*name).to_owned(), json!(null_count));
        let used = columns.into_iter().map(used).collect::<Result<Vec<_>, _>>()?;
        if let Some((smallest, largest)) = range(&used.iter().collect::<Vec<_>>()) {
            low.insert((*name).to_owned(), smallest);
            high.insert((*name).to_owned(), largest);
        }
    }
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    Ok(json!({"numRecords": rows, "minValues": low, "maxValues": high, "nullCount": nulls}))
}

pub(crate) fn range(columns: &[&ArrayRef]) -> Option<(Value, Value)> {
    match columns.first()?.data_type() {
        DataType::Timestamp(..) => {
            let (low, high) = ends::<TimestampMicrosecondType>(columns)?;
            Some((instant_text(low)?, instant_text(high)?))
        }
        DataType::Int8 => ends::<Int8Type>(columns).map(|(low, high)| (json!(low), json!(high))),
        DataType::Int16 => ends::<Int16Type>(columns).map(|(low, high)| (json!(low), json!(high))),
        DataType::Int64 => ends::<Int64Type>(columns).map(|(low, high)| (json!(low), json!(high))),
        DataType::Utf8 => {
            let texts = columns.iter().map(|column| column.as_string::<i32>());
            let low = texts.clone().filter_map(|column| arrow::compute::min_string(column)).min()?;
            let high = texts.filter_map(|column| arrow::compute::max_string(column)).max()?;
            let short = low.len().max(high.len()) <= limits::STATISTICS_TEXT_BYTES_MAX;
            short.then(|| (json!(low), json!(high)))
        }
        _ => None,
    }
}

fn ends<T: ArrowPrimitiveType<Native: Ord>>(columns: &[&ArrayRef]) -> Option<(T::Native, T::Native)> {
    let columns = columns.iter().map(|column| column.as_primitive::<T>());
    Some((columns.clone().filter_map(min).min()?, columns.filter_map(max).max()?))
}

fn instant_text(micros: i64) -> Option<Value> {
    Some(json!(Micros(micros).to_datetime()?.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)))
}

/// Splits a batch by its `date` column, keeping the order of rows within a day.
pub(crate) fn split_by_date(batch: &RecordBatch) -> Result<Vec<(i32, RecordBatch)>, StoreError> {
    let Some(dates) = batch.column_by_name("date") else { return Ok(Vec::new()) };
    let dates = dates.as_primitive::<Date32Type>();
    let days = dates.values();
    if days.is_sorted() {
        // As almost always: parts of the batch, without copying.
        let mut start = 0;
        let runs = days.chunk_by(|a, b| a == b).map(|run| {
            let part = (run[0], batch.slice(start, run.len()));
            start += run.len();
            part
        });
        return Ok(runs.collect());
    }
    let distinct: BTreeSet<i32> = days.iter().copied().collect();
    let mut parts = Vec::with_capacity(distinct.len());
    for day in distinct {
        let is_day: arrow::array::BooleanArray = days.iter().map(|value| Some(*value == day)).collect();
        parts.push((day, arrow::compute::filter_record_batch(batch, &is_day)?));
    }
    Ok(parts)
}

/// Reads a whole small Parquet file.
pub(crate) fn decode(bytes: Bytes, expected: &SchemaRef) -> Result<Vec<RecordBatch>, StoreError> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)?.build()?;
    let mut batches = Vec::new();
    for batch in reader {
        batches.push(complete(&batch?, expected)?);
    }
    Ok(batches)
}

/// A batch without the rows of chunks that do not count.
pub(crate) fn without_chunks(batch: &RecordBatch, hidden: &[String]) -> Result<RecordBatch, StoreError> {
    let ids = batch.column_by_name("chunk_id").and_then(|column| column.as_string_opt::<i32>());
    let Some(ids) = ids.filter(|_| !hidden.is_empty()) else { return Ok(batch.clone()) };
    let counts: arrow::array::BooleanArray =
        ids.iter().map(|id| Some(id.is_none_or(|id| !hidden.iter().any(|hidden| hidden == id)))).collect();
    Ok(arrow::compute::filter_record_batch(batch, &counts)?)
}

/// Columns that an older file does not have yet are null.
fn complete(batch: &RecordBatch, expected: &SchemaRef) -> Result<RecordBatch, StoreError> {
    let columns = expected
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(column) => Ok(arrow::compute::cast(column, field.data_type())?),
            None => Ok(arrow::array::new_null_array(field.data_type(), batch.num_rows())),
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    Ok(RecordBatch::try_new(SchemaRef::clone(expected), columns)?)
}
