//! Which chunks may hold points of metrics that a new chunk brings again?
//!
//! A point has a natural key: its series and its instant. Exports of metrics overlap (ten to eleven, half past
//! ten to half past eleven), and a point that is in twice doubles sums and counts. Looked at are only chunks that
//! overlap in time; of those, the series are loaded once; only where a series is shared, points are read.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{
    AsArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow::compute::{max, min};
use arrow::datatypes::{Float64Type, Int64Type, TimestampMicrosecondType, UInt32Type};
use fupan_model::{Micros, Table};
use fupan_store::{Ledger, LedgerRow};

use crate::identified::records_within;
use crate::timed::TimedChunks;

/// Chunks with points of metrics.
#[derive(Default)]
pub(crate) struct KnownSamples {
    /// With their series, sorted.
    pub(crate) chunks: TimedChunks<Arc<[i64]>>,
    /// From when to when a series is known to have points, of those that are loaded.
    ranges: HashMap<i64, (i64, i64)>,
    /// Files of one kind have the same series, hour by hour.
    sets: HashSet<Arc<[i64]>>,
}

/// What is new: points as decoding makes them. Nothing is copied as long as nobody asks.
pub(crate) struct NewSamples {
    /// Numbers of the series, and their ids.
    numbers: UInt32Array,
    ids: Int64Array,
    at: TimestampMicrosecondArray,
    values: Float64Array,
    records: Int64Array,
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl NewSamples {
    /// Of a batch as decoding makes it; none where it has no points.
    pub(crate) fn of(batch: &RecordBatch) -> Option<Self> {
        let series = batch.column_by_name("series_id")?.as_dictionary_opt::<UInt32Type>()?;
        let at = batch.column_by_name("timestamp")?.as_primitive_opt::<TimestampMicrosecondType>()?;
        Some(Self {
            numbers: series.keys().clone(),
            ids: series.values().as_primitive_opt::<Int64Type>()?.clone(),
            first: min(at)?,
            last: max(at)?,
            at: at.clone(),
            values: batch.column_by_name("value")?.as_primitive_opt::<Float64Type>()?.clone(),
            records: batch.column_by_name("source_record")?.as_primitive_opt::<Int64Type>()?.clone(),
        })
    }

    fn series(&self) -> &[i64] {
        self.ids.values()
    }

    /// The first row of each key.
    pub(crate) fn by_key(&self) -> HashMap<(i64, i64), usize> {
        let mut keys = HashMap::with_capacity(self.len());
        for (row, (number, at)) in self.numbers.values().iter().zip(self.at.values()).enumerate() {
            let series = self.series().get(*number as usize).copied().unwrap_or_default();
            keys.entry((series, *at)).or_insert(row);
        }
        keys
    }

    /// Whether the row has that value.
    fn has_value(&self, row: usize, value: f64) -> bool {
        self.values.values().get(row).is_some_and(|own| bits(*own) == bits(value))
    }

    /// Records of which no row is left without these.
    pub(crate) fn records_within(&self, dropped: &HashSet<usize>) -> u64 {
        records_within(&self.records, dropped)
    }

    /// Rows in it.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// From when to when.
    pub(crate) fn range(&self) -> (Micros, Micros) {
        (Micros(self.first), Micros(self.last))
    }
}

/// A value as its bits: what is no number is equal to itself, and 0 to −0.
fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() }
}

impl KnownSamples {
    pub(crate) fn new(ledger: &Ledger) -> Self {
        let mut known = Self::default();
        for row in ledger.live().filter(|row| row.table_versions.contains_key(Table::Metrics.name())) {
            known.chunks.add(row, None, None);
        }
        known
    }

    /// A chunk of this run counts from now on.
    pub(crate) fn learn(&mut self, row: &LedgerRow, of_run: usize, new: &NewSamples) {
        let mut series = new.series().to_vec();
        series.sort_unstable();
        let series = self.shared(series);
        self.chunks.add(row, Some(of_run), Some(Arc::clone(&series)));
        self.widen(&series, (new.first, new.last));
    }

    fn shared(&mut self, series: Vec<i64>) -> Arc<[i64]> {
        let series: Arc<[i64]> = series.into();
        if let Some(known) = self.sets.get(&series) {
            return Arc::clone(known);
        }
        self.sets.insert(Arc::clone(&series));
        series
    }

    fn widen(&mut self, series: &[i64], range: (i64, i64)) {
        for id in series {
            let known = self.ranges.entry(*id).or_insert(range);
            *known = (known.0.min(range.0), known.1.max(range.1));
        }
    }

    /// Takes the series of chunks out of rows with `series_id` and `chunk_id`.
    pub(crate) fn load(&mut self, chunks: &BTreeSet<String>, batches: &[RecordBatch]) {
        let mut found: BTreeMap<&str, BTreeSet<i64>> =
            chunks.iter().map(|id| (id.as_str(), BTreeSet::new())).collect();
        for batch in batches {
            let Some(rows) = StoredSamples::of(batch) else { continue };
            let mut last = None;
            for row in 0..batch.num_rows() {
                let this = (rows.chunks.value(row), rows.series.value(row));
                if last.replace(this) != Some(this)
                    && let Some(series) = found.get_mut(this.0)
                {
                    series.insert(this.1);
                }
            }
        }
        let found: Vec<(String, Vec<i64>)> =
            found.into_iter().map(|(id, series)| (id.to_owned(), series.into_iter().collect())).collect();
        for (id, series) in found {
            let series = self.shared(series);
            if let Some(range) = self.chunks.load(&id, Arc::clone(&series)) {
                self.widen(&series, range);
            }
        }
    }

    /// Of these, the chunks that share a series with what is new.
    pub(crate) fn sharing(&self, chunks: BTreeSet<String>, new: &NewSamples) -> BTreeSet<String> {
        let is_then = |range: &(i64, i64)| range.0 <= new.last && range.1 >= new.first;
        let shared: HashSet<i64> =
            new.series().iter().filter(|id| self.ranges.get(*id).is_some_and(is_then)).copied().collect();
        if shared.is_empty() {
            return BTreeSet::new();
        }
        let is_sharing = |id: &String| {
            self.chunks.content(id).is_some_and(|series| series.iter().any(|id| shared.contains(id)))
        };
        chunks.into_iter().filter(is_sharing).collect()
    }
}

/// Rows of stored points.
struct StoredSamples<'a> {
    series: &'a Int64Array,
    chunks: &'a StringArray,
}

impl<'a> StoredSamples<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        Some(Self {
            series: batch.column_by_name("series_id")?.as_primitive_opt::<Int64Type>()?,
            chunks: batch.column_by_name("chunk_id")?.as_string_opt::<i32>()?,
        })
    }
}

/// Of each stored chunk: the rows of what is new that it holds with the same value, and how many it holds with
/// another one.
#[derive(Default)]
pub(crate) struct Common {
    pub(crate) same: Vec<usize>,
    pub(crate) other: u64,
}

impl Common {
    /// Whether the two are the same data: nearly all points at the same instants have the same values.
    pub(crate) fn is_same_data(&self) -> bool {
        let same = self.same.len() as u64;
        same > 0
            && same.saturating_mul(100)
                >= (same + self.other).saturating_mul(crate::limits::SAME_SAMPLES_PERCENT)
    }
}

/// What stored points have in common with new ones, by chunk.
pub(crate) fn in_common(
    new: &NewSamples,
    keys: &HashMap<(i64, i64), usize>,
    batches: &[RecordBatch],
) -> BTreeMap<String, Common> {
    let mut common: BTreeMap<String, Common> = BTreeMap::new();
    for batch in batches {
        let Some(rows) = StoredSamples::of(batch) else { continue };
        let at = batch
            .column_by_name("timestamp")
            .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        let values =
            batch.column_by_name("value").and_then(|column| column.as_primitive_opt::<Float64Type>());
        let (Some(at), Some(values)) = (at, values) else { continue };
        for row in 0..batch.num_rows() {
            let Some(own) = keys.get(&(rows.series.value(row), at.value(row))) else { continue };
            let chunk = rows.chunks.value(row);
            if !common.contains_key(chunk) {
                common.insert(chunk.to_owned(), Common::default());
            }
            let Some(of_chunk) = common.get_mut(chunk) else { continue };
            if new.has_value(*own, values.value(row)) {
                of_chunk.same.push(*own);
            } else {
                of_chunk.other += 1;
            }
        }
    }
    common
}
