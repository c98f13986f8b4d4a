//! What do exports of incident systems have in common?
//!
//! Each record has an id of its own there, says when things happened, and may have changed since the
//! last export. An event made here has an id that depends on the system, the record, the entry and the
//! content: the same export again adds nothing, and a changed entry is another event with the same
//! attribute `entry_id`, so that it takes the place of the earlier one, which stays readable.

use chrono_tz::Tz;
use fupan_model::events::event_id;
use fupan_model::{EventType, IncidentEvent, Micros, Precision, RecordedAtBasis};
use serde_json::Value;

use super::json_records::walk_json;
use super::text_of;
use crate::time::{ParsedInstant, parse_instant};
use crate::{Chunk, Framing, Place, RecordSink, limits};

/// What reads one record and sends its rows; an error makes it a reject.
pub(crate) type ReadValue<'r> =
    &'r mut dyn FnMut(Place, &Value, &mut Times, &mut dyn RecordSink) -> Result<(), String>;

/// Calls `read` for each record of a JSON list, document or line, as a tree.
pub(crate) fn walk_values(
    framing: Framing,
    lists: &[&str],
    zone: Tz,
    chunk: Chunk<'_>,
    sink: &mut dyn RecordSink,
    read: ReadValue<'_>,
) {
    walk_json(framing, lists, chunk, limits::LINE_BYTES_MAX, sink, &mut |place, text, sink| {
        let value: Value = serde_json::from_str(text).map_err(|error| format!("not valid JSON: {error}"))?;
        let mut times = Times { zone, assumed_zone: false };
        read(place, &value, &mut times, sink)?;
        if times.assumed_zone {
            sink.assumed_zone();
        }
        Ok(())
    });
}

/// Reads times, and remembers whether one had no zone.
pub(crate) struct Times {
    zone: Tz,
    assumed_zone: bool,
}

impl Times {
    /// The first of the keys that holds a time; an error where it cannot be read.
    pub(crate) fn read(&mut self, object: &Value, keys: &[&str]) -> Result<Option<ParsedInstant>, String> {
        text(object, keys).map(|text| self.parse(&text)).transpose()
    }

    /// Like [`Self::read`]; an error where no key is there.
    pub(crate) fn required(&mut self, object: &Value, keys: &[&str]) -> Result<ParsedInstant, String> {
        let missing = || format!("the record has no time: {} is missing", keys.join(" or "));
        self.read(object, keys)?.ok_or_else(missing)
    }

    /// What a text means.
    pub(crate) fn parse(&mut self, text: &str) -> Result<ParsedInstant, String> {
        let parsed = parse_instant(text, self.zone)
            .map_err(|error| format!("the time {:?} {error}", text_of(text)))?;
        self.assumed_zone |= parsed.assumed_zone;
        Ok(parsed)
    }
}

/// The first of the paths (`service.summary`) that holds a text or a number.
pub(crate) fn text(object: &Value, paths: &[&str]) -> Option<String> {
    paths.iter().find_map(|path| match at_path(object, path)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// The value at a path, such as `incident.id`.
pub(crate) fn at_path<'v>(object: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(object, |value, key| value.get(key))
}

/// The elements of the first of the paths that is a list; none where there is none.
pub(crate) fn list<'v>(object: &'v Value, paths: &[&str]) -> impl Iterator<Item = &'v Value> {
    paths.iter().find_map(|path| at_path(object, path)?.as_array()).into_iter().flatten()
}

/// Whether the path holds `true`.
pub(crate) fn is_true(object: &Value, path: &str) -> bool {
    at_path(object, path).and_then(Value::as_bool) == Some(true)
}

/// The names in a list of texts or of objects with one of `keys`.
pub(crate) fn names(object: &Value, path: &str, keys: &[&str]) -> Vec<String> {
    list(object, &[path])
        .filter_map(|item| item.as_str().map(str::to_owned).or_else(|| text(item, keys)))
        .collect()
}

/// One thing that a record says.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    event_type: String,
    entry: String,
    at: Option<ParsedInstant>,
    range: Option<(Micros, Micros)>,
    recorded: Option<ParsedInstant>,
    actor: Option<String>,
    summary: Option<String>,
    service_name: Option<String>,
    attributes: Vec<(String, String)>,
}

impl Fact {
    /// A fact of that type; `entry` is the key of the entry within its record.
    pub(crate) fn new(event_type: EventType, entry: impl Into<String>) -> Self {
        Self::of_type(event_type.as_str(), entry)
    }

    /// Like [`Self::new`], for a type by name.
    pub(crate) fn of_type(event_type: &str, entry: impl Into<String>) -> Self {
        Self {
            event_type: event_type.to_owned(),
            entry: entry.into(),
            at: None,
            range: None,
            recorded: None,
            actor: None,
            summary: None,
            service_name: None,
            attributes: Vec::new(),
        }
    }

    /// When it happened, as people said; when it was written down is another question.
    pub(crate) fn at(mut self, at: Option<ParsedInstant>) -> Self {
        self.at = at;
        self
    }

    /// When it happened, by the clock of the system, which wrote it down at once.
    pub(crate) fn stamped(self, at: ParsedInstant) -> Self {
        self.at(Some(at)).recorded(Some(at))
    }

    /// The record says that it happened and not when: after `earliest`, and no later than the record's last
    /// change.
    pub(crate) fn no_later_than(mut self, last_change: ParsedInstant, earliest: ParsedInstant) -> Self {
        self.range = Some((earliest.at.min(last_change.at), last_change.at));
        self.stamped(ParsedInstant { precision: Precision::Range, ..last_change })
    }

    /// When the system knew it.
    pub(crate) fn recorded(mut self, at: Option<ParsedInstant>) -> Self {
        self.recorded = at;
        self
    }

    /// Who did or said it.
    pub(crate) fn by(mut self, actor: Option<String>) -> Self {
        self.actor = actor;
        self
    }

    /// Words of people.
    pub(crate) fn saying(mut self, summary: Option<String>) -> Self {
        self.summary = summary;
        self
    }

    /// The service it is about.
    pub(crate) fn about(mut self, service_name: Option<String>) -> Self {
        self.service_name = service_name;
        self
    }

    /// An attribute, where there is one.
    pub(crate) fn with(mut self, name: &str, value: Option<String>) -> Self {
        self.attributes.extend(value.map(|value| (name.to_owned(), value)));
        self
    }

    /// The event. Its id holds a fingerprint of the content, but not when it was written down: a later
    /// export may say that better.
    pub(crate) fn into_event(self, system: &str, incident_id: Option<&str>, record: &str) -> IncidentEvent {
        // Entries of one incident are told apart by themselves, those of none by their record too.
        let place = if incident_id.is_some() { String::new() } else { format!("{record}/") };
        let entry_id = format!("{place}{}:{}", self.entry, self.event_type);
        let mut parts = vec![system.to_owned(), record.to_owned(), entry_id.clone()];
        parts.push(self.at.map(|at| at.at.0.to_string()).unwrap_or_default());
        parts.extend(
            [&self.actor, &self.summary, &self.service_name].map(|part| part.clone().unwrap_or_default()),
        );
        parts.extend(self.attributes.iter().flat_map(|(key, value)| [key.clone(), value.clone()]));
        let (recorded_at, recorded_at_basis) = match (self.recorded, self.at) {
            (Some(recorded), _) => (Some(recorded.at), RecordedAtBasis::Source),
            (None, Some(at)) => (Some(at.at), RecordedAtBasis::Assumed),
            (None, None) => (None, RecordedAtBasis::Ingested),
        };
        let mut attributes = self.attributes;
        attributes.push(("entry_id".to_owned(), entry_id));
        IncidentEvent {
            event_id: event_id(&parts.iter().map(String::as_str).collect::<Vec<_>>()),
            incident_id: incident_id.map(str::to_owned),
            event_type: self.event_type,
            occurred_at: self.at.map(|at| at.at),
            occurred_at_low: self.range.map(|range| range.0),
            occurred_at_high: self.range.map(|range| range.1),
            precision: self.at.map_or(Precision::Unknown, |at| at.precision),
            recorded_at,
            recorded_at_basis,
            actor: self.actor,
            summary: self.summary,
            service_name: self.service_name,
            attributes,
            supersedes: None,
            source: system.to_owned(),
        }
    }
}

/// The instant a number of milliseconds after another one.
pub(crate) fn after_ms(start: ParsedInstant, ms: f64) -> Option<ParsedInstant> {
    let micros = (ms.is_finite() && ms >= 0.0).then_some((ms * 1e3) as i64)?;
    let at = crate::time::in_range(start.at.0.checked_add(micros)?).ok()?;
    Some(ParsedInstant { at, ..start })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> ParsedInstant {
        parse_instant(text, Tz::UTC).unwrap()
    }

    #[test]
    fn the_same_content_has_the_same_id_and_a_changed_one_the_same_entry() {
        let note = |words: &str, seen: &str| {
            Fact::new(EventType::NoteAdded, "n1")
                .at(Some(at("2026-11-05T03:05:00Z")))
                .recorded(Some(at(seen)))
                .saying(Some(words.to_owned()))
                .into_event("pagerduty", Some("P1"), "P1")
        };
        let first = note("pool is full", "2026-11-05T03:06:00Z");
        assert_eq!(first.event_id, note("pool is full", "2026-11-05T04:00:00Z").event_id);
        let changed = note("pool was full", "2026-11-05T04:00:00Z");
        assert_ne!(first.event_id, changed.event_id);
        assert_eq!(first.attributes, changed.attributes);
        assert!(changed.recorded_at > first.recorded_at);
    }

    #[test]
    fn paths_and_durations() {
        let record: Value = serde_json::json!({"service":{"summary":"pay"},"n":3,"empty":""});
        assert_eq!(text(&record, &["empty", "service.summary"]).as_deref(), Some("pay"));
        assert_eq!(text(&record, &["n"]).as_deref(), Some("3"));
        let start = at("2026-11-05T03:05:00Z");
        assert_eq!(after_ms(start, 15_702.0).unwrap().at.to_rfc3339(), "2026-11-05T03:05:15.702Z");
        assert_eq!(after_ms(start, -1.0), None);
        assert_eq!(after_ms(start, 1e300), None);
    }
}
