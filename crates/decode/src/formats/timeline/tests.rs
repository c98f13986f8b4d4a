//! What a timeline file gives, read like its manual.

use super::*;
use crate::formats::testing::Collected;

const LUNCH: &str = r#"
incident: INC-2026-1105
title: 午高峰下单与支付失败
zone: Asia/Shanghai
date: 2026-11-05
kind: real
grade: P1
owner: trade-oncall
events:
  - { id: t01, at: "11:05", type: impact_started, by: 值班, text: 下单失败, service: order-service, recorded_at: "11:20" }
  - id: t09
    at: "11:15:20"
    type: notice_published
    text: 下单受影响
    affected: [下单, 支付]
    unaffected: [搜索]
    channel: app
    attributes: { audience: 学生 }
  - { at: "~11:46", type: mitigated }
  - { id: t20, at: { low: "11:50", high: "11:54" }, type: recovered }
actions:
  - { id: a1, text: 连接池告警, owner: trade, due: 2026-11-20, verifier: sre, acceptance: 演练触发, opened_at: "14:00", closed_at: 2026-11-19 }
"#;

fn decode(text: &str) -> Collected {
    let options = DecodeOptions::new(chrono_tz::UTC, "incident.yaml");
    Collected::from(&Timeline::new(&options), text.as_bytes())
}

fn attribute<'a>(event: &'a fupan_model::IncidentEvent, key: &str) -> Option<&'a str> {
    event.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

#[test]
fn head_entries_and_actions_become_events() {
    let found = decode(LUNCH);
    assert_eq!(found.rejects, []);
    let types: Vec<&str> = found.events.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(
        types,
        [
            "title_set",
            "kind_set",
            "grade_set",
            "owner_set",
            "impact_started",
            "notice_published",
            "mitigated",
            "recovered",
            "action_opened",
            "action_closed"
        ]
    );
    let records: Vec<u64> = found.places.iter().map(|place| place.record).collect();
    assert_eq!(records, [1, 1, 1, 1, 2, 3, 4, 5, 6, 6]);
    assert!(found.events.iter().all(|event| event.incident_id.as_deref() == Some("INC-2026-1105")));
    assert!(found.events.iter().all(|event| event.source == "timeline:incident.yaml"));

    let title = &found.events[0];
    assert_eq!((title.summary.as_deref(), title.occurred_at), (Some("午高峰下单与支付失败"), None));
    assert_eq!(title.recorded_at_basis, fupan_model::RecordedAtBasis::Ingested);

    let impact = &found.events[4];
    assert_eq!(
        impact.occurred_at.map(fupan_model::Micros::to_rfc3339).as_deref(),
        Some("2026-11-05T03:05:00Z")
    );
    assert_eq!(
        impact.recorded_at.map(fupan_model::Micros::to_rfc3339).as_deref(),
        Some("2026-11-05T03:20:00Z")
    );
    assert_eq!(impact.recorded_at_basis, fupan_model::RecordedAtBasis::Source);
    assert_eq!(impact.precision, fupan_model::Precision::Minute);
    assert_eq!(
        (impact.actor.as_deref(), impact.service_name.as_deref()),
        (Some("值班"), Some("order-service"))
    );
    assert_eq!(attribute(impact, "entry_id"), Some("t01"));

    let notice = &found.events[5];
    assert_eq!(attribute(notice, "affected"), Some(r#"["下单","支付"]"#));
    assert_eq!(attribute(notice, "unaffected"), Some(r#"["搜索"]"#));
    assert_eq!((attribute(notice, "channel"), attribute(notice, "audience")), (Some("app"), Some("学生")));
    assert_eq!(notice.recorded_at_basis, fupan_model::RecordedAtBasis::Assumed);

    let mitigated = &found.events[6];
    assert_eq!(mitigated.precision, fupan_model::Precision::Range);
    assert!(attribute(mitigated, "entry_id").unwrap().starts_with('#'));
    assert_eq!(
        found.events[7].occurred_at.map(fupan_model::Micros::to_rfc3339).as_deref(),
        Some("2026-11-05T03:52:00Z")
    );

    let action = &found.events[8];
    assert_eq!(action.summary.as_deref(), Some("连接池告警"));
    for (key, value) in [
        ("owner", "trade"),
        ("due", "2026-11-20"),
        ("verifier", "sre"),
        ("acceptance", "演练触发"),
        ("action_id", "a1"),
    ] {
        assert_eq!(attribute(action, key), Some(value));
    }
    assert_eq!(found.assumed_zone, 0);
}

#[test]
fn the_document_declares_its_events() {
    let found = decode(LUNCH);
    let declared = &found.declared[0];
    assert_eq!(
        (declared.incident_id.as_str(), declared.document.as_str()),
        ("INC-2026-1105", "timeline:incident.yaml")
    );
    let ids: Vec<&str> = found.events.iter().map(|event| event.event_id.as_str()).collect();
    assert_eq!(declared.event_ids, ids);
}

#[test]
fn an_edited_entry_is_another_event_with_the_same_entry_id() {
    let before = decode(LUNCH);
    let after = decode(&LUNCH.replace("text: 下单受影响", "text: 下单与支付受影响"));
    for (at, (old, new)) in before.events.iter().zip(&after.events).enumerate() {
        assert_eq!(old.event_id == new.event_id, at != 5, "{}", new.event_type);
        assert_eq!(attribute(old, "entry_id"), attribute(new, "entry_id"));
    }
    assert_eq!(before, decode(LUNCH));
}

#[test]
fn one_bad_entry_spoils_no_other_and_retracts_nothing() {
    let found = decode(
        "incident: INC-1\ndate: 2026-11-05\nevents:\n  - { at: '11:05', typ: mitigated }\n  - { at: '11:06', type: mitigated }\n",
    );
    assert_eq!(found.events.len(), 1);
    assert_eq!(found.declared, []);
    let (place, reason, bytes) = &found.rejects[0];
    assert_eq!(place.record, 2);
    assert_eq!(reason, "line 4: an event has no key `typ`; did you mean `type`?");
    assert_eq!(String::from_utf8_lossy(bytes), "{ at: '11:05', typ: mitigated }");
    assert_eq!(found.assumed_zone, 1);
}

#[test]
fn a_bad_head_says_what_to_do() {
    for (text, reason) in [
        ("title: x\n", "the key `incident`"),
        ("incident: A\nownr: x\n", "line 2: the file has no key `ownr`; did you mean `owner`?"),
        ("incident: A\nzone: Beijing\n", "line 2: zone: \"Beijing\" is no zone"),
        ("incident: A\ndate: 5 Nov\n", "line 2: date"),
        ("incident: A\nkind: reel\n", "did you mean `real`?"),
        ("incident: A\nevents: {}\n", "events must be a list"),
        ("- incident: A\n", "must be a mapping"),
        ("incident: [\n", "line"),
    ] {
        let found = decode(text);
        assert_eq!(found.rejects.len(), 1, "{text}");
        assert!(found.rejects[0].1.contains(reason), "{text}: {}", found.rejects[0].1);
    }
}

#[test]
fn ids_are_unique_and_times_are_checked() {
    let found = decode(
        "incident: A\ndate: 2026-11-05\nevents:\n  - { id: x, type: a }\n  - { id: x, type: b }\n  - { type: c, at: 26:00 }\n  - { type: d, at: { low: '11:00' } }\n",
    );
    let reasons: Vec<&str> = found.rejects.iter().map(|(_, reason, _)| reason.as_str()).collect();
    assert_eq!(found.events.len(), 1);
    assert!(reasons[0].contains("line 5: the id `x` is there twice"));
    assert!(reasons[1].contains("line 6: at: \"26:00\" is not"));
    assert!(reasons[2].contains("`high` is missing"));
}

#[test]
fn several_documents_and_json() {
    let found = decode("incident: A\ntitle: a\n---\nincident: B\ntitle: b\n");
    let ids: Vec<_> = found.events.iter().map(|event| event.incident_id.clone().unwrap()).collect();
    assert_eq!(ids, ["A", "B"]);
    assert_eq!(found.places.iter().map(|place| place.record).collect::<Vec<_>>(), [1, 2]);
    let json = decode(r#"{"incident":"A","events":[{"at":"2026-11-05T11:05:00Z","type":"mitigated"}]}"#);
    assert_eq!(
        json.events[0].occurred_at.map(fupan_model::Micros::to_rfc3339).as_deref(),
        Some("2026-11-05T11:05:00Z")
    );
}

#[test]
fn the_schema_knows_the_same_keys_as_the_reader() {
    let schema: serde_json::Value = serde_json::from_str(timeline_json_schema()).unwrap();
    let keys = |pointer: &str| -> Vec<String> {
        let mut keys: Vec<_> =
            schema.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let sorted = |known: &[&str]| {
        let mut known: Vec<_> = known.iter().map(|key| (*key).to_owned()).collect();
        known.sort();
        known
    };
    assert_eq!(keys("/properties"), sorted(&document::HEAD_KEYS));
    assert_eq!(keys("/$defs/event/properties"), sorted(&document::EVENT_KEYS));
    assert_eq!(keys("/$defs/action/properties"), sorted(&document::ACTION_KEYS));
}

#[test]
fn a_time_of_day_that_passed_midnight_asks_for_its_date() {
    let at = |last: &str| {
        let text = format!(
            "incident: INC-1\nzone: UTC\ndate: 2026-11-05\nevents:\n  - {{ at: \"23:40\", type: impact_started }}\n  - {{ at: \"23:10\", type: note_added }}\n  - {{ at: \"{last}\", type: recovered }}\n"
        );
        decode(&text)
    };
    let refused = at("00:10");
    assert_eq!(refused.rejects.len(), 1);
    assert!(refused.rejects[0].1.contains("line 7: at:"), "{:?}", refused.rejects);
    assert!(refused.rejects[0].1.contains("write the date"), "{:?}", refused.rejects);
    assert_eq!(at("2026-11-06 00:10").rejects, []);
    let behind = at("2026-11-06 00:10\", type: mitigated }\n  - { at: \"01:00");
    assert_eq!(behind.rejects.len(), 1, "the time behind one of the next day");
    assert_eq!(at("23:05").rejects, []);
}
