//! What OTLP batches give.

use super::*;
use crate::formats::testing::Collected;

fn decode(text: &str) -> Collected {
    Collected::from(&Otlp::open(text.as_bytes()), text.as_bytes())
}

const RESOURCE: &str = r#""resource":{"attributes":[{"key":"service.name","value":{"stringValue":"pay"}},{"key":"host.name","value":{"stringValue":"h1"}},{"key":"team","value":{"stringValue":"trade"}}]}"#;

#[test]
fn logs_with_semantic_attributes() {
    let text = format!(
        "{}\n{{\"resourceLogs\":[]}}\n{{\"resourceLogs\":[{{\n",
        [
            r#"{"resourceLogs":[{"#,
            RESOURCE,
            r#","scopeLogs":[{"scope":{"name":"lib"},"logRecords":[
            {"timeUnixNano":"1793849103250000001","observedTimeUnixNano":1793849104000000000,"severityNumber":17,"severityText":"Error","traceId":"5B8E","spanId":"EEE1","body":{"stringValue":"charge failed"},
             "attributes":[{"key":"http.response.status_code","value":{"intValue":"502"}},{"key":"http.request.method","value":{"stringValue":"POST"}},{"key":"list","value":{"arrayValue":{"values":[{"intValue":"1"},{"boolValue":true}]}}}]},
            {"observedTimeUnixNano":"1793849104000000000","severityNumber":"SEVERITY_NUMBER_WARN2","eventName":"page.view","body":{"kvlistValue":{"values":[{"key":"n","value":{"doubleValue":1.5}}]}}}
            ]}]}]}"#,
        ]
        .concat()
        .replace('\n', "")
    );
    let found = decode(&text);
    let log = &found.logs[0];
    assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:25:03.250Z");
    assert_eq!(
        log.observed_timestamp.map(fupan_model::Micros::to_rfc3339).as_deref(),
        Some("2026-11-05T03:25:04Z")
    );
    assert_eq!((log.severity_number, log.severity_text.as_deref()), (Some(17), Some("Error")));
    assert_eq!((log.service_name.as_deref(), log.host_name.as_deref()), (Some("pay"), Some("h1")));
    assert_eq!((log.trace_id.as_deref(), log.body.as_deref()), (Some("5B8E"), Some("charge failed")));
    assert_eq!(
        (log.http_response_status_code, log.http_request_method.as_deref()),
        (Some(502), Some("POST"))
    );
    assert_eq!(found.attributes(0), [("team", "trade"), ("otel.scope.name", "lib"), ("list", "[1,true]")]);
    let second = &found.logs[1];
    assert_eq!((second.severity_number, second.event_name.as_deref()), (Some(14), Some("page.view")));
    assert_eq!(second.body.as_deref(), Some(r#"{"n":1.5}"#));
    // The batch without records is neither rows nor a reject; the cut one is a reject.
    assert_eq!((found.rejects.len(), found.rejects[0].0.record), (1, 3));
}

#[test]
fn metrics_of_all_kinds() {
    let text = [
        r#"{"resourceMetrics":[{"#,
        RESOURCE,
        r#","scopeMetrics":[{"metrics":[
        {"name":"requests","unit":"1","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"asInt":"5","timeUnixNano":"1793849103000000000","startTimeUnixNano":"1793849100000000000","attributes":[{"key":"route","value":{"stringValue":"/a"}}]}]}},
        {"name":"pool","gauge":{"dataPoints":[{"asDouble":0.5,"timeUnixNano":"1793849103000000000"},{"flags":1,"timeUnixNano":"1793849104000000000"}]}},
        {"name":"latency","unit":"ms","histogram":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA","dataPoints":[{"timeUnixNano":"1793849103000000000","count":"4","sum":9.5,"bucketCounts":["1","2","1"],"explicitBounds":[1,2.5]}]}},
        {"name":"size","exponentialHistogram":{"dataPoints":[{"timeUnixNano":"1793849103000000000","count":3,"sum":10,"scale":1,"zeroCount":1,"positive":{"offset":1,"bucketCounts":[0,2]}}]}},
        {"name":"old","summary":{"dataPoints":[{"timeUnixNano":"1793849103000000000","count":"2","sum":3,"quantileValues":[{"quantile":0.5,"value":1.25}]}]}}
        ]}]}]}"#,
    ]
    .concat();
    let found = decode(&text);
    assert_eq!(found.rejects, []);
    let seen: Vec<(String, f64, String)> = found
        .metrics
        .iter()
        .map(|point| {
            let label = point.attributes.iter().find(|(key, _)| key == "le" || key == "quantile");
            (
                point.metric_name.to_string(),
                point.value,
                label.map(|(_, value)| value.to_string()).unwrap_or_default(),
            )
        })
        .collect();
    let expected = [
        ("requests", 5.0, ""),
        ("pool", 0.5, ""),
        ("latency_count", 4.0, ""),
        ("latency_sum", 9.5, ""),
        ("latency_bucket", 1.0, "1"),
        ("latency_bucket", 3.0, "2.5"),
        ("latency_bucket", 4.0, "+Inf"),
        ("size_count", 3.0, ""),
        ("size_sum", 10.0, ""),
        ("old_count", 2.0, ""),
        ("old_sum", 3.0, ""),
        ("old", 1.25, "0.5"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, value, label)| ((*name).to_owned(), *value, (*label).to_owned()))
        .collect();
    assert_eq!(seen, expected);
    let sum = &found.metrics[0];
    assert_eq!((sum.metric_type.as_deref(), sum.temporality.as_deref()), (Some("sum"), Some("cumulative")));
    assert_eq!((sum.service_name.as_deref(), sum.unit.as_deref()), (Some("pay"), Some("1")));
    assert!(sum.start_timestamp.is_some());
    assert_eq!(found.metrics[2].temporality.as_deref(), Some("delta"));
}

#[test]
fn traces_in_a_pretty_document() {
    let text = [
        "{\n\"resourceSpans\":[{",
        RESOURCE,
        r#","scopeSpans":[{"spans":[
        {"traceId":"t","spanId":"a","parentSpanId":"","name":"POST /pay","kind":2,"startTimeUnixNano":"1793849103000000000","endTimeUnixNano":"1793849103002500000","status":{"code":2,"message":"boom"},"events":[{"name":"exception","attributes":[{"key":"exception.type","value":{"stringValue":"Timeout"}}]}]},
        {"traceId":"t","spanId":"b","parentSpanId":"a","name":"call","kind":"SPAN_KIND_CLIENT","startTimeUnixNano":"1793849103000000000","endTimeUnixNano":"1793849103001000000","status":{}}
        ]}]}]}"#,
    ]
    .concat();
    let found = decode(&text);
    let (root, child) = (&found.spans[0], &found.spans[1]);
    assert_eq!(
        (root.parent_span_id.as_deref(), root.duration_ms, root.span_kind.as_deref()),
        (None, Some(2.5), Some("server"))
    );
    assert_eq!((root.status_code.as_deref(), root.service_name.as_deref()), (Some("error"), Some("pay")));
    assert!(root.attributes.contains(&("exception.type".into(), "Timeout".into())));
    assert!(root.attributes.contains(&("status.message".into(), "boom".into())));
    assert_eq!(
        (child.parent_span_id.as_deref(), child.status_code.as_deref(), child.span_kind.as_deref()),
        (Some("a"), None, Some("client"))
    );
}

#[test]
fn a_batch_with_an_impossible_time_is_one_reject() {
    let found = decode(
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1793849103250000001"},{"timeUnixNano":"99999999999999999999999"}]}]}]}"#,
    );
    assert_eq!((found.logs.len(), found.rejects.len()), (0, 1));
    assert!(found.rejects[0].1.contains("outside of the years"));
}
