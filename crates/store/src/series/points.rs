//! Which points are there, of which series, and in which order are they stored?

use std::collections::{BTreeMap, HashMap};

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType, UInt32Type};
use arrow::error::ArrowError;

use super::DESCRIBING_COLUMNS;
use crate::StoreError;
use crate::numbered::entries;

/// Points of several batches, in the order in which they came.
pub(super) struct Points {
    /// Number of its series, by point.
    pub(super) series: Vec<u32>,
    /// Columns of [`DESCRIBING_COLUMNS`], by number of the series. The same series may be there several times.
    pub(super) describing: Vec<ArrayRef>,
    /// Number of its chunk, by point.
    pub(super) chunks: Vec<u32>,
    /// Ids of the chunks.
    pub(super) chunk_ids: StringArray,
    /// `timestamp`, `start_timestamp`, `value` and `source_record`, by point.
    pub(super) timestamp: ArrayRef,
    pub(super) start_timestamp: ArrayRef,
    pub(super) value: ArrayRef,
    pub(super) source_record: ArrayRef,
}

/// Series by name and id. What describes them is read in this order: many are looked at in passing.
#[derive(Default)]
pub(super) struct SeriesOrder {
    /// Numbers of the series, by place.
    pub(super) series: Vec<u32>,
    /// Place of each series, by number.
    places: Vec<u32>,
    /// By place: the same rank for the same name and id.
    ranks: Vec<u32>,
}

impl Points {
    /// The points of batches, plain or by series.
    pub(super) fn of(batches: &[RecordBatch]) -> Result<Self, StoreError> {
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        let (mut series, mut chunks) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        let mut described: Vec<Vec<ArrayRef>> = vec![Vec::new(); DESCRIBING_COLUMNS.len()];
        let mut names: HashMap<String, u32> = HashMap::new();
        let mut chunk_ids: Vec<String> = Vec::new();
        let mut known = 0;
        for batch in batches {
            let (own, columns) = series_of(batch)?;
            series.extend(own.iter().map(|number| number + known));
            known += columns.first().map_or(0, |column| column.len() as u32);
            described.iter_mut().zip(columns).for_each(|(all, column)| all.push(column));
            let (own, ids) = numbered_texts(column(batch, "chunk_id")?)?;
            let ids = ids.iter().map(|id| {
                let id = id.unwrap_or_default();
                *names.entry(id.to_owned()).or_insert_with(|| {
                    chunk_ids.push(id.to_owned());
                    chunk_ids.len() as u32 - 1
                })
            });
            let ids: Vec<u32> = ids.collect();
            chunks.extend(own.iter().map(|number| ids.get(*number as usize).copied().unwrap_or_default()));
        }
        let whole =
            |parts: &[ArrayRef]| concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<&dyn Array>>());
        let by_point = |name: &str| -> Result<ArrayRef, StoreError> {
            let parts = batches.iter().map(|batch| column(batch, name).map(ArrayRef::clone));
            Ok(whole(&parts.collect::<Result<Vec<_>, _>>()?)?)
        };
        Ok(Self {
            series,
            describing: described.iter().map(|parts| whole(parts)).collect::<Result<_, _>>()?,
            chunks,
            chunk_ids: chunk_ids.into_iter().map(Some).collect(),
            timestamp: by_point("timestamp")?,
            start_timestamp: by_point("start_timestamp")?,
            value: by_point("value")?,
            source_record: by_point("source_record")?,
        })
    }

    /// The column that describes series.
    pub(super) fn describing(&self, name: &str) -> Option<&ArrayRef> {
        let at = DESCRIBING_COLUMNS.iter().position(|column| *column == name)?;
        self.describing.get(at)
    }

    /// The points by name, series, time and record. Points that are alike in all of it stay as they came.
    pub(super) fn sorted(&self, series: &SeriesOrder) -> Vec<u32> {
        let rank_of = |point: u32| {
            let place = self.place(series, point);
            series.ranks.get(place as usize).copied().unwrap_or_default()
        };
        // Counting by rank keeps the order within a series, which is nearly always that of time.
        let mut ends = vec![0_u32; self.describing.first().map_or(0, Array::len) + 1];
        for point in 0..self.series.len() as u32 {
            if let Some(count) = ends.get_mut(rank_of(point) as usize + 1) {
                *count += 1;
            }
        }
        let mut before = 0;
        for end in &mut ends {
            before += *end;
            *end = before;
        }
        let mut order = vec![0_u32; self.series.len()];
        for point in 0..self.series.len() as u32 {
            let Some(next) = ends.get_mut(rank_of(point) as usize) else { continue };
            if let Some(place) = order.get_mut(*next as usize) {
                *place = point;
            }
            *next += 1;
        }
        let times = self.timestamp.as_primitive::<TimestampMicrosecondType>();
        let records = self.source_record.as_primitive::<Int64Type>();
        let key = |point: &u32| {
            let at = *point as usize;
            let time = times.is_valid(at).then(|| times.value(at));
            (time, records.is_valid(at).then(|| records.value(at)))
        };
        let mut start = 0;
        for end in ends {
            if let Some(of_series) = order.get_mut(start..end as usize)
                && !of_series.is_sorted_by_key(key)
            {
                of_series.sort_by_key(key);
            }
            start = end as usize;
        }
        order
    }

    /// The place of a point's series in their order.
    pub(super) fn place(&self, series: &SeriesOrder, point: u32) -> u32 {
        let number = self.series.get(point as usize).copied().unwrap_or_default();
        series.places.get(number as usize).copied().unwrap_or_default()
    }

    /// The number of a point's chunk.
    pub(super) fn chunk(&self, point: u32) -> u32 {
        self.chunks.get(point as usize).copied().unwrap_or_default()
    }

    /// The series by name and id.
    pub(super) fn series_order(&self) -> SeriesOrder {
        let (Some(names), Some(ids)) = (self.describing("metric_name"), self.describing("series_id")) else {
            return SeriesOrder::default();
        };
        let (names, ids) = (names.as_string::<i32>(), ids.as_primitive::<Int64Type>());
        // There are few names: comparing their numbers spares comparing texts.
        let mut numbers: BTreeMap<Option<&str>, u32> = names.iter().map(|name| (name, 0)).collect();
        numbers.values_mut().zip(0..).for_each(|(number, at)| *number = at);
        let keys = names.iter().zip(ids).zip(0_u32..);
        let mut keys: Vec<(u32, Option<i64>, u32)> = keys
            .map(|((name, id), series)| (numbers.get(&name).copied().unwrap_or_default(), id, series))
            .collect();
        keys.sort_unstable();
        let mut order = SeriesOrder { places: vec![0; keys.len()], ..SeriesOrder::default() };
        let (mut rank, mut before) = (0, None);
        for (at, (name, id, series)) in keys.into_iter().enumerate() {
            rank += u32::from(before.is_some_and(|before| before != (name, id)));
            before = Some((name, id));
            order.ranks.push(rank);
            order.series.push(series);
            if let Some(place) = order.places.get_mut(series as usize) {
                *place = at as u32;
            }
        }
        order
    }
}

/// Values of a column of points in an order; `None` where there is none.
pub(super) fn in_order<'p, T: ArrowPrimitiveType>(
    column: &'p ArrayRef,
    order: &'p [u32],
) -> impl ExactSizeIterator<Item = Option<T::Native>> + 'p {
    let values = column.as_primitive::<T>();
    order.iter().map(|point| *point as usize).map(|at| values.is_valid(at).then(|| values.value(at)))
}

fn column<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b ArrayRef, ArrowError> {
    batch
        .column_by_name(name)
        .ok_or_else(|| ArrowError::SchemaError(format!("rows of metrics without the column {name}")))
}

/// The number of its series for each row, and what describes the series.
fn series_of(batch: &RecordBatch) -> Result<(Vec<u32>, Vec<ArrayRef>), ArrowError> {
    let columns = DESCRIBING_COLUMNS.iter().map(|name| column(batch, name));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    if let Some(first) = columns.first().and_then(|column| column.as_dictionary_opt::<UInt32Type>()) {
        let described = columns.iter().map(|column| match column.as_dictionary_opt::<UInt32Type>() {
            Some(column) if column.keys().values() == first.keys().values() => {
                Ok(ArrayRef::clone(column.values()))
            }
            _ => Err(ArrowError::SchemaError("columns of a series with other keys".to_owned())),
        });
        return Ok((first.keys().values().to_vec(), described.collect::<Result<_, _>>()?));
    }
    // Plain rows, as a file has them: a series ends where one of the columns changes.
    let (numbers, starts) =
        numbered(batch.num_rows(), |row| columns.iter().any(|column| changes(column, row)));
    let described = columns.iter().map(|column| take(column, &starts, None));
    Ok((numbers, described.collect::<Result<_, _>>()?))
}

/// Rows with a number that goes up where something changes, and the first row of each number.
fn numbered(rows: usize, changes_at: impl Fn(usize) -> bool) -> (Vec<u32>, UInt32Array) {
    let (mut numbers, mut starts) = (Vec::with_capacity(rows), Vec::new());
    for row in 0..rows {
        if row == 0 || changes_at(row) {
            starts.push(row as u32);
        }
        numbers.push(starts.len() as u32 - 1);
    }
    (numbers, starts.into())
}

/// Whether a row has another value than the row before it.
fn changes(column: &ArrayRef, row: usize) -> bool {
    if column.is_valid(row) != column.is_valid(row - 1) {
        return true;
    }
    if column.is_null(row) {
        return false;
    }
    match column.data_type() {
        DataType::Utf8 => {
            let texts = column.as_string::<i32>();
            texts.value(row) != texts.value(row - 1)
        }
        DataType::Int64 => {
            let numbers = column.as_primitive::<Int64Type>();
            numbers.value(row) != numbers.value(row - 1)
        }
        DataType::Map(..) => {
            let map = column.as_map();
            !entries(map, row).eq(entries(map, row - 1))
        }
        _ => true,
    }
}

/// Texts as numbers and what they mean.
fn numbered_texts(column: &ArrayRef) -> Result<(Vec<u32>, StringArray), ArrowError> {
    if let Some(dictionary) = column.as_dictionary_opt::<UInt32Type>() {
        return Ok((dictionary.keys().values().to_vec(), dictionary.values().as_string::<i32>().clone()));
    }
    let texts = column
        .as_string_opt::<i32>()
        .ok_or_else(|| ArrowError::SchemaError("a column of texts is none".to_owned()))?;
    let (numbers, starts) = numbered(texts.len(), |row| changes(column, row));
    let texts = take(column, &starts, None)?;
    Ok((numbers, texts.as_string::<i32>().clone()))
}
