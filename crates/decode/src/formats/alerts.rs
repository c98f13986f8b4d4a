//! Alerts: a list, one per line, or the webhook of Alertmanager.
//!
//! An alert belongs to no incident yet: its events have no `incident_id`. A resolved one gives two events.

use chrono_tz::Tz;
use fupan_model::events::event_id;
use fupan_model::{EventType, IncidentEvent, Precision, RecordedAtBasis};

use super::json_records::{framing_of, walk_json};
use super::pairs::Pairs;
use crate::time::ParsedInstant;
use crate::{Chunk, DecodeOptions, Decoder, Framing, RecordSink, limits};

/// Names of the instant at which an alert fired.
pub(crate) const FIRED_NAMES: [&str; 11] = [
    "firedat",
    "startsat",
    "triggeredat",
    "startedat",
    "starttime",
    "firstoccurrence",
    "timestamp",
    "time",
    "at",
    "createdat",
    "告警时间",
];
/// Keys of lists in a document.
const LISTS: [&str; 2] = ["alerts", "data"];
const RESOLVED_NAMES: [&str; 6] = ["resolvedat", "endsat", "recoveredat", "endtime", "endedat", "恢复时间"];

pub(crate) struct Alerts {
    framing: Framing,
    zone: Tz,
}

impl Alerts {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        Self { framing: framing_of(head, &LISTS), zone: options.zone }
    }
}

impl Decoder for Alerts {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        walk_json(self.framing, &LISTS, chunk, limits::LINE_BYTES_MAX, sink, &mut |place, text, sink| {
            let (events, assumed_zone) = events_of(Pairs::from_json(text)?, self.zone)?;
            if assumed_zone {
                sink.assumed_zone();
            }
            for event in events {
                sink.event(place, event);
            }
            Ok(())
        });
    }
}

/// The events of one alert, and whether a time had no zone.
pub(crate) fn events_of(mut pairs: Pairs<'_>, zone: Tz) -> Result<(Vec<IncidentEvent>, bool), String> {
    let fired = pairs
        .take_time(&FIRED_NAMES, zone)?
        .ok_or("the alert has no time at which it fired, such as fired_at or startsAt")?;
    let resolved = resolved_at(&mut pairs, fired, zone);
    let own_id = pairs.take_owned(&["fingerprint", "alertid", "eventid", "id", "uuid"]);
    let monitor = pairs.take_owned(&[
        "monitor",
        "labelsalertname",
        "alertname",
        "rulename",
        "rule",
        "title",
        "name",
        "告警名称",
    ]);
    let service_name = pairs.take_owned(&[
        "service",
        "servicename",
        "labelsservice",
        "labelsservicename",
        "labelsapp",
        "app",
    ]);
    let metric = pairs.take_owned(&["metric", "metricname", "labelsmetric"]);
    let summary = pairs.take_owned(&[
        "summary",
        "annotationssummary",
        "message",
        "annotationsmessage",
        "description",
        "annotationsdescription",
    ]);
    let mut attributes = Vec::new();
    for (name, value) in [
        ("metric", metric.clone()),
        ("threshold", pairs.take_owned(&["threshold", "labelsthreshold", "annotationsthreshold"])),
        (
            "observed",
            pairs.take_owned(&["observed", "value", "currentvalue", "annotationsvalue", "valuestring"]),
        ),
        ("monitor", monitor.clone()),
        ("severity", pairs.take_owned(&["severity", "labelsseverity", "priority", "level", "labelslevel"])),
    ] {
        attributes.extend(value.map(|value| (name.to_owned(), value)));
    }
    let key = own_id.clone().unwrap_or_else(|| {
        let parts = [&monitor, &service_name, &metric].map(|part| part.as_deref().unwrap_or_default());
        event_id(&parts)
    });
    attributes.extend(own_id.map(|id| ("alert_id".to_owned(), id)));
    let assumed_zone = pairs.assumed_zone;
    attributes.extend(pairs.rest_owned().into_iter().map(|(key, value)| {
        let short = key.strip_prefix("labels.").or_else(|| key.strip_prefix("annotations."));
        (short.map_or_else(|| key.clone(), str::to_owned), value)
    }));
    let event = |event_type: EventType, at: ParsedInstant| IncidentEvent {
        event_id: event_id(&[
            "alert",
            &key,
            &fired.at.0.to_string(),
            event_type.as_str(),
            &at.at.0.to_string(),
        ]),
        incident_id: None,
        event_type: event_type.as_str().to_owned(),
        occurred_at: Some(at.at),
        occurred_at_low: None,
        occurred_at_high: None,
        precision: at.precision,
        // An alert is known when it fires.
        recorded_at: Some(at.at),
        recorded_at_basis: RecordedAtBasis::Source,
        actor: None,
        summary: summary.clone(),
        service_name: service_name.clone(),
        attributes: attributes.clone(),
        supersedes: None,
        source: "alert".to_owned(),
    };
    let mut events = vec![event(EventType::AlertFired, fired)];
    events.extend(resolved.map(|at| event(EventType::AlertResolved, at)));
    Ok((events, assumed_zone))
}

/// Alertmanager writes the year 1 for an alert that still fires, and a foreseen end for one that it
/// expects to be told about again: only a `resolved` alert has ended.
fn resolved_at(pairs: &mut Pairs<'_>, fired: ParsedInstant, zone: Tz) -> Option<ParsedInstant> {
    // Webhooks write a word, the API an object with the state.
    let status = pairs.exact("status").or_else(|| pairs.exact("status.state"));
    let is_alertmanager = pairs.has(&["endsat"]) && status.is_some();
    let is_resolved = status.is_none_or(|status| status.as_text().eq_ignore_ascii_case("resolved"));
    let resolved = pairs.take_time(&RESOLVED_NAMES, zone).ok().flatten()?;
    let counts = resolved.at > fired.at && resolved.precision != Precision::Unknown;
    (counts && (is_resolved || !is_alertmanager)).then_some(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(chrono_tz::UTC, "alert.json");
        Collected::from(&Alerts::open(text.as_bytes(), &options), text.as_bytes())
    }

    fn pairs(event: &IncidentEvent) -> Vec<(&str, &str)> {
        event.attributes.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }

    #[test]
    fn one_alert_as_a_document() {
        let found = decode(
            "{\n \"service\": \"pay\", \"metric\": \"http_5xx_ratio\", \"threshold\": 0.02, \"observed\": 0.61,\n \"fired_at\": \"2026-11-05T03:04:28Z\", \"severity\": \"high\", \"monitor\": \"5xx\", \"summary\": \"too many\"\n}",
        );
        let event = &found.events[0];
        assert_eq!((event.event_type.as_str(), event.incident_id.as_deref()), ("alert_fired", None));
        assert_eq!(
            (event.service_name.as_deref(), event.summary.as_deref()),
            (Some("pay"), Some("too many"))
        );
        assert_eq!(
            pairs(event),
            [
                ("metric", "http_5xx_ratio"),
                ("threshold", "0.02"),
                ("observed", "0.61"),
                ("monitor", "5xx"),
                ("severity", "high")
            ]
        );
    }

    #[test]
    fn the_webhook_of_alertmanager() {
        let text = r#"{"version":"4","status":"firing","alerts":[
            {"status":"resolved","labels":{"alertname":"PoolFull","service":"order","severity":"P1","pool":"mysql"},"annotations":{"summary":"pool is full"},"startsAt":"2026-11-05T03:04:28Z","endsAt":"2026-11-05T03:46:00Z","fingerprint":"f1"},
            {"status":"firing","labels":{"alertname":"Errors"},"startsAt":"2026-11-05T03:05:28Z","endsAt":"0001-01-01T00:00:00Z","fingerprint":"f2"},
            {"labels":{"alertname":"NoTime"}}
        ]}"#;
        let found = decode(text);
        let types: Vec<&str> = found.events.iter().map(|event| event.event_type.as_str()).collect();
        assert_eq!(types, ["alert_fired", "alert_resolved", "alert_fired"]);
        let first = &found.events[0];
        assert_eq!(
            (first.service_name.as_deref(), first.summary.as_deref()),
            (Some("order"), Some("pool is full"))
        );
        assert!(pairs(first).contains(&("pool", "mysql")) && pairs(first).contains(&("monitor", "PoolFull")));
        assert_eq!(found.rejects[0].0.record, 3);
    }

    #[test]
    fn a_webhook_per_line_gives_all_of_its_rows_or_one_reject() {
        let good = r#"{"alerts":[{"startsAt":"2026-11-05T03:04:28Z"},{"startsAt":"2026-11-05T03:05:28Z"}]}"#;
        let bad = r#"{"alerts":[{"startsAt":"2026-11-05T03:04:28Z"},{"labels":{}}]}"#;
        let found = decode(&format!("{good}\n{bad}\n"));
        assert_eq!((found.events.len(), found.rejects.len()), (2, 1));
        assert_eq!(found.places.iter().map(|place| place.record).collect::<Vec<_>>(), [1, 1, 2]);
    }

    #[test]
    fn the_same_alert_has_the_same_id_in_every_export() {
        let line = r#"{"id":"a","fired_at":"2026-11-05T03:04:28Z","observed":1}"#;
        let again = r#"{"observed":2,"fired_at":"2026-11-05T03:04:28Z","id":"a"}"#;
        let found = decode(&format!("{line}\n{again}"));
        assert_eq!(found.events[0].event_id, found.events[1].event_id);
    }
}
