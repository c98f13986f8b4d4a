//! Events of `CloudWatch` Logs: what `filter-log-events` and `get-log-events` answer, what subscriptions
//! deliver, and the answers of Logs Insights.
//!
//! Times are milliseconds. A message is read like a line of its program (JSON, logfmt or text with a
//! level); its time is that of the event. Where nothing else names the service, the last part of the log
//! group does (`/aws/lambda/pay`). Source: `CloudWatch` Logs API reference, "Real-time processing of log data".

use std::borrow::Cow;

use chrono_tz::Tz;

use super::embedded;
use super::json_records::elements;
use super::log_builder::LogBuilder;
use super::log_fields::{Field, KeyCache, Target};
use super::wrapped::{Entries, Entry, entries_of, framing, member, walk};
use crate::json::{Value, scalar, visit_members};
use crate::time::{ParsedInstant, parse_instant};
use crate::{Chunk, DecodeOptions, Decoder, Framing, RecordSink, limits};

pub(crate) struct CloudwatchLogs {
    framing: Framing,
    zone: Tz,
}

impl CloudwatchLogs {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        Self { framing: framing(head), zone: options.zone }
    }
}

/// Where the events come from, as their answer says.
#[derive(Debug, Clone, Default)]
struct Around<'a> {
    group: Cow<'a, str>,
    stream: Cow<'a, str>,
    /// Pairs of field and value, as Insights answers.
    is_insight: bool,
}

impl Decoder for CloudwatchLogs {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn record_bytes_max(&self) -> usize {
        if self.framing == Framing::Lines { limits::OTLP_LINE_BYTES_MAX } else { limits::DOCUMENT_BYTES_MAX }
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let mut keys = KeyCache::default();
        let check = |entry: &Entry<'_, Around<'_>>| Event::read(entry.raw, &entry.around)?.time().map(drop);
        walk(self.framing, chunk, sink, &entries, &check, &mut |place, entry, sink| {
            let event = Event::read(entry.raw, &entry.around)?;
            let mut builder = LogBuilder::new();
            event.put(&mut builder, &mut keys)?;
            let (record, _) = builder.finish(self.zone)?;
            sink.log(place, record);
            Ok(())
        });
    }
}

/// Keys of the list of events, the best first.
const LISTS: [&str; 3] = ["events", "logEvents", "results"];

fn entries(text: &str) -> Result<Entries<'_, Around<'_>>, String> {
    let text = text.trim();
    let mut found = Vec::new();
    if text.starts_with('[') {
        crate::json::check_depth(text)?;
        entries_of(text, &Around::default(), &mut found);
        return Ok(found);
    }
    let mut around = Around::default();
    let mut lists: [Option<&str>; LISTS.len()] = [None; LISTS.len()];
    let mut is_control = false;
    visit_members(text, &mut |key, raw| {
        let string = || scalar(raw).map(Value::into_text).unwrap_or_default();
        match key.as_ref() {
            "logGroup" => around.group = string(),
            "logGroupName" if around.group.is_empty() => around.group = string(),
            "logStream" => around.stream = string(),
            // A control message of a subscription holds nothing that happened.
            "messageType" => is_control = string() == "CONTROL_MESSAGE",
            _ if raw.starts_with('[') => {
                if let Some((_, slot)) = LISTS.iter().zip(&mut lists).find(|(name, _)| **name == key) {
                    *slot = Some(raw);
                }
            }
            _ => {}
        }
    })?;
    if is_control {
        return Ok(found);
    }
    if let Some((name, list)) = LISTS.iter().zip(lists).find_map(|(name, list)| Some((*name, list?))) {
        around.is_insight = name == "results";
        entries_of(list, &around, &mut found);
        return Ok(found);
    }
    found.push(Ok(Entry { raw: text, around }));
    Ok(found)
}

/// One event: its known fields, and all others.
#[derive(Debug, Default)]
struct Event<'a> {
    time: Option<Cow<'a, str>>,
    ingested: Option<Cow<'a, str>>,
    message: Option<Cow<'a, str>>,
    group: Cow<'a, str>,
    stream: Cow<'a, str>,
    others: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl<'a> Event<'a> {
    fn read(raw: &'a str, around: &Around<'a>) -> Result<Self, String> {
        let mut event =
            Self { group: around.group.clone(), stream: around.stream.clone(), ..Self::default() };
        if around.is_insight {
            for pair in elements(raw) {
                let pair = pair?;
                let text = |key| Ok::<_, String>(member(pair, key)?.and_then(scalar));
                if let (Some(field), Some(value)) = (text("field")?, text("value")?) {
                    event.take(field.into_text(), value);
                }
            }
        } else {
            visit_members(raw, &mut |key, raw| {
                if let Some(value) = scalar(raw) {
                    event.take(key, value);
                }
            })?;
        }
        Ok(event)
    }

    fn take(&mut self, key: Cow<'a, str>, value: Value<'a>) {
        match key.as_ref() {
            "timestamp" | "@timestamp" => self.time = Some(value.into_text()),
            "ingestionTime" | "@ingestionTime" => self.ingested = Some(value.into_text()),
            "message" | "@message" => self.message = Some(value.into_text()),
            "logStreamName" | "@logStream" => self.stream = value.into_text(),
            "logGroupName" | "@log" => self.group = value.into_text(),
            _ => self.others.push((key, value)),
        }
    }

    fn time(&self) -> Result<ParsedInstant, String> {
        let time = self.time.as_deref().ok_or("no time: the event has no timestamp")?;
        // Insights writes UTC without saying so.
        let read = parse_instant(time, Tz::UTC).map_err(|error| format!("the time {time:?} {error}"))?;
        Ok(ParsedInstant { assumed_zone: false, ..read })
    }

    fn put<'b>(&'b self, builder: &mut LogBuilder<'b>, keys: &mut KeyCache) -> Result<(), String> {
        builder.set_timestamp(self.time()?);
        if let Some(ingested) = &self.ingested {
            let target = Target::mapped(Field::Observed);
            builder.put(Some(target), "observed_timestamp".into(), Value::Text(ingested.as_ref().into()));
        }
        if let Some(message) = &self.message {
            embedded::put_message(builder, keys, message.trim_end());
        }
        // `owner:/aws/lambda/pay` in Insights.
        let group = self.group.rsplit(':').next().unwrap_or_default();
        if let Some(service) = group.rsplit('/').next().filter(|name| !name.is_empty()) {
            let last = Target { rank: 200, is_vague: true, ..Target::mapped(Field::Service) };
            builder.put(Some(last), "log_group_service".into(), Value::Text(service.into()));
        }
        for (key, text) in [("aws.log.group.name", group), ("aws.log.stream.name", self.stream.as_ref())] {
            if !text.is_empty() {
                builder.put(None, key.into(), Value::Text(text.into()));
            }
        }
        for (key, value) in &self.others {
            builder.put(None, Cow::Borrowed(key), value.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "events.json");
        Collected::from(&CloudwatchLogs::open(text.as_bytes(), &options), text.as_bytes())
    }

    #[test]
    fn events_of_a_filter() {
        let found = decode(concat!(
            "{\n\"events\": [\n",
            r#"{"logStreamName":"s1","timestamp":1793849103250,"message":"{\"level\":\"error\",\"msg\":\"charge failed\",\"service\":\"pay\",\"timestamp\":\"x\"}\n","ingestionTime":1793849104250,"eventId":"e1"},"#,
            r#"{"logStreamName":"s1","timestamp":1793849103251,"message":"2026-11-05T03:25:03.251Z\t0a1b2c3d-0000-4000-8000-0123456789ab\tWARN\tslow\n"},"#,
            r#"{"logStreamName":"s1","message":"no time"}"#,
            "],\"searchedLogStreams\":[]}",
        ));
        let log = &found.logs[0];
        assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:25:03.250Z");
        assert_eq!(log.observed_timestamp.map(|at| at.0 - log.timestamp.0), Some(1_000_000));
        assert_eq!((log.severity_number, log.body.as_deref()), (Some(17), Some("charge failed")));
        assert_eq!(log.service_name.as_deref(), Some("pay"));
        // The time inside of the message stays an attribute.
        assert!(found.attributes(0).contains(&("timestamp", "x")));
        assert!(found.attributes(0).contains(&("eventId", "e1")));
        assert_eq!((found.logs[1].severity_number, found.logs[1].body.as_deref()), (Some(13), Some("slow")));
        assert!(
            found.attributes(1).contains(&("faas.invocation_id", "0a1b2c3d-0000-4000-8000-0123456789ab"))
        );
        assert_eq!((found.rejects.len(), found.rejects[0].0.record), (1, 3));
    }

    #[test]
    fn subscriptions_name_their_group() {
        let line = r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"/aws/lambda/pay","logStream":"s","logEvents":[{"id":"1","timestamp":1793849103250,"message":"[ERROR] charge failed"},{"id":"2","timestamp":1793849103250,"message":"b"}]}"#;
        let found =
            decode(&format!("{line}\n{{\"messageType\":\"CONTROL_MESSAGE\",\"logEvents\":[]}}\n{line}\n"));
        assert_eq!((found.logs.len(), found.rejects.len()), (4, 0));
        assert_eq!(found.logs[0].service_name.as_deref(), Some("pay"));
        assert_eq!(
            (found.logs[0].severity_number, found.logs[0].body.as_deref()),
            (Some(17), Some("charge failed"))
        );
        assert_eq!(found.places.iter().map(|place| place.record).collect::<Vec<_>>(), [1, 1, 3, 3]);
    }

    #[test]
    fn insights_answer_pairs() {
        let found = decode(concat!(
            r#"{"results":[[{"field":"@timestamp","value":"2026-11-05 03:05:03.250"},{"field":"@message","value":"x"},"#,
            r#"{"field":"@log","value":"123:/ecs/cart"},{"field":"@ptr","value":"p"}]],"status":"Complete"}"#,
        ));
        assert_eq!(found.logs[0].timestamp.to_rfc3339(), "2026-11-05T03:05:03.250Z");
        assert_eq!(found.logs[0].service_name.as_deref(), Some("cart"));
        assert_eq!(found.assumed_zone, 0);
    }
}
