//! Incidents of a status page: what was told to the public, and when?
//!
//! A page says when it *told*, not when users began to be hurt: `started_at` mostly equals the first
//! update, and is taken for the start of the impact only where it differs. The page's own label of the
//! impact is kept as the grade.

use chrono_tz::Tz;
use fupan_model::events::event_id;
use fupan_model::{EventType, IncidentEvent, Precision, RecordedAtBasis};
use serde_json::Value;

use super::json_records::{framing_of, walk_json};
use super::text_of;
use super::timeline::json_array;
use crate::time::{ParsedInstant, parse_instant};
use crate::{Chunk, DecodeOptions, Decoder, Framing, RecordSink, limits};

/// Keys of lists in a document.
pub(crate) const LISTS: [&str; 2] = ["incidents", "scheduled_maintenances"];

pub(crate) struct Statuspage {
    framing: Framing,
    zone: Tz,
}

impl Statuspage {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        Self { framing: framing_of(head, &LISTS), zone: options.zone }
    }
}

impl Decoder for Statuspage {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        walk_json(self.framing, &LISTS, chunk, limits::LINE_BYTES_MAX, sink, &mut |place, text, sink| {
            let incident: Value =
                serde_json::from_str(text).map_err(|error| format!("not valid JSON: {error}"))?;
            let mut reader = Reader { zone: self.zone, assumed_zone: false };
            let events = reader.events(&incident)?;
            if reader.assumed_zone {
                sink.assumed_zone();
            }
            for event in events {
                sink.event(place, event);
            }
            Ok(())
        });
    }
}

struct Reader {
    zone: Tz,
    assumed_zone: bool,
}

/// A public update.
struct Update {
    key: Option<String>,
    at: ParsedInstant,
    recorded: Option<ParsedInstant>,
    status: Option<String>,
    body: Option<String>,
}

/// What all events of an incident share.
struct Template {
    incident_id: String,
    created: Option<ParsedInstant>,
}

impl Template {
    /// The event's id holds a fingerprint of its content: an edited update is another event with the same
    /// `entry_id`.
    fn event(
        &self,
        event_type: EventType,
        entry: &str,
        at: Option<ParsedInstant>,
        recorded: Option<ParsedInstant>,
        summary: Option<&str>,
        mut attributes: Vec<(String, String)>,
    ) -> IncidentEvent {
        let entry_id = format!("{entry}:{}", event_type.as_str());
        let mut parts = vec!["statuspage".to_owned(), self.incident_id.clone(), entry_id.clone()];
        parts.push(at.map(|at| at.at.0.to_string()).unwrap_or_default());
        parts.push(summary.unwrap_or_default().to_owned());
        parts.extend(attributes.iter().flat_map(|(key, value)| [key.clone(), value.clone()]));
        attributes.push(("entry_id".to_owned(), entry_id));
        let recorded = recorded.or(if at.is_none() { self.created } else { None });
        let (recorded_at, recorded_at_basis) = match (recorded, at) {
            (Some(recorded), _) => (Some(recorded.at), RecordedAtBasis::Source),
            (None, Some(at)) => (Some(at.at), RecordedAtBasis::Assumed),
            (None, None) => (None, RecordedAtBasis::Ingested),
        };
        IncidentEvent {
            event_id: event_id(&parts.iter().map(String::as_str).collect::<Vec<_>>()),
            incident_id: Some(self.incident_id.clone()),
            event_type: event_type.as_str().to_owned(),
            occurred_at: at.map(|at| at.at),
            occurred_at_low: None,
            occurred_at_high: None,
            precision: at.map_or(Precision::Unknown, |at| at.precision),
            recorded_at,
            recorded_at_basis,
            actor: None,
            summary: summary.map(str::to_owned),
            service_name: None,
            attributes,
            supersedes: None,
            source: "statuspage".to_owned(),
        }
    }
}

impl Reader {
    fn events(&mut self, incident: &Value) -> Result<Vec<IncidentEvent>, String> {
        let incident_id = text(incident, &["id"]).ok_or("the incident has no id")?;
        let updates = self.updates(incident)?;
        let created = self.time(incident, &["created_at"])?;
        let started = self.time(incident, &["started_at"])?;
        let resolved = self.time(incident, &["resolved_at"])?;
        let first = updates.iter().min_by_key(|update| update.at.at);
        let impact = text(incident, &["impact"]);
        let first_told = first.map(|update| update.recorded.unwrap_or(update.at));
        let template = Template { incident_id, created: created.or(first_told) };
        let mut events = vec![template.event(
            EventType::TitleSet,
            "head",
            None,
            None,
            text(incident, &["name", "title"]).as_deref(),
            title_attributes(incident, created, resolved),
        )];
        if is_maintenance(incident, impact.as_deref(), &updates) {
            events.push(template.event(
                EventType::KindSet,
                "head",
                None,
                None,
                Some("maintenance"),
                Vec::new(),
            ));
        }
        if let Some(impact) = &impact {
            let scale = vec![("scale".to_owned(), "statuspage".to_owned())];
            events.push(template.event(EventType::GradeSet, "head", None, None, Some(impact), scale));
        }
        if let (Some(started), Some(first)) = (started, first)
            && started.at < first.at.at
        {
            events.push(template.event(
                EventType::ImpactStarted,
                "head",
                Some(started),
                created,
                None,
                Vec::new(),
            ));
        }
        for component in components(incident) {
            let entry = format!("component:{component}");
            let mut event = template.event(
                EventType::ServiceAffected,
                &entry,
                first.map(|update| update.at),
                None,
                None,
                Vec::new(),
            );
            event.service_name = Some(component);
            events.push(event);
        }
        events.extend(updates.iter().enumerate().map(|(at, update)| {
            let entry = update.key.clone().unwrap_or_else(|| format!("update:{}", at + 1));
            let status = update.status.iter().map(|status| ("status".to_owned(), status.clone())).collect();
            template.event(
                EventType::NoticePublished,
                &entry,
                Some(update.at),
                update.recorded,
                update.body.as_deref(),
                status,
            )
        }));
        let last = updates.iter().filter(|update| update.is_end()).max_by_key(|update| update.at.at);
        if let Some(at) = resolved.or(last.map(|update| update.at)) {
            let recorded = last.and_then(|update| update.recorded);
            events.push(template.event(EventType::Resolved, "head", Some(at), recorded, None, Vec::new()));
        }
        Ok(events)
    }

    fn updates(&mut self, incident: &Value) -> Result<Vec<Update>, String> {
        let list = ["incident_updates", "updates"].iter().find_map(|key| incident.get(*key)?.as_array());
        let mut updates = Vec::new();
        for update in list.into_iter().flatten() {
            let recorded = self.time(update, &["created_at"])?;
            let at = self.time(update, &["display_at", "at"])?.or(recorded).ok_or("an update has no time")?;
            updates.push(Update {
                key: text(update, &["id"]),
                at,
                recorded,
                status: text(update, &["status"]),
                body: text(update, &["body", "message"]),
            });
        }
        // The page lists the newest first, archives the oldest.
        updates.sort_by_key(|update| update.at.at);
        Ok(updates)
    }

    fn time(&mut self, object: &Value, keys: &[&str]) -> Result<Option<ParsedInstant>, String> {
        let Some(text) = text(object, keys) else { return Ok(None) };
        let parsed = parse_instant(&text, self.zone)
            .map_err(|error| format!("the time {:?} {error}", text_of(&text)))?;
        self.assumed_zone |= parsed.assumed_zone;
        Ok(Some(parsed))
    }
}

impl Update {
    fn is_end(&self) -> bool {
        self.status.as_deref().is_some_and(|status| {
            status.eq_ignore_ascii_case("resolved") || status.eq_ignore_ascii_case("completed")
        })
    }
}

/// Links, components and the mark of incidents that were entered afterwards.
fn title_attributes(
    incident: &Value,
    created: Option<ParsedInstant>,
    resolved: Option<ParsedInstant>,
) -> Vec<(String, String)> {
    let mut attributes = Vec::new();
    if let Some(link) = text(incident, &["shortlink", "url"]) {
        attributes.push(("link".to_owned(), link));
    }
    let components = components(incident);
    if !components.is_empty() {
        let names: Vec<&str> = components.iter().map(String::as_str).collect();
        attributes.push(("components".to_owned(), json_array(&names)));
    }
    let resolved_before_created =
        created.zip(resolved).is_some_and(|(created, resolved)| resolved.at < created.at);
    if resolved_before_created || incident.get("backfilled").and_then(Value::as_bool) == Some(true) {
        attributes.push(("backfilled".to_owned(), "true".to_owned()));
    }
    attributes
}

fn is_maintenance(incident: &Value, impact: Option<&str>, updates: &[Update]) -> bool {
    let words = ["scheduled", "in_progress", "in progress", "verifying", "completed"];
    let is_word = |status: &str| words.iter().any(|word| word.eq_ignore_ascii_case(status));
    impact == Some("maintenance")
        || incident.get("scheduled_for").is_some_and(|value| !value.is_null())
        || text(incident, &["status"]).is_some_and(|status| is_word(&status))
        || updates.iter().any(|update| update.status.as_deref().is_some_and(is_word))
}

/// Components, as objects with a name or as names.
fn components(incident: &Value) -> Vec<String> {
    let list = incident.get("components").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned).or_else(|| text(item, &["name"])))
        .collect()
}

/// The first of the keys that holds a text or a number.
fn text(object: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| match object.get(*key)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{Collected, told};

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(chrono_tz::UTC, "incidents.json");
        Collected::from(&Statuspage::open(text.as_bytes(), &options), text.as_bytes())
    }

    const OFFICIAL: &str = r#"{"page":{"id":"p"},"incidents":[{
        "id":"abc","name":"Errors at checkout","status":"resolved","impact":"major",
        "created_at":"2026-11-05T03:15:20Z","started_at":"2026-11-05T03:05:00Z","resolved_at":"2026-11-05T03:46:00Z",
        "shortlink":"https://stspg.io/abc","components":[{"name":"Checkout"}],
        "incident_updates":[
            {"id":"u2","status":"resolved","body":"Fixed.","created_at":"2026-11-05T03:50:00Z","display_at":"2026-11-05T03:46:00Z"},
            {"id":"u1","status":"investigating","body":"We look into it.","created_at":"2026-11-05T03:15:20Z","display_at":"2026-11-05T03:15:20Z"}
        ]},
        {"name":"no id"}]}"#;

    #[test]
    fn the_shape_of_the_interface() {
        let found = decode(OFFICIAL);
        let expected = [
            ("title_set", "", "Errors at checkout"),
            ("grade_set", "", "major"),
            ("impact_started", "2026-11-05T03:05:00Z", ""),
            ("service_affected", "2026-11-05T03:15:20Z", ""),
            ("notice_published", "2026-11-05T03:15:20Z", "We look into it."),
            ("notice_published", "2026-11-05T03:46:00Z", "Fixed."),
            ("resolved", "2026-11-05T03:46:00Z", ""),
        ];
        let expected: Vec<_> =
            expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
        assert_eq!(told(&found), expected);
        let last = &found.events[5];
        assert_eq!(
            last.recorded_at.map(fupan_model::Micros::to_rfc3339).as_deref(),
            Some("2026-11-05T03:50:00Z")
        );
        assert_eq!(last.recorded_at_basis, RecordedAtBasis::Source);
        assert!(last.attributes.contains(&("status".to_owned(), "resolved".to_owned())));
        assert_eq!(found.events[3].service_name.as_deref(), Some("Checkout"));
        assert_eq!((found.rejects[0].0.record, found.rejects[0].1.as_str()), (2, "the incident has no id"));
    }

    #[test]
    fn an_archive_with_one_incident_per_line() {
        let found = decode(concat!(
            r#"{"id":"1","title":"Slow","started_at":"2026-11-05T03:15:20Z","resolved_at":"2026-11-05T03:46:00Z","impact":"minor","updates":[{"at":"2026-11-05T03:15:20Z","status":"Investigating","message":"a"},{"at":"2026-11-05T03:46:00Z","status":"Resolved","message":"b"}]}"#,
            "\n",
            r#"{"id":"2","title":"Upgrade","started_at":"2026-11-06T03:15:20Z","impact":"maintenance","updates":[{"at":"2026-11-06T03:15:20Z","status":"Scheduled","message":"c"}]}"#,
            "\n",
        ));
        let types: Vec<_> = told(&found).into_iter().map(|(event_type, ..)| event_type).collect();
        // No start of the impact: the page only knows when it told.
        assert_eq!(
            types,
            [
                "title_set",
                "grade_set",
                "notice_published",
                "notice_published",
                "resolved",
                "title_set",
                "kind_set",
                "grade_set",
                "notice_published"
            ]
        );
        assert_eq!(found.events[6].summary.as_deref(), Some("maintenance"));
    }

    #[test]
    fn backfilled_incidents_are_marked_and_ids_are_stable() {
        let text = r#"[{"id":"1","name":"x","created_at":"2026-11-06T00:00:00Z","resolved_at":"2026-11-05T00:00:00Z","incident_updates":[]}]"#;
        let found = decode(text);
        assert!(found.events[0].attributes.contains(&("backfilled".to_owned(), "true".to_owned())));
        assert_eq!(found, decode(text));
    }
}
