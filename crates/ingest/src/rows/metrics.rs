//! Metric points → rows of `metrics`.

use arrow::array::{
    Date32Builder, Float64Builder, Int64Builder, MapBuilder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::error::ArrowError;
use fupan_model::{MetricPoint, Table};
use fupan_store::text_map_builder;

use super::columns::{attributes, date, instant, instants, same, shared};
use crate::enrich;

pub(crate) struct MetricRows {
    date: Date32Builder,
    timestamp: TimestampMicrosecondBuilder,
    start_timestamp: TimestampMicrosecondBuilder,
    metric_name: StringBuilder,
    metric_type: StringBuilder,
    temporality: StringBuilder,
    unit: StringBuilder,
    value: Float64Builder,
    service_name: StringBuilder,
    host_name: StringBuilder,
    cloud_region: StringBuilder,
    series_id: Int64Builder,
    attributes: MapBuilder<StringBuilder, StringBuilder>,
    source_record: Int64Builder,
    /// What a series' identity is made of.
    identity: Vec<u8>,
}

impl MetricRows {
    /// Room for `rows` rows of the usual size: growing step by step copies each column several times.
    pub(crate) fn with_room(rows: usize) -> Self {
        let words = || StringBuilder::with_capacity(rows, rows * 16);
        Self {
            date: Date32Builder::with_capacity(rows),
            timestamp: instants(rows),
            start_timestamp: instants(rows),
            metric_name: words(),
            metric_type: words(),
            temporality: words(),
            unit: words(),
            value: Float64Builder::with_capacity(rows),
            service_name: words(),
            host_name: words(),
            cloud_region: words(),
            series_id: Int64Builder::with_capacity(rows),
            attributes: text_map_builder(rows),
            source_record: Int64Builder::with_capacity(rows),
            identity: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, point: &MetricPoint<'_>, source_record: u64) -> Result<(), ArrowError> {
        date(&mut self.date, point.timestamp);
        instant(&mut self.timestamp, Some(point.timestamp));
        instant(&mut self.start_timestamp, point.start_timestamp);
        self.metric_name.append_value(&point.metric_name);
        self.metric_type.append_option(point.metric_type.as_deref());
        self.temporality.append_option(point.temporality.as_deref());
        self.unit.append_option(point.unit.as_deref());
        self.value.append_value(point.value);
        self.service_name.append_option(point.service_name.as_deref());
        self.host_name.append_option(point.host_name.as_deref());
        self.cloud_region.append_option(point.cloud_region.as_deref());
        self.series_id.append_value(enrich::series_id(point, &mut self.identity));
        attributes(&mut self.attributes, &point.attributes)?;
        self.source_record.append_value(source_record as i64);
        Ok(())
    }

    pub(crate) fn finish(&mut self, chunk_id: &str) -> Result<RecordBatch, ArrowError> {
        let source_record = self.source_record.finish();
        RecordBatch::try_new(
            Table::Metrics.schema(),
            vec![
                shared(self.date.finish()),
                shared(self.timestamp.finish()),
                shared(self.start_timestamp.finish()),
                shared(self.metric_name.finish()),
                shared(self.metric_type.finish()),
                shared(self.temporality.finish()),
                shared(self.unit.finish()),
                shared(self.value.finish()),
                shared(self.service_name.finish()),
                shared(self.host_name.finish()),
                shared(self.cloud_region.finish()),
                shared(self.series_id.finish()),
                shared(self.attributes.finish()),
                same(chunk_id, source_record.len()),
                shared(source_record),
            ],
        )
    }
}
