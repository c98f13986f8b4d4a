//! OTLP traces: spans with their resource; what an exception event says becomes attributes.

use std::borrow::Cow;

use fupan_model::SpanRecord;

use super::proto::{self, KeyValue, ResourceSpans, Span};
use crate::formats::log_builder::last_wins;
use crate::formats::traces::{kind_word, status_word};

pub(super) fn spans<'b>(batches: &'b [ResourceSpans<'_>]) -> Result<Vec<SpanRecord<'b>>, String> {
    let mut found = Vec::new();
    for batch in batches {
        for scope in &batch.scopes {
            for span in &scope.spans {
                let mut attributes = Vec::new();
                push_all(&mut attributes, &batch.resource.attributes);
                push_all(&mut attributes, &scope.scope.attributes);
                if !scope.scope.name.is_empty() {
                    attributes
                        .push((Cow::Borrowed("otel.scope.name"), Cow::Borrowed(scope.scope.name.as_ref())));
                }
                found.push(span_of(span, attributes)?);
            }
        }
    }
    Ok(found)
}

type Attributes<'b> = Vec<(Cow<'b, str>, Cow<'b, str>)>;

fn push_all<'b>(attributes: &mut Attributes<'b>, pairs: &'b [KeyValue<'_>]) {
    attributes.extend(pairs.iter().filter_map(|pair| {
        let text = pair.value.as_ref().and_then(proto::AnyValue::to_text)?;
        Some((Cow::Borrowed(pair.key.as_ref()), text))
    }));
}

fn span_of<'b>(span: &'b Span<'_>, mut attributes: Attributes<'b>) -> Result<SpanRecord<'b>, String> {
    push_all(&mut attributes, &span.attributes);
    for event in &span.events {
        if event.name == "exception" {
            push_all(&mut attributes, &event.attributes);
        } else if !event.name.is_empty() {
            attributes.push((Cow::Owned(format!("event.{}", event.name)), Cow::Borrowed("true")));
        }
    }
    let status = span.status.as_ref();
    if let Some(message) = status.map(|status| status.message.as_ref()).filter(|message| !message.is_empty())
    {
        attributes.push((Cow::Borrowed("status.message"), Cow::Borrowed(message)));
    }
    let start = span.start_time_unix_nano.as_instant()?.ok_or("a span has no startTimeUnixNano")?;
    let nanos = |number: &proto::Number<'_>| number.text().parse::<i128>().ok();
    let duration_ms = nanos(&span.start_time_unix_nano)
        .zip(nanos(&span.end_time_unix_nano))
        .map(|(start, end)| (end - start) as f64 / 1e6)
        .filter(|duration| *duration >= 0.0);
    if span.trace_id.is_empty() || span.span_id.is_empty() {
        return Err("a span has no traceId or spanId".to_owned());
    }
    let mut attributes = last_wins(attributes);
    let service = attributes.iter().position(|(key, _)| key == "service.name");
    let kind = span.kind.text();
    let kind = kind_word(&kind);
    Ok(SpanRecord {
        trace_id: Cow::Borrowed(&span.trace_id),
        span_id: Cow::Borrowed(&span.span_id),
        parent_span_id: text(&span.parent_span_id).filter(|parent| parent.bytes().any(|byte| byte != b'0')),
        timestamp: start,
        duration_ms,
        service_name: service.map(|at| attributes.remove(at).1),
        span_name: text(&span.name),
        span_kind: (!matches!(kind.as_ref(), "" | "0" | "unspecified")).then_some(kind),
        status_code: status.and_then(|status| status_word(&status.code.text())).map(Cow::Borrowed),
        attributes,
    })
}

fn text(text: &str) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then_some(Cow::Borrowed(text))
}
