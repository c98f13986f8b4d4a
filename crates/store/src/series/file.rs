//! Points of metrics → a Parquet file, sorted by name, series and time.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Float64Type, Int64Type as Number, Schema, TimestampMicrosecondType as Instant,
};
use fupan_model::Table;
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::Encoding;
use parquet::data_type::{DataType as Physical, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnDescPtr, ColumnPath, SchemaDescriptor};
use serde_json::{Map, Value as Json, json};

use super::DESCRIBING_COLUMNS;
use super::points::{Points, in_order};
use crate::numbered::{
    Leaf, Run, Value, encode as encode_leaf, map_texts, numbers, runs_of, texts, used_values,
};
use crate::{StoreError, files, limits};

/// The file's bytes, and Delta's statistics of them.
pub(crate) fn encode(batches: &[RecordBatch]) -> Result<(Vec<u8>, Json), StoreError> {
    let none = [RecordBatch::new_empty(Table::Metrics.schema())];
    let points = Points::of(if batches.is_empty() { &none } else { batches })?;
    let series = points.series_order();
    let order = points.sorted(&series);
    let fields = Table::Metrics.schema();
    let fields = fields
        .fields()
        .iter()
        .filter(|field| !Table::Metrics.partition_columns().contains(&field.name().as_str()));
    let schema = Schema::new(fields.cloned().collect::<Vec<_>>());
    let descriptor = ArrowSchemaConverter::new().convert(&schema)?;
    let columns = Columns::of(&points, &series.series);
    let mut bytes = Vec::new();
    let properties = Arc::new(properties(&schema, &points)?);
    let mut writer = SerializedFileWriter::new(&mut bytes, descriptor.root_schema_ptr(), properties)?;
    for order in order.chunks(limits::ROW_GROUP_ROWS) {
        let mut group = RowGroup {
            points: &points,
            columns: &columns,
            order,
            series: runs_of(order.iter().map(|point| points.place(&series, *point))),
            chunks: runs_of(order.iter().map(|point| points.chunk(*point))),
            descriptor: &descriptor,
            writer: writer.next_row_group()?,
            written: 0,
        };
        for field in schema.fields() {
            group.column(field.name())?;
        }
        group.writer.close()?;
    }
    writer.close()?;
    Ok((bytes, statistics(&points)?))
}

/// Columns that are the same in all points of a series or of a chunk.
struct Columns {
    texts: Vec<(&'static str, Leaf<parquet::data_type::ByteArray>)>,
    series_id: Option<Leaf<i64>>,
    attributes: Vec<Leaf<parquet::data_type::ByteArray>>,
    chunk_id: Leaf<parquet::data_type::ByteArray>,
}

impl Columns {
    /// Series in their order, chunks as they came.
    fn of(points: &Points, series: &[u32]) -> Self {
        let chunks: Vec<u32> = (0..points.chunk_ids.len() as u32).collect();
        let mut columns = Self {
            texts: Vec::new(),
            series_id: None,
            attributes: Vec::new(),
            chunk_id: texts(&(Arc::new(points.chunk_ids.clone()) as ArrayRef), &chunks),
        };
        for (name, column) in DESCRIBING_COLUMNS.into_iter().zip(&points.describing) {
            match column.data_type() {
                DataType::Utf8 => columns.texts.push((name, texts(column, series))),
                DataType::Int64 => columns.series_id = Some(numbers(column, series)),
                _ => columns.attributes.extend(
                    column
                        .as_map_opt()
                        .into_iter()
                        .flat_map(|map| [map_texts(map, true, series), map_texts(map, false, series)]),
                ),
            }
        }
        columns
    }
}

/// A row group that is being written.
struct RowGroup<'w, 'p> {
    points: &'p Points,
    columns: &'p Columns,
    order: &'p [u32],
    series: Vec<Run>,
    chunks: Vec<Run>,
    descriptor: &'p SchemaDescriptor,
    writer: SerializedRowGroupWriter<'w, &'p mut Vec<u8>>,
    /// Leaves that are written.
    written: usize,
}

impl RowGroup<'_, '_> {
    fn column(&mut self, name: &str) -> Result<(), StoreError> {
        let (points, order, columns) = (self.points, self.order, self.columns);
        match name {
            "timestamp" => self.by_point::<Int64Type>(in_order::<Instant>(&points.timestamp, order)),
            "start_timestamp" => {
                self.by_point::<Int64Type>(in_order::<Instant>(&points.start_timestamp, order))
            }
            "value" => self.by_point::<DoubleType>(in_order::<Float64Type>(&points.value, order)),
            "source_record" => self.by_point::<Int64Type>(in_order::<Number>(&points.source_record, order)),
            "chunk_id" => self.by_run(&columns.chunk_id, false),
            "series_id" => columns.series_id.as_ref().map_or(Ok(()), |leaf| self.by_run(leaf, true)),
            "attributes" => columns.attributes.iter().try_for_each(|leaf| self.by_run(leaf, true)),
            _ => {
                let mut leaves = columns.texts.iter().filter(|(known, _)| *known == name);
                leaves.try_for_each(|(_, leaf)| self.by_run(leaf, true))
            }
        }
    }

    fn by_point<D: Physical>(
        &mut self,
        values: impl ExactSizeIterator<Item = Option<D::T>>,
    ) -> Result<(), StoreError> {
        let mut definitions = Vec::with_capacity(values.len());
        let mut found = Vec::with_capacity(values.len());
        for value in values {
            definitions.push(i16::from(value.is_some()));
            found.extend(value);
        }
        self.written += 1;
        let Some(mut writer) = self.writer.next_column()? else { return Ok(()) };
        writer.typed::<D>().write_batch(&found, Some(&definitions), None)?;
        Ok(writer.close()?)
    }

    fn by_run<V: Value>(&mut self, leaf: &Leaf<V>, is_of_series: bool) -> Result<(), StoreError> {
        let runs = if is_of_series { &self.series } else { &self.chunks };
        let descriptor: ColumnDescPtr = self.descriptor.column(self.written);
        self.written += 1;
        if leaf.differs_mostly(runs) {
            let Some(writer) = self.writer.next_column()? else { return Ok(()) };
            return leaf.write_plain(runs, writer);
        }
        let (bytes, close) = encode_leaf(leaf, &descriptor, runs)?;
        Ok(self.writer.append_column(&bytes, close)?)
    }
}

/// Instants and counters by their steps; values with a dictionary where they repeat; what describes a series
/// comes to the usual writer only where it hardly repeats.
fn properties(schema: &Schema, points: &Points) -> Result<WriterProperties, StoreError> {
    let mut builder = files::properties()?.set_dictionary_enabled(false);
    for name in ["timestamp", "start_timestamp", "source_record"] {
        builder = builder.set_column_encoding(ColumnPath::from(name), Encoding::DELTA_BINARY_PACKED);
    }
    if !files::numbers_differ(&[&points.value]) {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from("value"), true);
    }
    let mut properties = builder.build();
    // As other files of the store have it.
    add_encoded_arrow_schema_to_metadata(schema, &mut properties);
    Ok(properties)
}

/// Delta's statistics, of the series that have points here.
fn statistics(points: &Points) -> Result<Json, StoreError> {
    let (mut low, mut high, mut nulls) = (Map::new(), Map::new(), Map::new());
    let chunk_ids: ArrayRef = Arc::new(points.chunk_ids.clone());
    for name in Table::Metrics.statistics_columns() {
        let (column, null_count) = match *name {
            "timestamp" => (ArrayRef::clone(&points.timestamp), points.timestamp.null_count()),
            "chunk_id" => used(&chunk_ids, &points.chunks)?,
            _ => match points.describing(name) {
                Some(column) => used(column, &points.series)?,
                None => continue,
            },
        };
        nulls.insert((*name).to_owned(), json!(null_count));
        if let Some((smallest, largest)) = files::range(&[&column]) {
            low.insert((*name).to_owned(), smallest);
            high.insert((*name).to_owned(), largest);
        }
    }
    Ok(json!({"numRecords": points.series.len(), "minValues": low, "maxValues": high, "nullCount": nulls}))
}

/// The values that some point has, and how many points have none.
fn used(column: &ArrayRef, numbers: &[u32]) -> Result<(ArrayRef, usize), StoreError> {
    let is_missing = |number: &&u32| (**number as usize) < column.len() && column.is_null(**number as usize);
    let nulls = numbers.iter().filter(is_missing).count();
    Ok((used_values(column, numbers.iter().copied())?, nulls))
}
