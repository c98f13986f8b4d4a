//! Which column does a key of a log record mean?
//!
//! Keys are compared without case, `_`, `-`, `.`, `@` and spaces, so that `traceId`, `trace_id`,
//! `trace.id` and `TraceID` are one name. Where several keys of a record mean the same column, the
//! one earlier in its list wins and the others stay attributes.

mod names;

use std::collections::HashMap;

use chrono_tz::Tz;

use self::names::{CLEF_KEYS, DURATIONS, NAMES, UNITS, ZONE_KEYS, ZONES};

/// A column of `logs` that a key can fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Timestamp,
    Observed,
    Severity,
    SeverityNumber,
    Service,
    Version,
    Host,
    Environment,
    Region,
    Event,
    Body,
    Trace,
    Span,
    User,
    Session,
    Tenant,
    Method,
    Route,
    Status,
    GrpcStatus,
    Outcome,
    ErrorType,
    Duration,
    Order,
    Amount,
}

/// How many fields there are.
pub(crate) const FIELDS: usize = Field::Amount as usize + 1;

/// The field that a key means, and how well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Target {
    pub(crate) field: Field,
    /// Lower is better; 0 is a mapping's word.
    pub(crate) rank: u8,
    /// For durations: milliseconds in one unit of the value.
    pub(crate) factor_ms: f64,
    /// The key is a common word that may mean something else (`path`, `event`, `status`).
    pub(crate) is_vague: bool,
}

impl Target {
    /// What a mapping says beats every default.
    pub(crate) const fn mapped(field: Field) -> Self {
        Self { field, rank: 0, factor_ms: 1.0, is_vague: false }
    }
}

/// A key without what writers differ in.
pub(crate) fn canonical(key: &str) -> String {
    key.chars()
        .filter(|letter| !matches!(letter, '_' | '-' | '.' | '@' | ' ' | '/' | '(' | ')' | '（' | '）'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The column that a key means by default.
pub(crate) fn default_target(key: &str) -> Option<Target> {
    if let Some((_, field, rank, is_vague)) = CLEF_KEYS.iter().find(|(known, ..)| *known == key) {
        return Some(Target { field: *field, rank: *rank, factor_ms: 1.0, is_vague: *is_vague });
    }
    // Logstash's version of its own format.
    if key == "@version" {
        return None;
    }
    if let Some(inner) = PAYLOADS.iter().find_map(|prefix| key.strip_prefix(prefix)) {
        // What stands beside the payload says the same better.
        return by_name(inner)
            .map(|target| Target { rank: target.rank.saturating_add(RANK_INSIDE), ..target });
    }
    by_name(key)
}

/// What a column is called, the best name first, without case and punctuation; no common words.
pub(crate) fn names_of(field: Field) -> &'static [&'static str] {
    NAMES.iter().find(|(known, ..)| *known == field).map_or(&[], |(_, names, _)| *names)
}

/// Whether a key means that column by default.
pub(crate) fn means(key: &str, field: Field) -> bool {
    default_target(key).is_some_and(|target| target.field == field)
}

/// The zone that the name of a time says it has: `时间(UTC)`, `北京时间`.
pub(crate) fn zone_in_name(key: &str) -> Option<Tz> {
    let name = canonical(key);
    let zone = ZONES.iter().find(|(word, _)| name.starts_with(word) || name.ends_with(word));
    zone.filter(|_| means(key, Field::Timestamp)).map(|(_, zone)| *zone)
}

/// Whether a key holds the zone of its record's time.
pub(crate) fn names_zone(key: &str) -> bool {
    ZONE_KEYS.iter().any(|known| known.eq_ignore_ascii_case(key))
}

/// Whether a key is that of an id: its digits are no quantity.
pub(crate) fn names_id(key: &str) -> bool {
    let short = canonical(key);
    ["id", "no", "号", "编码", "流水", "单", "key", "code", "number", "sn"]
        .iter()
        .any(|end| short.ends_with(end))
        || default_target(key).is_some_and(|target| {
            matches!(
                target.field,
                Field::Order | Field::User | Field::Tenant | Field::Session | Field::Trace | Field::Span
            )
        })
}

/// Where Google Cloud Logging keeps what the program wrote, and what wrote it; where logback and log4j keep what a
/// program says about its request.
const PAYLOADS: [&str; 4] = ["jsonPayload.", "resource.labels.", "mdc.", "contextMap."];
/// Added to the rank of a key inside of them: more than any list of names is long.
const RANK_INSIDE: u8 = 100;

fn by_name(key: &str) -> Option<Target> {
    let name = canonical(key);
    for (field, names, vague) in NAMES {
        let rank = names.iter().chain(*vague).position(|known| *known == name);
        if let Some(rank) = rank {
            let is_vague = rank >= names.len();
            return Some(Target { field: *field, rank: rank as u8 + 1, factor_ms: 1.0, is_vague });
        }
    }
    duration_target(&name)
}

fn duration_target(name: &str) -> Option<Target> {
    let target =
        |rank, factor_ms, is_vague| Some(Target { field: Field::Duration, rank, factor_ms, is_vague });
    match name {
        // nginx writes seconds; the Elastic Common Schema nanoseconds.
        "requesttime" => return target(2, 1e3, false),
        "eventduration" => return target(2, 1e-6, false),
        _ => {}
    }
    UNITS.iter().find_map(|(suffix, factor_ms)| {
        let base = name.strip_suffix(suffix)?;
        let rank = DURATIONS.iter().position(|known| *known == base)? as u8 * 2;
        // A bare `cost` may be money.
        let is_vague = suffix.is_empty() && base == "cost";
        // A named unit is better than none.
        target(1 + rank + u8::from(suffix.is_empty()), *factor_ms, is_vague)
    })
}

/// The columns of `logs` that a key can fill.
const COLUMNS: [(Field, &str); FIELDS] = [
    (Field::Timestamp, "timestamp"),
    (Field::Observed, "observed_timestamp"),
    (Field::Severity, "severity_text"),
    (Field::SeverityNumber, "severity_number"),
    (Field::Service, "service_name"),
    (Field::Version, "service_version"),
    (Field::Host, "host_name"),
    (Field::Environment, "deployment_environment_name"),
    (Field::Region, "cloud_region"),
    (Field::Event, "event_name"),
    (Field::Body, "body"),
    (Field::Trace, "trace_id"),
    (Field::Span, "span_id"),
    (Field::User, "user_id"),
    (Field::Session, "session_id"),
    (Field::Tenant, "tenant_id"),
    (Field::Method, "http_request_method"),
    (Field::Route, "http_route"),
    (Field::Status, "http_response_status_code"),
    (Field::GrpcStatus, "rpc_grpc_status_code"),
    (Field::Outcome, "outcome"),
    (Field::ErrorType, "error_type"),
    (Field::Duration, "duration_ms"),
    (Field::Order, "order_id"),
    (Field::Amount, "amount"),
];

/// The column of `logs` of that name, for mapping files.
pub(crate) fn field_by_column(column: &str) -> Option<Field> {
    COLUMNS.iter().find(|(_, name)| *name == column).map(|(field, _)| *field)
}

/// The name of the column that a field fills.
pub(crate) fn column_of(field: Field) -> &'static str {
    COLUMNS.get(field as usize).map_or("", |(_, name)| *name)
}

/// Looks keys up once: records of one source repeat their keys, mostly in the same order.
#[derive(Debug)]
pub(crate) struct KeyCache {
    meaning_of: fn(&str) -> Option<Target>,
    by_position: Vec<(Box<str>, Option<Target>)>,
    by_key: HashMap<Box<str>, Option<Target>>,
    position: usize,
}

/// Distinct keys that are remembered; a source that puts ids into keys has no end of them.
const KEYS_MAX: usize = 4_096;

impl Default for KeyCache {
    fn default() -> Self {
        Self::of(default_target)
    }
}

impl KeyCache {
    /// Of a source whose keys mean that.
    pub(crate) fn of(meaning_of: fn(&str) -> Option<Target>) -> Self {
        Self { meaning_of, by_position: Vec::new(), by_key: HashMap::new(), position: 0 }
    }

    /// The next record begins.
    pub(crate) fn restart(&mut self) {
        self.position = 0;
    }

    /// The column that the next key of the record means.
    pub(crate) fn target(&mut self, key: &str) -> Option<Target> {
        let position = self.position;
        self.position += 1;
        if let Some((known, target)) = self.by_position.get(position)
            && known.as_ref() == key
        {
            return *target;
        }
        let known = self.by_key.get(key).copied();
        let target = known.unwrap_or_else(|| (self.meaning_of)(key));
        if known.is_none() && self.by_key.len() < KEYS_MAX {
            self.by_key.insert(key.into(), target);
        }
        if let Some(slot) = self.by_position.get_mut(position) {
            *slot = (key.into(), target);
        } else if self.by_position.len() == position && position < KEYS_MAX {
            self.by_position.push((key.into(), target));
        }
        target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(key: &str) -> Option<Field> {
        default_target(key).map(|target| target.field)
    }

    #[test]
    fn one_name_in_many_spellings() {
        for key in ["traceId", "trace_id", "trace.id", "TraceID", "TRACE-ID"] {
            assert_eq!(field(key), Some(Field::Trace), "{key}");
        }
        for (key, expected) in [
            ("@timestamp", Field::Timestamp),
            ("log.level", Field::Severity),
            ("级别", Field::Severity),
            ("消息", Field::Body),
            ("service.name", Field::Service),
            ("http.response.status_code", Field::Status),
            ("kubernetes.pod_name", Field::Host),
            ("shop_id", Field::Tenant),
            ("orderId", Field::Order),
        ] {
            assert_eq!(field(key), Some(expected), "{key}");
        }
        for (key, expected) in [
            ("@t", Field::Timestamp),
            ("@mt", Field::Body),
            ("@l", Field::Severity),
            ("jsonPayload.message", Field::Body),
            ("jsonPayload.userId", Field::User),
            ("resource.labels.service_name", Field::Service),
            ("httpRequest.requestMethod", Field::Method),
            ("svc", Field::Service),
            ("采集时间", Field::Timestamp),
            ("主机名", Field::Host),
            ("gmt_create", Field::Timestamp),
        ] {
            assert_eq!(field(key), Some(expected), "{key}");
        }
        assert_eq!(field("colour"), None);
        assert_eq!(field("logger"), None);
    }

    #[test]
    fn columns_stand_at_their_fields_place() {
        for (at, (field, name)) in COLUMNS.iter().enumerate() {
            assert_eq!((*field as usize, field_by_column(name)), (at, Some(*field)));
            assert_eq!(column_of(*field), *name);
        }
    }

    #[test]
    fn units_of_durations_come_from_the_name() {
        let factor = |key| default_target(key).map(|target| target.factor_ms);
        assert_eq!(factor("duration_ms"), Some(1.0));
        assert_eq!(factor("latencyMs"), Some(1.0));
        assert_eq!(factor("elapsed_us"), Some(1e-3));
        assert_eq!(factor("duration_seconds"), Some(1e3));
        assert_eq!(factor("request_time"), Some(1e3));
        assert_eq!(factor("event.duration"), Some(1e-6));
        assert_eq!(factor("duration"), Some(1.0));
        assert_eq!(
            (factor("耗时(ms)"), factor("耗时（毫秒）"), factor("请求耗时(s)")),
            (Some(1.0), Some(1.0), Some(1e3))
        );
    }
}
