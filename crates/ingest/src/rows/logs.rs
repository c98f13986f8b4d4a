//! Log records → rows of `logs`.

use arrow::array::{
    ArrayRef, Date32Builder, Float64Builder, Int8Builder, Int16Builder, Int64Builder, MapBuilder,
    RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::error::ArrowError;
use fupan_model::records::Text;
use fupan_model::{LogRecord, Table, severity};
use fupan_store::text_map_builder;

use super::columns::{Repeated, attributes, date, instant, instants, same, shared};
use crate::enrich;

pub(crate) struct LogRows {
    date: Date32Builder,
    timestamp: TimestampMicrosecondBuilder,
    observed_timestamp: TimestampMicrosecondBuilder,
    severity_number: Int8Builder,
    severity_text: Repeated,
    service_name: Repeated,
    service_version: Repeated,
    host_name: Repeated,
    deployment_environment_name: Repeated,
    cloud_region: Repeated,
    event_name: Repeated,
    body: StringBuilder,
    shape_id: Int64Builder,
    trace_id: StringBuilder,
    span_id: StringBuilder,
    user_id: StringBuilder,
    session_id: StringBuilder,
    tenant_id: Repeated,
    http_request_method: Repeated,
    http_route: Repeated,
    http_response_status_code: Int16Builder,
    rpc_grpc_status_code: Int16Builder,
    outcome: Repeated,
    error_type: Repeated,
    duration_ms: Float64Builder,
    order_id: StringBuilder,
    amount: Float64Builder,
    attributes: MapBuilder<StringBuilder, StringBuilder>,
    source_record: Int64Builder,
}

fn text(builder: &mut StringBuilder, value: Option<&Text<'_>>) {
    builder.append_option(value);
}

fn repeated(builder: &mut Repeated, value: Option<&Text<'_>>) {
    builder.push(value.map(AsRef::as_ref));
}

impl LogRows {
    pub(crate) fn new() -> Self {
        Self {
            date: Date32Builder::new(),
            timestamp: instants(),
            observed_timestamp: instants(),
            severity_number: Int8Builder::new(),
            severity_text: Repeated::new(),
            service_name: Repeated::new(),
            service_version: Repeated::new(),
            host_name: Repeated::new(),
            deployment_environment_name: Repeated::new(),
            cloud_region: Repeated::new(),
            event_name: Repeated::new(),
            body: StringBuilder::new(),
            shape_id: Int64Builder::new(),
            trace_id: StringBuilder::new(),
            span_id: StringBuilder::new(),
            user_id: StringBuilder::new(),
            session_id: StringBuilder::new(),
            tenant_id: Repeated::new(),
            http_request_method: Repeated::new(),
            http_route: Repeated::new(),
            http_response_status_code: Int16Builder::new(),
            rpc_grpc_status_code: Int16Builder::new(),
            outcome: Repeated::new(),
            error_type: Repeated::new(),
            duration_ms: Float64Builder::new(),
            order_id: StringBuilder::new(),
            amount: Float64Builder::new(),
            attributes: text_map_builder(),
            source_record: Int64Builder::new(),
        }
    }

    pub(crate) fn push(&mut self, record: &LogRecord<'_>, source_record: u64) -> Result<(), ArrowError> {
        date(&mut self.date, record.timestamp);
        instant(&mut self.timestamp, Some(record.timestamp));
        instant(&mut self.observed_timestamp, record.observed_timestamp);
        let severity_number =
            record.severity_number.or_else(|| record.severity_text.as_deref().and_then(severity::number_of));
        self.severity_number.append_option(severity_number);
        repeated(&mut self.severity_text, record.severity_text.as_ref());
        repeated(&mut self.service_name, record.service_name.as_ref());
        repeated(&mut self.service_version, record.service_version.as_ref());
        repeated(&mut self.host_name, record.host_name.as_ref());
        repeated(&mut self.deployment_environment_name, record.deployment_environment_name.as_ref());
        repeated(&mut self.cloud_region, record.cloud_region.as_ref());
        repeated(&mut self.event_name, record.event_name.as_ref());
        text(&mut self.body, record.body.as_ref());
        self.shape_id.append_option(record.body.as_deref().map(fupan_analysis::shape_id));
        text(&mut self.trace_id, record.trace_id.as_ref());
        text(&mut self.span_id, record.span_id.as_ref());
        text(&mut self.user_id, record.user_id.as_ref());
        text(&mut self.session_id, record.session_id.as_ref());
        repeated(&mut self.tenant_id, record.tenant_id.as_ref());
        repeated(&mut self.http_request_method, record.http_request_method.as_ref());
        repeated(&mut self.http_route, record.http_route.as_ref());
        self.http_response_status_code.append_option(record.http_response_status_code);
        self.rpc_grpc_status_code.append_option(record.rpc_grpc_status_code);
        self.outcome.push(enrich::outcome(record));
        repeated(&mut self.error_type, record.error_type.as_ref());
        self.duration_ms.append_option(record.duration_ms);
        text(&mut self.order_id, record.order_id.as_ref());
        self.amount.append_option(record.amount);
        attributes(&mut self.attributes, &record.attributes)?;
        self.source_record.append_value(source_record as i64);
        Ok(())
    }

    pub(crate) fn finish(&mut self, chunk_id: &str) -> Result<RecordBatch, ArrowError> {
        let source_record = shared(self.source_record.finish());
        let columns: Vec<ArrayRef> = vec![
            shared(self.date.finish()),
            shared(self.timestamp.finish()),
            shared(self.observed_timestamp.finish()),
            shared(self.severity_number.finish()),
            self.severity_text.finish()?,
            self.service_name.finish()?,
            self.service_version.finish()?,
            self.host_name.finish()?,
            self.deployment_environment_name.finish()?,
            self.cloud_region.finish()?,
            self.event_name.finish()?,
            shared(self.body.finish()),
            shared(self.shape_id.finish()),
            shared(self.trace_id.finish()),
            shared(self.span_id.finish()),
            shared(self.user_id.finish()),
            shared(self.session_id.finish()),
            self.tenant_id.finish()?,
            self.http_request_method.finish()?,
            self.http_route.finish()?,
            shared(self.http_response_status_code.finish()),
            shared(self.rpc_grpc_status_code.finish()),
            self.outcome.finish()?,
            self.error_type.finish()?,
            shared(self.duration_ms.finish()),
            shared(self.order_id.finish()),
            shared(self.amount.finish()),
            shared(self.attributes.finish()),
            same(chunk_id, source_record.len()),
            source_record,
        ];
        RecordBatch::try_new(Table::Logs.schema(), columns)
    }
}
