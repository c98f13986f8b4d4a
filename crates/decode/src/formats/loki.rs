//! Streams of Loki: the answer of `query_range`, what is pushed to it, and the lines of `logcli -o jsonl`.
//!
//! A value is `["time in nanoseconds", "line"]`, with structured metadata as a third element where there
//! is any. Labels mean what keys mean in JSON lines; the line itself is read like a line of its program
//! (JSON, logfmt or text with a level), its time being Loki's. Source: Loki HTTP API.

use std::borrow::Cow;
use std::rc::Rc;

use chrono_tz::Tz;

use super::embedded;
use super::json_records::{elements, elements_or_rest};
use super::log_builder::LogBuilder;
use super::log_fields::{Field, KeyCache, Target};
use super::wrapped::{Entries, Entry, entries_of, framing, member, walk};
use crate::json::{Value, scalar, visit_object};
use crate::time::{ParsedInstant, parse_instant};
use crate::{Chunk, DecodeOptions, Decoder, Framing, LINE_NANOSECONDS, RecordSink, limits};

pub(crate) struct Loki {
    framing: Framing,
    zone: Tz,
}

impl Loki {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        Self { framing: framing(head), zone: options.zone }
    }
}

type Fields<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// What an entry is.
#[derive(Debug, Clone)]
enum Shape<'a> {
    /// A value of a stream with these labels, which are read once.
    Value { labels: Rc<Result<Fields<'a>, String>> },
    /// A line of logcli.
    Line,
}

impl Decoder for Loki {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn record_bytes_max(&self) -> usize {
        if self.framing == Framing::Lines { limits::OTLP_LINE_BYTES_MAX } else { limits::DOCUMENT_BYTES_MAX }
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let mut keys = KeyCache::default();
        let check = |entry: &Entry<'_, Shape<'_>>| Parts::of(entry)?.time(self.zone).map(drop);
        walk(self.framing, chunk, sink, &entries, &check, &mut |place, entry, sink| {
            let parts = Parts::of(entry)?;
            let mut builder = LogBuilder::new();
            parts.put(&mut builder, &mut keys, self.zone)?;
            builder.log_to(sink, place, self.zone)
        });
    }
}

fn entries(text: &str) -> Result<Entries<'_, Shape<'_>>, String> {
    let data = member(text, "data")?;
    let streams = match data {
        Some(data) if data.starts_with('{') => member(data, "result")?,
        _ => member(text, "streams")?,
    };
    let Some(streams) = streams.filter(|streams| streams.starts_with('[')) else {
        if member(text, "line")?.is_some() {
            return Ok(vec![Ok(Entry { raw: text.trim(), around: Shape::Line })]);
        }
        return Err("there are neither streams nor a line".to_owned());
    };
    let mut found = Vec::new();
    for stream in elements_or_rest(streams) {
        let piece = stream.as_ref().map_or_else(|(_, rest)| *rest, |stream| *stream);
        let values = stream.map_err(|(reason, _)| reason).and_then(|stream| {
            let labels = member(stream, "stream")?.unwrap_or("{}");
            let mut fields = Vec::new();
            let read = visit_object(labels, &mut |key, value| fields.push((key, value)));
            Ok((read.map(|()| fields), member(stream, "values")?.unwrap_or("[]")))
        });
        match values {
            Ok((labels, values)) => {
                entries_of(values, &Shape::Value { labels: Rc::new(labels) }, &mut found);
            }
            Err(reason) => found.push(Err((reason, piece))),
        }
    }
    Ok(found)
}

/// What an entry consists of.
struct Parts<'a> {
    time: Cow<'a, str>,
    line: Cow<'a, str>,
    /// Of the stream.
    labels: Rc<Result<Fields<'a>, String>>,
    /// Of its own.
    fields: Fields<'a>,
}

impl<'a> Parts<'a> {
    fn of(entry: &Entry<'a, Shape<'a>>) -> Result<Self, String> {
        match &entry.around {
            Shape::Value { labels } => Self::of_value(entry.raw, labels),
            Shape::Line => Self::of_line(entry.raw),
        }
    }

    fn of_value(raw: &'a str, labels: &Rc<Result<Fields<'a>, String>>) -> Result<Self, String> {
        if let Err(reason) = labels.as_ref() {
            return Err(reason.clone());
        }
        let mut elements = elements(raw);
        let mut text = |what: &str| -> Result<Cow<'a, str>, String> {
            let raw = elements.next().ok_or_else(|| format!("the value has no {what}"))??;
            scalar(raw).map(Value::into_text).ok_or_else(|| format!("the {what} is null"))
        };
        let (time, line) = (text("time")?, text("line")?);
        let mut fields = Vec::new();
        if let Some(metadata) = elements.next().transpose()?.filter(|raw| raw.starts_with('{')) {
            visit_object(metadata, &mut |key, value| {
                // Newer servers tell apart where a field comes from.
                let plain = key.strip_prefix("structuredMetadata.").or_else(|| key.strip_prefix("parsed."));
                fields.push((plain.map(|plain| Cow::Owned(plain.to_owned())).unwrap_or(key), value));
            })?;
        }
        Ok(Self { time, line, labels: Rc::clone(labels), fields })
    }

    fn of_line(raw: &'a str) -> Result<Self, String> {
        let (mut time, mut line, mut fields) = (None, None, Vec::new());
        visit_object(raw, &mut |key, value| match key.as_ref() {
            "timestamp" => time = Some(value.into_text()),
            "line" => line = Some(value.into_text()),
            _ => {
                let plain = key.strip_prefix("labels.").map(|plain| Cow::Owned(plain.to_owned()));
                fields.push((plain.unwrap_or(key), value));
            }
        })?;
        let time = time.ok_or("the line has no timestamp")?;
        Ok(Self { time, line: line.unwrap_or_default(), labels: Rc::new(Ok(Vec::new())), fields })
    }

    fn time(&self, zone: Tz) -> Result<ParsedInstant, String> {
        parse_instant(&self.time, zone).map_err(|error| format!("the time {:?} {error}", self.time))
    }

    fn put<'b>(&'b self, builder: &mut LogBuilder<'b>, keys: &mut KeyCache, zone: Tz) -> Result<(), String> {
        builder.set_timestamp(self.time(zone)?);
        embedded::put_message(builder, keys, self.line.trim_end());
        keys.restart();
        let labels = self.labels.as_ref().as_ref().map_or(&[][..], Vec::as_slice);
        for (key, value) in labels.iter().chain(&self.fields) {
            let target = match key.as_ref() {
                // Guessed by Loki from the line, where the line does not say it.
                "detected_level" => Some(Target { rank: 200, ..Target::mapped(Field::Severity) }),
                // Prometheus' word for what runs there.
                "job" => Some(Target { rank: 200, is_vague: true, ..Target::mapped(Field::Service) }),
                key => keys.target(key).filter(|target| target.field != Field::Timestamp),
            };
            builder.put(target, Cow::Borrowed(key), value.clone());
        }
        if let Some(nanoseconds) = below_microseconds(&self.time) {
            builder.put(None, Cow::Borrowed(LINE_NANOSECONDS), Value::Text(Cow::Borrowed(nanoseconds)));
        }
        Ok(())
    }
}

/// The last three of nine decimal places, where they say something.
fn below_microseconds(time: &str) -> Option<&str> {
    let is_count = time.len() == 19 && time.bytes().all(|byte| byte.is_ascii_digit());
    let decimals = if is_count { time.get(10..) } else { time.split_once('.').map(|(_, rest)| rest) };
    let places = decimals?.get(..9).filter(|places| places.bytes().all(|byte| byte.is_ascii_digit()))?;
    places.get(6..).filter(|last| *last != "000")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "loki.json");
        Collected::from(&Loki::open(text.as_bytes(), &options), text.as_bytes())
    }

    #[test]
    fn the_answer_of_a_query() {
        let found = decode(concat!(
            r#"{"status":"success","data":{"resultType":"streams","result":[{"stream":{"app":"pay","pod":"pay-0","detected_level":"info"},"#,
            r#""values":[["1793849103250000001","level=error msg=\"charge failed\" trace_id=t1"],"#,
            r#"["1793849103250000000","plain words",{"user_id":"u1"}],"#,
            r#"["1793849103250000000","{\"msg\":\"j\",\"ts\":\"x\"}",{"structuredMetadata":{"trace_id":"t2"}}]]},"#,
            r#"{"stream":{"job":"shop/cart"},"values":[["1793849104000000000","2026-11-05 11:25:04 WARN slow"]]}],"stats":{}}}"#,
        ));
        assert_eq!(found.rejects, []);
        let log = &found.logs[0];
        assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:25:03.250Z");
        assert_eq!((log.service_name.as_deref(), log.host_name.as_deref()), (Some("pay"), Some("pay-0")));
        assert_eq!((log.body.as_deref(), log.severity_number), (Some("charge failed"), Some(17)));
        assert_eq!(log.trace_id.as_deref(), Some("t1"));
        assert!(found.attributes(0).contains(&("timestamp.nanosecond", "001")));
        assert!(!found.attributes(1).iter().any(|(key, _)| *key == "timestamp.nanosecond"));
        let log = &found.logs[1];
        assert_eq!((log.body.as_deref(), log.severity_number), (Some("plain words"), Some(9)));
        assert_eq!(log.user_id.as_deref(), Some("u1"));
        assert_eq!(
            (found.logs[2].body.as_deref(), found.logs[2].trace_id.as_deref()),
            (Some("j"), Some("t2"))
        );
        let log = &found.logs[3];
        assert_eq!((log.service_name.as_deref(), log.severity_number), (Some("shop/cart"), Some(13)));
        assert_eq!((log.body.as_deref(), found.places[3].record), (Some("slow"), 4));
    }

    #[test]
    fn what_is_below_a_microsecond() {
        for (time, nanoseconds) in [
            ("1793849103250000001", Some("001")),
            ("1793849103250000000", None),
            ("2026-11-05T11:05:03.000000042+08:00", Some("042")),
            ("2026-11-05T11:05:03.25Z", None),
            ("1793849103", None),
        ] {
            assert_eq!(below_microseconds(time), nanoseconds, "{time}");
        }
    }

    #[test]
    fn pushed_streams_and_lines_of_logcli() {
        let found = decode(
            "{\"streams\":[{\"stream\":{\"app\":\"a\"},\"values\":[[\"1793849103000000000\",\"x\"]]}]}\n{\"streams\":[{\"stream\":{},\"values\":[[\"soon\",\"y\"]]}]}\n",
        );
        assert_eq!((found.logs.len(), found.rejects[0].0.record), (1, 2));
        let found = decode(
            "{\"labels\":{\"app\":\"a\"},\"line\":\"x\",\"timestamp\":\"2026-11-05T11:05:03+08:00\"}\n{\"labels\":{},\"line\":\"y\",\"timestamp\":\"2026-11-05T11:05:04+08:00\"}",
        );
        assert_eq!((found.logs.len(), found.logs[0].service_name.as_deref()), (2, Some("a")));
    }

    #[test]
    fn one_bad_value_spoils_no_other() {
        let found = decode(
            r#"{"data":{"result":[{"stream":{},"values":[["soon","x"],["1793849103000000000"],["1793849103000000000","y"]]}]}}"#,
        );
        assert_eq!((found.logs.len(), found.rejects.len()), (1, 2));
        assert!(found.rejects[0].1.contains("not a time"));
        assert!(found.rejects[1].1.contains("no line"));
        let found = decode(r#"{"data":{"result":[{"stream":{},"values":[["1793849103000000000","x"],["17"#);
        assert_eq!((found.logs.len(), found.rejects.len()), (0, 1));
    }
}
