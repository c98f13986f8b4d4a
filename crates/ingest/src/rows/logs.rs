//! Log records → rows of `logs`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Builder, Float64Builder, Int8Builder, Int16Builder, Int64Array,
    Int64Builder, RecordBatch, TimestampMicrosecondBuilder, UInt32Array,
};
use arrow::datatypes::{Int64Type, Schema, SchemaRef};
use arrow::error::ArrowError;
use foldhash::fast::RandomState;
use fupan_model::{LogRecord, Table, severity};

use super::columns::{Texts, date, instant, instants, reordered, shared};
use super::words::{Labels, Words, same_word};
use crate::enrich;
use crate::guard::Guard;

pub(crate) struct LogRows {
    date: Date32Builder,
    timestamp: TimestampMicrosecondBuilder,
    observed_timestamp: TimestampMicrosecondBuilder,
    severity_number: Int8Builder,
    severity_text: Words,
    service_name: Words,
    service_version: Words,
    host_name: Words,
    deployment_environment_name: Words,
    cloud_region: Words,
    event_name: Words,
    body: Texts,
    trace_id: Texts,
    span_id: Texts,
    user_id: Texts,
    session_id: Texts,
    tenant_id: Texts,
    http_request_method: Words,
    http_route: Words,
    http_response_status_code: Int16Builder,
    rpc_grpc_status_code: Int16Builder,
    outcome: Words,
    error_type: Words,
    duration_ms: Float64Builder,
    order_id: Texts,
    amount: Float64Builder,
    attributes: Labels,
    source_record: Int64Builder,
}

/// Rows of one shape together, each shape in the order of the source: bodies that repeat each other's words
/// take a quarter less on disk (docs/performance.md). `source_record` has the place in the source.
fn by_shape(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let shapes = batch.column_by_name("shape_id").and_then(|column| column.as_primitive_opt::<Int64Type>());
    let Some(shapes) = shapes else { return Ok(batch.clone()) };
    let order = order_of(shapes);
    if order.is_sorted() {
        return Ok(batch.clone());
    }
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

/// The rows by shape, those without one first. There are few shapes, so that rows are counted and not compared.
fn order_of(shapes: &Int64Array) -> Vec<u32> {
    let mut numbers: HashMap<Option<i64>, u32, RandomState> = HashMap::default();
    let mut last = (None, 0);
    let of_rows: Vec<u32> = shapes
        .iter()
        .map(|shape| {
            if last.0 != Some(shape) {
                let next = numbers.len() as u32;
                last = (Some(shape), *numbers.entry(shape).or_insert(next));
            }
            last.1
        })
        .collect();
    let mut sorted: Vec<(Option<i64>, u32)> = numbers.into_iter().collect();
    sorted.sort_unstable();
    let mut next_of = vec![0_u32; sorted.len()];
    for number in &of_rows {
        if let Some(count) = next_of.get_mut(*number as usize) {
            *count += 1;
        }
    }
    let mut start = 0;
    for (_, number) in sorted {
        if let Some(count) = next_of.get_mut(number as usize) {
            (*count, start) = (start, start + *count);
        }
    }
    let mut order = vec![0; of_rows.len()];
    for (row, number) in of_rows.into_iter().enumerate() {
        let Some(next) = next_of.get_mut(number as usize) else { continue };
        if let Some(place) = order.get_mut(*next as usize) {
            *place = row as u32;
        }
        *next += 1;
    }
    order
}

/// The schema of rows of which some columns are dictionaries.
fn numbered_schema(columns: &[ArrayRef]) -> SchemaRef {
    let plain = Table::Logs.schema();
    let fields = plain.fields().iter().zip(columns);
    let fields =
        fields.map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone()));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

impl LogRows {
    /// Room for `rows` rows of the usual size: growing step by step copies each column several times.
    pub(crate) fn with_room(rows: usize) -> Self {
        let words = || Words::with_room(rows);
        let ids = || Texts::with_room(rows, 40);
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
            body: Texts::with_room(rows, 128),
            trace_id: ids(),
            span_id: ids(),
            user_id: ids(),
            session_id: ids(),
            tenant_id: ids(),
            http_request_method: words(),
            http_route: words(),
            http_response_status_code: Int16Builder::with_capacity(rows),
            rpc_grpc_status_code: Int16Builder::with_capacity(rows),
            outcome: words(),
            error_type: words(),
            duration_ms: Float64Builder::with_capacity(rows),
            order_id: ids(),
            amount: Float64Builder::with_capacity(rows),
            attributes: Labels::with_room(rows),
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
        self.severity_text.push(record.severity_text.as_deref());
        self.service_name.push(record.service_name.as_deref());
        self.service_version.push(record.service_version.as_deref());
        self.host_name.push(record.host_name.as_deref());
        self.deployment_environment_name.push(record.deployment_environment_name.as_deref());
        self.cloud_region.push(record.cloud_region.as_deref());
        self.event_name.push(record.event_name.as_deref());
        self.body.push(record.body.as_deref());
        self.trace_id.push(record.trace_id.as_deref());
        self.span_id.push(record.span_id.as_deref());
        self.user_id.push(record.user_id.as_deref());
        self.session_id.push(record.session_id.as_deref());
        self.tenant_id.push(record.tenant_id.as_deref());
        self.http_request_method.push(record.http_request_method.as_deref());
        self.http_route.push(record.http_route.as_deref());
        self.http_response_status_code.append_option(record.http_response_status_code);
        self.rpc_grpc_status_code.append_option(record.rpc_grpc_status_code);
        self.outcome.push(enrich::outcome(record));
        self.error_type.push(record.error_type.as_deref());
        self.duration_ms.append_option(record.duration_ms);
        self.order_id.push(record.order_id.as_deref());
        self.amount.append_option(record.amount);
        self.attributes.push(&record.attributes)?;
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
            guard.words(self.severity_text.finish()?)?,
            guard.words(self.service_name.finish()?)?,
            guard.words(self.service_version.finish()?)?,
            guard.words(self.host_name.finish()?)?,
            guard.words(self.deployment_environment_name.finish()?)?,
            guard.words(self.cloud_region.finish()?)?,
            guard.words(self.event_name.finish()?)?,
            shared(body),
            shared(shape_id),
            shared(guard.ids(self.trace_id.finish())),
            shared(guard.ids(self.span_id.finish())),
            shared(guard.ids(self.user_id.finish())),
            shared(guard.ids(self.session_id.finish())),
            shared(guard.ids(self.tenant_id.finish())),
            guard.words(self.http_request_method.finish()?)?,
            guard.words(self.http_route.finish()?)?,
            shared(self.http_response_status_code.finish()),
            shared(self.rpc_grpc_status_code.finish()),
            guard.words(self.outcome.finish()?)?,
            guard.words(self.error_type.finish()?)?,
            shared(self.duration_ms.finish()),
            shared(guard.ids(self.order_id.finish())),
            shared(self.amount.finish()),
            guard.numbered_labels(self.attributes.finish()?)?,
            same_word(chunk_id, source_record.len())?,
            source_record,
        ];
        by_shape(&RecordBatch::try_new(numbered_schema(&columns), columns)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_shape_stay_in_their_order() {
        let shapes = Int64Array::from(vec![Some(7), Some(-3), None, Some(7), Some(9), Some(-3), None]);
        assert_eq!(order_of(&shapes), [2, 6, 1, 5, 0, 3, 4]);
        assert!(order_of(&Int64Array::from(Vec::<i64>::new())).is_empty());
    }
}
