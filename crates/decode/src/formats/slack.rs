//! Slack export: the messages of a channel, a file per day. What did people say, and when?
//!
//! `ts` is a decimal string and the key of a message; as a number it would lose its last digits. A
//! reply that was also sent to the channel stands there twice and is one message. An edited message
//! shows its last words only: when it is exported again, it takes the place of the earlier one. User
//! ids become names only where the file itself has profiles; mentions in the text stay as they are.
//!
//! A channel that is named like an incident (`inc-…`, `incident-…`, `sev…`, `故障…`) is taken for one;
//! messages of others belong to none yet. The channel is the folder that the file is in.

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
        Self { framing: framing_of(head, &LISTS), zone: options.zone, channel: channel_of(&options.source) }
    }
}

/// `export/inc-41/2026-11-05.json`: the folder's name.
fn channel_of(source: &str) -> Option<String> {
    let (folder, _) = source.rsplit_once(['/', '\\'])?;
    let name = folder.rsplit(['/', '\\']).next().unwrap_or(folder);
    (!name.is_empty() && name != ".").then(|| name.to_owned())
}

impl Decoder for Slack {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let channel = self.channel.as_deref();
        let incident = channel
            .filter(|name| INCIDENT_CHANNELS.iter().any(|prefix| name.to_lowercase().starts_with(prefix)));
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
            sink.event(place, message_event(message, channel, incident)?);
            Ok(())
        });
    }
}

/// An export also lists its users and channels: nothing happened there.
fn is_directory(record: &Value) -> bool {
    record.get("ts").is_none() && (record.get("profile").is_some() || record.get("members").is_some())
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
        let options = DecodeOptions::new(Tz::UTC, source);
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
    fn other_channels_belong_to_no_incident_and_the_channel_is_no_part_of_the_id() {
        let message = r#"[{"type":"message","user":"U1","text":"hi","ts":"1793847900.000200"}]"#;
        let found = decode("export/general/2026-11-05.json", message);
        assert_eq!(found.events[0].incident_id, None);
        assert_eq!(attribute(&found.events[0], "channel"), Some("general"));
        let number = message.replace("\"1793847900.000200\"", "1793847900.000200");
        assert!(decode("x", &number).rejects[0].1.contains("last digits"));
    }
}
