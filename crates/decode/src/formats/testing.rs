//! What tests collect from a decoder.

use std::borrow::Cow;

use fupan_model::{Change, IncidentEvent, LogRecord, MetricPoint, SpanRecord};

use crate::{Chunk, DeclaredDocument, Decoder, Framing, Place, RecordSink, last_boundary};

/// Everything that came out of a decoder, owned.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Collected {
    pub(crate) logs: Vec<LogRecord<'static>>,
    pub(crate) metrics: Vec<MetricPoint<'static>>,
    pub(crate) spans: Vec<SpanRecord<'static>>,
    pub(crate) events: Vec<IncidentEvent>,
    pub(crate) changes: Vec<Change>,
    pub(crate) rejects: Vec<(Place, String, Vec<u8>)>,
    pub(crate) places: Vec<Place>,
    pub(crate) assumed_zone: usize,
    pub(crate) assumed_year: usize,
    pub(crate) declared: Vec<DeclaredDocument>,
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

fn owned_option(text: Option<Cow<'_, str>>) -> Option<Cow<'static, str>> {
    text.map(owned)
}

fn owned_pairs(pairs: Vec<(Cow<'_, str>, Cow<'_, str>)>) -> Vec<(Cow<'static, str>, Cow<'static, str>)> {
    pairs.into_iter().map(|(key, value)| (owned(key), owned(value))).collect()
}

impl Collected {
    /// Reads a whole source at once.
    pub(crate) fn from(decoder: &dyn Decoder, bytes: &[u8]) -> Self {
        let mut found = Self::default();
        decoder.decode(Chunk { bytes, first_record: 1, byte_offset: 0 }, &mut found);
        found
    }

    /// Reads a source in chunks, cut as ingest cuts them.
    pub(crate) fn in_chunks(decoder: &dyn Decoder, bytes: &[u8], chunk_bytes: usize) -> Self {
        let mut found = Self::default();
        let (mut start, mut first_record) = (0, 1);
        while start < bytes.len() {
            let rest = &bytes[start..];
            let mut size = chunk_bytes.min(rest.len());
            let cut = loop {
                if size == rest.len() || decoder.framing() == Framing::Document {
                    break rest.len();
                }
                match last_boundary(decoder.framing(), &rest[..size]) {
                    Some(cut) => break cut,
                    None => size = (size * 2).min(rest.len()),
                }
            };
            let chunk = Chunk { bytes: &rest[..cut], first_record, byte_offset: start as u64 };
            decoder.decode(chunk, &mut found);
            first_record += decoder.count_records(chunk.bytes, chunk.byte_offset);
            start += cut;
        }
        found
    }

    /// Attributes of a log record.
    pub(crate) fn attributes(&self, log: usize) -> Vec<(&str, &str)> {
        self.logs[log].attributes.iter().map(|(key, value)| (key.as_ref(), value.as_ref())).collect()
    }
}

impl RecordSink for Collected {
    fn log(&mut self, place: Place, record: LogRecord<'_>) {
        self.places.push(place);
        self.logs.push(LogRecord {
            timestamp: record.timestamp,
            observed_timestamp: record.observed_timestamp,
            severity_number: record.severity_number,
            severity_text: owned_option(record.severity_text),
            service_name: owned_option(record.service_name),
            service_version: owned_option(record.service_version),
            host_name: owned_option(record.host_name),
            deployment_environment_name: owned_option(record.deployment_environment_name),
            cloud_region: owned_option(record.cloud_region),
            event_name: owned_option(record.event_name),
            body: owned_option(record.body),
            trace_id: owned_option(record.trace_id),
            span_id: owned_option(record.span_id),
            user_id: owned_option(record.user_id),
            session_id: owned_option(record.session_id),
            tenant_id: owned_option(record.tenant_id),
            http_request_method: owned_option(record.http_request_method),
            http_route: owned_option(record.http_route),
            http_response_status_code: record.http_response_status_code,
            rpc_grpc_status_code: record.rpc_grpc_status_code,
            outcome: owned_option(record.outcome),
            error_type: owned_option(record.error_type),
            duration_ms: record.duration_ms,
            order_id: owned_option(record.order_id),
            amount: record.amount,
            attributes: owned_pairs(record.attributes),
        });
    }

    fn metric(&mut self, place: Place, point: MetricPoint<'_>) {
        self.places.push(place);
        self.metrics.push(MetricPoint {
            timestamp: point.timestamp,
            start_timestamp: point.start_timestamp,
            metric_name: owned(point.metric_name),
            metric_type: owned_option(point.metric_type),
            temporality: owned_option(point.temporality),
            unit: owned_option(point.unit),
            value: point.value,
            service_name: owned_option(point.service_name),
            host_name: owned_option(point.host_name),
            cloud_region: owned_option(point.cloud_region),
            attributes: owned_pairs(point.attributes),
        });
    }

    fn span(&mut self, place: Place, span: SpanRecord<'_>) {
        self.places.push(place);
        self.spans.push(SpanRecord {
            trace_id: owned(span.trace_id),
            span_id: owned(span.span_id),
            parent_span_id: owned_option(span.parent_span_id),
            timestamp: span.timestamp,
            duration_ms: span.duration_ms,
            service_name: owned_option(span.service_name),
            span_name: owned_option(span.span_name),
            span_kind: owned_option(span.span_kind),
            status_code: owned_option(span.status_code),
            attributes: owned_pairs(span.attributes),
        });
    }

    fn event(&mut self, place: Place, event: IncidentEvent) {
        self.places.push(place);
        self.events.push(event);
    }

    fn change(&mut self, place: Place, change: Change) {
        self.places.push(place);
        self.changes.push(change);
    }

    fn reject(&mut self, place: Place, reason: String, bytes: &[u8]) {
        self.places.push(place);
        self.rejects.push((place, reason, bytes.to_vec()));
    }

    fn assumed_zone(&mut self) {
        self.assumed_zone += 1;
    }

    fn assumed_year(&mut self) {
        self.assumed_year += 1;
    }

    fn declared(&mut self, document: DeclaredDocument) {
        self.declared.push(document);
    }
}

/// Type, time and words of each event.
pub(crate) fn told(found: &Collected) -> Vec<(String, String, String)> {
    found
        .events
        .iter()
        .map(|event| {
            let at = event.occurred_at.map(fupan_model::Micros::to_rfc3339).unwrap_or_default();
            (event.event_type.clone(), at, event.summary.clone().unwrap_or_default())
        })
        .collect()
}

/// Each event's type, in order.
pub(crate) fn types(found: &Collected) -> Vec<&str> {
    found.events.iter().map(|event| event.event_type.as_str()).collect()
}

/// The value of an event's attribute.
pub(crate) fn attribute<'e>(event: &'e IncidentEvent, key: &str) -> Option<&'e str> {
    event.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}
