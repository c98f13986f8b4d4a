//! Slack export: the messages of a channel, a file per day. What did people say, and when?
//!
//! `ts` is a decimal string and the key of a message; as a number it would lose its last digits. A
//! reply that was also sent to the channel stands there twice and is one message. An edited message
//! shows its last words only: when it is exported again, it takes the place of the earlier one. User
//! ids become names only where the file itself has profiles; mentions in the text stay as they are.
//!
//! A channel that is named like an incident (`inc-…`, `incident-…`, `sev…`, `故障…`) is taken for one;
//! messages of others belong to none yet. A message may say its channel; otherwise it is the folder that
//! the file of a day is in, or the file's own name where that is one of an incident.

use chrono_tz::Tz;
use fupan_model::{EventType, IncidentEvent};
use serde_json::Value;

use super::incident_record::{Fact, Times, list, text, walk_values};
use super::json_records::framing_of;
use super::text_of;
use super::timeline::json_array;
use crate::time::{EpochUnit, ParsedInstant, parse_epoch};
use crate::{Chunk, DecodeOptions, Decoder, Framing, RecordSink};

const SYSTEM: &str = "slack";
/// Keys of lists in a document: the answer of `conversations.history`.
pub(crate) const LISTS: [&str; 1] = ["messages"];
/// How channels of incidents begin.
const INCIDENT_CHANNELS: [&str; 6] = ["inc-", "inc_", "incident", "sev-", "sev_", "故障"];

pub(crate) struct Slack {
    framing: Framing,
    zone: Tz,
    channel: Option<String>,
}

impl Slack {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        let channel = channel_of(options.folder.as_deref(), &options.source);
        Self { framing: framing_of(head, &LISTS), zone: options.zone, channel }
    }
}

/// `inc-41/2026-11-05.json`: the folder's name. Other files lie in folders that are no channels.
fn channel_of(folder: Option<&str>, file: &str) -> Option<String> {
    let stem = file.split('.').next().unwrap_or(file);
    let is_day = stem.len() == 10
        && stem.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    folder
        .filter(|name| is_day || is_incident(name))
        .or_else(|| Some(stem).filter(|stem| is_incident(stem)))
        .map(str::to_owned)
}

fn is_incident(channel: &str) -> bool {
    let name = channel.to_lowercase();
    INCIDENT_CHANNELS.iter().any(|prefix| name.starts_with(prefix))
}

/// The channel's name as the message has it; an id such as `C024BE91L` is none.
fn stated_channel(message: &Value) -> Option<String> {
    let stated = text(message, &["channel_name", "channel.name", "channel"])?;
    let name = stated.strip_prefix('#').unwrap_or(&stated);
    (!is_slack_id(name, b"CDG")).then(|| name.to_owned())
}

/// `C024BE91L`: a letter that says of what, then capitals and digits.
pub(crate) fn is_slack_id(text: &str, kinds: &[u8]) -> bool {
    let Some((kind, rest)) = text.as_bytes().split_first() else { return false };
    kinds.contains(kind)
        && !rest.is_empty()
        && rest.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && rest.iter().any(u8::is_ascii_digit)
}

impl Decoder for Slack {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        walk_values(self.framing, &LISTS, self.zone, chunk, sink, &mut |place, message, times, sink| {
            // Exports for compliance keep each change as a record around the message.
            let message = message.get("message").filter(|inner| inner.is_object()).unwrap_or(message);
            if is_directory(message) {
                return Ok(());
            }
            if message.get("change_type").is_some() && message.get("ts").is_none() {
                sink.event(place, integration_event(message, times)?);
                return Ok(());
            }
            let stated = stated_channel(message);
            let channel = stated.as_deref().or(self.channel.as_deref());
            sink.event(place, message_event(message, channel, channel.filter(|name| is_incident(name)))?);
            Ok(())
        });
    }
}

/// An export also lists its users and channels: nothing happened there.
fn is_directory(record: &Value) -> bool {
    let is_listed = || text(record, &["id"]).is_some_and(|id| is_slack_id(&id, b"CDGUW"));
    record.get("ts").is_none()
        && record.get("change_type").is_none()
        && (record.get("profile").is_some() || record.get("members").is_some() || is_listed())
}

/// Somebody connected an application with the workspace or took it off.
fn integration_event(record: &Value, times: &mut Times) -> Result<IncidentEvent, String> {
    let at = times.required(record, &["date"])?;
    let words: Vec<String> = ["service_type", "app_type", "change_type", "reason"]
        .iter()
        .filter_map(|key| text(record, &[key]))
        .collect();
    let who = text(record, &["user_name", "user_id"]);
    let app = text(record, &["service_id", "app_id"]).unwrap_or_default();
    let fact =
        Fact::new(EventType::NoteAdded, "integration").stamped(at).by(who).saying(Some(words.join(" ")));
    let fact = fact.with("channel", text(record, &["channel"]));
    Ok(fact.into_event(SYSTEM, None, &format!("{app}@{}", at.at.0)))
}

fn message_event(
    message: &Value,
    channel: Option<&str>,
    incident: Option<&str>,
) -> Result<IncidentEvent, String> {
    let ts = message.get("ts").ok_or("the message has no `ts`")?;
    let ts =
        ts.as_str().ok_or("`ts` is a number, not a text: its last digits may be lost; export it again")?;
    let at = instant(ts)?;
    let edited = text(message, &["edited.ts"]).map(|ts| instant(&ts)).transpose()?;
    let sender = text(message, &["user", "bot_id", "comment.user", "username"]).unwrap_or_default();
    let name = text(
        message,
        &[
            "user_profile.display_name",
            "user_profile.real_name",
            "bot_profile.name",
            "username",
            "user",
            "comment.user",
            "bot_id",
        ],
    );
    // A threaded reply names the message that it answers; the thread's first message names itself.
    let thread = text(message, &["thread_ts"]).filter(|thread| thread != ts);
    let subtype = text(message, &["subtype"]).filter(|subtype| subtype != "thread_broadcast");
    let files: Vec<String> =
        list(message, &["files"]).filter_map(|file| text(file, &["name", "title"])).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let fact = Fact::new(EventType::NoteAdded, ts)
        .stamped(at)
        .by(name)
        .saying(words(message))
        .with("channel", channel.map(str::to_owned))
        .with("thread_ts", thread)
        .with("subtype", subtype)
        .with("files", (!files.is_empty()).then(|| json_array(&files)));
    let fact =
        if edited.is_some() { fact.recorded(edited).with("edited", Some("true".to_owned())) } else { fact };
    Ok(fact.into_event(SYSTEM, incident, &format!("{sender}@{ts}")))
}

/// What a message says: its text, else that of its attachments and blocks (bots write there).
fn words(message: &Value) -> Option<String> {
    text(message, &["text"]).or_else(|| {
        let attached: Vec<String> = list(message, &["attachments"])
            .filter_map(|one| text(one, &["text", "fallback", "title"]))
            .chain(list(message, &["blocks"]).filter_map(|block| text(block, &["text.text"])))
            .collect();
        (!attached.is_empty()).then(|| attached.join("\n"))
    })
}

/// `1793849103.000200`: seconds, and a serial number in the place of microseconds.
fn instant(ts: &str) -> Result<ParsedInstant, String> {
    let at =
        parse_epoch(ts, EpochUnit::Seconds).map_err(|error| format!("the ts {:?} {error}", text_of(ts)))?;
    Ok(ParsedInstant { at, assumed_zone: false, precision: fupan_model::Precision::Exact })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{Collected, attribute, told};

    const DAY: &str = include_str!("../../fixtures/slack/inc-41-payments/2026-11-05.json");

    fn decode(source: &str, text: &str) -> Collected {
        let (folder, file) = source.rsplit_once('/').unwrap_or(("", source));
        let mut options = DecodeOptions::new(Tz::UTC, file);
        options.folder = folder.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned);
        Collected::from(&Slack::open(text.as_bytes(), &options), text.as_bytes())
    }

    #[test]
    fn a_broadcast_is_one_message_though_it_stands_there_twice() {
        let found = decode("export/inc-41-payments/2026-11-05.json", DAY);
        assert_eq!(found.rejects, []);
        let broadcast: Vec<_> = found
            .events
            .iter()
            .filter(|event| event.summary.as_deref() == Some("Pool is full on pay"))
            .collect();
        assert_eq!(broadcast.len(), 2);
        assert_eq!(broadcast[0].event_id, broadcast[1].event_id);
        assert_eq!(broadcast[0].incident_id.as_deref(), Some("inc-41-payments"));
        assert_eq!(attribute(broadcast[0], "thread_ts"), Some("1793847900.000100"));
    }

    #[test]
    fn ids_become_names_only_where_the_file_has_them_and_bots_speak() {
        let found = decode("export/inc-41-payments/2026-11-05.json", DAY);
        let actors: Vec<_> =
            found.events.iter().map(|event| event.actor.as_deref().unwrap_or_default()).collect();
        assert_eq!(actors, ["On-call one", "U0000002", "U0000002", "Deploy bot", "U0000003"]);
        assert_eq!(told(&found)[3].2, "pay 7.2.1 rolled back");
        assert_eq!(told(&found)[0].1, "2026-11-05T03:05:00.000100Z");
    }

    #[test]
    fn an_edit_takes_the_place_of_the_earlier_words() {
        let message = r#"[{"type":"message","user":"U1","text":"pool is ful","ts":"1793847900.000200"}]"#;
        let edited = r#"[{"type":"message","user":"U1","text":"pool is full","ts":"1793847900.000200","edited":{"user":"U1","ts":"1793847960.000000"}}]"#;
        let (first, second) = (decode("c/d.json", message), decode("c/d.json", edited));
        assert_ne!(first.events[0].event_id, second.events[0].event_id);
        assert_eq!(attribute(&first.events[0], "entry_id"), attribute(&second.events[0], "entry_id"));
        assert!(second.events[0].recorded_at > first.events[0].recorded_at);
        assert_eq!(second.events[0].occurred_at, first.events[0].occurred_at);
    }

    #[test]
    fn users_and_channels_hold_nothing_that_happened() {
        let users = r#"[{"id":"U1","team_id":"T1","name":"one","deleted":false,"profile":{"email":"a@example.com"}}]"#;
        let channels = r#"[{"id":"C1","name":"general","created":1452837318,"creator":"U1","is_archived":false,"members":["U1"]}]"#;
        let applications = r#"[{"service_id":1,"service_type":"GitHub","user_id":"U1","user_name":"one","date":"1452837318","change_type":"added"}]"#;
        for (text, events) in [(users, 0), (channels, 0), (applications, 1)] {
            let options = DecodeOptions::new(Tz::UTC, "export/x.json");
            let format = crate::detect(text.as_bytes(), true, &options).unwrap().format;
            assert_eq!(format, crate::InputFormat::Slack);
            let found = decode("export/x.json", text);
            assert_eq!(
                (found.events.len(), found.changes.len(), found.rejects.len()),
                (events, 0, 0),
                "{text}"
            );
        }
    }

    #[test]
    fn a_message_may_say_its_channel_and_a_file_may_be_called_after_it() {
        let message = |channel: &str| {
            format!(
                r#"{{"type":"message","user":"U1","text":"hi","ts":"1793847900.000200","channel":{channel}}}"#
            )
        };
        for (source, channel, incident) in [
            ("x.jsonl", r##""#inc-41-payments""##, Some("inc-41-payments")),
            ("x.jsonl", r#"{"id":"C024BE91L","name":"incident-7"}"#, Some("incident-7")),
            ("export/inc-41/2026-11-05.json", r#""C024BE91L""#, Some("inc-41")),
            ("export/inc-41/2026-11-05.json", r#""general""#, None),
            ("incident_pay.json", "null", Some("incident_pay")),
        ] {
            let found = decode(source, &message(channel));
            assert_eq!(found.events[0].incident_id.as_deref(), incident, "{source} {channel}");
        }
    }

    #[test]
    fn short_lists_of_users_and_channels_hold_nothing_that_happened_either() {
        for list in [
            r#"[{"id":"C024BE91L","name":"general","created":1452837318,"creator":"U1"}]"#,
            r#"[{"id":"C024BE91L","name":"general"},{"id":"C024BE92L","name":"inc-41"}]"#,
            r#"[{"id":"U024BE91L","name":"one","real_name":"One"}]"#,
            r#"[{"id":"D024BE91L","created":1452837318,"members":["U1","U2"]}]"#,
        ] {
            let options = DecodeOptions::new(Tz::UTC, "x.json");
            let format = crate::detect(list.as_bytes(), true, &options).map(|found| found.format);
            assert_eq!(format, Ok(crate::InputFormat::Slack), "{list}");
            let found = decode("export/x.json", list);
            assert_eq!((found.events.len(), found.changes.len(), found.rejects.len()), (0, 0, 0), "{list}");
        }
    }

    #[test]
    fn other_channels_belong_to_no_incident_and_the_channel_is_no_part_of_the_id() {
        let message = r#"[{"type":"message","user":"U1","text":"hi","ts":"1793847900.000200"}]"#;
        assert_eq!(decode("downloads/page.json", message).events[0].summary.as_deref(), Some("hi"));
        assert_eq!(attribute(&decode("downloads/page.json", message).events[0], "channel"), None);
        let found = decode("export/general/2026-11-05.json", message);
        assert_eq!(found.events[0].incident_id, None);
        assert_eq!(attribute(&found.events[0], "channel"), Some("general"));
        let number = message.replace("\"1793847900.000200\"", "1793847900.000200");
        assert!(decode("x", &number).rejects[0].1.contains("last digits"));
    }
}
