//! Spans → rows of `spans`.

use arrow::array::{
    Date32Builder, Float64Builder, Int64Builder, MapBuilder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::error::ArrowError;
use fupan_model::{SpanRecord, Table};
use fupan_store::text_map_builder;

use super::columns::{attributes, date, instant, instants, same, shared};

pub(crate) struct SpanRows {
    trace_id: StringBuilder,
    span_id: StringBuilder,
    parent_span_id: StringBuilder,
    timestamp: TimestampMicrosecondBuilder,
    duration_ms: Float64Builder,
    service_name: StringBuilder,
    span_name: StringBuilder,
    span_kind: StringBuilder,
    status_code: StringBuilder,
    attributes: MapBuilder<StringBuilder, StringBuilder>,
    date: Date32Builder,
    source_record: Int64Builder,
}

impl SpanRows {
    /// Room for `rows` rows of the usual size: growing step by step copies each column several times.
    pub(crate) fn with_room(rows: usize) -> Self {
        let words = || StringBuilder::with_capacity(rows, rows * 16);
        Self {
            trace_id: StringBuilder::with_capacity(rows, rows * 32),
            span_id: words(),
            parent_span_id: words(),
            timestamp: instants(rows),
            duration_ms: Float64Builder::with_capacity(rows),
            service_name: words(),
            span_name: words(),
            span_kind: words(),
            status_code: words(),
            attributes: text_map_builder(rows),
            date: Date32Builder::with_capacity(rows),
            source_record: Int64Builder::with_capacity(rows),
        }
    }

    pub(crate) fn push(&mut self, span: &SpanRecord<'_>, source_record: u64) -> Result<(), ArrowError> {
        self.trace_id.append_value(&span.trace_id);
        self.span_id.append_value(&span.span_id);
        self.parent_span_id.append_option(span.parent_span_id.as_ref());
        instant(&mut self.timestamp, Some(span.timestamp));
        self.duration_ms.append_option(span.duration_ms);
        self.service_name.append_option(span.service_name.as_deref());
        self.span_name.append_option(span.span_name.as_deref());
        self.span_kind.append_option(span.span_kind.as_deref());
        self.status_code.append_option(span.status_code.as_deref());
        attributes(&mut self.attributes, &span.attributes)?;
        date(&mut self.date, span.timestamp);
        self.source_record.append_value(source_record as i64);
        Ok(())
    }

    pub(crate) fn finish(&mut self, chunk_id: &str) -> Result<RecordBatch, ArrowError> {
        let source_record = self.source_record.finish();
        RecordBatch::try_new(
            Table::Spans.schema(),
            vec![
                shared(self.trace_id.finish()),
                shared(self.span_id.finish()),
                shared(self.parent_span_id.finish()),
                shared(self.timestamp.finish()),
                shared(self.duration_ms.finish()),
                shared(self.service_name.finish()),
                shared(self.span_name.finish()),
                shared(self.span_kind.finish()),
                shared(self.status_code.finish()),
                shared(self.attributes.finish()),
                shared(self.date.finish()),
                same(chunk_id, source_record.len()),
                shared(source_record),
            ],
        )
    }
}
