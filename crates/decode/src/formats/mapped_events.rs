//! How does a mapping file make incident events, alerts and changes out of other people's exports?
//!
//! Columns that the mapping names are renamed and then read as in fupan's own files; what it does not name
//! is read by the defaults and stays as attributes. Ids depend on the mapping's name and the content, so
//! that the same export again adds nothing.

use std::borrow::Cow;

use chrono_tz::Tz;
use fupan_model::EventType;
use fupan_model::events::event_id;

use super::alerts::events_of;
use super::changes::change_of;
use super::incident_record::Fact;
use super::pairs::Pairs;
use super::timeline::table::{AT_NAMES, INCIDENT_NAMES, TYPE_NAMES};
use crate::json::Value;
use crate::mapping::{Mapping, MappingTarget};
use crate::time::ParsedInstant;
use crate::{Place, RecordSink};

/// Reads one record and sends its rows.
pub(super) fn send<'a>(
    mapping: &'a Mapping,
    zone: Tz,
    mut pairs: Pairs<'a>,
    mapped: impl Iterator<Item = (&'a str, Cow<'a, str>)>,
    time: Option<ParsedInstant>,
    place: Place,
    sink: &mut dyn RecordSink,
) -> Result<(), String> {
    let constants =
        mapping.constants.iter().map(|(column, value)| (column.as_str(), Cow::Borrowed(value.as_str())));
    for (column, value) in constants.chain(mapped) {
        pairs.push(Cow::Borrowed(column), Value::Text(value));
    }
    pairs.assumed_zone |= time.is_some_and(|time| time.assumed_zone);
    let is_assumed = match mapping.target() {
        MappingTarget::Alerts => {
            put_time(&mut pairs, "fired_at", time);
            name_alert(mapping, &mut pairs);
            let (events, is_assumed) = events_of(pairs, zone)?;
            for event in events {
                sink.event(place, event);
            }
            is_assumed
        }
        MappingTarget::Changes => {
            put_time(&mut pairs, "occurred_at", time);
            let (change, is_assumed) = change_of(pairs, &format!("changes:{}", mapping.name), zone)?;
            sink.change(place, change);
            is_assumed
        }
        _ => {
            let event_type = event_type(mapping, &mut pairs);
            let at = match time {
                Some(time) => Some(time),
                None => pairs.take_time(&AT_NAMES, zone)?,
            };
            let recorded = pairs.take_time(&["recordedat", "记录时间"], zone)?;
            let incident = pairs.take_owned(&INCIDENT_NAMES);
            let actor = pairs.take_owned(&["actor", "by", "发送人", "人员"]);
            let summary = pairs.take_owned(&["summary", "text", "内容", "消息"]);
            let service = pairs.take_owned(&["servicename", "service", "服务"]);
            let entry = pairs.take_owned(&["entryid"]);
            let entry = entry.unwrap_or_else(|| entry_key(at, actor.as_deref(), summary.as_deref()));
            let is_assumed = pairs.assumed_zone;
            let mut fact = Fact::of_type(&event_type, entry)
                .at(at)
                .recorded(recorded)
                .by(actor)
                .saying(summary)
                .about(service);
            for (key, value) in pairs.rest_owned() {
                fact = fact.with(&key, Some(value));
            }
            sink.event(place, fact.into_event(&mapping.name, incident.as_deref(), &mapping.name));
            is_assumed
        }
    };
    if is_assumed {
        sink.assumed_zone();
    }
    Ok(())
}

fn put_time(pairs: &mut Pairs<'_>, column: &'static str, time: Option<ParsedInstant>) {
    if let Some(time) = time {
        pairs.push(Cow::Borrowed(column), Value::Text(Cow::Owned(time.at.to_rfc3339())));
    }
}

/// Words of the source that the mapping explains, else a type by its own name, else a note.
fn event_type(mapping: &Mapping, pairs: &mut Pairs<'_>) -> String {
    let Some(word) = pairs.take_owned(&TYPE_NAMES) else { return EventType::NoteAdded.as_str().to_owned() };
    let explained =
        mapping.event_types.iter().find(|(known, _)| *known == word).map(|(_, event_type)| event_type);
    if let Some(event_type) = explained {
        return event_type.clone();
    }
    if let Some(known) = EventType::by_word(&word) {
        return known.as_str().to_owned();
    }
    pairs.push(Cow::Borrowed("source_type"), Value::Text(Cow::Owned(word)));
    EventType::NoteAdded.as_str().to_owned()
}

/// Sources without ids of their own: what was said by whom and when is the key, so that two messages of
/// one minute stay two.
fn entry_key(at: Option<ParsedInstant>, actor: Option<&str>, summary: Option<&str>) -> String {
    let at = at.map(|at| at.at.0.to_string()).unwrap_or_default();
    let key = event_id(&[&at, actor.unwrap_or_default(), summary.unwrap_or_default()]);
    format!("#{}", key.get(..12).unwrap_or(&key))
}

/// An alert without an id is known by its monitor, its service and its host.
fn name_alert(mapping: &Mapping, pairs: &mut Pairs<'_>) {
    if pairs.has(&["alertid", "fingerprint", "eventid"]) {
        return;
    }
    let part = |key: &str| pairs.exact(key).map(|value| value.as_text().to_owned()).unwrap_or_default();
    let parts = [mapping.name.clone(), part("monitor"), part("service_name"), part("host_name")];
    let key = event_id(&parts.each_ref().map(String::as_str));
    pairs.push(Cow::Borrowed("alert_id"), Value::Text(Cow::Owned(key.get(..16).unwrap_or(&key).to_owned())));
}

#[cfg(test)]
mod tests {
    use crate::formats::testing::{Collected, attribute, told, types};
    use crate::{DecodeOptions, Mapping, detect, open};

    fn decode(mapping: &str, text: &str) -> Collected {
        let mut options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "export");
        options.mappings = vec![Mapping::parse(mapping).unwrap()];
        let detection = detect(text.as_bytes(), true, &options).unwrap();
        assert_eq!(detection.mapping.as_deref(), Some(options.mappings[0].name.as_str()));
        Collected::from(open(&detection, text.as_bytes(), &options).unwrap().as_ref(), text.as_bytes())
    }

    macro_rules! shipped {
        ($name:literal) => {
            include_str!(concat!("../../../../docs/examples/mappings/", $name, ".toml"))
        };
    }

    #[test]
    fn problems_of_zabbix_are_alerts() {
        let found =
            decode(shipped!("zabbix-problems"), include_str!("../../fixtures/mappings/zabbix-problems.csv"));
        assert_eq!(found.rejects, []);
        let expected = [
            ("alert_fired", "2026-11-05T03:05:03Z"),
            ("alert_resolved", "2026-11-05T03:46:00Z"),
            ("alert_fired", "2026-11-05T03:05:03Z"),
        ];
        let seen: Vec<_> = told(&found).into_iter().map(|(kind, at, _)| (kind, at)).collect();
        assert_eq!(seen, expected.map(|(kind, at)| (kind.to_owned(), at.to_owned())));
        // The same problem on two hosts at once is two alerts.
        assert_ne!(found.events[0].event_id, found.events[2].event_id);
        assert_eq!(attribute(&found.events[0], "severity"), Some("High"));
        assert_eq!(attribute(&found.events[0], "severity_scale"), Some("zabbix"));
        assert_eq!(found.assumed_zone, 2);
    }

    #[test]
    fn events_of_nightingale_in_a_page_and_as_a_list() {
        let page = include_str!("../../fixtures/mappings/nightingale-page.json");
        let found = decode(shipped!("nightingale-page"), page);
        assert_eq!(found.rejects, []);
        assert_eq!(types(&found), ["alert_fired", "alert_resolved", "alert_fired"]);
        assert_eq!(found.events[0].occurred_at.unwrap().to_rfc3339(), "2026-11-05T03:05:00Z");
        assert_eq!(attribute(&found.events[0], "monitor"), Some("支付 5xx 占比"));
        let start = page.find('[').unwrap();
        let end = page.rfind(']').unwrap();
        let list = decode(shipped!("nightingale"), &page[start..=end]);
        assert_eq!(types(&list), types(&found));
        // Both are the same alerts.
        assert_eq!(list.events[0].event_id, found.events[0].event_id);
    }

    #[test]
    fn logs_of_sls_and_alarms_of_skywalking() {
        let found = decode(shipped!("aliyun-sls"), include_str!("../../fixtures/mappings/aliyun-sls.json"));
        assert_eq!(found.rejects, []);
        assert_eq!(found.logs[0].timestamp.to_rfc3339(), "2026-11-05T03:25:03Z");
        assert_eq!(
            (found.logs[0].body.as_deref(), found.logs[0].host_name.as_deref()),
            (Some("扣款超时"), Some("10.0.0.7"))
        );
        let found = decode(
            shipped!("skywalking-alarms"),
            include_str!("../../fixtures/mappings/skywalking-alarms.json"),
        );
        assert_eq!(found.rejects, []);
        assert_eq!(types(&found), ["alert_fired", "alert_fired"]);
        assert_eq!(found.events[0].service_name.as_deref(), Some("pay"));
        assert_eq!(attribute(&found.events[0], "monitor"), Some("service_resp_time_rule"));
    }

    #[test]
    fn what_a_group_said_becomes_notes_and_words_become_milestones() {
        let found = decode(shipped!("group-chat"), include_str!("../../fixtures/mappings/group-chat.csv"));
        assert_eq!(found.rejects, []);
        let expected = [
            ("note_added", "2026-11-05T03:05:00Z", "支付超时, 有人看吗"),
            ("note_added", "2026-11-05T03:05:00Z", "我在看"),
            ("note_added", "2026-11-05T03:05:00Z", "连接池满了"),
        ];
        let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(told(&found), expected);
        let ids: std::collections::BTreeSet<_> = found.events.iter().map(|event| &event.event_id).collect();
        assert_eq!((ids.len(), found.assumed_zone), (3, 3));
        assert_eq!(found.events[1].actor.as_deref(), Some("值班一"));

        let mapping = "name = \"war-room\"\ntable = \"incident_events\"\nmatch = { header = [\"状态\"] }\nevent_types = { \"止血\" = \"mitigated\" }\nfields = { event_type = \"状态\", incident_id = \"单号\" }\n";
        let found = decode(
            mapping,
            "单号,时间,状态,内容\nINC-1,2026-11-05 11:40,止血,切流\nINC-1,2026-11-05 11:41,观察,看曲线\n",
        );
        assert_eq!(types(&found), ["mitigated", "note_added"]);
        assert_eq!(found.events[0].incident_id.as_deref(), Some("INC-1"));
        assert_eq!(attribute(&found.events[1], "source_type"), Some("观察"));
    }

    #[test]
    fn changes_by_mapping() {
        let mapping = "name = \"releases\"\ntable = \"changes\"\nmatch = { header = [\"上线时间\"] }\ntime = { field = \"上线时间\" }\nset = { change_type = \"发布\" }\nfields = { service_name = \"应用\", summary = \"说明\" }\n";
        let found = decode(mapping, "上线时间,应用,说明\n2026-11-05 10:50,pay,7.2.1\n");
        assert_eq!(found.rejects, []);
        let change = &found.changes[0];
        assert_eq!(
            (change.change_type.as_str(), change.service_name.as_deref()),
            ("deployment", Some("pay"))
        );
        assert_eq!(change.source, "changes:releases");
    }

    #[test]
    fn mistakes_are_told_when_the_file_is_read() {
        let error = |text: &str| Mapping::parse(text).unwrap_err().to_string();
        let text = "name = \"x\"\ntable = \"incident_events\"\nevent_types = { \"止血\" = \"mitigatd\" }";
        assert!(error(text).contains("did you mean `mitigated`"));
        assert!(error("name = \"x\"\ntable = \"alert\"").contains("did you mean `alerts`"));
    }
}
