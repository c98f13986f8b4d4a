//! Trace spans as a JSON list, as lines or as a table.

use std::borrow::Cow;

use chrono_tz::Tz;
use fupan_model::SpanRecord;

use super::json_records::{framing_of, walk_json};
use super::log_values::duration_text_ms;
use super::pairs::{Pairs, service_of_pod};
use super::table::Table;
use crate::json::Value;
use crate::time::ParsedInstant;
use crate::{Chunk, DecodeError, DecodeOptions, Decoder, Framing, Header, InputFormat, RecordSink, limits};

/// Names of the id of a trace.
pub(crate) const TRACE_NAMES: [&str; 2] = ["traceid", "trace"];
/// Names of the id of a span.
pub(crate) const SPAN_NAMES: [&str; 3] = ["spanid", "span", "id"];
/// Names of the id of the span above.
pub(crate) const PARENT_NAMES: [&str; 4] = ["parentspanid", "parentid", "parentspan", "parent"];
/// Names of the start.
pub(crate) const START_NAMES: [&str; 9] = [
    "starttimeunixnano",
    "startunixnano",
    "starttime",
    "starttimemillis",
    "starttimeus",
    "start",
    "startedat",
    "timestamp",
    "time",
];
/// Names of the end.
pub(crate) const END_NAMES: [&str; 6] =
    ["endtimeunixnano", "endunixnano", "endtime", "endtimemillis", "end", "endedat"];
/// Names of the duration and how many milliseconds their unit is.
const DURATION_NAMES: [(&str, f64); 10] = [
    ("durationms", 1.0),
    ("durationmillis", 1.0),
    ("durationus", 1e-3),
    ("durationmicros", 1e-3),
    ("durationns", 1e-6),
    ("durationnano", 1e-6),
    ("durationnanos", 1e-6),
    ("durations", 1e3),
    ("durationseconds", 1e3),
    ("latencyms", 1.0),
];

/// Where Zipkin says which service a span is of, in canonical form.
pub(crate) const ZIPKIN_SERVICE: &str = "localendpointservicename";

/// Keys of lists in a document.
const LISTS: [&str; 2] = ["spans", "traces"];

/// Spans in JSON.
pub(crate) struct TracesJson {
    framing: Framing,
    zone: Tz,
}

impl TracesJson {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        Self { framing: framing_of(head, &LISTS), zone: options.zone }
    }
}

impl Decoder for TracesJson {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        walk_json(self.framing, &LISTS, chunk, limits::LINE_BYTES_MAX, sink, &mut |place, text, sink| {
            let (span, assumed_zone) = span_of(Pairs::from_json(text)?, None, self.zone)?;
            if assumed_zone {
                sink.assumed_zone();
            }
            sink.span(place, span);
            Ok(())
        });
    }
}

/// Spans in a table.
pub(crate) struct CsvTraces {
    table: Table,
    zone: Tz,
}

impl CsvTraces {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Result<Self, DecodeError> {
        Ok(Self { table: Table::read(head, InputFormat::CsvTraces.as_str())?, zone: options.zone })
    }
}

impl Decoder for CsvTraces {
    fn framing(&self) -> Framing {
        self.table.framing()
    }

    fn count_records(&self, bytes: &[u8], byte_offset: u64) -> u64 {
        self.table.count_rows(bytes, byte_offset)
    }

    fn header(&self) -> Option<Header<'_>> {
        Some(self.table.header())
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        self.table.walk(chunk, sink, &mut |place, row, sink| {
            let (span, assumed_zone) = span_of(Pairs::from_row(&self.table, row), None, self.zone)?;
            if assumed_zone {
                sink.assumed_zone();
            }
            sink.span(place, span);
            Ok(())
        });
    }
}

/// The span that the pairs describe, and whether a time had no zone.
pub(crate) fn span_of(
    mut pairs: Pairs<'_>,
    start: Option<ParsedInstant>,
    zone: Tz,
) -> Result<(SpanRecord<'_>, bool), String> {
    let trace_id = pairs.take(&TRACE_NAMES).ok_or("the span has no trace id")?;
    let span_id = pairs.take(&SPAN_NAMES).ok_or("the span has no span id")?;
    let parent_span_id = pairs.take(&PARENT_NAMES).filter(|parent| !is_no_parent(parent));
    let start = match start {
        Some(start) => start,
        None => pairs
            .take_time(&START_NAMES, zone)?
            .ok_or("the span has no start, such as start or startTimeUnixNano")?,
    };
    let end = pairs.take_time(&END_NAMES, zone)?;
    // Zipkin counts in microseconds: <https://zipkin.io/zipkin-api/#/default/post_spans>.
    let unit_ms = if pairs.has(&[ZIPKIN_SERVICE]) { 1e-3 } else { 1.0 };
    let stated = duration_of(&mut pairs, unit_ms);
    // Start and end know their unit; a bare `duration` may be in any.
    let duration_ms = match end {
        Some(end) => Some((end.at.0 - start.at.0) as f64 / 1_000.0).filter(|duration| *duration >= 0.0),
        None => stated,
    };
    let host_or_pod = pairs.take(&["podname", "pod", "hostname", "host", "instance"]);
    let service_name = pairs
        .take(&[
            "servicename",
            "service",
            "resourceservicename",
            "processservicename",
            ZIPKIN_SERVICE,
            "app",
            "application",
            "cmdbid",
        ])
        .or_else(|| host_or_pod.as_deref().and_then(service_of_pod).map(|name| Cow::Owned(name.to_owned())));
    let span = SpanRecord {
        trace_id,
        span_id,
        parent_span_id,
        timestamp: start.at,
        duration_ms,
        service_name,
        span_name: pairs.take(&["spanname", "name", "operationname", "operation", "resource", "method"]),
        span_kind: pairs.take(&["spankind", "kind"]).map(|kind| kind_word(&kind)),
        status_code: status_of(&mut pairs).map(Cow::Borrowed),
        attributes: Vec::new(),
    };
    let assumed_zone = pairs.assumed_zone || start.assumed_zone;
    let mut attributes = pairs.rest();
    if let Some(host) = host_or_pod {
        attributes.push((Cow::Borrowed("host.name"), host));
    }
    Ok((SpanRecord { attributes, ..span }, assumed_zone))
}

/// Roots are written in many ways.
fn is_no_parent(parent: &str) -> bool {
    let parent = parent.trim();
    parent.is_empty()
        || matches!(parent, "root" | "null" | "none" | "None" | "-1")
        || parent.bytes().all(|byte| byte == b'0')
}

/// A number without a unit is in one of `unit_ms` milliseconds.
fn duration_of(pairs: &mut Pairs<'_>, unit_ms: f64) -> Option<f64> {
    DURATION_NAMES.iter().chain(&[("duration", unit_ms)]).find_map(|(name, factor_ms)| {
        let value = pairs.take_value(&[name])?;
        value.as_f64().map(|number| number * factor_ms).or_else(|| duration_text_ms(value.as_text()))
    })
}

/// `server` from `SERVER`, `SPAN_KIND_SERVER` or 2.
pub(crate) fn kind_word(kind: &str) -> Cow<'static, str> {
    let word = kind.trim().to_lowercase();
    let word = word.strip_prefix("span_kind_").unwrap_or(&word);
    match word {
        "1" | "internal" => "internal".into(),
        "2" | "server" | "entry" => "server".into(),
        "3" | "client" | "exit" => "client".into(),
        "4" | "producer" => "producer".into(),
        "5" | "consumer" => "consumer".into(),
        other => other.to_owned().into(),
    }
}

/// `ok`, `error` or none: from a status word, an OTLP number, an HTTP status or an error flag.
fn status_of(pairs: &mut Pairs<'_>) -> Option<&'static str> {
    let status = pairs.take_value(&["statuscode", "status", "otelstatuscode"]).and_then(|value| {
        let known = status_word(value.as_text()).or_else(|| match value.as_i64() {
            Some(code @ 100..=599) => Some(if code >= 500 { "error" } else { "ok" }),
            _ => None,
        });
        if known.is_none() {
            pairs.push(Cow::Borrowed("status"), value);
        }
        known
    });
    status.or_else(|| match pairs.take_value(&["error", "iserror", "tagserror"])? {
        Value::Bool(is_error) => is_error.then_some("error"),
        value => {
            let is_error = !matches!(value.as_text().trim(), "" | "false" | "False" | "0");
            pairs.push(Cow::Borrowed("error"), value);
            is_error.then_some("error")
        }
    })
}

/// The word for a status code of OTLP, by name or number; none where unset or unknown.
pub(crate) fn status_word(status: &str) -> Option<&'static str> {
    match status.trim().to_uppercase().as_str() {
        "OK" | "STATUS_CODE_OK" | "1" | "SUCCESS" => Some("ok"),
        "ERROR" | "STATUS_CODE_ERROR" | "2" | "FAILED" | "FAILURE" => Some("error"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    fn options() -> DecodeOptions {
        DecodeOptions::new(chrono_tz::UTC, "traces")
    }

    #[test]
    fn a_list_of_spans() {
        let text = r#"[
  {"trace_id":"t","span_id":"a","parent_id":null,"service":"web","name":"Order","start":"2026-11-05T03:05:00Z","duration_ms":40,"status":"ERROR","error":"not found"},
  {"trace_id":"t","span_id":"b","parent_id":"a","service":"pay","name":"Charge","start":"2026-11-05T03:05:00Z","duration_ms":12.5,"status":"OK","kind":"SPAN_KIND_CLIENT"},
  {"trace_id":"t","start":"2026-11-05T03:05:00Z"}
]"#;
        let found = Collected::from(&TracesJson::open(text.as_bytes(), &options()), text.as_bytes());
        let (root, child) = (&found.spans[0], &found.spans[1]);
        assert_eq!((root.parent_span_id.as_deref(), root.status_code.as_deref()), (None, Some("error")));
        assert_eq!(root.attributes, [("error".into(), "not found".into())]);
        assert_eq!((child.parent_span_id.as_deref(), child.duration_ms), (Some("a"), Some(12.5)));
        assert_eq!(
            (child.span_kind.as_deref(), child.span_name.as_deref()),
            (Some("client"), Some("Charge"))
        );
        assert_eq!((found.rejects[0].0.record, found.rejects[0].1.as_str()), (3, "the span has no span id"));
    }

    #[test]
    fn a_table_of_spans_trusts_start_and_end_more_than_a_bare_duration() {
        let text = concat!(
            "TraceID,SpanID,ParentID,PodName,OperationName,StartTimeUnixNano,EndTimeUnixNano,Duration\n",
            "t,a,root,pay-64469b5b48-25zj6,/*,1793849103219000000,1793849103247160439,28160\n",
        );
        let decoder = CsvTraces::open(text.as_bytes(), &options()).unwrap();
        let found = Collected::from(&decoder, text.as_bytes());
        let span = &found.spans[0];
        assert_eq!((span.parent_span_id.as_deref(), span.service_name.as_deref()), (None, Some("pay")));
        assert_eq!((span.span_name.as_deref(), span.duration_ms), (Some("/*"), Some(28.16)));
    }
    #[test]
    fn zipkin_counts_in_microseconds() {
        let text = r#"[{"traceId":"z1","id":"s1","kind":"SERVER","name":"get /","timestamp":1793849103000000,"duration":2500,"localEndpoint":{"serviceName":"front"},"tags":{"error":"x"}}]"#;
        let found = crate::detect(text.as_bytes(), true, &options()).unwrap();
        assert_eq!(found.format, crate::InputFormat::TracesJson);
        let decoder = crate::open(&found, text.as_bytes(), &options()).unwrap();
        let found = Collected::from(decoder.as_ref(), text.as_bytes());
        let span = &found.spans[0];
        assert_eq!((span.duration_ms, span.service_name.as_deref()), (Some(2.5), Some("front")));
        assert_eq!((span.span_id.as_ref(), span.status_code.as_deref()), ("s1", Some("error")));
    }
}
