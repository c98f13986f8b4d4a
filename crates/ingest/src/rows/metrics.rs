//! Metric points → rows of `metrics`.

use arrow::array::{
    Date32Builder, Float64Builder, Int64Builder, MapBuilder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::error::ArrowError;
use fupan_model::{MetricPoint, Table};
use fupan_store::text_map_builder;

use super::columns::{Repeated, attributes, date, instant, instants, same, shared};
use crate::enrich;

pub(crate) struct MetricRows {
    date: Date32Builder,
    timestamp: TimestampMicrosecondBuilder,
    start_timestamp: TimestampMicrosecondBuilder,
    metric_name: Repeated,
    metric_type: Repeated,
    temporality: Repeated,
    unit: Repeated,
    value: Float64Builder,
    service_name: Repeated,
    host_name: Repeated,
    cloud_region: Repeated,
    series_id: Int64Builder,
    attributes: MapBuilder<StringBuilder, StringBuilder>,
    source_record: Int64Builder,
}

impl MetricRows {
    pub(crate) fn new() -> Self {
        Self {
            date: Date32Builder::new(),
            timestamp: instants(),
            start_timestamp: instants(),
            metric_name: Repeated::new(),
            metric_type: Repeated::new(),
            temporality: Repeated::new(),
            unit: Repeated::new(),
            value: Float64Builder::new(),
            service_name: Repeated::new(),
            host_name: Repeated::new(),
            cloud_region: Repeated::new(),
            series_id: Int64Builder::new(),
            attributes: text_map_builder(),
            source_record: Int64Builder::new(),
        }
    }

    pub(crate) fn push(&mut self, point: &MetricPoint<'_>, source_record: u64) -> Result<(), ArrowError> {
        date(&mut self.date, point.timestamp);
        instant(&mut self.timestamp, Some(point.timestamp));
        instant(&mut self.start_timestamp, point.start_timestamp);
        self.metric_name.push(Some(&point.metric_name));
        self.metric_type.push(point.metric_type.as_deref());
        self.temporality.push(point.temporality.as_deref());
        self.unit.push(point.unit.as_deref());
        self.value.append_value(point.value);
        self.service_name.push(point.service_name.as_deref());
        self.host_name.push(point.host_name.as_deref());
        self.cloud_region.push(point.cloud_region.as_deref());
        self.series_id.append_value(enrich::series_id(point));
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
                self.metric_name.finish()?,
                self.metric_type.finish()?,
                self.temporality.finish()?,
                self.unit.finish()?,
                shared(self.value.finish()),
                self.service_name.finish()?,
                self.host_name.finish()?,
                self.cloud_region.finish()?,
                shared(self.series_id.finish()),
                shared(self.attributes.finish()),
                same(chunk_id, source_record.len()),
                shared(source_record),
            ],
        )
    }
}
