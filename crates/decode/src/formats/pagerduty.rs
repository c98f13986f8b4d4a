//! `PagerDuty`: incidents and their log entries, as the REST API lists them.
//!
//! Lists come newest first; an open incident has no resolved time and gets none. Every entry stays: the
//! types that set a milestone become that event, the others notes. An acknowledgement that expired
//! (`unacknowledge_log_entry`) is a note, because the first one counts for the time to acknowledge.

use chrono_tz::Tz;
use fupan_model::{EventType, IncidentEvent};
use serde_json::Value;

use super::incident_record::{Fact, Times, list, names, text, walk_values};
use super::json_records::framing_of;
use crate::{Chunk, DecodeOptions, Decoder, Framing, RecordSink};

const SYSTEM: &str = "pagerduty";
/// Keys of lists in a document.
pub(crate) const LISTS: [&str; 2] = ["incidents", "log_entries"];

/// Entry types and the events that they are; every other type is a note.
///
/// Source: the schema `LogEntry` of `PagerDuty`'s REST API, v2.
const ENTRY_TYPES: [(&str, EventType); 5] = [
    ("acknowledge", EventType::Acknowledged),
    ("assign", EventType::OwnerSet),
    ("delegate", EventType::OwnerSet),
    ("resolve", EventType::Resolved),
    ("reopen", EventType::Reopened),
];

pub(crate) struct PagerDuty {
    framing: Framing,
    zone: Tz,
}

impl PagerDuty {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        Self { framing: framing_of(head, &LISTS), zone: options.zone }
    }
}

impl Decoder for PagerDuty {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        walk_values(self.framing, &LISTS, self.zone, chunk, sink, &mut |place, record, times, sink| {
            // A single object of the API is wrapped in its name.
            let record = record.get("incident").filter(|_| record.get("id").is_none()).unwrap_or(record);
            let is_entry = text(record, &["type"]).is_some_and(|name| name.contains("log_entry"));
            let events =
                if is_entry { vec![entry_event(record, None, times)?] } else { events(record, times)? };
            for event in events {
                sink.event(place, event);
            }
            Ok(())
        });
    }
}

fn events(incident: &Value, times: &mut Times) -> Result<Vec<IncidentEvent>, String> {
    let id = text(incident, &["id"]).ok_or("the incident has no id")?;
    let created = times.required(incident, &["created_at"])?;
    let changed = times.read(incident, &["updated_at", "last_status_change_at"])?;
    let resolved = times.read(incident, &["resolved_at"])?;
    let status = text(incident, &["status"]);
    let service = text(incident, &["service.summary", "service.name"]);
    let mut facts = vec![
        Fact::new(EventType::TitleSet, "head")
            .saying(text(incident, &["title", "description", "summary"]))
            .with("link", text(incident, &["html_url"]))
            .with("incident_number", text(incident, &["incident_number"])),
        Fact::new(EventType::Declared, "head").stamped(created).about(service.clone()),
        trigger(incident.get("first_trigger_log_entry").unwrap_or(&Value::Null), "head")
            .stamped(created)
            .about(service),
    ];
    let grade = text(incident, &["priority.summary", "priority.name"]);
    let scale = if grade.is_some() { "pagerduty-priority" } else { "pagerduty-urgency" };
    if let Some(grade) = grade.or_else(|| text(incident, &["urgency"])) {
        facts.push(
            Fact::new(EventType::GradeSet, "head")
                .recorded(changed.or(Some(created)))
                .saying(Some(grade))
                .with("scale", Some(scale.to_owned())),
        );
    }
    for one in list(incident, &["acknowledgements"]) {
        let at = times.required(one, &["at"])?;
        let who = text(one, &["acknowledger.summary", "acknowledger.id"]);
        facts.push(
            Fact::new(EventType::Acknowledged, format!("acknowledgement:{}", at.at.0)).stamped(at).by(who),
        );
    }
    let owners: Vec<String> = list(incident, &["assignments"])
        .filter_map(|one| text(one, &["assignee.summary", "assignee.id"]))
        .collect();
    if !owners.is_empty() {
        let said = Fact::new(EventType::OwnerSet, "head").recorded(changed.or(Some(created)));
        facts.push(said.saying(Some(owners.join(", "))));
    }
    // Before `resolved_at` was there, the last change of a resolved incident was its end.
    let is_resolved = status.as_deref() == Some("resolved");
    let ended = match resolved {
        Some(at) => Some(at),
        None if is_resolved => times.read(incident, &["last_status_change_at"])?,
        None => None,
    };
    if let Some(at) = ended.filter(|_| is_resolved || status.is_none()) {
        let who = text(incident, &["resolved_by.summary", "last_status_change_by.summary"]);
        facts.push(Fact::new(EventType::Resolved, "head").stamped(at).by(who));
    }
    let mut events: Vec<_> = facts.into_iter().map(|fact| fact.into_event(SYSTEM, Some(&id), &id)).collect();
    for entry in list(incident, &["log_entries"]) {
        events.push(entry_event(entry, Some(&id), times)?);
    }
    for note in list(incident, &["notes"]) {
        let at = times.required(note, &["created_at"])?;
        let entry = text(note, &["id"]).unwrap_or_else(|| at.at.0.to_string());
        let said = Fact::new(EventType::NoteAdded, format!("note:{entry}")).stamped(at);
        let said = said.by(text(note, &["user.summary"])).saying(text(note, &["content"]));
        events.push(said.into_event(SYSTEM, Some(&id), &id));
    }
    Ok(events)
}

/// What opened the incident: a monitor through an integration, or a person.
fn trigger(entry: &Value, key: &str) -> Fact {
    let agent = text(entry, &["agent.type"]).unwrap_or_default();
    // An incident that was opened, by whomever, was detected by then.
    let is_monitor = ["service", "integration"].iter().any(|kind| agent.starts_with(kind));
    let event_type = if is_monitor { EventType::AlertFired } else { EventType::Detected };
    Fact::new(event_type, key)
}

fn entry_event(entry: &Value, incident: Option<&str>, times: &mut Times) -> Result<IncidentEvent, String> {
    let id = text(entry, &["id"]).ok_or("the log entry has no id")?;
    let incident = match incident {
        Some(incident) => incident.to_owned(),
        None => text(entry, &["incident.id"]).ok_or(
            "the log entry does not say which incident it belongs to: export with include[]=incidents",
        )?,
    };
    let at = times.required(entry, &["created_at"])?;
    let kind = text(entry, &["type"]).unwrap_or_default();
    let name = kind.trim_end_matches("_reference").trim_end_matches("_log_entry");
    let known = ENTRY_TYPES.iter().find(|(known, _)| *known == name).map(|(_, event_type)| *event_type);
    let fact = match known {
        _ if name == "trigger" => trigger(entry, &id),
        Some(event_type) => Fact::new(event_type, &id),
        None => Fact::new(EventType::NoteAdded, &id),
    };
    let owners = names(entry, "assignees", &["summary", "id"]).join(", ");
    let words =
        text(entry, &["note", "channel.content", "channel.summary", "event_details.description", "summary"]);
    let summary = if known == Some(EventType::OwnerSet) && !owners.is_empty() { Some(owners) } else { words };
    let fact = fact
        .stamped(at)
        .by(text(entry, &["agent.summary"]))
        .saying(summary)
        .about(text(entry, &["service.summary"]))
        .with("entry_type", Some(name.to_owned()))
        .with("channel", text(entry, &["channel.type"]))
        .with("acknowledgement_timeout_seconds", text(entry, &["acknowledgement_timeout"]));
    Ok(fact.into_event(SYSTEM, Some(&incident), &incident))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{Collected, told};

    const INCIDENTS: &str = include_str!("../../fixtures/pagerduty/incidents.json");
    const ENTRIES: &str = include_str!("../../fixtures/pagerduty/log_entries.json");

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(Tz::UTC, "pagerduty.json");
        Collected::from(&PagerDuty::open(text.as_bytes(), &options), text.as_bytes())
    }

    #[test]
    fn an_open_incident_has_no_end() {
        let found = decode(INCIDENTS);
        assert_eq!(found.rejects, []);
        let of = |id: &str| -> Vec<&str> {
            let theirs = found.events.iter().filter(|event| event.incident_id.as_deref() == Some(id));
            theirs.map(|event| event.event_type.as_str()).collect()
        };
        assert_eq!(
            of("QOPEN1"),
            ["title_set", "declared", "detected", "grade_set", "acknowledged", "owner_set"]
        );
        assert_eq!(of("QDONE1"), ["title_set", "declared", "alert_fired", "grade_set", "resolved"]);
        let grade = found.events.iter().find(|event| event.event_type == "grade_set").unwrap();
        assert_eq!((grade.summary.as_deref(), grade.recorded_at_basis.as_str()), (Some("P1"), "source"));
    }

    #[test]
    fn every_entry_type_stays_and_milestones_are_told_apart() {
        let found = decode(ENTRIES);
        assert_eq!(found.rejects, []);
        // Newest first, as the API lists them.
        let seen: Vec<(&str, &str)> = found
            .events
            .iter()
            .map(|event| {
                let kind = event.attributes.iter().find(|(key, _)| key == "entry_type").unwrap();
                (kind.1.as_str(), event.event_type.as_str())
            })
            .collect();
        assert_eq!(seen.len(), 17);
        for (kind, event_type) in &seen {
            let expected = match *kind {
                "trigger" => "alert_fired",
                "acknowledge" => "acknowledged",
                "assign" | "delegate" => "owner_set",
                "resolve" => "resolved",
                _ => "note_added",
            };
            assert_eq!(*event_type, expected, "{kind}");
        }
        assert_eq!(seen.first(), Some(&("resolve", "resolved")));
        assert!(found.events.iter().all(|event| event.incident_id.as_deref() == Some("QDONE1")));
        // The acknowledgement that expired does not undo the first one.
        let told = told(&found);
        assert!(told.contains(&(
            "acknowledged".to_owned(),
            "2026-11-05T03:07:30Z".to_owned(),
            String::new()
        )));
    }

    #[test]
    fn a_longer_export_adds_only_what_is_new() {
        let first = decode(ENTRIES);
        let longer = ENTRIES.replacen("\"log_entries\": [", "\"log_entries\": [{\"id\":\"RNEW\",\"type\":\"annotate_log_entry\",\"created_at\":\"2026-11-06T00:00:00Z\",\"incident\":{\"id\":\"QDONE1\"},\"channel\":{\"type\":\"note\",\"content\":\"bill sent\"}},", 1);
        let second = decode(&longer);
        let known: Vec<&str> = first.events.iter().map(|event| event.event_id.as_str()).collect();
        let new: Vec<_> =
            second.events.iter().filter(|event| !known.contains(&event.event_id.as_str())).collect();
        assert_eq!(new.len(), 1);
        assert_eq!(new[0].summary.as_deref(), Some("bill sent"));
        // A title that changed is another event of the same entry.
        let (before, after) =
            (decode(INCIDENTS), decode(&INCIDENTS.replace("Checkout fails", "Checkout is slow")));
        let entry = |found: &Collected| found.events[0].attributes.last().cloned();
        assert_ne!(before.events[0].event_id, after.events[0].event_id);
        assert_eq!(entry(&before), entry(&after));
        assert_eq!(before.events[1..], after.events[1..]);
    }

    #[test]
    fn an_entry_without_its_incident_says_what_to_do() {
        let found = decode(
            r#"{"log_entries":[{"id":"R1","type":"notify_log_entry","created_at":"2026-11-05T03:05:00Z"}]}"#,
        );
        assert!(found.rejects[0].1.contains("include[]=incidents"));
    }
}
