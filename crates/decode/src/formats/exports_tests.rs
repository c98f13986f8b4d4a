//! Promises that hold for every export: the same ids each time, nothing twice, no input that panics.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::testing::{Collected, attribute};
use super::*;
use crate::detect;

fn options() -> DecodeOptions {
    DecodeOptions::new(chrono_tz::Asia::Shanghai, "export/inc-1/source.json")
}

fn read(bytes: &[u8]) -> (InputFormat, Collected) {
    let detection = detect(bytes, true, &options()).unwrap();
    let decoder = open(&detection, bytes, &options()).unwrap();
    (detection.format, Collected::from(decoder.as_ref(), bytes))
}

/// Fixtures of sources whose records have keys of their own.
const KEYED: &[&str] = &[
    include_str!("../../fixtures/pagerduty/incidents.json"),
    include_str!("../../fixtures/pagerduty/log_entries.json"),
    include_str!("../../fixtures/opsgenie/alerts.json"),
    include_str!("../../fixtures/opsgenie/incidents.json"),
    include_str!("../../fixtures/incident-io/incidents.json"),
    include_str!("../../fixtures/slack/inc-41-payments/2026-11-05.json"),
    include_str!("../../fixtures/jira/issues.json"),
    include_str!("../../fixtures/github/issues.json"),
    include_str!("../../fixtures/grafana-annotations/annotations.json"),
];

#[test]
fn ids_are_the_same_in_every_export_and_differ_within_one() {
    for text in KEYED {
        let (format, first) = read(text.as_bytes());
        assert!(format.has_own_keys(), "{format:?}");
        // Another layout of the same JSON is the same export.
        let compact = serde_json::from_str::<Value>(text).unwrap().to_string();
        let (_, second) = read(compact.as_bytes());
        let ids = |found: &Collected| -> Vec<String> {
            found.events.iter().map(|event| event.event_id.clone()).collect()
        };
        assert_eq!(ids(&first), ids(&second), "{format:?}");
        assert_eq!(first.changes, second.changes, "{format:?}");
        let mut seen: BTreeMap<&str, &fupan_model::IncidentEvent> = BTreeMap::new();
        for event in &first.events {
            assert!(attribute(event, "entry_id").is_some(), "{format:?} {event:?}");
            if let Some(other) = seen.insert(&event.event_id, event) {
                // What stands there twice says the same.
                assert_eq!(other, event, "{format:?}");
            }
        }
    }
}

#[test]
fn entries_of_one_record_have_keys_of_their_own() {
    for text in KEYED {
        let (format, found) = read(text.as_bytes());
        let mut entries: BTreeMap<(Option<&str>, &str), BTreeSet<&str>> = BTreeMap::new();
        for event in &found.events {
            let key = (event.incident_id.as_deref(), attribute(event, "entry_id").unwrap());
            entries.entry(key).or_default().insert(&event.event_id);
        }
        for (key, ids) in entries {
            assert_eq!(ids.len(), 1, "{format:?} {key:?}: a later one would take the place of the other");
        }
    }
}

#[test]
fn event_types_have_a_meaning() {
    for text in KEYED {
        for event in read(text.as_bytes()).1.events {
            assert!(fupan_model::EventType::by_name(&event.event_type).is_some(), "{}", event.event_type);
        }
    }
}

#[test]
fn a_scrape_is_as_old_as_the_caller_says() {
    let scrape = b"# TYPE up gauge\nup{job=\"pay\"} 1\n";
    let detection = detect(scrape, true, &options()).unwrap();
    let origin =
        Origin { scraped_at: Some(fupan_model::Micros::from_seconds(1_793_849_103)), ..Origin::default() };
    let decoder = open_from(&detection, scrape, &options(), origin).unwrap();
    let found = Collected::from(decoder.as_ref(), scrape);
    assert_eq!(found.metrics[0].timestamp.to_rfc3339(), "2026-11-05T03:25:03Z");
}

/// A value that decoders of exports may meet where they expect another.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "x",
            "open",
            "closed",
            "resolved",
            "message",
            "trigger_log_entry",
            "2026-11-05T03:05:00Z",
            "2026-11-05T11:05:00.000+0800",
            "1793849103.000200",
            "1793849103",
            "0001-01-01T00:00:00Z",
            "支付",
            "P1",
            "status",
            "Done",
            "commented",
            "https://github.com/a/b/issues/7",
            "ScalingReplicaSet",
            "Alerting",
            "9e999",
        ])
        .prop_map(Value::from),
        Just(json!(1_793_849_103_000_i64)),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let key = prop::sample::select(vec![
            "id",
            "key",
            "type",
            "ts",
            "text",
            "user",
            "edited",
            "created_at",
            "createdAt",
            "created",
            "updated_at",
            "resolved_at",
            "status",
            "urgency",
            "incident_number",
            "acknowledgements",
            "at",
            "log_entries",
            "notes",
            "incidents",
            "data",
            "issues",
            "messages",
            "items",
            "tinyId",
            "message",
            "report",
            "ackTime",
            "closeTime",
            "impactStartDate",
            "impactedServices",
            "incident_timestamp_values",
            "incident_timestamp",
            "value",
            "name",
            "incident_status",
            "category",
            "fields",
            "changelog",
            "histories",
            "field",
            "fromString",
            "toString",
            "comment",
            "comments",
            "body",
            "content",
            "number",
            "title",
            "html_url",
            "url",
            "pull_request",
            "merged_at",
            "timeline",
            "event",
            "labels",
            "closed_at",
            "time",
            "timeEnd",
            "newState",
            "tags",
            "involvedObject",
            "reason",
            "lastTimestamp",
            "eventTime",
            "metadata",
            "MetricDataResults",
            "Timestamps",
            "Values",
            "Label",
            "Datapoints",
            "Timestamp",
            "Average",
            "incident",
            "reference",
            "kind",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..8).prop_map(|pairs| {
                Value::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        ]
    })
}

/// Pieces of the line formats.
fn any_lines() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "# TYPE a histogram\n",
        "# UNIT a seconds\n",
        "# EOF\n",
        "a_bucket",
        "{le=\"",
        "+Inf",
        "\"}",
        " ",
        "1",
        "NaN",
        "1793849103",
        " # {",
        "trace_id=\"x\"} 1",
        "\n",
        "\\",
        "\"",
        ",",
        "=",
        "cpu,host=a",
        " idle=1i",
        "t",
        "u",
        "{",
        "}",
        "支付",
        "\r\n",
        "#",
    ]);
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_json_panics_an_export(value in any_value()) {
        let text = value.to_string();
        let _ = detect(text.as_bytes(), true, &options());
        for format in InputFormat::ALL {
            let detection = Detection::new(format, String::new());
            if let Ok(decoder) = open(&detection, text.as_bytes(), &options()) {
                let first = Collected::from(decoder.as_ref(), text.as_bytes());
                let second = Collected::from(decoder.as_ref(), text.as_bytes());
                prop_assert_eq!(format!("{first:?}"), format!("{second:?}"));
            }
        }
    }

    #[test]
    fn no_lines_panic_a_metric_format(text in any_lines()) {
        for format in [InputFormat::Openmetrics, InputFormat::InfluxLine] {
            let detection = Detection::new(format, String::new());
            let decoder = open(&detection, text.as_bytes(), &options()).unwrap();
            let whole = Collected::from(decoder.as_ref(), text.as_bytes());
            for chunk_bytes in [1, 9, 64] {
                let parts = Collected::in_chunks(decoder.as_ref(), text.as_bytes(), chunk_bytes);
                prop_assert_eq!(format!("{whole:?}"), format!("{parts:?}"));
            }
        }
    }
}
