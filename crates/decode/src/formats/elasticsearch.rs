//! Documents out of Elasticsearch or `OpenSearch`: a dump by line, a bulk file, or the answer of a search.
//!
//! The document is what stands below `_source` (or behind an action of a bulk file), and its keys mean
//! what they mean in JSON lines; index and id stay attributes. Where only `fields` were asked for, each of
//! them is a list.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::json_records::elements;
use super::log_builder::LogBuilder;
use super::log_fields::KeyCache;
use super::wrapped::{Entries, Entry, entries_of, framing, member, walk};
use crate::json::{Value, scalar, visit_members, visit_object};
use crate::{Chunk, DecodeOptions, Decoder, Framing, RecordSink, limits};

pub(crate) struct Elasticsearch {
    framing: Framing,
    zone: Tz,
}

/// Actions of the bulk API; what they act on stands on the next line.
pub(crate) const ACTIONS: [&str; 4] = ["index", "create", "update", "delete"];

impl Elasticsearch {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        Self { framing: framing(head), zone: options.zone }
    }
}

impl Decoder for Elasticsearch {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn record_bytes_max(&self) -> usize {
        if self.framing == Framing::Lines { limits::OTLP_LINE_BYTES_MAX } else { limits::DOCUMENT_BYTES_MAX }
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let mut keys = KeyCache::default();
        let check = |entry: &Entry<'_, ()>| {
            let mut builder = LogBuilder::new();
            put(&mut builder, &mut KeyCache::default(), entry.raw)?;
            builder.finish(self.zone).map(drop)
        };
        walk(self.framing, chunk, sink, &entries, &check, &mut |place, entry: &Entry<'_, ()>, sink| {
            let mut builder = LogBuilder::new();
            keys.restart();
            put(&mut builder, &mut keys, entry.raw)?;
            builder.log_to(sink, place, self.zone)
        });
    }
}

fn entries(text: &str) -> Result<Entries<'_, ()>, String> {
    let text = text.trim();
    let mut found = Vec::new();
    if text.starts_with('[') {
        crate::json::check_depth(text)?;
        entries_of(text, &(), &mut found);
        return Ok(found);
    }
    if is_action(text)? {
        return Ok(found);
    }
    // Each document is read once more for its fields: what has no hits is not read for them.
    let has_hits = memchr::memmem::find(text.as_bytes(), b"\"hits\"").is_some();
    let hits = if has_hits { member(text, "hits")? } else { None };
    let hits = hits.filter(|hits| hits.starts_with('{'));
    match hits.map(|hits| member(hits, "hits")).transpose()?.flatten() {
        Some(list) => entries_of(list, &(), &mut found),
        None => found.push(Ok(Entry { raw: text, around: () })),
    }
    Ok(found)
}

/// An action of a bulk file holds no document: one key, and the object below it only says where to.
fn is_action(text: &str) -> Result<bool, String> {
    let first_key = text.strip_prefix('{').and_then(|inner| inner.trim_start().strip_prefix('"'));
    if !first_key.is_some_and(|key| ACTIONS.iter().any(|action| key.starts_with(action))) {
        return Ok(false);
    }
    let (mut keys, mut is_action) = (0, false);
    visit_members(text, &mut |key, raw| {
        keys += 1;
        let mut says_where = raw.starts_with('{');
        let _ = visit_object(raw, &mut |key, _| {
            says_where &= key.starts_with('_')
                || matches!(
                    key.as_ref(),
                    "routing"
                        | "pipeline"
                        | "version"
                        | "version_type"
                        | "if_seq_no"
                        | "if_primary_term"
                        | "require_alias"
                        | "retry_on_conflict"
                );
        });
        is_action = says_where && ACTIONS.contains(&key.as_ref());
    })?;
    Ok(keys == 1 && is_action)
}

fn put<'a>(builder: &mut LogBuilder<'a>, keys: &mut KeyCache, text: &'a str) -> Result<(), String> {
    let (mut source, mut fields) = (None, None);
    let mut around = Vec::new();
    visit_members(text, &mut |key, raw| match key.as_ref() {
        "_source" => source = Some(raw),
        "fields" => fields = Some(raw),
        "_index" | "_id" => around.push((key, raw)),
        _ => {}
    })?;
    let is_hit = around.iter().any(|(key, _)| key == "_id" || key == "_index");
    let object = |raw: Option<&'a str>| raw.filter(|raw| raw.starts_with('{'));
    match (object(source), object(fields).filter(|_| is_hit)) {
        (Some(source), _) => {
            visit_object(source, &mut |key, value| builder.put(keys.target(&key), key, value))?;
        }
        (None, Some(fields)) => visit_members(fields, &mut |key, raw| {
            if let Some(value) = only_element(raw) {
                builder.put(keys.target(&key), key, value);
            }
        })?,
        // An update of a bulk file has its document below `doc`.
        (None, None) => {
            let doc = member(text, "doc")?.filter(|doc| doc.starts_with('{'));
            visit_object(doc.unwrap_or(text), &mut |key, value| builder.put(keys.target(&key), key, value))?;
            return Ok(());
        }
    }
    for (key, raw) in around {
        if let Some(value) = scalar(raw) {
            builder.put(None, key, Value::Text(Cow::Owned(value.into_text().into_owned())));
        }
    }
    Ok(())
}

/// The value of a list of one; longer ones stay lists.
fn only_element(raw: &str) -> Option<Value<'_>> {
    if !raw.starts_with('[') {
        return scalar(raw);
    }
    let mut values = elements(raw);
    match (values.next(), values.next()) {
        (Some(Ok(only)), None) => scalar(only),
        _ => scalar(raw),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "dump.ndjson");
        Collected::from(&Elasticsearch::open(text.as_bytes(), &options), text.as_bytes())
    }

    #[test]
    fn a_dump_by_line() {
        let found = decode(concat!(
            r#"{"_index":"logs-1","_type":"_doc","_id":"a1","_score":1,"_source":{"@timestamp":"2026-11-05T03:05:03.250Z","#,
            r#""log":{"level":"error"},"service.name":"pay","message":"charge failed","http":{"response":{"status_code":502}}}}"#,
            "\n",
            r#"{"_index":"logs-1","_id":"a2","_source":{"message":"no time"}}"#,
        ));
        let log = &found.logs[0];
        assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:05:03.250Z");
        assert_eq!((log.severity_number, log.service_name.as_deref()), (Some(17), Some("pay")));
        assert_eq!((log.body.as_deref(), log.http_response_status_code), (Some("charge failed"), Some(502)));
        assert_eq!(found.attributes(0), [("_index", "logs-1"), ("_id", "a1")]);
        assert!(found.rejects[0].1.contains("no time"));
    }

    #[test]
    fn actions_of_a_bulk_file_are_no_records() {
        let found = decode(concat!(
            "{\"index\":{\"_index\":\"logs-1\",\"_id\":\"a1\"}}\n",
            "{\"@timestamp\":1793849103250,\"message\":\"a\"}\n",
            "{\"create\":{}}\n",
            "{\"@timestamp\":1793849103250,\"message\":\"b\"}\n",
            "{\"update\":{\"_id\":\"a1\"}}\n",
            "{\"doc\":{\"@timestamp\":1793849103250,\"message\":\"c\"}}\n",
            "{\"delete\":{\"_id\":\"a2\"}}\n",
        ));
        let bodies: Vec<_> = found.logs.iter().map(|log| log.body.as_deref()).collect();
        assert_eq!(bodies, [Some("a"), Some("b"), Some("c")]);
        assert_eq!(found.rejects, []);
        assert_eq!(found.places.iter().map(|place| place.record).collect::<Vec<_>>(), [2, 4, 6]);
    }

    #[test]
    fn the_answer_of_a_search() {
        let found = decode(concat!(
            r#"{"took":3,"hits":{"total":{"value":3},"hits":[{"_index":"l","_id":"1","_source":{"@timestamp":1793849103250,"message":"a"}},"#,
            r#"{"_index":"l","_id":"2","fields":{"@timestamp":["2026-11-05T03:05:03Z"],"message":["b"],"tags":["x","y"]},"sort":[1]},"#,
            r#"{"_index":"l","_id":"3","_source":{"message":"no time"}}]}}"#,
        ));
        assert_eq!((found.logs.len(), found.rejects[0].0.record), (2, 3));
        assert_eq!(found.logs[1].body.as_deref(), Some("b"));
        assert!(found.attributes(1).contains(&("tags", "[\"x\",\"y\"]")));
    }

    #[test]
    fn a_dump_cut_in_half_keeps_its_whole_documents() {
        let found = decode("[{\"_id\":\"1\",\"_source\":{\"ts\":1793849103}},{\"_id\":\"2\",\"_sou");
        assert_eq!((found.logs.len(), found.rejects.len()), (1, 1));
        assert!(found.rejects[0].1.contains("cut off"));
    }
}
