//! The messages of OTLP that carry what fupan keeps.

use std::borrow::Cow;

use serde::Deserialize;

pub(super) use super::number::Number;
use crate::formats::borrowed::optional;

#[derive(Debug, Deserialize)]
pub(super) struct KeyValue<'a> {
    #[serde(borrow)]
    pub(super) key: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) value: Option<AnyValue<'a>>,
}

/// A value of an attribute or body; at most one field is set.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AnyValue<'a> {
    #[serde(borrow, rename = "stringValue", alias = "string_value", deserialize_with = "optional")]
    pub(super) string: Option<Cow<'a, str>>,
    #[serde(rename = "boolValue", alias = "bool_value")]
    pub(super) bool: Option<bool>,
    #[serde(borrow, rename = "intValue", alias = "int_value")]
    pub(super) int: Option<Number<'a>>,
    #[serde(borrow, rename = "doubleValue", alias = "double_value")]
    pub(super) double: Option<Number<'a>>,
    #[serde(borrow, rename = "arrayValue", alias = "array_value")]
    pub(super) array: Option<ArrayValue<'a>>,
    #[serde(borrow, rename = "kvlistValue", alias = "kvlist_value")]
    pub(super) kvlist: Option<KvList<'a>>,
    #[serde(borrow, rename = "bytesValue", alias = "bytes_value", deserialize_with = "optional")]
    pub(super) bytes: Option<Cow<'a, str>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ArrayValue<'a> {
    #[serde(borrow, default)]
    pub(super) values: Vec<AnyValue<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct KvList<'a> {
    #[serde(borrow, default)]
    pub(super) values: Vec<KeyValue<'a>>,
}

impl AnyValue<'_> {
    /// The text that is stored: lists and maps as JSON. None for the empty value.
    pub(super) fn to_text(&self) -> Option<Cow<'_, str>> {
        if let Some(text) = self.string.as_ref().or(self.bytes.as_ref()) {
            return Some(Cow::Borrowed(text));
        }
        if let Some(number) = self.int.as_ref().or(self.double.as_ref()) {
            return Some(number.text());
        }
        if let Some(bool) = self.bool {
            return Some(Cow::Borrowed(if bool { "true" } else { "false" }));
        }
        (self.array.is_some() || self.kvlist.is_some()).then(|| Cow::Owned(self.to_json().to_string()))
    }

    fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        if let Some(array) = &self.array {
            return Value::Array(array.values.iter().map(AnyValue::to_json).collect());
        }
        if let Some(kvlist) = &self.kvlist {
            let value = |pair: &KeyValue<'_>| pair.value.as_ref().map_or(Value::Null, AnyValue::to_json);
            return Value::Object(
                kvlist.values.iter().map(|pair| (pair.key.to_string(), value(pair))).collect(),
            );
        }
        if let Some(number) = self.int.as_ref().or(self.double.as_ref()) {
            let text = number.text();
            return text.parse().map_or_else(|_| Value::String(text.into_owned()), Value::Number);
        }
        match (&self.string, self.bool, &self.bytes) {
            (Some(text), ..) | (None, None, Some(text)) => Value::String(text.to_string()),
            (None, Some(bool), _) => Value::Bool(bool),
            (None, None, None) => Value::Null,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Resource<'a> {
    #[serde(borrow)]
    pub(super) attributes: Vec<KeyValue<'a>>,
}

/// The instrumentation library that wrote a signal.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Scope<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) attributes: Vec<KeyValue<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ResourceLogs<'a> {
    #[serde(borrow, default)]
    pub(super) resource: Resource<'a>,
    #[serde(borrow, default, rename = "scopeLogs", alias = "scope_logs")]
    pub(super) scopes: Vec<ScopeLogs<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ScopeLogs<'a> {
    #[serde(borrow, default)]
    pub(super) scope: Scope<'a>,
    #[serde(borrow, default, rename = "logRecords", alias = "log_records")]
    pub(super) records: Vec<LogRecord<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct LogRecord<'a> {
    #[serde(borrow, alias = "time_unix_nano")]
    pub(super) time_unix_nano: Number<'a>,
    #[serde(borrow, alias = "observed_time_unix_nano")]
    pub(super) observed_time_unix_nano: Number<'a>,
    #[serde(borrow, alias = "severity_number")]
    pub(super) severity_number: Number<'a>,
    #[serde(borrow, alias = "severity_text")]
    pub(super) severity_text: Cow<'a, str>,
    #[serde(borrow, alias = "event_name")]
    pub(super) event_name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) body: Option<AnyValue<'a>>,
    #[serde(borrow)]
    pub(super) attributes: Vec<KeyValue<'a>>,
    #[serde(borrow, alias = "trace_id")]
    pub(super) trace_id: Cow<'a, str>,
    #[serde(borrow, alias = "span_id")]
    pub(super) span_id: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ResourceMetrics<'a> {
    #[serde(borrow, default)]
    pub(super) resource: Resource<'a>,
    #[serde(borrow, default, rename = "scopeMetrics", alias = "scope_metrics")]
    pub(super) scopes: Vec<ScopeMetrics<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ScopeMetrics<'a> {
    #[serde(borrow, default)]
    pub(super) scope: Scope<'a>,
    #[serde(borrow, default)]
    pub(super) metrics: Vec<Metric<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metric<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) unit: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) gauge: Option<Points<'a>>,
    #[serde(borrow)]
    pub(super) sum: Option<Points<'a>>,
    #[serde(borrow)]
    pub(super) histogram: Option<Points<'a>>,
    #[serde(borrow, alias = "exponential_histogram")]
    pub(super) exponential_histogram: Option<Points<'a>>,
    #[serde(borrow)]
    pub(super) summary: Option<Points<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Points<'a> {
    #[serde(borrow, alias = "aggregation_temporality")]
    pub(super) aggregation_temporality: Number<'a>,
    #[serde(borrow, alias = "data_points")]
    pub(super) data_points: Vec<DataPoint<'a>>,
}

/// The fields of all kinds of points.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct DataPoint<'a> {
    #[serde(borrow)]
    pub(super) attributes: Vec<KeyValue<'a>>,
    #[serde(borrow, alias = "time_unix_nano")]
    pub(super) time_unix_nano: Number<'a>,
    #[serde(borrow, alias = "start_time_unix_nano")]
    pub(super) start_time_unix_nano: Number<'a>,
    #[serde(borrow)]
    pub(super) flags: Number<'a>,
    #[serde(borrow, alias = "as_double")]
    pub(super) as_double: Option<Number<'a>>,
    #[serde(borrow, alias = "as_int")]
    pub(super) as_int: Option<Number<'a>>,
    #[serde(borrow)]
    pub(super) count: Option<Number<'a>>,
    #[serde(borrow)]
    pub(super) sum: Option<Number<'a>>,
    #[serde(borrow)]
    pub(super) min: Option<Number<'a>>,
    #[serde(borrow)]
    pub(super) max: Option<Number<'a>>,
    #[serde(borrow, alias = "bucket_counts")]
    pub(super) bucket_counts: Vec<Number<'a>>,
    #[serde(borrow, alias = "explicit_bounds")]
    pub(super) explicit_bounds: Vec<Number<'a>>,
    #[serde(borrow, alias = "quantile_values")]
    pub(super) quantile_values: Vec<QuantileValue<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct QuantileValue<'a> {
    #[serde(borrow, rename = "quantile")]
    pub(super) rank: Number<'a>,
    #[serde(borrow)]
    pub(super) value: Number<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ResourceSpans<'a> {
    #[serde(borrow, default)]
    pub(super) resource: Resource<'a>,
    #[serde(borrow, default, rename = "scopeSpans", alias = "scope_spans")]
    pub(super) scopes: Vec<ScopeSpans<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ScopeSpans<'a> {
    #[serde(borrow, default)]
    pub(super) scope: Scope<'a>,
    #[serde(borrow, default)]
    pub(super) spans: Vec<Span<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of the protocol")]
pub(super) struct Span<'a> {
    #[serde(borrow, alias = "trace_id")]
    pub(super) trace_id: Cow<'a, str>,
    #[serde(borrow, alias = "span_id")]
    pub(super) span_id: Cow<'a, str>,
    #[serde(borrow, alias = "parent_span_id")]
    pub(super) parent_span_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) kind: Number<'a>,
    #[serde(borrow, alias = "start_time_unix_nano")]
    pub(super) start_time_unix_nano: Number<'a>,
    #[serde(borrow, alias = "end_time_unix_nano")]
    pub(super) end_time_unix_nano: Number<'a>,
    #[serde(borrow)]
    pub(super) attributes: Vec<KeyValue<'a>>,
    #[serde(borrow)]
    pub(super) events: Vec<SpanEvent<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<SpanStatus<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SpanEvent<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) attributes: Vec<KeyValue<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SpanStatus<'a> {
    #[serde(borrow)]
    pub(super) code: Number<'a>,
    #[serde(borrow)]
    pub(super) message: Cow<'a, str>,
}
