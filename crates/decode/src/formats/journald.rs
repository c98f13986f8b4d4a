//! `journalctl --output=json`: one entry per line.
//!
//! All values are strings, also times (microseconds since the epoch) and priorities. A field that has no
//! text (colours, broken letters) is an array of its bytes; one that was written several times is an array
//! of its values; one that was too large is null. Source: systemd, "Journal JSON Format".

use std::borrow::Cow;

use chrono_tz::Tz;

use super::embedded::{put_body, put_json};
use super::json_records::elements;
use super::log_builder::LogBuilder;
use super::log_fields::{Field, KeyCache, Target};
use super::text_log::without_colours;
use super::walk_text;
use crate::json::{Value, scalar, visit_members};
use crate::time::{EpochUnit, parse_epoch};
use crate::{Chunk, Decoder, Framing, RecordSink, limits};

pub(crate) struct Journald;

/// Levels of syslog, by their number in `PRIORITY`.
const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

impl Decoder for Journald {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let mut keys = KeyCache::default();
        walk_text(Framing::Lines, 0, chunk, limits::LINE_BYTES_MAX, sink, &mut |place, line, sink| {
            // `--output=json-seq` and `json-sse` put something in front of each entry.
            let line = line.trim_start_matches('\u{1E}');
            let line = line.strip_prefix("data: ").unwrap_or(line);
            let entry = Entry::read(line)?;
            let mut builder = LogBuilder::new();
            entry.put(&mut builder, &mut keys)?;
            // All of its times are epochs.
            let (record, _) = builder.finish(Tz::UTC)?;
            sink.log(place, record);
            Ok(())
        });
    }
}

/// The fields of an entry.
struct Entry<'a> {
    fields: Vec<(Cow<'a, str>, Held<'a>)>,
    message: Option<Cow<'a, str>>,
}

/// A field: its text, and all of its values where it was written several times.
struct Held<'a> {
    text: Cow<'a, str>,
    all: Option<&'a str>,
}

impl<'a> Entry<'a> {
    fn read(line: &'a str) -> Result<Self, String> {
        let mut entry = Self { fields: Vec::new(), message: None };
        visit_members(line, &mut |key, raw| {
            let Some(field) = field(raw) else { return };
            if key == "MESSAGE" && field.all.is_none() {
                entry.message = Some(field.text);
            } else {
                entry.fields.push((key, field));
            }
        })?;
        Ok(entry)
    }

    fn text(&self, key: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(name, _)| name == key);
        found.map(|(_, field)| field.text.as_ref()).filter(|text| !text.is_empty())
    }

    /// A unit's name is the service's; what has none of its own goes by its program.
    fn service(&self) -> Option<&str> {
        let unit = |key| {
            let name = self.text(key)?.strip_suffix(".service")?;
            (!name.starts_with("user@") && name != "docker" && name != "containerd").then_some(name)
        };
        self.text("CONTAINER_NAME")
            .or_else(|| unit("_SYSTEMD_USER_UNIT"))
            .or_else(|| unit("_SYSTEMD_UNIT"))
            .or_else(|| self.text("SYSLOG_IDENTIFIER"))
            .or_else(|| self.text("_COMM"))
    }

    fn put<'b>(&'b self, builder: &mut LogBuilder<'b>, keys: &mut KeyCache) -> Result<(), String> {
        let received = self.text("__REALTIME_TIMESTAMP");
        // When the program wrote it, if that is known, is before the journal received it.
        let written = self.text("_SOURCE_REALTIME_TIMESTAMP").or(received);
        let time = written.ok_or("no time: the entry has no __REALTIME_TIMESTAMP")?;
        let at = parse_epoch(time, EpochUnit::Micros)
            .map_err(|error| format!("the time __REALTIME_TIMESTAMP: {time:?} {error}"))?;
        let precision = fupan_model::Precision::Exact;
        builder.set_timestamp(crate::time::ParsedInstant { at, assumed_zone: false, precision });
        let mut column = |field, key: &'static str, text: Option<&'b str>| {
            if let Some(text) = text {
                builder.put(Some(Target::mapped(field)), key.into(), Value::Text(text.into()));
            }
        };
        column(Field::Observed, "observed_timestamp", received.filter(|_| received != written));
        let level = self.text("PRIORITY").and_then(|number| number.parse::<usize>().ok());
        column(Field::Severity, "severity_text", level.and_then(|level| SEVERITIES.get(level).copied()));
        column(Field::Service, "service_name", self.service());
        column(Field::Host, "host_name", self.text("_HOSTNAME"));
        if let Some(message) = &self.message
            && !put_json(builder, keys, message)
        {
            put_body(builder, message);
        }
        for (key, field) in &self.fields {
            if !TAKEN.contains(&key.as_ref()) {
                let text = field.all.unwrap_or(&field.text);
                builder.put(None, Cow::Borrowed(key), Value::Text(text.into()));
            }
        }
        Ok(())
    }
}

/// None for null.
fn field(raw: &str) -> Option<Held<'_>> {
    let Value::Json(list) = scalar(raw)? else {
        return Some(Held { text: scalar(raw)?.into_text(), all: None });
    };
    let values: Vec<&str> = elements(list).filter_map(Result::ok).collect();
    let bytes: Option<Vec<u8>> = values.iter().map(|value| value.parse().ok()).collect();
    if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
        // Bytes that are no text stay the numbers that they are.
        let text = String::from_utf8(bytes).map(|text| without_colours(&text).into_owned());
        return Some(Held { text: text.map_or(Cow::Borrowed(list), Cow::Owned), all: None });
    }
    let first = values.first().and_then(|value| field(value)).map(|field| field.text);
    Some(Held { text: first.unwrap_or_default(), all: Some(list) })
}

/// Fields that have columns of their own.
const TAKEN: [&str; 4] = ["__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP", "PRIORITY", "_HOSTNAME"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    fn decode(text: &str) -> Collected {
        Collected::from(&Journald, text.as_bytes())
    }

    #[test]
    fn an_entry_of_the_journal() {
        let found = decode(concat!(
            r#"{"__REALTIME_TIMESTAMP":"1793849103250001","_SOURCE_REALTIME_TIMESTAMP":"1793849103250000","#,
            r#""PRIORITY":"3","_SYSTEMD_UNIT":"pay.service","SYSLOG_IDENTIFIER":"java","_HOSTNAME":"web-1","#,
            r#""MESSAGE":"charge failed","_PID":"42","CODE_LINE":null}"#,
        ));
        let log = &found.logs[0];
        assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:25:03.250Z");
        assert_eq!(log.observed_timestamp.map(|at| at.0 - log.timestamp.0), Some(1));
        assert_eq!((log.severity_number, log.severity_text.as_deref()), (Some(17), Some("err")));
        assert_eq!((log.service_name.as_deref(), log.host_name.as_deref()), (Some("pay"), Some("web-1")));
        assert_eq!(log.body.as_deref(), Some("charge failed"));
        assert!(found.attributes(0).contains(&("_PID", "42")));
        assert!(found.attributes(0).contains(&("SYSLOG_IDENTIFIER", "java")));
    }

    #[test]
    fn a_message_may_be_its_bytes() {
        let line = |message: &str| {
            decode(&format!("{{\"__REALTIME_TIMESTAMP\":\"1793849103250000\",\"MESSAGE\":{message}}}"))
        };
        // ESC [ 3 1 m 支 ESC [ 0 m
        let found = line("[27,91,51,49,109,230,148,175,27,91,48,109]");
        assert_eq!(found.logs[0].body.as_deref(), Some("支"));
        // No text at all is not made into one.
        assert_eq!(line("[255,254]").logs[0].body.as_deref(), Some("[255,254]"));
        assert_eq!(line("null").logs[0].body, None);
        let found = line("\"{\\\"level\\\":\\\"warn\\\",\\\"msg\\\":\\\"slow\\\",\\\"k\\\":\\\"v\\\"}\"");
        assert_eq!((found.logs[0].body.as_deref(), found.logs[0].severity_number), (Some("slow"), Some(13)));
    }

    #[test]
    fn repeated_fields_are_arrays() {
        let found = decode(concat!(
            r#"{"__REALTIME_TIMESTAMP":"1793849103250000","_SYSTEMD_UNIT":["pay.service","x.service"],"#,
            r#""MESSAGE":"m","TAG":["a","b"]}"#,
        ));
        assert_eq!(found.logs[0].service_name.as_deref(), Some("pay"));
        assert!(found.attributes(0).contains(&("TAG", "[\"a\",\"b\"]")));
    }

    #[test]
    fn services_by_the_best_name_there_is() {
        for (fields, service) in [
            (r#""_SYSTEMD_UNIT":"docker.service","CONTAINER_NAME":"pay""#, Some("pay")),
            (r#""_SYSTEMD_UNIT":"user@1000.service","_SYSTEMD_USER_UNIT":"sync.service""#, Some("sync")),
            (r#""_SYSTEMD_UNIT":"session-3.scope","SYSLOG_IDENTIFIER":"sudo""#, Some("sudo")),
            (r#""_COMM":"cron""#, Some("cron")),
            (r#""X":"y""#, None),
        ] {
            let found = decode(&format!("{{\"__REALTIME_TIMESTAMP\":\"1793849103250000\",{fields}}}"));
            assert_eq!(found.logs[0].service_name.as_deref(), service, "{fields}");
        }
    }

    #[test]
    fn an_entry_without_a_time_is_rejected() {
        let found = decode("{\"MESSAGE\":\"m\"}\n{\"__REALTIME_TIMESTAMP\":\"soon\"}\n{\"__REALTIME");
        assert_eq!(found.rejects.len(), 3);
        assert!(found.rejects[0].1.contains("no time"));
        assert!(found.rejects[2].1.contains("cut off"));
    }
}
