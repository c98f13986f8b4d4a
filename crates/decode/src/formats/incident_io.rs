//! incident.io, API version 2: incidents whose timestamps every organisation names for itself.
//!
//! A name that clearly is a milestone sets it, one that a mapping file explains sets what the mapping
//! says, and any other stays as a note with its name: a wrong milestone is worse than a missing one.

use chrono_tz::Tz;
use fupan_model::{EventType, IncidentEvent};
use serde_json::Value;

use super::incident_record::{Fact, Times, list, text, walk_values};
use super::json_records::framing_of;
use super::log_fields::canonical;
use crate::{Chunk, DecodeOptions, Decoder, Framing, InputFormat, RecordSink};

const SYSTEM: &str = "incident-io";
/// Keys of lists in a document.
pub(crate) const LISTS: [&str; 2] = ["incidents", "incident_updates"];

/// Names of timestamps, in canonical form without a trailing `at`, and the milestones that they are.
/// "Identified" is left out: some mean the harm by it, others the cause.
const TIMESTAMPS: &[(&str, EventType)] = &[
    ("impactstarted", EventType::ImpactStarted),
    ("impactstart", EventType::ImpactStarted),
    ("customerimpactstarted", EventType::ImpactStarted),
    ("started", EventType::ImpactStarted),
    ("detected", EventType::Detected),
    ("reported", EventType::Declared),
    ("declared", EventType::Declared),
    ("accepted", EventType::Acknowledged),
    ("acknowledged", EventType::Acknowledged),
    ("rootcauseidentified", EventType::CauseLocated),
    ("causeidentified", EventType::CauseLocated),
    ("causelocated", EventType::CauseLocated),
    ("located", EventType::CauseLocated),
    ("mitigated", EventType::Mitigated),
    ("fixed", EventType::Mitigated),
    ("impactended", EventType::Mitigated),
    ("customerimpactended", EventType::Mitigated),
    ("recovered", EventType::Recovered),
    ("resolved", EventType::Resolved),
    ("closed", EventType::Closed),
];

pub(crate) struct IncidentIo {
    framing: Framing,
    zone: Tz,
    /// Names that mapping files explain.
    named: Vec<(String, String)>,
}

impl IncidentIo {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        let named = options
            .mappings
            .iter()
            .filter(|mapping| mapping.format() == InputFormat::IncidentIo)
            .flat_map(|mapping| mapping.event_types.iter().cloned())
            .collect();
        Self { framing: framing_of(head, &LISTS), zone: options.zone, named }
    }

    /// The milestone that a timestamp of this name sets.
    fn milestone(&self, name: &str) -> Option<String> {
        if let Some((_, event_type)) = self.named.iter().find(|(known, _)| known == name) {
            return Some(event_type.clone());
        }
        let name = canonical(name);
        let short = name.strip_suffix("at").unwrap_or(&name);
        let known = TIMESTAMPS.iter().find(|(known, _)| *known == short || *known == name);
        let is_timed = |word: &EventType| TIMESTAMPS.iter().any(|(_, known)| known == word);
        let in_chinese = || EventType::by_word(name.strip_suffix("时间").unwrap_or(&name)).filter(is_timed);
        known.map(|(_, known)| *known).or_else(in_chinese).map(|known| known.as_str().to_owned())
    }

    fn events(&self, incident: &Value, times: &mut Times) -> Result<Vec<IncidentEvent>, String> {
        // The reference is what people say and write; an older interface has only the id.
        let own_id = text(incident, &["id"]).ok_or("the incident has no id")?;
        let id = text(incident, &["reference"]).unwrap_or_else(|| own_id.clone());
        let created = times.required(incident, &["created_at"])?;
        let changed = times.read(incident, &["updated_at"])?.or(Some(created));
        let mode = text(incident, &["mode"]);
        let category = text(incident, &["incident_status.category"]);
        let title = Fact::new(EventType::TitleSet, "head")
            .saying(text(incident, &["name"]))
            .with("link", text(incident, &["permalink"]))
            .with("incident_io_id", Some(own_id))
            .with("incident_type", text(incident, &["incident_type.name"]))
            .with("backfilled", (mode.as_deref() == Some("retrospective")).then(|| "true".to_owned()));
        let mut facts = vec![title];
        let kind = match (mode.as_deref(), category.as_deref()) {
            // What it is was said when it was opened; that it was nothing, later.
            (Some("test" | "tutorial"), _) => Some(("test", Some(created))),
            (_, Some("declined" | "canceled")) => Some(("false_alarm", changed)),
            _ => None,
        };
        let set = |event_type| Fact::new(event_type, "head").recorded(changed);
        facts.extend(
            kind.map(|(kind, known)| set(EventType::KindSet).recorded(known).saying(Some(kind.to_owned()))),
        );
        if let Some(severity) = text(incident, &["severity.name"]) {
            let scale = Some("incident-io".to_owned());
            facts.push(set(EventType::GradeSet).saying(Some(severity)).with("scale", scale));
        }
        if let Some(status) = text(incident, &["incident_status.name"]) {
            facts.push(set(EventType::StatusSet).saying(Some(status)).with("category", category.clone()));
        }
        let lead = list(incident, &["incident_role_assignments"])
            .find(|one| text(one, &["role.role_type"]).as_deref() == Some("lead"))
            .and_then(|one| text(one, &["assignee.name"]));
        facts.extend(lead.map(|lead| set(EventType::OwnerSet).saying(Some(lead))));
        let (mut is_declared, mut is_ended) = (false, false);
        for one in list(incident, &["incident_timestamp_values"]) {
            let Some(name) = text(one, &["incident_timestamp.name"]) else { continue };
            // A timestamp that nobody has set yet.
            let Some(at) = times.read(one, &["value.value"])? else { continue };
            let key = text(one, &["incident_timestamp.id"]).unwrap_or_else(|| canonical(&name));
            let milestone = self.milestone(&name);
            is_declared |= milestone.as_deref() == Some("declared");
            is_ended |=
                matches!(milestone.as_deref(), Some("mitigated" | "recovered" | "resolved" | "closed"));
            let fact = match &milestone {
                Some(event_type) => Fact::of_type(event_type, key),
                None => Fact::new(EventType::NoteAdded, key).saying(Some(name.clone())),
            };
            facts.push(fact.at(Some(at)).recorded(changed).with("timestamp_name", Some(name)));
        }
        // A closed incident of which no timestamp says so ended at some time before its last change.
        let is_closed = matches!(category.as_deref(), Some("closed" | "learning"));
        if let Some(changed) = changed.filter(|_| is_closed && !is_ended) {
            facts.push(Fact::new(EventType::Closed, "head").no_later_than(changed, created));
        }
        if !is_declared {
            facts.push(
                Fact::new(EventType::Declared, "head")
                    .stamped(created)
                    .by(text(incident, &["creator.user.name"])),
            );
        }
        Ok(facts.into_iter().map(|fact| fact.into_event(SYSTEM, Some(&id), &id)).collect())
    }
}

/// An update that somebody posted.
fn update_event(update: &Value, times: &mut Times) -> Result<IncidentEvent, String> {
    let key = text(update, &["id"]).ok_or("the update has no id")?;
    let incident = text(update, &["incident.reference", "incident_id", "incident.id"])
        .ok_or("the update does not say which incident it belongs to")?;
    let at = times.required(update, &["created_at"])?;
    let fact = Fact::new(EventType::NoteAdded, format!("update:{key}"))
        .stamped(at)
        .by(text(update, &["updater.user.name"]))
        .saying(text(update, &["message"]))
        .with("status", text(update, &["new_incident_status.name"]))
        .with("grade", text(update, &["new_severity.name"]));
    Ok(fact.into_event(SYSTEM, Some(&incident), &incident))
}

impl Decoder for IncidentIo {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        walk_values(self.framing, &LISTS, self.zone, chunk, sink, &mut |place, record, times, sink| {
            let record = record.get("incident").filter(|_| record.get("id").is_none()).unwrap_or(record);
            if record.get("new_incident_status").is_some() {
                sink.event(place, update_event(record, times)?);
                return Ok(());
            }
            self.events(record, times)?.into_iter().for_each(|event| sink.event(place, event));
            Ok(())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mapping;
    use crate::formats::testing::{Collected, attribute, told, types};

    const INCIDENTS: &str = include_str!("../../fixtures/incident-io/incidents.json");

    fn decode(text: &str, mappings: Vec<Mapping>) -> Collected {
        let mut options = DecodeOptions::new(Tz::UTC, "incidents.json");
        options.mappings = mappings;
        Collected::from(&IncidentIo::open(text.as_bytes(), &options), text.as_bytes())
    }

    #[test]
    fn sensible_names_set_milestones_and_others_stay_notes() {
        let found = decode(INCIDENTS, Vec::new());
        assert_eq!(found.rejects, []);
        let of_first: Vec<_> = told(&found)
            .into_iter()
            .zip(&found.events)
            .filter(|(_, event)| event.incident_id.as_deref() == Some("INC-41"))
            .map(|(told, _)| told)
            .collect();
        let expected = [
            ("title_set", "", "Payments time out"),
            ("grade_set", "", "Major"),
            ("status_set", "", "Closed"),
            ("owner_set", "", "Incident lead one"),
            ("declared", "2026-11-05T03:10:00Z", ""),
            ("impact_started", "2026-11-05T03:04:00Z", ""),
            ("mitigated", "2026-11-05T03:40:00Z", ""),
            ("note_added", "2026-11-05T03:31:00Z", "Bank was told"),
        ];
        let expected: Vec<_> =
            expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
        assert_eq!(of_first, expected);
        assert_eq!(attribute(&found.events[6], "timestamp_name"), Some("Fixed at"));
    }

    #[test]
    fn a_test_is_no_real_incident_and_unset_timestamps_are_missing() {
        let found = decode(INCIDENTS, Vec::new());
        let second: Vec<_> = types(&found)[8..].to_vec();
        assert_eq!(second, ["title_set", "kind_set", "status_set", "declared"]);
        assert_eq!(found.events[9].summary.as_deref(), Some("test"));
    }

    #[test]
    fn a_mapping_explains_names_of_an_organisation() {
        let mapping = Mapping::parse(
            "name = \"ours\"\ntable = \"incident_events\"\nformat = \"incident-io\"\nevent_types = { \"Bank was told\" = \"notice_published\" }",
        )
        .unwrap();
        let found = decode(INCIDENTS, vec![mapping]);
        assert!(types(&found).contains(&"notice_published"));
    }
}
