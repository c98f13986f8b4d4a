//! OTLP logs: attributes with a semantic convention go to their column.

use std::borrow::Cow;

use chrono_tz::Tz;
use fupan_model::{LogRecord, Precision};

use super::proto::{self, KeyValue, ResourceLogs};
use crate::formats::log_builder::LogBuilder;
use crate::formats::log_fields::{Field, KeyCache, Target};
use crate::json::Value;
use crate::time::ParsedInstant;

pub(super) fn records<'b>(batches: &'b [ResourceLogs<'_>]) -> Result<Vec<LogRecord<'b>>, String> {
    let mut records = Vec::new();
    let mut keys = KeyCache::default();
    for batch in batches {
        for scope in &batch.scopes {
            for record in &scope.records {
                let mut builder = LogBuilder::new();
                keys.restart();
                put_all(&mut builder, &mut keys, &batch.resource.attributes);
                put_all(&mut builder, &mut keys, &scope.scope.attributes);
                put_text(&mut builder, None, "otel.scope.name", &scope.scope.name);
                records.push(record_of(record, builder, &mut keys)?);
            }
        }
    }
    Ok(records)
}

fn record_of<'b>(
    record: &'b proto::LogRecord<'_>,
    mut builder: LogBuilder<'b>,
    keys: &mut KeyCache,
) -> Result<LogRecord<'b>, String> {
    put_all(&mut builder, keys, &record.attributes);
    let observed = record.observed_time_unix_nano.as_instant()?;
    let at = record
        .time_unix_nano
        .as_instant()?
        .or(observed)
        .ok_or("a log record has neither timeUnixNano nor observedTimeUnixNano")?;
    builder.set_timestamp(ParsedInstant { at, assumed_zone: false, precision: Precision::Exact });
    put_text(&mut builder, Some(Field::Severity), "severityText", &record.severity_text);
    if let Some(number) = severity_number(&record.severity_number) {
        builder.put(
            Some(Target::mapped(Field::SeverityNumber)),
            "severityNumber".into(),
            Value::Text(number),
        );
    }
    put_text(&mut builder, Some(Field::Event), "eventName", &record.event_name);
    put_text(&mut builder, Some(Field::Trace), "traceId", &record.trace_id);
    put_text(&mut builder, Some(Field::Span), "spanId", &record.span_id);
    if let Some(body) = record.body.as_ref().and_then(proto::AnyValue::to_text) {
        builder.put(Some(Target::mapped(Field::Body)), "body".into(), Value::Text(body));
    }
    let (mut record, _) = builder.finish(Tz::UTC)?;
    record.observed_timestamp = observed.or(record.observed_timestamp);
    Ok(record)
}

fn put_all<'b>(builder: &mut LogBuilder<'b>, keys: &mut KeyCache, attributes: &'b [KeyValue<'_>]) {
    for attribute in attributes {
        if let Some(text) = attribute.value.as_ref().and_then(proto::AnyValue::to_text) {
            builder.put(keys.target(&attribute.key), Cow::Borrowed(&attribute.key), Value::Text(text));
        }
    }
}

fn put_text<'b>(builder: &mut LogBuilder<'b>, field: Option<Field>, key: &'static str, text: &'b str) {
    if !text.is_empty() {
        builder.put(field.map(Target::mapped), Cow::Borrowed(key), Value::Text(Cow::Borrowed(text)));
    }
}

/// 1–24 from a number or a name such as `SEVERITY_NUMBER_ERROR2`.
fn severity_number<'n>(number: &'n proto::Number<'_>) -> Option<Cow<'n, str>> {
    let text = number.text();
    let Some(name) = text.strip_prefix("SEVERITY_NUMBER_") else {
        return (!matches!(text.as_ref(), "" | "0")).then_some(text);
    };
    let step: i32 = name.trim_start_matches(|letter: char| !letter.is_ascii_digit()).parse().unwrap_or(1);
    let base = match name.trim_end_matches(|letter: char| letter.is_ascii_digit()) {
        "TRACE" => 1,
        "DEBUG" => 5,
        "INFO" => 9,
        "WARN" => 13,
        "ERROR" => 17,
        "FATAL" => 21,
        _ => return None,
    };
    Some(Cow::Owned((base + step.clamp(1, 4) - 1).to_string()))
}
