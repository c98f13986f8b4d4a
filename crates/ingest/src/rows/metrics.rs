//! Metric points → rows of `metrics`.
//!
//! What describes a series comes again with each of its points: it is looked at, redacted and written down
//! once, and the rows refer to it (see [`fupan_store::series_schema`]).

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, DictionaryArray, Float64Array, Int64Array, Int64Builder, MapBuilder, RecordBatch,
    StringArray, StringBuilder, TimestampMicrosecondArray, TimestampMicrosecondBuilder, UInt32Array,
};
use arrow::error::ArrowError;
use foldhash::fast::RandomState;
use fupan_decode::SeriesPoint;
use fupan_model::{MetricPoint, Micros};
use fupan_store::{series_schema, text_map_builder};

use super::columns::{attributes, instant, instants, shared};
use crate::enrich;
use crate::guard::Guard;

/// No series has this number yet.
const UNKNOWN: u32 = u32::MAX;

pub(crate) struct MetricRows {
    descriptions: Descriptions,
    /// Number of the series here, by the decoder's number.
    by_decoder: Vec<u32>,
    series: Vec<u32>,
    date: Vec<i32>,
    timestamp: Vec<i64>,
    start_timestamp: TimestampMicrosecondBuilder,
    value: Vec<f64>,
    source_record: Vec<i64>,
}

impl MetricRows {
    /// Room for `rows` rows: growing step by step copies each column several times.
    pub(crate) fn with_room(rows: usize) -> Self {
        Self {
            descriptions: Descriptions::default(),
            by_decoder: Vec::new(),
            series: Vec::with_capacity(rows),
            date: Vec::with_capacity(rows),
            timestamp: Vec::with_capacity(rows),
            start_timestamp: instants(rows),
            value: Vec::with_capacity(rows),
            source_record: Vec::with_capacity(rows),
        }
    }

    pub(crate) fn push(
        &mut self,
        mut point: MetricPoint<'_>,
        source_record: u64,
        guard: &mut Guard,
    ) -> Result<(), ArrowError> {
        let series = self.descriptions.number_of(&mut point, guard)?;
        instant(&mut self.start_timestamp, point.start_timestamp);
        self.push_value(series, point.timestamp, point.value, source_record);
        Ok(())
    }

    /// A point of a series that its decoder knows.
    pub(crate) fn push_known(
        &mut self,
        point: SeriesPoint<'_, '_>,
        source_record: u64,
        guard: &mut Guard,
    ) -> Result<(), ArrowError> {
        let at = point.series as usize;
        let known = self.by_decoder.get(at).copied().filter(|number| *number != UNKNOWN);
        let series = if let Some(known) = known {
            self.descriptions.count_redactions(known, guard);
            known
        } else {
            let number = self.descriptions.number_of(&mut (point.describe)(), guard)?;
            if self.by_decoder.len() <= at {
                self.by_decoder.resize(at + 1, UNKNOWN);
            }
            if let Some(place) = self.by_decoder.get_mut(at) {
                *place = number;
            }
            number
        };
        instant(&mut self.start_timestamp, point.start_timestamp);
        self.push_value(series, point.timestamp, point.value, source_record);
        Ok(())
    }

    fn push_value(&mut self, series: u32, timestamp: Micros, value: f64, source_record: u64) {
        self.series.push(series);
        self.date.push(i32::try_from(timestamp.date_days()).unwrap_or_default());
        self.timestamp.push(timestamp.0);
        self.value.push(value);
        self.source_record.push(source_record as i64);
    }

    pub(crate) fn finish(self, chunk_id: &str) -> Result<RecordBatch, ArrowError> {
        let Self { mut descriptions, mut start_timestamp, .. } = self;
        let in_chunk = UInt32Array::from(vec![0; self.series.len()]);
        let chunk_id: ArrayRef = Arc::new(StringArray::from(vec![chunk_id]));
        let series = UInt32Array::from(self.series);
        let of_series = |values: ArrayRef| DictionaryArray::try_new(series.clone(), values).map(shared);
        RecordBatch::try_new(
            series_schema(),
            vec![
                shared(Date32Array::from(self.date)),
                shared(TimestampMicrosecondArray::from(self.timestamp).with_timezone("UTC")),
                shared(start_timestamp.finish()),
                of_series(shared(descriptions.metric_name.finish()))?,
                of_series(shared(descriptions.metric_type.finish()))?,
                of_series(shared(descriptions.temporality.finish()))?,
                of_series(shared(descriptions.unit.finish()))?,
                shared(Float64Array::from(self.value)),
                of_series(shared(descriptions.service_name.finish()))?,
                of_series(shared(descriptions.host_name.finish()))?,
                of_series(shared(descriptions.cloud_region.finish()))?,
                of_series(shared(descriptions.series_id.finish()))?,
                of_series(shared(descriptions.attributes.finish()))?,
                shared(DictionaryArray::try_new(in_chunk, chunk_id)?),
                shared(Int64Array::from(self.source_record)),
            ],
        )
    }
}

/// What describes the series of a chunk, each once.
struct Descriptions {
    /// Numbers of the series, by what describes them in the source.
    known: HashMap<Box<[u8]>, u32, RandomState>,
    /// What was taken out of a description counts for each of its points.
    redacted: Vec<Option<Box<fupan_redact::Counts>>>,
    /// What a series' identity is made of.
    identity: Vec<u8>,
    metric_name: StringBuilder,
    metric_type: StringBuilder,
    temporality: StringBuilder,
    unit: StringBuilder,
    service_name: StringBuilder,
    host_name: StringBuilder,
    cloud_region: StringBuilder,
    series_id: Int64Builder,
    attributes: MapBuilder<StringBuilder, StringBuilder>,
}

impl Default for Descriptions {
    fn default() -> Self {
        Self {
            known: HashMap::default(),
            redacted: Vec::new(),
            identity: Vec::new(),
            metric_name: StringBuilder::new(),
            metric_type: StringBuilder::new(),
            temporality: StringBuilder::new(),
            unit: StringBuilder::new(),
            service_name: StringBuilder::new(),
            host_name: StringBuilder::new(),
            cloud_region: StringBuilder::new(),
            series_id: Int64Builder::new(),
            attributes: text_map_builder(0),
        }
    }
}

impl Descriptions {
    /// The number of a point's series; what describes one that is new is redacted.
    fn number_of(&mut self, point: &mut MetricPoint<'_>, guard: &mut Guard) -> Result<u32, ArrowError> {
        describe(point, &mut self.identity);
        if let Some(number) = self.known.get(self.identity.as_slice()).copied() {
            self.count_redactions(number, guard);
            return Ok(number);
        }
        let number = self.known.len() as u32;
        self.known.insert(self.identity.as_slice().into(), number);
        let before = std::mem::take(&mut guard.counts);
        guard.metric(point);
        let redacted = std::mem::replace(&mut guard.counts, before);
        guard.counts += redacted;
        self.redacted.push((redacted != fupan_redact::Counts::default()).then(|| Box::new(redacted)));
        self.metric_name.append_value(&point.metric_name);
        self.metric_type.append_option(point.metric_type.as_deref());
        self.temporality.append_option(point.temporality.as_deref());
        self.unit.append_option(point.unit.as_deref());
        self.service_name.append_option(point.service_name.as_deref());
        self.host_name.append_option(point.host_name.as_deref());
        self.cloud_region.append_option(point.cloud_region.as_deref());
        self.series_id.append_value(enrich::series_id(point, &mut self.identity));
        attributes(&mut self.attributes, &point.attributes)?;
        Ok(number)
    }

    /// Another point of a series of which something is redacted.
    fn count_redactions(&self, number: u32, guard: &mut Guard) {
        if let Some(Some(redacted)) = self.redacted.get(number as usize) {
            guard.counts += **redacted;
        }
    }
}

/// All that describes the series of a point, as it stands in the source.
fn describe(point: &MetricPoint<'_>, bytes: &mut Vec<u8>) {
    bytes.clear();
    let mut part = |text: Option<&str>| {
        let length = text.map_or(u32::MAX, |text| text.len() as u32);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
    };
    part(Some(&point.metric_name));
    for text in [
        &point.metric_type,
        &point.temporality,
        &point.unit,
        &point.service_name,
        &point.host_name,
        &point.cloud_region,
    ] {
        part(text.as_deref());
    }
    for (key, value) in &point.attributes {
        part(Some(key));
        part(Some(value));
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::{Int64Type, UInt32Type};
    use fupan_redact::{KeySource, PseudonymKey, Rule};

    use super::*;
    use crate::guard::Privacy;

    fn guard() -> Guard {
        let pseudonyms = KeySource::of(PseudonymKey::new([7; 32]));
        Guard::new(Privacy { keep_raw: false, has_personal_fields: false, pseudonyms })
    }

    fn point(name: &'static str, label: &'static str, at: i64) -> MetricPoint<'static> {
        MetricPoint {
            metric_name: name.into(),
            timestamp: Micros(at),
            value: at as f64,
            attributes: vec![("user".into(), label.into())],
            ..MetricPoint::default()
        }
    }

    fn known(series: u32, describe: &dyn Fn() -> MetricPoint<'static>, at: i64) -> SeriesPoint<'_, 'static> {
        SeriesPoint { series, describe, timestamp: Micros(at), start_timestamp: None, value: 0.5 }
    }

    #[test]
    fn a_series_is_described_once() {
        let (mut rows, mut guard) = (MetricRows::with_room(4), guard());
        rows.push(point("a", "x", 1), 1, &mut guard).unwrap();
        rows.push(point("b", "x", 1), 1, &mut guard).unwrap();
        rows.push(point("a", "x", 2), 2, &mut guard).unwrap();
        rows.push_known(known(5, &|| point("b", "x", 0), 3), 3, &mut guard).unwrap();
        rows.push_known(known(5, &|| panic!("described once"), 4), 4, &mut guard).unwrap();
        let batch = rows.finish("chunk").unwrap();
        let names = batch.column_by_name("metric_name").unwrap().as_dictionary::<UInt32Type>();
        assert_eq!(names.keys().values(), &[0, 1, 0, 1, 1]);
        assert_eq!(names.values().as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["a", "b"]);
        let ids = batch.column_by_name("series_id").unwrap().as_dictionary::<UInt32Type>();
        assert_eq!(ids.values().as_primitive::<Int64Type>().values().len(), 2);
    }

    #[test]
    fn what_is_redacted_counts_for_each_point() {
        let (mut rows, mut guard) = (MetricRows::with_room(4), guard());
        for at in 1..=3 {
            rows.push(point("a", "alice@example.com", at), 1, &mut guard).unwrap();
            rows.push_known(known(0, &|| point("a", "bob@example.com", 0), at), 1, &mut guard).unwrap();
        }
        assert_eq!(guard.counts.of(Rule::Email), 6);
        let batch = rows.finish("chunk").unwrap();
        let labels = batch.column_by_name("attributes").unwrap().as_dictionary::<UInt32Type>();
        let labels = labels.values().as_map().values().as_string::<i32>();
        assert_eq!(labels.iter().flatten().collect::<Vec<_>>(), ["<email>", "<email>"]);
    }
}
