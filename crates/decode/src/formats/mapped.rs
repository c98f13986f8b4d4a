//! Sources that are read with a mapping file: unwrap, rename, then as any other source.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::json_records::{framing_of, walk_json};
use super::log_builder::LogBuilder;
use super::log_fields::{KeyCache, Target, column_of, default_target, field_by_column};
use super::pairs::Pairs;
use super::table::Table;
use super::traces::span_of;
use super::{mapped_events, mapped_metrics};
use super::{text_of, walk_text};
use crate::framing::Records;
use crate::json::{Value, visit_object};
use crate::mapping::personal::{PersonalFields, Replaced};
use crate::mapping::{Mapping, MappingTarget, MultiLine, Unwrap};
use crate::time::ParsedInstant;
use crate::{
    Chunk, DecodeError, DecodeOptions, Decoder, Framing, Header, Place, RecordSink, RecordStart,
    count_records, limits,
};
use regex::Regex;

pub(crate) struct Mapped {
    mapping: Mapping,
    /// None for JSON.
    table: Option<Table>,
    framing: Framing,
    zone: Tz,
    personal: Option<PersonalFields>,
}

impl Mapped {
    pub(crate) fn open(mapping: &Mapping, head: &[u8], options: &DecodeOptions) -> Result<Self, DecodeError> {
        let table = mapping.is_csv().then(|| Table::read(head, mapping.format().as_str())).transpose()?;
        let framing = match (&table, mapping.text()) {
            (Some(table), _) => table.framing(),
            (None, Some(text)) => text_framing(text.multi_line, head),
            (None, None) => framing_of(head, &mapping.list.iter().map(String::as_str).collect::<Vec<_>>()),
        };
        if let Some(table) = &table {
            check_columns(mapping, table)?;
        }
        let key = || match &options.pseudonyms {
            Some(source) => source.key().cloned(),
            None => Err("it calls fields personal, and there is no key for their pseudonyms".to_owned()),
        };
        let personal = PersonalFields::of(mapping, key)
            .map_err(|reason| DecodeError::Mapping { name: mapping.name.clone(), reason })?;
        let zone = mapping.zone.unwrap_or(options.zone);
        Ok(Self { zone, mapping: mapping.clone(), table, framing, personal })
    }
}

/// A column that the mapping names and the table lacks is a mistake, unless an unwrap step makes it.
fn check_columns(mapping: &Mapping, table: &Table) -> Result<(), DecodeError> {
    if !mapping.unwrap.is_empty() {
        return Ok(());
    }
    let wanted =
        mapping.fields.iter().map(|rule| &rule.from).chain(mapping.time.iter().map(|time| &time.field));
    for name in wanted {
        if !table.names.contains(name) {
            return Err(DecodeError::Mismatch {
                format: mapping.format().as_str(),
                reason: format!(
                    "the mapping {} needs the column {name:?}; the header is {}",
                    mapping.name,
                    table.names.join(", ")
                ),
            });
        }
    }
    Ok(())
}

/// Without a word of the mapping, lines are joined by what the first one begins with.
fn text_framing(multi_line: MultiLine, head: &[u8]) -> Framing {
    let start = match multi_line {
        MultiLine::EachLine => return Framing::Lines,
        MultiLine::Joined(start) => start,
        MultiLine::Auto => {
            let first = Records::new(Framing::Lines, head).next();
            let has_time = first.is_some_and(|line| RecordStart::Time.begins(line.bytes));
            if has_time { RecordStart::Time } else { RecordStart::Unindented }
        }
    };
    Framing::JoinedLines { start }
}

/// The groups of the pattern; a record of which it leaves something out is kept as it was, too.
fn text_fields<'a>(record: &'a str, pattern: &Regex) -> Result<Pairs<'a>, String> {
    let record = record.trim_end();
    let found = pattern.captures(record).ok_or("the record does not have the pattern of the mapping")?;
    let mut pairs = Pairs::default();
    for name in pattern.capture_names().flatten() {
        if let Some(part) = found.name(name) {
            pairs.push(Cow::Owned(name.to_owned()), Value::Text(Cow::Borrowed(part.as_str())));
        }
    }
    if found.get(0).is_none_or(|whole| whole.len() < record.len()) {
        pairs.push(Cow::Borrowed("log.record.original"), Value::Text(Cow::Borrowed(record)));
    }
    Ok(pairs)
}

impl Decoder for Mapped {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn count_records(&self, bytes: &[u8], byte_offset: u64) -> u64 {
        match &self.table {
            Some(table) => table.count_rows(bytes, byte_offset),
            None => count_records(self.framing, bytes),
        }
    }

    fn header(&self) -> Option<Header<'_>> {
        self.table.as_ref().map(Table::header)
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let mut keys = KeyCache::default();
        if let Some(text) = self.mapping.text() {
            return walk_text(
                self.framing,
                0,
                chunk,
                limits::LINE_BYTES_MAX,
                sink,
                &mut |place, record, sink| {
                    self.record(text_fields(record, &text.pattern)?, &mut keys, place, sink)
                },
            );
        }
        match &self.table {
            Some(table) => table.walk(chunk, sink, &mut |place, row, sink| {
                self.record(Pairs::from_row(table, row), &mut keys, place, sink)
            }),
            None => {
                walk_json(
                    self.framing,
                    &self.mapping.list.iter().map(String::as_str).collect::<Vec<_>>(),
                    chunk,
                    limits::LINE_BYTES_MAX,
                    sink,
                    &mut |place, text, sink| self.record(Pairs::from_json(text)?, &mut keys, place, sink),
                );
            }
        }
    }
}

impl Mapped {
    fn record(
        &self,
        mut pairs: Pairs<'_>,
        keys: &mut KeyCache,
        place: Place,
        sink: &mut dyn RecordSink,
    ) -> Result<(), String> {
        for step in &self.mapping.unwrap {
            unwrap(&mut pairs, step)?;
        }
        let time = self.time(&mut pairs)?;
        let mut replaced = Vec::new();
        let mut mapped = self.mapped(&mut pairs, &mut replaced);
        if let Some(personal) = &self.personal {
            hide(personal, &mut pairs, &mut mapped, &mut replaced);
        }
        match self.mapping.target() {
            MappingTarget::Logs => self.log(pairs, mapped, time, keys, place, sink),
            MappingTarget::Spans => {
                for (column, value) in mapped {
                    pairs.push(Cow::Owned(column.to_owned()), value);
                }
                let (span, assumed_zone) = span_of(pairs, time, self.zone)?;
                if assumed_zone {
                    sink.assumed_zone();
                }
                sink.span(place, span);
                Ok(())
            }
            MappingTarget::Metrics => {
                mapped_metrics::send(&self.mapping, self.zone, pairs, mapped, time, place, sink)
            }
            MappingTarget::Events | MappingTarget::Alerts | MappingTarget::Changes => {
                let mapped = mapped.into_iter().map(|(column, value)| (column, value.into_text()));
                mapped_events::send(&self.mapping, self.zone, pairs, mapped, time, place, sink)
            }
        }
    }

    /// The values of the columns that the mapping names.
    fn mapped<'p>(&self, pairs: &mut Pairs<'p>, replaced: &mut Vec<Replaced>) -> Vec<(&str, Value<'p>)> {
        let mut mapped = Vec::new();
        for rule in &self.mapping.fields {
            let value = match &rule.regex {
                // A pattern takes a part; the field itself stays for others.
                Some(regex) => pairs.exact(&rule.from).and_then(|value| {
                    let found = regex.captures(value.as_text())?;
                    found
                        .get(1)
                        .or_else(|| found.get(0))
                        .map(|part| Value::Text(Cow::Owned(part.as_str().to_owned())))
                }),
                None => pairs.take_exact(&rule.from),
            };
            let personal = self.personal.as_ref();
            let personal = personal.filter(|fields| fields.has(&rule.from) || fields.has(&rule.column));
            let value = value.map(|value| match personal {
                Some(fields) => fields.replace(&value, replaced),
                None => value,
            });
            mapped.extend(value.map(|value| (rule.column.as_str(), value)));
        }
        mapped
    }

    fn time(&self, pairs: &mut Pairs<'_>) -> Result<Option<ParsedInstant>, String> {
        let Some(time) = &self.mapping.time else { return Ok(None) };
        let value = pairs
            .take_exact(&time.field)
            .ok_or_else(|| format!("no time: the field {} is missing", time.field))?;
        let text = value.as_text();
        let parsed = time
            .read(text, self.zone)
            .map_err(|error| format!("the time {}: {:?} {error}", time.field, text_of(text)))?;
        Ok(Some(parsed))
    }

    fn log<'a>(
        &'a self,
        pairs: Pairs<'a>,
        mapped: Vec<(&'a str, Value<'a>)>,
        time: Option<ParsedInstant>,
        keys: &mut KeyCache,
        place: Place,
        sink: &mut dyn RecordSink,
    ) -> Result<(), String> {
        let mut builder = LogBuilder::new();
        keys.restart();
        if let Some(time) = time {
            builder.set_timestamp(time);
        }
        for (column, value) in mapped {
            builder.put(field_by_column(column).map(Target::mapped), Cow::Borrowed(column), value);
        }
        for (key, value) in pairs.into_entries() {
            if !key.is_empty() {
                builder.put(keys.target(&key), key, value);
            }
        }
        builder.log_to(sink, place, self.zone)
    }
}

/// Puts pseudonyms in the place of personal values, also where other texts of the record repeat them.
fn hide(
    personal: &PersonalFields,
    pairs: &mut Pairs<'_>,
    mapped: &mut [(&str, Value<'_>)],
    replaced: &mut Vec<Replaced>,
) {
    pairs.replace_values(&mut |key, value| {
        let column = default_target(key).map(|target| column_of(target.field));
        let is_personal = personal.has(key) || column.is_some_and(|column| personal.has(column));
        is_personal.then(|| personal.replace(value, replaced))
    });
    if replaced.is_empty() {
        return;
    }
    let without = |value: &Value<'_>| {
        PersonalFields::without(value.as_text(), replaced).map(|text| Value::Text(Cow::Owned(text)))
    };
    for (_, value) in mapped.iter_mut() {
        if let Some(text) = without(value) {
            *value = text;
        }
    }
    pairs.replace_values(&mut |_, value| without(value));
}

/// Opens a field in place; one of another shape stays as it is.
fn unwrap(pairs: &mut Pairs<'_>, step: &Unwrap) -> Result<(), String> {
    match step {
        Unwrap::Json { field, take } => {
            let Some(text) = pairs.exact(field).map(|value| value.as_text().to_owned()) else {
                return Ok(());
            };
            let mut inner: Vec<(String, String)> = Vec::new();
            visit_object(&text, &mut |key, value| {
                if take.as_ref().is_none_or(|take| *take == key) {
                    inner.push((key.into_owned(), value.into_text().into_owned()));
                }
            })
            .map_err(|reason| format!("the field {field} holds no JSON object: {reason}"))?;
            pairs.take_exact(field);
            for (key, value) in inner {
                pairs.push(Cow::Owned(key), Value::Text(Cow::Owned(value)));
            }
        }
        Unwrap::Pattern { field, regex } => {
            let Some(text) = pairs.exact(field).map(|value| value.as_text().to_owned()) else {
                return Ok(());
            };
            let Some(found) = regex.captures(&text) else { return Ok(()) };
            pairs.take_exact(field);
            for name in regex.capture_names().flatten() {
                if let Some(part) = found.name(name) {
                    pairs
                        .push(Cow::Owned(name.to_owned()), Value::Text(Cow::Owned(part.as_str().to_owned())));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use fupan_redact::{KeySource, PseudonymKey};

    use super::*;
    use crate::formats::testing::Collected;

    fn key() -> PseudonymKey {
        PseudonymKey::new([7; 32])
    }

    fn decode(mapping: &str, text: &str) -> Collected {
        let mut options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "source");
        options.pseudonyms = Some(KeySource::of(key()));
        let mapping = Mapping::parse(mapping).unwrap();
        Collected::from(&Mapped::open(&mapping, text.as_bytes(), &options).unwrap(), text.as_bytes())
    }

    const DOCKER: &str = r#"
name = "docker-in-csv"
table = "logs"
match = { header = ["Timestamp", "PodName", "Log"] }
format = "csv"
unwrap = [
  { field = "Log", as = "json", take = "log" },
  { field = "log", pattern = "%{TIME} %{LOGLEVEL:level}\\s+%{NOTSPACE:logger} %{GREEDYDATA:message}" },
]
time = { field = "TimeUnixNano", epoch = "ns" }
fields = { service_name = { from = "PodName", regex = "^([a-z-]+?)-[0-9a-f]{8,10}-" }, body = "message", trace_id = "TraceID" }
severity = { field = "level" }
personal = ["phone"]
"#;

    #[test]
    fn docker_json_in_a_cell() {
        let found = decode(
            DOCKER,
            concat!(
                "Timestamp,TimeUnixNano,PodName,TraceID,SpanID,Log\n",
                "2026-11-05T08:43:25Z,1793849103207000000,pay-service-64469b5b48-25zj6,t1,s1,\"{\"\"log\"\":\"\"16:43:25.207 WARN  t.s.Pay#457 charged, twice\\n\"\",\"\"stream\"\":\"\"stdout\"\"}\"\n",
                "2026-11-05T08:43:25Z,1793849103207000000,pay-service-64469b5b48-25zj6,t1,s1,\"{\"\"log\"\":\"\"no such shape\"\"}\"\n",
                "2026-11-05T08:43:25Z,1793849103207000000,pay-service-64469b5b48-25zj6,t1,s1,plain\n",
            ),
        );
        let log = &found.logs[0];
        assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:25:03.207Z");
        assert_eq!(
            (log.service_name.as_deref(), log.host_name.as_deref()),
            (Some("pay-service"), Some("pay-service-64469b5b48-25zj6"))
        );
        assert_eq!((log.severity_text.as_deref(), log.severity_number), (Some("WARN"), Some(13)));
        assert_eq!((log.body.as_deref(), log.trace_id.as_deref()), (Some("charged, twice"), Some("t1")));
        assert!(found.attributes(0).contains(&("logger", "t.s.Pay#457")));
        // Text of another shape is still the message.
        assert_eq!(found.logs[1].body.as_deref(), Some("no such shape"));
        assert!(found.rejects[0].1.contains("the field Log holds no JSON object"));
    }

    #[test]
    fn wide_metrics_with_names_in_the_header() {
        let mapping = r#"
name = "per-service"
table = "metrics"
time = { field = "time", epoch = "s" }
wide = { header = "^(?<service_name>[a-z]+)_(?<metric_name>[a-z]+)$", cluster = "Cluster" }
"#;
        let found = decode(mapping, "time,pay_cpu,cart_cpu,Cluster\n1793849103,0.5,,east\n");
        assert_eq!(found.metrics.len(), 1);
        let point = &found.metrics[0];
        assert_eq!(
            (point.metric_name.as_ref(), point.service_name.as_deref(), point.value),
            ("cpu", Some("pay"), 0.5)
        );
        assert_eq!(point.attributes, [("cluster".into(), "east".into())]);
    }

    #[test]
    fn a_clock_of_go_by_its_layout() {
        let mapping = r#"
name = "pods"
table = "metrics"
time = { field = "Time", format = "%Y-%m-%d %H:%M:%S%.f %z UTC m=+%*" }
wide = { header = "^(?<metric_name>[^(]+)\\((?<unit>[^)]+)\\)$", service_name = { from = "PodName", regex = "^(.*)-[0-9a-z]+-[0-9a-z]+$" } }
"#;
        let found = decode(
            mapping,
            "Time,TimeStamp,PodName,Cpu(m)\n2026-11-05 08:41:09.043078357 +0000 UTC m=+0.119240217,1,pay-64469b5b48-25zj6,7.5\n",
        );
        assert_eq!(found.rejects, []);
        let point = &found.metrics[0];
        assert_eq!(
            (point.metric_name.as_ref(), point.unit.as_deref(), point.service_name.as_deref()),
            ("Cpu", Some("m"), Some("pay"))
        );
        assert_eq!(point.timestamp.to_rfc3339(), "2026-11-05T08:41:09.043078Z");
    }

    #[test]
    fn json_lines_spans_and_long_metrics() {
        let found = decode(
            "name = \"es\"\nformat = \"json-lines\"\ntime = { field = \"_source.t\" }\nfields = { body = \"_source.txt\", level2 = \"_source.l\" }\n",
            r#"{"_source":{"t":"2026-11-05 11:05:03","txt":"hi","l":3}}"#,
        );
        assert_eq!((found.logs[0].body.as_deref(), found.assumed_zone), (Some("hi"), 1));
        assert_eq!(found.attributes(0), [("level2", "3")]);

        let found = decode(
            "name = \"s\"\ntable = \"spans\"\nfields = { trace_id = \"T\", span_id = \"S\", span_name = \"N\", duration_ms = \"D\" }\ntime = { field = \"B\", epoch = \"ms\" }\n",
            "T,S,N,B,D,Extra\nt,s,call,1793849103250,4.5,x\n",
        );
        assert_eq!(
            (found.spans[0].span_name.as_deref(), found.spans[0].duration_ms),
            (Some("call"), Some(4.5))
        );
        assert_eq!(found.spans[0].attributes, [("Extra".into(), "x".into())]);

        let found = decode(
            "name = \"m\"\ntable = \"metrics\"\nfields = { metric_name = \"K\", value = \"V\", service_name = \"C\" }\n",
            "time,K,V,C\n1793849103,cpu,1.5,pay\n1793849103,cpu,,pay\n1793849103,cpu,x,pay\n",
        );
        assert_eq!((found.metrics.len(), found.metrics[0].value), (1, 1.5));
        assert_eq!(found.rejects[0].1, "value: \"x\" is no number");
    }

    #[test]
    fn plain_text_by_a_pattern() {
        let mapping = r#"
name = "old-app"
format = "text"
pattern = "^<%{NUMBER:clock}> \\[%{LOGLEVEL:level}\\] user %{WORD:user_id}: %{GREEDYDATA:message}$"
time = { field = "clock", epoch = "s" }
severity = { field = "level" }
"#;
        let text = concat!(
            "<1793849103.25> [WARN] user u1: slow\n",
            "  by 3 s\n",
            "\n",
            "<1793849104> [INFO] user u2: done\r\n",
            "something else\n",
        );
        let found = decode(mapping, text);
        let log = &found.logs[0];
        assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:25:03.250Z");
        assert_eq!((log.severity_number, log.user_id.as_deref()), (Some(13), Some("u1")));
        assert_eq!(log.body.as_deref(), Some("slow\n  by 3 s"));
        assert_eq!(found.logs[1].body.as_deref(), Some("done"));
        assert_eq!(found.rejects[0].1, "the record does not have the pattern of the mapping");
        let each = mapping.replace("format = \"text\"", "format = \"text\"\nmulti_line = \"none\"");
        assert_eq!(decode(&each, text).rejects.len(), 2);
        // What a pattern leaves out is not lost.
        let part = mapping.replace(": %{GREEDYDATA:message}$", "");
        assert!(
            decode(&part, text)
                .attributes(1)
                .contains(&("log.record.original", "<1793849104> [INFO] user u2: done"))
        );
    }

    #[test]
    fn a_column_that_is_not_there_is_told_before_the_first_row() {
        let mapping = Mapping::parse("name = \"x\"\nfields = { body = \"Text\" }").unwrap();
        let options = DecodeOptions::new(chrono_tz::UTC, "source");
        let error = Mapped::open(&mapping, b"time,Txt\n1,a\n", &options).err().unwrap().to_string();
        assert!(error.contains("needs the column \"Text\"; the header is time, Txt"), "{error}");
    }

    #[test]
    fn personal_fields_become_pseudonyms_wherever_they_go() {
        let anna = key().of("anna.li");
        // A column, an attribute in Chinese, all that is nested, and what repeats them.
        let found = decode(
            "name = \"j\"\nformat = \"json-lines\"\npersonal = [\"姓名\", \"login\", \"user\", \"session_id\"]\nfields = { user_id = \"login\" }\n",
            "{\"time\":\"2026-11-05T11:05:03Z\",\"message\":\"anna.li 即张三, seen\",\"login\":\"anna.li\",\"姓名\":\"张三\",\"user\":{\"city\":\"Wuhu\"},\"sessionId\":\"s-77\"}",
        );
        let (log, name) = (&found.logs[0], key().of("张三"));
        assert_eq!(log.user_id.as_deref(), Some(anna.as_str()));
        assert_eq!(log.session_id.as_deref(), Some(key().of("s-77").as_str()));
        assert_eq!(log.body.as_deref(), Some(format!("{anna} 即{name}, seen").as_str()));
        assert_eq!(found.attributes(0), [("姓名", name.as_str()), ("user.city", key().of("Wuhu").as_str())]);
        // A label of a metric.
        let found = decode(
            "name = \"m\"\ntable = \"metrics\"\npersonal = [\"caller\"]\n",
            "time,metric,value,caller\n1793849103,calls,1,anna.li\n",
        );
        assert_eq!(found.metrics[0].attributes, [("caller".into(), anna.clone().into())]);
        // Text, whose whole record stays where the pattern leaves something out.
        let found = decode(
            "name = \"t\"\nformat = \"text\"\npattern = \"^(?<at>\\\\S+ \\\\S+) (?<who>\\\\S+) \"\ntime = { field = \"at\" }\npersonal = [\"who\"]\n",
            "2026-11-05 11:05:03 anna.li logged in as anna.li\n",
        );
        assert!(found.logs[0].attributes.contains(&("who".into(), anna.clone().into())), "{:?}", found.logs);
        assert!(!format!("{:?}", found.logs).contains("anna"), "{:?}", found.logs);
        // A part that a pattern takes of a personal field, in events.
        let found = decode(
            "name = \"e\"\ntable = \"incident_events\"\npersonal = [\"who\"]\nfields = { actor = { from = \"who\", regex = \"^(.*)@\" } }\n",
            "time,who,text\n2026-11-05 11:05:03,anna.li@ops,ask anna.li\n",
        );
        assert_eq!(found.events[0].actor.as_deref(), Some(anna.as_str()));
        assert_eq!(found.events[0].summary.as_deref(), Some(format!("ask {anna}").as_str()));
        assert!(!format!("{:?}", found.events).contains("anna"), "{:?}", found.events);
    }

    #[test]
    fn without_a_key_personal_fields_are_not_read() {
        let mapping = Mapping::parse("name = \"j\"\nformat = \"json-lines\"\npersonal = [\"a\"]").unwrap();
        let options = DecodeOptions::new(chrono_tz::UTC, "source");
        let error = Mapped::open(&mapping, b"{}", &options).err().unwrap().to_string();
        assert!(error.contains("there is no key for their pseudonyms"), "{error}");
    }
}
