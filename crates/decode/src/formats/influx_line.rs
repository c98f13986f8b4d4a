//! `InfluxDB` line protocol: `measurement,tag=value field=1i,other=2.5 1793849103000000000`.
//!
//! Source: <https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/>. A field is a metric
//! named `measurement_field` (`measurement` alone for a field named `value`), as Prometheus' exporters
//! name it. Texts are no metrics and stay out of the series; a line with nothing else is rejected. The
//! protocol counts time in nanoseconds, exports also in coarser units: the magnitude tells which. A text
//! with a line feed inside is not read.

use std::borrow::Cow;
use std::collections::BTreeMap;

use fupan_model::{MetricPoint, Micros};

use super::log_fields::KeyCache;
use super::metric_labels::series;
use super::{text_of, walk_text};
use crate::framing::Records;
use crate::time::{EpochUnit, parse_epoch};
use crate::{Chunk, Decoder, Framing, RecordSink, limits};

pub(crate) struct InfluxLine {
    pub(crate) written_at: Option<Micros>,
}

impl Decoder for InfluxLine {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let mut keys = KeyCache::default();
        walk_text(Framing::Lines, 0, chunk, limits::LINE_BYTES_MAX, sink, &mut |place, text, sink| {
            let Some(line) = read(text)? else { return Ok(()) };
            let timestamp = match line.timestamp {
                Some(text) => parse_epoch(text, EpochUnit::ByMagnitude)
                    .map_err(|error| format!("the timestamp {:?} {error}", text_of(text)))?,
                None => self
                    .written_at
                    .ok_or("the line has no timestamp, and nobody knows when it was written")?,
            };
            if line.values.is_empty() {
                return Err("the line holds texts only, no metric".to_owned());
            }
            let tags: BTreeMap<_, _> = line.tags.into_iter().collect();
            let template = MetricPoint { timestamp, ..series(Cow::Borrowed(""), tags, &mut keys) };
            for (field, value) in line.values {
                let metric_name = match field.as_ref() {
                    "value" => line.measurement.clone(),
                    field => Cow::Owned([&line.measurement, "_", field].concat()),
                };
                sink.metric(place, MetricPoint { metric_name, value, ..template.clone() });
            }
            Ok(())
        });
    }
}

/// A line: its numbers and truth values; texts are left out.
struct Line<'a> {
    measurement: Cow<'a, str>,
    tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    values: Vec<(Cow<'a, str>, f64)>,
    timestamp: Option<&'a str>,
}

fn read(text: &str) -> Result<Option<Line<'_>>, String> {
    let text = text.trim();
    if text.starts_with('#') {
        return Ok(None);
    }
    let shape = || format!("no line protocol: {:?}", text_of(text));
    let mut cursor = Cursor { rest: text };
    let measurement = cursor.until(b", ").filter(|name| !name.is_empty()).ok_or_else(shape)?;
    let mut tags = Vec::new();
    while cursor.skip(b',') {
        let key = cursor.until(b"= ,").filter(|key| !key.is_empty()).ok_or_else(shape)?;
        if !cursor.skip(b'=') {
            return Err(format!("the tag {:?} has no value", text_of(&key)));
        }
        tags.push((key, cursor.until(b", ").ok_or_else(shape)?));
    }
    if !cursor.skip(b' ') {
        return Err("the line has no fields".to_owned());
    }
    cursor.rest = cursor.rest.trim_start_matches(' ');
    let mut values = Vec::new();
    loop {
        let key = cursor.until(b"= ,").filter(|key| !key.is_empty()).ok_or_else(shape)?;
        if !cursor.skip(b'=') {
            return Err(format!("the field {:?} has no value", text_of(&key)));
        }
        values.extend(cursor.field_value(&key)?.map(|value| (key, value)));
        if !cursor.skip(b',') {
            break;
        }
    }
    let timestamp = cursor.rest.trim();
    if !timestamp.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return Err(format!("the timestamp {:?} is no number", text_of(timestamp)));
    }
    let timestamp = Some(timestamp).filter(|text| !text.is_empty());
    Ok(Some(Line { measurement, tags, values, timestamp }))
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn skip(&mut self, byte: u8) -> bool {
        let rest = self.rest.strip_prefix(char::from(byte));
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// The text up to one of `ends` (or the end of the line), with escapes undone.
    fn until(&mut self, ends: &[u8]) -> Option<Cow<'a, str>> {
        let mut is_escaped = false;
        let end = self.rest.bytes().position(|byte| {
            let is_end = !is_escaped && ends.contains(&byte);
            is_escaped = byte == b'\\' && !is_escaped;
            is_end
        });
        let (taken, rest) = self.rest.split_at_checked(end.unwrap_or(self.rest.len()))?;
        self.rest = rest;
        Some(unescape(taken))
    }

    /// A number or truth value; none for a text.
    fn field_value(&mut self, key: &str) -> Result<Option<f64>, String> {
        if let Some(inner) = self.rest.strip_prefix('"') {
            let mut is_escaped = false;
            let end = inner.bytes().position(|byte| {
                let is_end = byte == b'"' && !is_escaped;
                is_escaped = byte == b'\\' && !is_escaped;
                is_end
            });
            let end = end.ok_or_else(|| format!("the text of {:?} is not closed", text_of(key)))?;
            self.rest = inner.get(end + 1..).unwrap_or_default();
            return Ok(None);
        }
        let raw = self.until(b", ").unwrap_or_default();
        let number = match raw.as_ref() {
            "t" | "T" | "true" | "True" | "TRUE" => Some(1.0),
            "f" | "F" | "false" | "False" | "FALSE" => Some(0.0),
            // Whole numbers beyond 2^53 lose their last digits: a metric is a double.
            raw => match raw.strip_suffix('i').or_else(|| raw.strip_suffix('u')) {
                Some(digits) => digits.parse::<i128>().ok().map(|number| number as f64),
                None => raw.parse::<f64>().ok().filter(|number| number.is_finite()),
            },
        };
        number
            .map(Some)
            .ok_or_else(|| format!("the value {:?} of {:?} is no number", text_of(&raw), text_of(key)))
    }
}

/// `\,`, `\=`, `\ ` and `\\`; any other backslash is one.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letters.peek() {
            Some(next @ (',' | '=' | ' ' | '\\')) if letter == '\\' => {
                plain.push(*next);
                letters.next();
            }
            _ => plain.push(letter),
        }
    }
    Cow::Owned(plain)
}

/// One broken line among so many good ones spoils no file.
const BROKEN_SHARE: usize = 3;

/// Why the head is line protocol, if it is.
pub(crate) fn recognise(head: &[u8]) -> Option<&'static str> {
    let end = head.iter().rposition(|byte| *byte == b'\n').map_or(head.len(), |at| at + 1);
    let (mut lines, mut broken) = (0, 0);
    for record in Records::new(Framing::Lines, head.get(..end)?).take(limits::HEAD_RECORDS_MAX) {
        let line = match read(std::str::from_utf8(record.bytes).ok()?) {
            Ok(None) => continue,
            Ok(Some(line)) => line,
            Err(_) => {
                broken += 1;
                continue;
            }
        };
        // `a=1 b=2` is what loggers write: a measurement has no `=`, and a time or tags tell.
        let has_time = line.timestamp.is_some_and(|text| text.len() >= 10);
        let is_plain = !has_time && line.tags.is_empty();
        if line.measurement.contains('=') || is_plain {
            broken += 1;
        } else {
            lines += 1;
        }
    }
    (lines > BROKEN_SHARE * broken)
        .then_some("its lines are InfluxDB line protocol: measurement,tags fields timestamp")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    const LINES: &str = include_str!("../../fixtures/influx-line/points.lp");

    fn decode(text: &str) -> Collected {
        Collected::from(&InfluxLine { written_at: None }, text.as_bytes())
    }

    #[test]
    fn suffixes_escapes_and_texts() {
        let found = decode(LINES);
        let points: Vec<String> = found
            .metrics
            .iter()
            .map(|point| format!("{} {} {}", point.metric_name, point.value, point.timestamp.to_rfc3339()))
            .collect();
        assert_eq!(
            points,
            [
                "cpu_idle 98.5 2026-11-05T03:25:03.250Z",
                "cpu_cores 8 2026-11-05T03:25:03.250Z",
                "cpu_ticks 18446744073709552000 2026-11-05T03:25:03.250Z",
                "cpu_throttled 1 2026-11-05T03:25:03.250Z",
                "pool size 64 2026-11-05T03:25:04Z",
                "pool size_max 0.5 2026-11-05T03:25:05Z",
            ]
        );
        assert_eq!(found.metrics[0].host_name.as_deref(), Some("web 1,a=b"));
        assert_eq!(found.metrics[4].attributes, [("pool name".into(), "pay\\x".into())]);
        let reasons: Vec<&str> = found.rejects.iter().map(|reject| reject.1.as_str()).collect();
        assert_eq!(
            reasons,
            [
                "the line holds texts only, no metric",
                "the line has no timestamp, and nobody knows when it was written",
                "the value \"1.5x\" of \"a\" is no number",
            ]
        );
    }

    #[test]
    fn units_of_time_by_magnitude() {
        for stamp in ["1793849103250000000", "1793849103250000", "1793849103250"] {
            let found = decode(&format!("m,a=b f=1 {stamp}"));
            assert_eq!(found.metrics[0].timestamp.to_rfc3339(), "2026-11-05T03:25:03.250Z");
        }
        assert_eq!(decode("m,a=b f=1 1793849103").metrics[0].timestamp.to_rfc3339(), "2026-11-05T03:25:03Z");
    }

    #[test]
    fn what_loggers_write_is_no_line_protocol() {
        assert!(recognise(LINES.lines().take(3).collect::<Vec<_>>().join("\n").as_bytes()).is_some());
        for text in [
            "a=1 b=2\n",
            "time=1793849103 level=info msg=x\n",
            "level=info msg=\"a b\" 1793849103\n",
            "x y\n",
            "m f=1\n",
        ] {
            assert_eq!(recognise(text.as_bytes()), None, "{text}");
        }
    }
}
