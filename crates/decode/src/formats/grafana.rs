//! Grafana annotations: what did people and alert rules mark on the dashboards?
//!
//! A point has `time = timeEnd` (or a `timeEnd` of 0), a region a later end. What an alert rule wrote is
//! an alert; a mark of people is a change, whose type its tags tell (`deploy`, `flag` …), else
//! `annotation`. Times are in milliseconds.

use chrono_tz::Tz;
use fupan_model::events::event_id;
use fupan_model::{Change, EventType, IncidentEvent, RecordedAtBasis};
use serde_json::Value;

use super::changes::known_type;
use super::incident_record::{Fact, Times, names, text, walk_values};
use super::json_records::framing_of;
use super::timeline::json_array;
use crate::time::ParsedInstant;
use crate::{Chunk, DecodeOptions, Decoder, Framing, RecordSink};

const SYSTEM: &str = "grafana";
/// The type of a mark whose tags say none.
const UNTYPED: &str = "annotation";

pub(crate) struct Grafana {
    framing: Framing,
    zone: Tz,
}

impl Grafana {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        Self { framing: framing_of(head, &[]), zone: options.zone }
    }
}

impl Decoder for Grafana {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        walk_values(self.framing, &[], self.zone, chunk, sink, &mut |place, mark, times, sink| {
            let at = times.required(mark, &["time"])?;
            match text(mark, &["newState"]) {
                Some(state) => sink.event(place, alert(mark, &state, at)?),
                None => sink.change(place, change(mark, at, times)?),
            }
            Ok(())
        });
    }
}

fn id_of(mark: &Value) -> Result<String, String> {
    text(mark, &["id"]).ok_or_else(|| "the annotation has no id".to_owned())
}

/// A change of an alert rule's state.
fn alert(mark: &Value, state: &str, at: ParsedInstant) -> Result<IncidentEvent, String> {
    let id = id_of(mark)?;
    let event_type = match state.to_ascii_lowercase().as_str() {
        "alerting" | "firing" => EventType::AlertFired,
        "ok" | "normal" | "resolved" => EventType::AlertResolved,
        // Pending, no data, paused: not an alert yet, or not any more.
        _ => EventType::NoteAdded,
    };
    let monitor = text(mark, &["alertName", "alertId"]);
    let fact = Fact::new(event_type, "state")
        .stamped(at)
        .saying(text(mark, &["text", "alertName"]))
        .with("monitor", monitor)
        .with("state", Some(state.to_owned()))
        .with("state_before", text(mark, &["prevState"]))
        .with("dashboard", text(mark, &["dashboardUID", "dashboardId"]));
    Ok(fact.into_event(SYSTEM, None, &id))
}

fn change(mark: &Value, at: ParsedInstant, times: &mut Times) -> Result<Change, String> {
    let id = id_of(mark)?;
    let tags = names(mark, "tags", &["tag"]);
    let change_type = tags.iter().find_map(|tag| known_type(tag)).unwrap_or(UNTYPED);
    let ended = text(mark, &["timeEnd"]).filter(|end| end != "0").map(|end| times.parse(&end)).transpose()?;
    let ended = ended.filter(|end| end.at > at.at);
    let created = text(mark, &["created"]).filter(|at| at != "0").map(|at| times.parse(&at)).transpose()?;
    let service_name = tags.iter().find_map(|tag| tag.strip_prefix("service:")).map(str::to_owned);
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let actor = text(mark, &["login", "userName", "email"]);
    let summary = text(mark, &["text"]);
    let mut attributes = Vec::new();
    let dashboard = text(mark, &["dashboardUID", "dashboardId"]).filter(|id| id != "0");
    attributes.extend(dashboard.map(|id| ("dashboard".to_owned(), id)));
    if !tags.is_empty() {
        attributes.push(("tags".to_owned(), json_array(&tags)));
    }
    let mut parts = vec!["change".to_owned(), SYSTEM.to_owned(), id.clone(), at.at.0.to_string()];
    parts.push(ended.map(|end| end.at.0.to_string()).unwrap_or_default());
    parts.push(summary.clone().unwrap_or_default());
    parts.extend(tags.iter().map(|tag| (*tag).to_owned()));
    attributes.push(("entry_id".to_owned(), id));
    Ok(Change {
        change_id: event_id(&parts.iter().map(String::as_str).collect::<Vec<_>>()),
        change_type: change_type.to_owned(),
        occurred_at: at.at,
        ended_at: ended.map(|end| end.at),
        precision: at.precision,
        recorded_at: Some(created.unwrap_or(at).at),
        recorded_at_basis: if created.is_some() { RecordedAtBasis::Source } else { RecordedAtBasis::Assumed },
        actor,
        summary,
        service_name,
        attributes,
        supersedes: None,
        source: SYSTEM.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{Collected, told};

    const MARKS: &str = include_str!("../../fixtures/grafana-annotations/annotations.json");

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(Tz::UTC, "annotations.json");
        Collected::from(&Grafana::open(text.as_bytes(), &options), text.as_bytes())
    }

    #[test]
    fn points_have_no_end_and_regions_one() {
        let found = decode(MARKS);
        assert_eq!(found.rejects, []);
        let marks: Vec<_> = found
            .changes
            .iter()
            .map(|change| {
                (
                    change.change_type.as_str(),
                    change.occurred_at.to_rfc3339(),
                    change.ended_at.map(fupan_model::Micros::to_rfc3339),
                )
            })
            .collect();
        assert_eq!(
            marks,
            [
                ("deployment", "2026-11-05T02:50:00Z".to_owned(), None),
                ("campaign", "2026-11-05T03:00:00Z".to_owned(), Some("2026-11-05T05:00:00Z".to_owned())),
                ("annotation", "2026-11-05T03:20:00Z".to_owned(), None),
            ]
        );
        assert_eq!(found.changes[0].service_name.as_deref(), Some("pay"));
        assert_eq!(
            found.changes[0].recorded_at.map(fupan_model::Micros::to_rfc3339).as_deref(),
            Some("2026-11-05T02:51:00Z")
        );
    }

    #[test]
    fn states_of_alert_rules_are_alerts() {
        let expected = [
            ("alert_fired".to_owned(), "2026-11-05T03:05:00Z".to_owned(), "5xx of pay".to_owned()),
            ("alert_resolved".to_owned(), "2026-11-05T03:45:00Z".to_owned(), "5xx of pay".to_owned()),
        ];
        assert_eq!(told(&decode(MARKS)), expected);
    }
}
