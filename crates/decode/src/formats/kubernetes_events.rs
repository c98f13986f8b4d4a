//! Kubernetes events: what did the cluster do, and complain about?
//!
//! `lastTimestamp` is null where a component writes events of the newer kind: then `eventTime`, or the
//! last time of its series, says when. An event that moves pods to another version (`ScalingReplicaSet`)
//! is a change to the system with a key of its own; all others are log records with severity, reason and
//! message. Clusters forget events after an hour, so that exports of one cluster seldom overlap.

use std::borrow::Cow;

use chrono_tz::Tz;
use fupan_model::events::event_id;
use fupan_model::{Change, LogRecord, RecordedAtBasis, severity};
use serde_json::Value;

use super::incident_record::{Times, text, walk_values};
use super::json_records::framing_of;
use super::pairs::service_of_pod;
use crate::time::ParsedInstant;
use crate::{Chunk, DecodeOptions, Decoder, Framing, RecordSink};

/// Keys of lists in a document.
pub(crate) const LISTS: [&str; 1] = ["items"];
/// Reasons of events that change what runs.
const ROLLOUTS: [&str; 2] = ["ScalingReplicaSet", "DeploymentRollback"];
/// When it was, the best first.
const TIMES: [&str; 6] = [
    "lastTimestamp",
    "series.lastObservedTime",
    "deprecatedLastTimestamp",
    "eventTime",
    "firstTimestamp",
    "metadata.creationTimestamp",
];

pub(crate) struct KubernetesEvents {
    framing: Framing,
    zone: Tz,
}

impl KubernetesEvents {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        Self { framing: framing_of(head, &LISTS), zone: options.zone }
    }
}

impl Decoder for KubernetesEvents {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        walk_values(self.framing, &LISTS, self.zone, chunk, sink, &mut |place, event, times, sink| {
            // A watch wraps each event with what happened to it.
            let event = event.get("object").filter(|inner| inner.is_object()).unwrap_or(event);
            let at = time_of(event, times)?;
            let reason = text(event, &["reason"]).unwrap_or_default();
            if ROLLOUTS.contains(&reason.as_str()) {
                sink.change(place, rollout(event, &reason, at));
            } else {
                sink.log(place, record(event, &reason, at));
            }
            Ok(())
        });
    }
}

fn time_of(event: &Value, times: &mut Times) -> Result<ParsedInstant, String> {
    // The year 1 stands for "never" where a writer cannot leave the field out.
    let given = TIMES.iter().filter_map(|path| text(event, &[path])).find(|text| !text.starts_with("0001-"));
    times.parse(&given.ok_or("the event has none of lastTimestamp, eventTime and firstTimestamp")?)
}

/// The object that it is about: its kind, name and namespace.
fn object(event: &Value) -> (String, String, Option<String>) {
    let part = |key: &str| text(event, &[&format!("involvedObject.{key}"), &format!("regarding.{key}")]);
    (part("kind").unwrap_or_default(), part("name").unwrap_or_default(), part("namespace"))
}

/// The service behind the object: of a pod or replica set, what its name begins with.
fn service(kind: &str, name: &str) -> Option<String> {
    let service = match kind {
        "Pod" => service_of_pod(name)?,
        "ReplicaSet" => name.rsplit_once('-')?.0,
        "Deployment" | "StatefulSet" | "DaemonSet" | "Service" | "HorizontalPodAutoscaler" => name,
        _ => return None,
    };
    (!service.is_empty()).then(|| service.to_owned())
}

fn labels(event: &Value) -> Vec<(String, String)> {
    let (kind, name, namespace) = object(event);
    // Where the object is a pod, that is the host of the record.
    let node = if kind == "Pod" { text(event, &["source.host"]) } else { None };
    let pairs = [
        ("k8s.object.kind", Some(kind)),
        ("k8s.object.name", Some(name)),
        ("k8s.namespace.name", namespace),
        ("k8s.event.count", text(event, &["count", "series.count", "deprecatedCount"])),
        (
            "k8s.event.reporter",
            text(event, &["reportingComponent", "reportingController", "source.component"]),
        ),
        ("k8s.event.first_seen", text(event, &["firstTimestamp", "deprecatedFirstTimestamp"])),
        ("k8s.event.uid", text(event, &["metadata.uid"])),
        ("k8s.node.name", node),
    ];
    let present = pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    present.filter(|(_, value)| !value.is_empty()).collect()
}

fn record(event: &Value, reason: &str, at: ParsedInstant) -> LogRecord<'static> {
    let (kind, name, _) = object(event);
    let level = text(event, &["type"]).unwrap_or_else(|| "Normal".to_owned());
    let number = if level == "Normal" { severity::number_of("info") } else { severity::number_of(&level) };
    let pod = (kind == "Pod" && !name.is_empty()).then(|| name.clone());
    LogRecord {
        timestamp: at.at,
        severity_number: number,
        severity_text: Some(Cow::Owned(level)),
        service_name: service(&kind, &name).map(Cow::Owned),
        host_name: pod.or_else(|| text(event, &["source.host"])).map(Cow::Owned),
        event_name: (!reason.is_empty()).then(|| Cow::Owned(format!("k8s.{reason}"))),
        body: text(event, &["message", "note"]).map(Cow::Owned),
        attributes: labels(event)
            .into_iter()
            .map(|(key, value)| (Cow::Owned(key), Cow::Owned(value)))
            .collect(),
        ..LogRecord::default()
    }
}

fn rollout(event: &Value, reason: &str, at: ParsedInstant) -> Change {
    let (kind, name, _) = object(event);
    let summary = text(event, &["message", "note"]);
    let uid = text(event, &["metadata.uid", "metadata.name"]).unwrap_or_default();
    let mut attributes = labels(event);
    attributes.push(("reason".to_owned(), reason.to_owned()));
    attributes.push(("entry_id".to_owned(), uid.clone()));
    let instant = at.at.0.to_string();
    Change {
        change_id: event_id(&[
            "change",
            "kubernetes",
            &uid,
            &name,
            &instant,
            summary.as_deref().unwrap_or_default(),
        ]),
        change_type: "deployment".to_owned(),
        occurred_at: at.at,
        ended_at: None,
        precision: at.precision,
        recorded_at: Some(at.at),
        recorded_at_basis: RecordedAtBasis::Source,
        actor: text(event, &["reportingComponent", "source.component"]),
        summary,
        service_name: service(&kind, &name),
        attributes,
        supersedes: None,
        source: "kubernetes".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    const EVENTS: &str = include_str!("../../fixtures/kubernetes-events/events.json");

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(Tz::UTC, "events.json");
        Collected::from(&KubernetesEvents::open(text.as_bytes(), &options), text.as_bytes())
    }

    #[test]
    fn event_time_stands_in_where_last_timestamp_is_null() {
        let found = decode(EVENTS);
        let times: Vec<_> = found
            .logs
            .iter()
            .map(|log| (log.event_name.as_deref().unwrap_or_default(), log.timestamp.to_rfc3339()))
            .collect();
        assert_eq!(
            times,
            [
                ("k8s.OOMKilling", "2026-11-05T03:06:00Z".to_owned()),
                ("k8s.Scheduled", "2026-11-05T03:06:30.250Z".to_owned()),
                ("k8s.BackOff", "2026-11-05T03:20:00Z".to_owned()),
            ]
        );
        assert_eq!(found.rejects[0].1, "the event has none of lastTimestamp, eventTime and firstTimestamp");
        let killed = &found.logs[0];
        assert_eq!((killed.service_name.as_deref(), killed.severity_number), (Some("pay"), Some(13)));
        assert_eq!(killed.host_name.as_deref(), Some("pay-64469b5b48-25zj6"));
        assert!(found.attributes(0).contains(&("k8s.event.count", "3")));
    }

    #[test]
    fn a_rollout_is_a_change() {
        let found = decode(EVENTS);
        let change = &found.changes[0];
        assert_eq!(
            (change.change_type.as_str(), change.service_name.as_deref()),
            ("deployment", Some("pay"))
        );
        assert_eq!(change.occurred_at.to_rfc3339(), "2026-11-05T02:50:00Z");
        assert_eq!(change.change_id, decode(EVENTS).changes[0].change_id);
    }
}
