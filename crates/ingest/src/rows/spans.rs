//! Spans → rows of `spans`.

use arrow::array::{
    Date32Builder, Float64Builder, Int64Builder, MapBuilder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::error::ArrowError;
use fupan_model::{SpanRecord, Table};
use fupan_store::text_map_builder;

use super::columns::{Repeated, attributes, date, instant, instants, same, shared};

pub(crate) struct SpanRows {
    trace_id: StringBuilder,
    span_id: StringBuilder,
    parent_span_id: StringBuilder,
    timestamp: TimestampMicrosecondBuilder,
    duration_ms: Float64Builder,
    service_name: Repeated,
    span_name: Repeated,
    span_kind: Repeated,
    status_code: Repeated,
    attributes: MapBuilder<StringBuilder, StringBuilder>,
    date: Date32Builder,
    source_record: Int64Builder,
}

impl SpanRows {
    pub(crate) fn new() -> Self {
        Self {
            trace_id: StringBuilder::new(),
            span_id: StringBuilder::new(),
            parent_span_id: StringBuilder::new(),
            timestamp: instants(),
            duration_ms: Float64Builder::new(),
            service_name: Repeated::new(),
            span_name: Repeated::new(),
            span_kind: Repeated::new(),
            status_code: Repeated::new(),
            attributes: text_map_builder(),
            date: Date32Builder::new(),
            source_record: Int64Builder::new(),
        }
    }

    pub(crate) fn push(&mut self, span: &SpanRecord<'_>, source_record: u64) -> Result<(), ArrowError> {
        self.trace_id.append_value(&span.trace_id);
        self.span_id.append_value(&span.span_id);
        self.parent_span_id.append_option(span.parent_span_id.as_ref());
        instant(&mut self.timestamp, Some(span.timestamp));
        self.duration_ms.append_option(span.duration_ms);
        self.service_name.push(span.service_name.as_deref());
        self.span_name.push(span.span_name.as_deref());
        self.span_kind.push(span.span_kind.as_deref());
        self.status_code.push(span.status_code.as_deref());
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
                self.service_name.finish()?,
                self.span_name.finish()?,
                self.span_kind.finish()?,
                self.status_code.finish()?,
                shared(self.attributes.finish()),
                shared(self.date.finish()),
                same(chunk_id, source_record.len()),
                shared(source_record),
            ],
        )
    }
}
