//! What a record implies without saying it: its outcome, its series.

use fupan_model::{LogRecord, MetricPoint};
use twox_hash::XxHash64;

/// Unknown, deadline exceeded, resource exhausted, unimplemented, internal, unavailable, data loss: what the
/// OpenTelemetry conventions call errors of a server; the view `requests` has the same list.
const GRPC_SERVER_ERRORS: [i16; 7] = [2, 4, 8, 12, 13, 14, 15];

/// `failed`, `ok`, or none where the record is not a request.
///
/// Failed by default: HTTP status from 500 and 429, a gRPC code that blames the server (not found and
/// the like are answers), an error that is a timeout.
/// Business codes are judged by the workspace's configuration when the record is read back.
pub(crate) fn outcome<'a>(record: &'a LogRecord<'_>) -> Option<&'a str> {
    if let Some(outcome) = record.outcome.as_deref() {
        return Some(outcome);
    }
    let is_request = record.http_response_status_code.is_some() || record.rpc_grpc_status_code.is_some();
    if !is_request {
        return None;
    }
    let is_http_failure = record.http_response_status_code.is_some_and(|code| code >= 500 || code == 429);
    let is_grpc_failure = record.rpc_grpc_status_code.is_some_and(|code| GRPC_SERVER_ERRORS.contains(&code));
    let is_timeout =
        record.error_type.as_deref().is_some_and(|error| error.to_ascii_lowercase().contains("timeout"));
    Some(if is_http_failure || is_grpc_failure || is_timeout { "failed" } else { "ok" })
}

/// Identity of a series: XXH64 of name, resource and labels, each with its length before it, whatever the
/// labels' order.
pub(crate) fn series_id(point: &MetricPoint<'_>, buffer: &mut Vec<u8>) -> i64 {
    buffer.clear();
    let mut part = |text: &str| {
        buffer.extend_from_slice(&(text.len() as u32).to_le_bytes());
        buffer.extend_from_slice(text.as_bytes());
    };
    part(&point.metric_name);
    part(point.service_name.as_deref().unwrap_or_default());
    part(point.host_name.as_deref().unwrap_or_default());
    part(point.cloud_region.as_deref().unwrap_or_default());
    if point.attributes.is_sorted() {
        point.attributes.iter().for_each(|(key, value)| {
            part(key);
            part(value);
        });
    } else {
        let mut labels: Vec<_> = point.attributes.iter().collect();
        labels.sort();
        for (key, value) in labels {
            part(key);
            part(value);
        }
    }
    XxHash64::oneshot(0, buffer).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_with_a_server_error_failed_and_a_note_is_no_request() {
        let mut record = LogRecord { http_response_status_code: Some(503), ..LogRecord::default() };
        assert_eq!(outcome(&record), Some("failed"));
        record.http_response_status_code = Some(404);
        assert_eq!(outcome(&record), Some("ok"));
        record.http_response_status_code = None;
        assert_eq!(outcome(&record), None);
        record.rpc_grpc_status_code = Some(5);
        assert_eq!(outcome(&record), Some("ok"), "NOT_FOUND is an answer");
        record.rpc_grpc_status_code = Some(14);
        assert_eq!(outcome(&record), Some("failed"));
    }

    #[test]
    fn the_order_of_labels_does_not_make_another_series() {
        let point = |labels: &[(&'static str, &'static str)]| MetricPoint {
            metric_name: "requests".into(),
            attributes: labels.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
            ..MetricPoint::default()
        };
        let id = |labels: &[(&'static str, &'static str)]| series_id(&point(labels), &mut Vec::new());
        assert_eq!(id(&[("a", "1"), ("b", "2")]), id(&[("b", "2"), ("a", "1")]));
        assert_ne!(id(&[("a", "1")]), id(&[("a", "2")]));
        assert_ne!(id(&[("a", "1")]), id(&[("a1", "")]));
    }
}
