//! Lines that a container wrote, as Docker keeps them: `{"log":"…\n","stream":"stdout","time":"…"}`.
//!
//! The line is read like one of its program (JSON, logfmt or text with a level); the time is Docker's, one
//! inside of the line stays an attribute. Collectors add what they know beside it.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::embedded::put_message;
use super::log_builder::LogBuilder;
use super::log_fields::KeyCache;
use super::{text_of, walk_text};
use crate::framing::{Records, unpadded};
use crate::json::visit_object;
use crate::time::parse_instant;
use crate::{Chunk, Decoder, Framing, RecordSink, limits};

pub(crate) struct Docker {
    pub(crate) zone: Tz,
}

/// Whether the first line is one of Docker's.
pub(crate) fn looks_like(head: &[u8]) -> bool {
    let first = Records::new(Framing::Lines, unpadded(head)).next();
    let Some(line) = first.and_then(|line| std::str::from_utf8(line.bytes).ok()) else { return false };
    let (mut log, mut stream, mut time) = (false, false, false);
    let read = visit_object(line, &mut |key, value| match key.as_ref() {
        "log" => log = true,
        "stream" => stream = matches!(value.as_text(), "stdout" | "stderr"),
        "time" => time = true,
        _ => {}
    });
    read.is_ok() && log && stream && time
}

impl Decoder for Docker {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let mut keys = KeyCache::default();
        walk_text(Framing::Lines, 0, chunk, limits::LINE_BYTES_MAX, sink, &mut |place, line, sink| {
            let (mut message, mut time): (Cow<'_, str>, Option<Cow<'_, str>>) = (Cow::Borrowed(""), None);
            let mut others = Vec::new();
            visit_object(line, &mut |key, value| match key.as_ref() {
                "log" => message = value.into_text(),
                "time" => time = Some(value.into_text()),
                _ => others.push((key, value)),
            })?;
            let time = time.ok_or("no time: none of its keys is one such as timestamp, time or ts")?;
            let at = parse_instant(&time, self.zone)
                .map_err(|error| format!("the time {:?} {error}", text_of(&time)))?;
            let mut builder = LogBuilder::new();
            builder.set_timestamp(at);
            put_message(&mut builder, &mut keys, message.trim_end_matches(['\r', '\n']));
            keys.restart();
            for (key, value) in others {
                builder.put(keys.target(&key), key, value);
            }
            builder.log_to(sink, place, self.zone)
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::formats::testing::Collected;
    use crate::{DecodeOptions, InputFormat, detect, open};

    #[test]
    fn the_line_is_read_like_one_of_its_program() {
        let text = concat!(
            r#"{"log":"{\"level\":\"error\",\"service\":\"pay\",\"msg\":\"pool \\\"main\\\" is full\",\"time\":\"2026-11-05T03:05:02Z\"}\n","stream":"stderr","time":"2026-11-05T03:05:03.25Z"}"#,
            "\n",
            r#"{"log":"2026-11-05 03:05:02 WARN slow answer\n","stream":"stdout","time":"2026-11-05T03:05:04Z","kubernetes":{"pod_name":"pay-64469b5b48-25zj6"}}"#,
            "\n",
            r#"{"log":"plain words\r\n","stream":"stdout","time":"2026-11-05T03:05:05Z"}"#,
            "\n",
            r#"{"log":"no time\n","stream":"stdout"}"#,
            "\n",
        );
        let options = DecodeOptions::new(chrono_tz::UTC, "pay-json.log");
        let detection = detect(text.as_bytes(), true, &options).unwrap();
        assert_eq!(detection.format, InputFormat::JsonLines);
        let decoder = open(&detection, text.as_bytes(), &options).unwrap();
        let found = Collected::from(decoder.as_ref(), text.as_bytes());
        let log = &found.logs[0];
        assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:05:03.250Z");
        assert_eq!((log.severity_number, log.service_name.as_deref()), (Some(17), Some("pay")));
        assert_eq!(log.body.as_deref(), Some("pool \"main\" is full"));
        assert!(found.attributes(0).contains(&("stream", "stderr")));
        assert!(found.attributes(0).contains(&("time", "2026-11-05T03:05:02Z")));
        let log = &found.logs[1];
        assert_eq!((log.severity_number, log.service_name.as_deref()), (Some(13), Some("pay")));
        assert_eq!(found.logs[2].body.as_deref(), Some("plain words"));
        assert!(found.rejects[0].1.contains("no time"));
    }
}
