//! The messages of OTLP that carry what fupan keeps.

use std::borrow::Cow;
use std::fmt;

use fupan_model::Micros;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use crate::time::{EpochUnit, parse_epoch};

/// A number that JSON writes as a number or as a string; kept as text.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Number(pub(super) String);

impl Number {
    pub(super) fn as_f64(&self) -> Option<f64> {
        match self.0.as_str() {
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok(),
        }
    }

    /// Nanoseconds since the epoch; none where it is 0, which means "not known".
    pub(super) fn as_instant(&self) -> Result<Option<Micros>, String> {
        if self.0.is_empty() || self.0 == "0" {
            return Ok(None);
        }
        parse_epoch(&self.0, EpochUnit::Nanos)
            .map(Some)
            .map_err(|error| format!("the time {:?} {error}", self.0))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;
        impl Visitor<'_> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number, also as a string")
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Number, E> {
                Ok(Number(value.to_string()))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Number, E> {
                Ok(Number(value.to_string()))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Number, E> {
                Ok(Number(value.to_string()))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Number, E> {
                Ok(Number(value.to_owned()))
            }
            fn visit_unit<E: de::Error>(self) -> Result<Number, E> {
                Ok(Number::default())
            }
        }
        deserializer.deserialize_any(NumberVisitor)
    }
}

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
    #[serde(borrow, rename = "stringValue", alias = "string_value")]
    pub(super) string: Option<Cow<'a, str>>,
    #[serde(rename = "boolValue", alias = "bool_value")]
    pub(super) bool: Option<bool>,
    #[serde(rename = "intValue", alias = "int_value")]
    pub(super) int: Option<Number>,
    #[serde(rename = "doubleValue", alias = "double_value")]
    pub(super) double: Option<Number>,
    #[serde(borrow, rename = "arrayValue", alias = "array_value")]
    pub(super) array: Option<ArrayValue<'a>>,
    #[serde(borrow, rename = "kvlistValue", alias = "kvlist_value")]
    pub(super) kvlist: Option<KvList<'a>>,
    #[serde(borrow, rename = "bytesValue", alias = "bytes_value")]
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
            return Some(Cow::Borrowed(&number.0));
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
            return number.0.parse().map_or_else(|_| Value::String(number.0.clone()), Value::Number);
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
    #[serde(alias = "time_unix_nano")]
    pub(super) time_unix_nano: Number,
    #[serde(alias = "observed_time_unix_nano")]
    pub(super) observed_time_unix_nano: Number,
    #[serde(alias = "severity_number")]
    pub(super) severity_number: Number,
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
    #[serde(alias = "aggregation_temporality")]
    pub(super) aggregation_temporality: Number,
    #[serde(borrow, alias = "data_points")]
    pub(super) data_points: Vec<DataPoint<'a>>,
}

/// The fields of all kinds of points.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct DataPoint<'a> {
    #[serde(borrow)]
    pub(super) attributes: Vec<KeyValue<'a>>,
    #[serde(alias = "time_unix_nano")]
    pub(super) time_unix_nano: Number,
    #[serde(alias = "start_time_unix_nano")]
    pub(super) start_time_unix_nano: Number,
    pub(super) flags: Number,
    #[serde(alias = "as_double")]
    pub(super) as_double: Option<Number>,
    #[serde(alias = "as_int")]
    pub(super) as_int: Option<Number>,
    pub(super) count: Option<Number>,
    pub(super) sum: Option<Number>,
    pub(super) min: Option<Number>,
    pub(super) max: Option<Number>,
    #[serde(alias = "bucket_counts")]
    pub(super) bucket_counts: Vec<Number>,
    #[serde(alias = "explicit_bounds")]
    pub(super) explicit_bounds: Vec<Number>,
    #[serde(alias = "quantile_values")]
    pub(super) quantile_values: Vec<QuantileValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct QuantileValue {
    #[serde(rename = "quantile")]
    pub(super) rank: Number,
    pub(super) value: Number,
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
    pub(super) kind: Number,
    #[serde(alias = "start_time_unix_nano")]
    pub(super) start_time_unix_nano: Number,
    #[serde(alias = "end_time_unix_nano")]
    pub(super) end_time_unix_nano: Number,
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
    pub(super) code: Number,
    #[serde(borrow)]
    pub(super) message: Cow<'a, str>,
}
