//! Opsgenie: alerts and incidents, as its API lists them and people archive them.
//!
//! Durations of an alert's report are milliseconds after its creation. An alert belongs to no incident
//! yet, as with every other source of alerts. An incident has no time of its resolution of its own: its
//! timeline tells, else it ended at some time before its last change.

use chrono_tz::Tz;
use fupan_model::{EventType, IncidentEvent};
use serde_json::Value;

use super::incident_record::{Fact, Times, after_ms, is_true, list, names, text, walk_values};
use super::json_records::framing_of;
use super::timeline::json_array;
use crate::{Chunk, DecodeOptions, Decoder, Framing, RecordSink};

const SYSTEM: &str = "opsgenie";
/// Keys of lists in a document.
pub(crate) const LISTS: [&str; 1] = ["data"];

pub(crate) struct Opsgenie {
    framing: Framing,
    zone: Tz,
}

impl Opsgenie {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        Self { framing: framing_of(head, &LISTS), zone: options.zone }
    }
}

impl Decoder for Opsgenie {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        walk_values(self.framing, &LISTS, self.zone, chunk, sink, &mut |place, record, times, sink| {
            let record = record.get("data").filter(|data| data.is_object()).unwrap_or(record);
            let id = text(record, &["id"]).ok_or("the record has no id")?;
            let events = if is_incident(record) {
                incident_events(record, &id, times)?
            } else {
                alert_events(record, &id, times)?
            };
            for event in events {
                sink.event(place, event);
            }
            Ok(())
        });
    }
}

fn is_incident(record: &Value) -> bool {
    ["impactStartDate", "impactedServices", "impactDetectDate"].iter().any(|key| record.get(*key).is_some())
}

fn alert_events(alert: &Value, id: &str, times: &mut Times) -> Result<Vec<IncidentEvent>, String> {
    let created = times.required(alert, &["createdAt"])?;
    let changed = times.read(alert, &["updatedAt"])?;
    let report = alert.get("report").unwrap_or(&Value::Null);
    let after = |key: &str| after_ms(created, report.get(key)?.as_f64()?);
    let service = text(alert, &["details.service", "entity"]);
    let message = text(alert, &["message"]);
    // What the alert is stays the same in every later export; what became of it does not.
    let about = |event_type: EventType| {
        Fact::new(event_type, "alert")
            .about(service.clone())
            .saying(message.clone())
            .with("alert_id", Some(id.to_owned()))
            .with("monitor", text(alert, &["alias"]))
            .with("severity", text(alert, &["priority"]))
            .with("reported_by", text(alert, &["integration.name", "source"]))
    };
    let mut facts = vec![about(EventType::AlertFired).stamped(created)];
    if let Some(at) = after("ackTime") {
        facts.push(about(EventType::Acknowledged).stamped(at).by(text(report, &["acknowledgedBy"])));
    }
    let is_closed = text(alert, &["status"]).as_deref() == Some("closed");
    // A closed alert without a report was last changed when it was closed.
    if let Some(at) = after("closeTime").or(changed).filter(|_| is_closed) {
        facts.push(about(EventType::AlertResolved).stamped(at).by(text(report, &["closedBy"])));
    }
    for (key, at_keys) in [("notes", "note"), ("logs", "log")] {
        for entry in list(alert, &[key]) {
            let at = times.required(entry, &["createdAt", "time"])?;
            let key = text(entry, &["id", "offset"]).unwrap_or_else(|| at.at.0.to_string());
            let said = Fact::new(EventType::NoteAdded, format!("{at_keys}:{key}")).stamped(at);
            let said =
                said.by(text(entry, &["owner"])).saying(text(entry, &["note", "log"])).about(service.clone());
            facts.push(said.with("alert_id", Some(id.to_owned())));
        }
    }
    Ok(facts.into_iter().map(|fact| fact.into_event(SYSTEM, None, id)).collect())
}

fn incident_events(incident: &Value, id: &str, times: &mut Times) -> Result<Vec<IncidentEvent>, String> {
    let created = times.required(incident, &["createdAt"])?;
    let changed = times.read(incident, &["updatedAt"])?.or(Some(created));
    let tags = names(incident, "tags", &["name"]);
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let mut facts = vec![
        Fact::new(EventType::TitleSet, "head")
            .saying(text(incident, &["message"]))
            .with("number", text(incident, &["tinyId"]))
            .with("link", text(incident, &["links.web"]))
            .with("tags", (!tags.is_empty()).then(|| json_array(&tags))),
        Fact::new(EventType::Declared, "head").stamped(created),
    ];
    if let Some(priority) = text(incident, &["priority"]) {
        let said = Fact::new(EventType::GradeSet, "head").recorded(changed).saying(Some(priority));
        facts.push(said.with("scale", Some("opsgenie-priority".to_owned())));
    }
    // Opsgenie fills in the creation where nobody says when the impact began.
    let started = times.read(incident, &["impactStartDate"])?.filter(|at| at.at != created.at);
    let detected = times.read(incident, &["impactDetectDate"])?;
    let ended = times.read(incident, &["impactEndDate"])?;
    for (event_type, at) in
        [(EventType::ImpactStarted, started), (EventType::Detected, detected), (EventType::Mitigated, ended)]
    {
        if at.is_some() {
            facts.push(Fact::new(event_type, "head").at(at).recorded(changed));
        }
    }
    for service in names(incident, "impactedServices", &["name", "id"]) {
        let key = format!("service:{service}");
        facts.push(Fact::new(EventType::ServiceAffected, key).at(Some(created)).about(Some(service)));
    }
    let timeline = ["timeline", "timelineEntries", "entries"];
    if let Some(status) = text(incident, &["status"]).filter(|status| status != "open") {
        let has_timeline = list(incident, &timeline).next().is_some();
        if let Some(changed) = changed.filter(|_| !has_timeline) {
            let end = if status == "closed" { EventType::Closed } else { EventType::Resolved };
            facts.push(Fact::new(end, "head").no_later_than(changed, created));
        }
        facts.push(Fact::new(EventType::StatusSet, "head").recorded(changed).saying(Some(status)));
    }
    for entry in list(incident, &timeline).filter(|entry| !is_true(entry, "hidden")) {
        facts.push(timeline_fact(entry, times)?);
    }
    Ok(facts.into_iter().map(|fact| fact.into_event(SYSTEM, Some(id), id)).collect())
}

fn timeline_fact(entry: &Value, times: &mut Times) -> Result<Fact, String> {
    let at = times.required(entry, &["eventTime", "createdAt"])?;
    let kind = text(entry, &["type"]).unwrap_or_default();
    let event_type = match kind.as_str() {
        "IncidentResolved" => EventType::Resolved,
        "IncidentClosed" => EventType::Closed,
        "IncidentReopened" => EventType::Reopened,
        _ => EventType::NoteAdded,
    };
    let key = text(entry, &["id"]).unwrap_or_else(|| at.at.0.to_string());
    let words = text(entry, &["description.content", "description", "title.content", "title"]);
    let fact = Fact::new(event_type, key).stamped(at).by(text(entry, &["actor.name"])).saying(words);
    Ok(fact.with("entry_type", Some(kind)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{Collected, attribute, told, types};

    const ALERTS: &str = include_str!("../../fixtures/opsgenie/alerts.json");
    const INCIDENTS: &str = include_str!("../../fixtures/opsgenie/incidents.json");

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(Tz::UTC, "opsgenie.json");
        Collected::from(&Opsgenie::open(text.as_bytes(), &options), text.as_bytes())
    }

    #[test]
    fn durations_are_milliseconds_after_the_creation() {
        let found = decode(ALERTS);
        assert_eq!(found.rejects, []);
        let at: Vec<_> =
            told(&found).into_iter().map(|(event_type, at, _)| format!("{event_type} {at}")).collect();
        assert_eq!(
            at,
            [
                "alert_fired 2026-11-05T03:05:00Z",
                "acknowledged 2026-11-05T03:05:15.702Z",
                "alert_resolved 2026-11-05T03:45:00.503Z",
                "alert_fired 2026-11-06T08:00:00Z",
            ]
        );
        assert!(found.events.iter().all(|event| event.incident_id.is_none()));
        assert_eq!(attribute(&found.events[0], "severity"), Some("P2"));
        assert_eq!(found.events[1].actor.as_deref(), Some("oncall@example.com"));
    }

    #[test]
    fn an_incident_with_its_impact_and_timeline() {
        let found = decode(INCIDENTS);
        assert_eq!(found.rejects, []);
        let expected = [
            "title_set",
            "declared",
            "grade_set",
            "impact_started",
            "detected",
            "mitigated",
            "service_affected",
            "status_set",
            "resolved",
            "note_added",
        ];
        assert_eq!(types(&found)[..10], expected);
        // An impact that began at the creation is Opsgenie's default, not a statement.
        assert_eq!(types(&found)[10..], ["title_set", "declared", "grade_set"]);
        assert_eq!(
            found.events[3].recorded_at.map(fupan_model::Micros::to_rfc3339).as_deref(),
            Some("2026-11-05T04:00:00Z")
        );
    }

    #[test]
    fn an_end_that_nobody_timed_is_a_range() {
        let found = decode(
            r#"{"data":[{"id":"i","tinyId":"2","message":"m","status":"resolved","impactedServices":[],"createdAt":"2026-11-05T03:05:00Z","updatedAt":"2026-11-05T05:00:00Z"}]}"#,
        );
        let end = found.events.iter().find(|event| event.event_type == "resolved").unwrap();
        assert_eq!(end.precision, fupan_model::Precision::Range);
        assert_eq!(end.occurred_at_low.unwrap().to_rfc3339(), "2026-11-05T03:05:00Z");
        assert_eq!(
            (end.occurred_at, end.occurred_at_high.unwrap().to_rfc3339().as_str()),
            (end.occurred_at_high, "2026-11-05T05:00:00Z")
        );
    }

    #[test]
    fn an_alert_that_ended_since_adds_its_end() {
        let open = r#"{"data":[{"id":"a","tinyId":"1","message":"m","status":"open","createdAt":"2026-11-05T03:05:00Z","updatedAt":"2026-11-05T03:05:00Z"}]}"#;
        let closed = open.replace("open", "closed").replace(
            "\"updatedAt\":\"2026-11-05T03:05",
            "\"report\":{\"closeTime\":60000},\"updatedAt\":\"2026-11-05T03:06",
        );
        let (open, closed) = (decode(open), decode(&closed));
        assert_eq!(open.events, closed.events[..1]);
        assert_eq!(types(&closed), ["alert_fired", "alert_resolved"]);
    }
}
