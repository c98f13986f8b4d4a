//! Log records → rows of `logs`.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Builder, Float64Builder, Int8Builder, Int16Builder, Int64Array,
    Int64Builder, MapBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder, UInt32Array,
};
use arrow::datatypes::Int64Type;
use arrow::error::ArrowError;
use fupan_model::records::Text;
use fupan_model::{LogRecord, Table, severity};
use fupan_store::text_map_builder;

use super::columns::{attributes, date, instant, instants, reordered, same, shared};
use crate::enrich;
use crate::guard::Guard;

pub(crate) struct LogRows {
    date: Date32Builder,
    timestamp: TimestampMicrosecondBuilder,
    observed_timestamp: TimestampMicrosecondBuilder,
    severity_number: Int8Builder,
    severity_text: StringBuilder,
    service_name: StringBuilder,
    service_version: StringBuilder,
    host_name: StringBuilder,
    deployment_environment_name: StringBuilder,
    cloud_region: StringBuilder,
    event_name: StringBuilder,
    body: StringBuilder,
    trace_id: StringBuilder,
    span_id: StringBuilder,
    user_id: StringBuilder,
    session_id: StringBuilder,
    tenant_id: StringBuilder,
    http_request_method: StringBuilder,
    http_route: StringBuilder,
    http_response_status_code: Int16Builder,
    rpc_grpc_status_code: Int16Builder,
    outcome: StringBuilder,
    error_type: StringBuilder,
    duration_ms: Float64Builder,
    order_id: StringBuilder,
    amount: Float64Builder,
    attributes: MapBuilder<StringBuilder, StringBuilder>,
    source_record: Int64Builder,
}

fn text(builder: &mut StringBuilder, value: Option<&Text<'_>>) {
    builder.append_option(value);
}

/// Rows of one shape together, each shape in the order of the source: bodies that repeat each other's words
/// take a quarter less on disk (docs/performance.md). `source_record` has the place in the source.
fn by_shape(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let shapes = batch.column_by_name("shape_id").and_then(|column| column.as_primitive_opt::<Int64Type>());
    let Some(shapes) = shapes else { return Ok(batch.clone()) };
    let shape_of = |row: &u32| shapes.is_valid(*row as usize).then(|| shapes.value(*row as usize));
    let mut order: Vec<u32> = (0..batch.num_rows() as u32).collect();
    if order.is_sorted_by_key(shape_of) {
        return Ok(batch.clone());
    }
    order.sort_by_key(shape_of);
    let order = UInt32Array::from(order);
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        // The chunk is the same in all rows.
        let is_same = field.name() == "chunk_id" || column.null_count() == column.len();
        if is_same { Ok(ArrayRef::clone(column)) } else { reordered(column, &order) }
    });
    let columns = columns.collect::<Result<_, _>>()?;
    RecordBatch::try_new(Arc::clone(&schema), columns)
}

impl LogRows {
    /// Room for `rows` rows of the usual size: growing step by step copies each column several times.
    pub(crate) fn with_room(rows: usize) -> Self {
        let words = || StringBuilder::with_capacity(rows, rows * 16);
        let ids = || StringBuilder::with_capacity(rows, rows * 32);
        Self {
            date: Date32Builder::with_capacity(rows),
            timestamp: instants(rows),
            observed_timestamp: instants(rows),
            severity_number: Int8Builder::with_capacity(rows),
            severity_text: words(),
            service_name: words(),
            service_version: words(),
            host_name: words(),
            deployment_environment_name: words(),
            cloud_region: words(),
            event_name: words(),
            body: StringBuilder::with_capacity(rows, rows * 64),
            trace_id: ids(),
            span_id: words(),
            user_id: words(),
            session_id: ids(),
            tenant_id: words(),
            http_request_method: words(),
            http_route: words(),
            http_response_status_code: Int16Builder::with_capacity(rows),
            rpc_grpc_status_code: Int16Builder::with_capacity(rows),
            outcome: words(),
            error_type: words(),
            duration_ms: Float64Builder::with_capacity(rows),
            order_id: words(),
            amount: Float64Builder::with_capacity(rows),
            attributes: text_map_builder(rows),
            source_record: Int64Builder::with_capacity(rows),
        }
    }

    pub(crate) fn push(&mut self, record: &LogRecord<'_>, source_record: u64) -> Result<(), ArrowError> {
        date(&mut self.date, record.timestamp);
        instant(&mut self.timestamp, Some(record.timestamp));
        instant(&mut self.observed_timestamp, record.observed_timestamp);
        let severity_number =
            record.severity_number.or_else(|| record.severity_text.as_deref().and_then(severity::number_of));
        self.severity_number.append_option(severity_number);
        text(&mut self.severity_text, record.severity_text.as_ref());
        text(&mut self.service_name, record.service_name.as_ref());
        text(&mut self.service_version, record.service_version.as_ref());
        text(&mut self.host_name, record.host_name.as_ref());
        text(&mut self.deployment_environment_name, record.deployment_environment_name.as_ref());
        text(&mut self.cloud_region, record.cloud_region.as_ref());
        text(&mut self.event_name, record.event_name.as_ref());
        text(&mut self.body, record.body.as_ref());
        text(&mut self.trace_id, record.trace_id.as_ref());
        text(&mut self.span_id, record.span_id.as_ref());
        text(&mut self.user_id, record.user_id.as_ref());
        text(&mut self.session_id, record.session_id.as_ref());
        text(&mut self.tenant_id, record.tenant_id.as_ref());
        text(&mut self.http_request_method, record.http_request_method.as_ref());
        text(&mut self.http_route, record.http_route.as_ref());
        self.http_response_status_code.append_option(record.http_response_status_code);
        self.rpc_grpc_status_code.append_option(record.rpc_grpc_status_code);
        self.outcome.append_option(enrich::outcome(record));
        text(&mut self.error_type, record.error_type.as_ref());
        self.duration_ms.append_option(record.duration_ms);
        text(&mut self.order_id, record.order_id.as_ref());
        self.amount.append_option(record.amount);
        attributes(&mut self.attributes, &record.attributes)?;
        self.source_record.append_value(source_record as i64);
        Ok(())
    }

    /// The rows, without personal data.
    pub(crate) fn finish(&mut self, chunk_id: &str, guard: &mut Guard) -> Result<RecordBatch, ArrowError> {
        let body = guard.texts(self.body.finish());
        let shape_id: Int64Array = body.iter().map(|body| body.map(fupan_analysis::shape_id)).collect();
        let source_record = shared(self.source_record.finish());
        let columns: Vec<ArrayRef> = vec![
            shared(self.date.finish()),
            shared(self.timestamp.finish()),
            shared(self.observed_timestamp.finish()),
            shared(self.severity_number.finish()),
            shared(guard.texts(self.severity_text.finish())),
            shared(guard.texts(self.service_name.finish())),
            shared(guard.texts(self.service_version.finish())),
            shared(guard.texts(self.host_name.finish())),
            shared(guard.texts(self.deployment_environment_name.finish())),
            shared(guard.texts(self.cloud_region.finish())),
            shared(guard.texts(self.event_name.finish())),
            shared(body),
            shared(shape_id),
            shared(guard.ids(self.trace_id.finish())),
            shared(guard.ids(self.span_id.finish())),
            shared(guard.ids(self.user_id.finish())),
            shared(guard.ids(self.session_id.finish())),
            shared(guard.ids(self.tenant_id.finish())),
            shared(guard.texts(self.http_request_method.finish())),
            shared(guard.texts(self.http_route.finish())),
            shared(self.http_response_status_code.finish()),
            shared(self.rpc_grpc_status_code.finish()),
            shared(guard.texts(self.outcome.finish())),
            shared(guard.texts(self.error_type.finish())),
            shared(self.duration_ms.finish()),
            shared(guard.ids(self.order_id.finish())),
            shared(self.amount.finish()),
            shared(guard.labels(self.attributes.finish())?),
            same(chunk_id, source_record.len()),
            source_record,
        ];
        by_shape(&RecordBatch::try_new(Table::Logs.schema(), columns)?)
    }
}
