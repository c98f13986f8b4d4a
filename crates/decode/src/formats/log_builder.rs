//! How do keys and values become a log record?

use std::borrow::Cow;

use chrono_tz::Tz;
use fupan_model::{LogRecord, severity};

use super::access_log::request_parts;
use super::log_fields::{FIELDS, Field, Target, names_zone, zone_in_name};
use super::log_values::{
    duration_ms, grpc_status, is_class_name, is_identifier, last_of_path, method, numeric_level, outcome,
    route, syslog_level, without_line_end,
};
use super::pairs::service_of_pod;
use super::text_of;
use crate::json::Value;
use crate::limits;
use crate::time::{ParsedInstant, parse_instant, parse_instant_beside, zone_named};
use crate::{Place, RecordSink};

/// A value with its key; empty where its bit in [`LogBuilder::filled`] is off.
#[derive(Debug, Clone)]
struct Slot<'a> {
    target: Target,
    key: Cow<'a, str>,
    value: Value<'a>,
}

impl Slot<'_> {
    const EMPTY: Self =
        Self { target: Target::mapped(Field::Timestamp), key: Cow::Borrowed(""), value: Value::Bool(false) };
}

const fn bit_of(field: Field) -> u32 {
    1 << field as u32
}

/// More levels than any logger has; what comes after them is looked at each time.
const LEVELS_REMEMBERED: usize = 12;

/// Collects the values of one record; reused for the next one.
#[derive(Debug)]
pub(crate) struct LogBuilder<'a> {
    slots: [Slot<'a>; FIELDS],
    /// A bit for each slot that holds something: most records fill a few.
    filled: u32,
    attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// A time that the caller has read already.
    timestamp: Option<ParsedInstant>,
    levels: Vec<(String, Option<i8>)>,
}

impl<'a> LogBuilder<'a> {
    pub(crate) fn new() -> Self {
        Self {
            slots: [const { Slot::EMPTY }; FIELDS],
            filled: 0,
            attributes: Vec::new(),
            timestamp: None,
            levels: Vec::new(),
        }
    }

    /// Forgets what was put.
    pub(crate) fn clear(&mut self) {
        self.filled = 0;
        self.attributes.clear();
        self.timestamp = None;
    }

    /// Sets the time, read by a mapping.
    pub(crate) fn set_timestamp(&mut self, at: ParsedInstant) {
        self.timestamp = Some(at);
    }

    /// Takes a value: for its column, or as an attribute.
    #[expect(clippy::inline_always, reason = "values stay in registers, 3 % of an ingest of JSON lines")]
    #[inline(always)]
    pub(crate) fn put(&mut self, target: Option<Target>, key: Cow<'a, str>, value: Value<'a>) {
        let Some((target, slot)) =
            target.and_then(|target| Some((target, self.slots.get_mut(target.field as usize)?)))
        else {
            self.attributes.push((key, value.into_text()));
            return;
        };
        let bit = bit_of(target.field);
        if self.filled & bit == 0 || slot.key == key {
            self.filled |= bit;
            *slot = Slot { target, key, value };
        } else if slot.target.rank <= target.rank {
            self.attributes.push((key, value.into_text()));
        } else {
            let displaced = std::mem::replace(slot, Slot { target, key, value });
            self.attributes.push((displaced.key, displaced.value.into_text()));
        }
    }

    /// The slot of a field, empty from now on.
    fn taken(&mut self, field: Field) -> Option<&mut Slot<'a>> {
        let bit = bit_of(field);
        if self.filled & bit == 0 {
            return None;
        }
        self.filled &= !bit;
        self.slots.get_mut(field as usize)
    }

    fn take(&mut self, field: Field) -> Option<Slot<'a>> {
        self.taken(field).map(|slot| std::mem::replace(slot, Slot::EMPTY))
    }

    fn take_text(&mut self, field: Field) -> Option<Cow<'a, str>> {
        let slot = self.taken(field)?;
        let text = std::mem::replace(&mut slot.value, Slot::EMPTY.value).into_text();
        (!text.is_empty()).then_some(text)
    }

    /// What `read` makes of the field; a value that it does not understand stays an attribute.
    fn take_as<T>(&mut self, field: Field, read: impl FnOnce(&Value<'a>, &Target) -> Option<T>) -> Option<T> {
        let slot = self.taken(field)?;
        let found = read(&slot.value, &slot.target);
        if found.is_none() {
            let Slot { key, value, .. } = std::mem::replace(slot, Slot::EMPTY);
            self.attributes.push((key, value.into_text()));
        }
        found
    }

    /// The record, and whether its time had no zone; or why it cannot be used. Empties the builder.
    pub(crate) fn finish(&mut self, zone: Tz) -> Result<(LogRecord<'a>, bool), String> {
        let time = self.time(zone).inspect_err(|_| self.clear())?;
        Ok((self.record(zone, time), time.assumed_zone))
    }

    /// Gives the record to `sink`, or says why it cannot be used. Empties the builder. A record is large:
    /// it is made once, where it goes.
    pub(crate) fn log_to(&mut self, sink: &mut dyn RecordSink, place: Place, zone: Tz) -> Result<(), String> {
        let time = self.time(zone).inspect_err(|_| self.clear())?;
        if time.assumed_zone {
            sink.assumed_zone();
        }
        sink.log(place, self.record(zone, time));
        Ok(())
    }

    fn time(&mut self, zone: Tz) -> Result<ParsedInstant, String> {
        if let Some(at) = self.timestamp {
            return Ok(at);
        }
        let slot = self
            .take(Field::Timestamp)
            .ok_or("no time: none of its keys is one such as timestamp, time or ts")?;
        let text = slot.value.as_text();
        parse_instant_beside(text, zone, || self.named_zone(&slot.key))
            .map_err(|error| format!("the time {}: {:?} {error}", slot.key, text_of(text)))
    }

    /// The zone that the record itself names, in the name of its time or beside it.
    fn named_zone(&self, key: &str) -> Option<Tz> {
        zone_in_name(key).or_else(|| {
            let mut zones = self.attributes.iter().filter(|(key, _)| names_zone(key));
            zones.find_map(|(_, zone)| zone_named(zone))
        })
    }

    fn record(&mut self, zone: Tz, time: ParsedInstant) -> LogRecord<'a> {
        self.timestamp = None;
        let observed_timestamp = self
            .take_as(Field::Observed, |value, _| parse_instant(value.as_text(), zone).ok())
            .map(|parsed| parsed.at);
        let (severity_number, severity_text) = self.severity();
        if self.is_gelf() {
            // Not that of the service.
            self.take_as::<()>(Field::Version, |_, _| None);
        }
        let http_request_method = self.take_as(Field::Method, |value, target| method(value, target));
        let http_response_status_code = self.take_as(Field::Status, |value, _| {
            let code = value.as_i64().filter(|code| (100..=599).contains(code))?;
            i16::try_from(code).ok()
        });
        let http_request_method = match http_request_method {
            None if http_response_status_code.is_some() => self.split_request(),
            method => method,
        };
        let is_request = http_request_method.is_some() || http_response_status_code.is_some();
        let http_route =
            self.take_as(
                Field::Route,
                |value, target| {
                    if target.is_vague && !is_request { None } else { route(value) }
                },
            );
        let (body, event_name) = self.body_and_event();
        let host_name = self.take_text(Field::Host);
        let service_name = self.service(host_name.as_deref());
        LogRecord {
            timestamp: time.at,
            observed_timestamp,
            severity_number,
            severity_text,
            service_name,
            service_version: self.take_text(Field::Version),
            host_name,
            deployment_environment_name: self.take_text(Field::Environment),
            cloud_region: self.take_text(Field::Region),
            event_name,
            body,
            trace_id: self.take_text(Field::Trace).map(last_of_path),
            span_id: self.take_text(Field::Span),
            // Servers write a dash where nobody logged in.
            user_id: self.take_text(Field::User).filter(|user| user != "-"),
            session_id: self.take_text(Field::Session),
            tenant_id: self.take_text(Field::Tenant),
            http_request_method,
            http_route,
            http_response_status_code,
            rpc_grpc_status_code: self.take_as(Field::GrpcStatus, |value, _| grpc_status(value)),
            outcome: self.take_as(Field::Outcome, |value, _| outcome(value)).map(Cow::Borrowed),
            error_type: self.error_type(),
            duration_ms: self.take_as(Field::Duration, duration_ms),
            order_id: self.take_text(Field::Order),
            amount: self.take_as(Field::Amount, |value, _| value.as_f64()),
            attributes: self.take_attributes(),
        }
    }

    /// nginx writes `GET /a HTTP/1.1` as one field `request`: its method, and its path where there is no
    /// better one. The text itself is the body where there is no other.
    fn split_request(&mut self) -> Option<Cow<'a, str>> {
        let at = self.attributes.iter().position(|(key, _)| key == "request")?;
        let (_, request) = self.attributes.get(at)?;
        let (method, path, _) = request_parts(request)?;
        let (key, request) = self.attributes.remove(at);
        let part = |range: std::ops::Range<usize>| -> Cow<'a, str> {
            Cow::Owned(request.get(range).unwrap_or_default().to_owned())
        };
        let (method, path) = (part(method), part(path));
        let last = |field| Some(Target { rank: u8::MAX, ..Target::mapped(field) });
        if self.filled & bit_of(Field::Route) == 0 {
            self.put(last(Field::Route), Cow::Borrowed("request_path"), Value::Text(path));
        }
        self.put(last(Field::Body), key, Value::Text(request));
        Some(method)
    }

    /// A container or process is a poorer name of a service than the deployment behind its pod.
    fn service(&mut self, host: Option<&str>) -> Option<Cow<'a, str>> {
        let is_named = self.filled & bit_of(Field::Service) != 0
            && self.slots.get(Field::Service as usize).is_some_and(|slot| !slot.target.is_vague);
        match host.filter(|_| !is_named).and_then(service_of_pod) {
            Some(service) => Some(Cow::Owned(service.to_owned())),
            None => self.take_text(Field::Service),
        }
    }

    fn severity(&mut self) -> (Option<i8>, Option<Cow<'a, str>>) {
        let number = self.take_as(Field::SeverityNumber, |value, _| {
            value
                .as_i64()
                .filter(|number| (1..=24).contains(number))
                .and_then(|number| i8::try_from(number).ok())
        });
        let Some(slot) = self.take(Field::Severity) else { return (number, None) };
        let of_gelf = slot.value.as_i64().filter(|_| self.is_gelf()).and_then(syslog_level);
        let from_text = of_gelf.or_else(|| self.number_of(&slot.value));
        (number.or(from_text), Some(slot.value.into_text()))
    }

    /// The Graylog Extended Log Format has a short message, levels of syslog, and a version of its own.
    fn is_gelf(&self) -> bool {
        let is_filled = self.filled & bit_of(Field::Body) != 0;
        is_filled && self.slots.get(Field::Body as usize).is_some_and(|slot| slot.key == "short_message")
    }

    /// Sources repeat a handful of levels: those are remembered.
    fn number_of(&mut self, level: &Value<'a>) -> Option<i8> {
        let text = level.as_text();
        if let Some((_, number)) = self.levels.iter().find(|(known, _)| known == text) {
            return *number;
        }
        let number = match level.as_i64() {
            Some(level) => numeric_level(level),
            None => severity::number_of(text),
        };
        if self.levels.len() < LEVELS_REMEMBERED {
            self.levels.push((text.to_owned(), number));
        }
        number
    }

    fn body_and_event(&mut self) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
        let body = self.take_text(Field::Body).map(without_line_end);
        let Some(slot) = self.take(Field::Event) else { return (body, None) };
        let text = slot.value.into_text();
        // Some loggers call the message `event`; a name holds no spaces.
        if slot.target.is_vague && body.is_none() && text.contains(char::is_whitespace) {
            return (Some(text), None);
        }
        (body, (!text.is_empty()).then_some(text))
    }

    /// `error` and `exception` hold a type as often as a whole message: a leading class name is taken,
    /// and the text itself stays an attribute.
    fn error_type(&mut self) -> Option<Cow<'a, str>> {
        let slot = self.take(Field::ErrorType)?;
        if !slot.target.is_vague {
            let text = slot.value.into_text();
            return (!text.is_empty()).then_some(text);
        }
        let Value::Text(text) = slot.value else {
            self.attributes.push((slot.key, slot.value.into_text()));
            return None;
        };
        if !text.is_empty() && is_identifier(&text) {
            return Some(text);
        }
        let class = text.split([':', '\n', '(']).next().map(str::trim).filter(|class| is_class_name(class));
        let class = class.map(|class| Cow::Owned(class.to_owned()));
        self.attributes.push((slot.key, text));
        class
    }

    fn take_attributes(&mut self) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
        // Slots that no column took, such as a vague key, must not be lost.
        while self.filled != 0 {
            let place = self.filled.trailing_zeros();
            self.filled &= self.filled - 1;
            if let Some(slot) = self.slots.get_mut(place as usize) {
                let Slot { key, value, .. } = std::mem::replace(slot, Slot::EMPTY);
                self.attributes.push((key, value.into_text()));
            }
        }
        let capacity = self.attributes.len();
        let attributes = std::mem::replace(&mut self.attributes, Vec::with_capacity(capacity));
        last_wins(attributes)
    }
}

/// Duplicate keys: the last value stays, at the place of the first. The tail of a record with too many
/// attributes is folded into one.
pub(crate) fn last_wins<'a>(
    mut attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    if attributes.len() <= 24 {
        let mut at = 1;
        while at < attributes.len() {
            let (seen, rest) = attributes.split_at_mut(at);
            let duplicate = rest.first_mut().and_then(|new| {
                seen.iter_mut().find(|old| old.0 == new.0).map(|old| std::mem::swap(&mut old.1, &mut new.1))
            });
            if duplicate.is_some() {
                attributes.remove(at);
            } else {
                at += 1;
            }
        }
        return attributes;
    }
    let mut places = std::collections::HashMap::with_capacity(attributes.len());
    let mut unique: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::with_capacity(attributes.len());
    for (key, value) in attributes {
        if let Some(old) = places.get(&key).and_then(|place: &usize| unique.get_mut(*place)) {
            old.1 = value;
        } else {
            places.insert(key.clone(), unique.len());
            unique.push((key, value));
        }
    }
    if unique.len() > limits::ATTRIBUTES_MAX {
        let tail = unique.split_off(limits::ATTRIBUTES_MAX - 1);
        let folded: serde_json::Map<String, serde_json::Value> =
            tail.into_iter().map(|(key, value)| (key.into_owned(), value.into_owned().into())).collect();
        unique.push((
            Cow::Borrowed("attributes_folded"),
            Cow::Owned(serde_json::Value::Object(folded).to_string()),
        ));
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_attributes_are_folded_not_lost() {
        let many = (0..600).map(|at| (Cow::Owned(format!("k{at}")), Cow::Borrowed("v"))).collect();
        let kept = last_wins(many);
        assert_eq!(kept.len(), limits::ATTRIBUTES_MAX);
        assert!(kept.last().unwrap().1.contains("\"k599\":\"v\""));
    }
}
