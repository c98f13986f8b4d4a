//! Which JSON is it? Its keys tell.

use super::{Detection, HINT, lines};
use crate::formats::log_fields::{Field, canonical, means};
use crate::formats::{alerts, changes, counts, elasticsearch, json_records, sample_json, statuspage, traces};
use crate::framing::Records;
use crate::json::Scan;
use crate::{DecodeError, Framing, InputFormat, limits};

/// Keys of an object, as written and in canonical form, and what little of the values tells a format.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) written: Vec<String>,
    names: Vec<String>,
    /// Keys whose value is no list of objects.
    no_lists: Vec<String>,
    /// What a key such as `type` says.
    pub(super) stated_type: Option<String>,
}

impl Keys {
    fn push(&mut self, key: String, raw: Option<&str>) {
        let name = canonical(&key);
        if let Some(raw) = raw {
            let inner = raw.strip_prefix('[').map(str::trim_start);
            if !inner.is_some_and(|inner| inner.starts_with(['{', ']'])) {
                self.no_lists.push(key.clone());
            }
            if changes::TYPE_NAMES.contains(&name.as_str()) {
                self.stated_type = Some(raw.trim_matches('"').to_owned());
            }
        }
        self.names.push(name);
        self.written.push(key);
    }

    /// Whether the key holds a list of objects, as far as can be seen.
    fn has_list(&self, key: &str) -> bool {
        self.has(key) && !self.no_lists.iter().any(|known| known == key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.written.iter().any(|known| known == key)
    }

    /// The keys of the object below a prefix such as `incident.`; none if there are none.
    pub(super) fn below(&self, prefix: &str) -> Option<Self> {
        let mut inner = Self::default();
        for key in self.written.iter().filter_map(|key| key.strip_prefix(prefix)) {
            inner.push(key.to_owned(), None);
            // A path names the object that it leads into, too.
            if let Some((outer, _)) = key.split_once('.') {
                inner.push(outer.to_owned(), None);
            }
        }
        (!inner.written.is_empty()).then_some(inner)
    }

    fn any(&self, names: &[&str]) -> bool {
        self.names.iter().any(|name| names.contains(&name.as_str()))
    }

    fn has_field(&self, field: Field) -> bool {
        self.written.iter().any(|key| means(key, field))
    }
}

pub(super) fn detect(head: &[u8], head_is_whole: bool) -> Result<Detection, DecodeError> {
    let head = head.trim_ascii_start();
    let is_bare = |byte: &u8| byte.is_ascii_whitespace() || b"[]{}".contains(byte);
    if head_is_whole && head.iter().all(is_bare) {
        return Err(DecodeError::Empty);
    }
    if head.starts_with(b"{")
        && let Some(keys) = keys_of(head, false)
        && let Some(detection) = by_document(&keys, head)
    {
        return Ok(detection);
    }
    let is_list = head.starts_with(b"[");
    let is_lines = !is_list && json_records::framing_of(head, &[]) == Framing::Lines;
    let mut records: Vec<Keys> = if is_lines {
        line_keys(head, head_is_whole)
    } else {
        first_keys(head, head_is_whole).into_iter().collect()
    };
    // One broken line at the beginning spoils no other.
    if records.is_empty() && !is_list {
        records = line_keys(head, head_is_whole);
    }
    // Where most lines are text, the objects stand among them.
    if !is_list && let Some(detection) = lines::mostly_text(head, head_is_whole) {
        return Ok(detection);
    }
    let seen = if is_list { "a JSON list" } else { "JSON" };
    let Some(first) = records.first() else {
        return Err(unrecognised(format!("{seen} without an object to read, or cut off in its first one")));
    };
    if let Some(detection) = by_record(first) {
        return Ok(detection);
    }
    // Each of them would pass for one request, or one line.
    if first.written.iter().any(|key| counts::names_count(key)) && are_counted(&sample_json(head)) {
        return Err(DecodeError::Unrecognised {
            seen: "JSON whose records are counts by status or level, not requests or lines".to_owned(),
            hint: "let `fupan mapping suggest FILE` write a mapping that makes metrics of them; if each is one request, name the format: --input-format json-lines".to_owned(),
        });
    }
    let with_time = records.iter().filter(|keys| keys.has_field(Field::Timestamp)).count();
    if with_time > 0 {
        let what = if is_list { "objects of the list" } else { "lines" };
        let reason = if with_time == records.len() {
            format!("every one of the first {} {what} is a JSON object with a time", records.len())
        } else {
            format!("{with_time} of the first {} {what} are JSON objects with a time", records.len())
        };
        return Ok(Detection::new(InputFormat::JsonLines, reason));
    }
    let keys = first.written.iter().take(8).map(String::as_str).collect::<Vec<_>>().join(", ");
    Err(unrecognised(format!("{seen} with the keys {keys}, and no time among them")))
}

/// Whether the fields that the first record has are those of counts.
fn are_counted(records: &[Vec<(String, String)>]) -> bool {
    let values = |wanted: &str| {
        let fields = records.iter().flatten().filter(|(name, _)| name == wanted);
        fields.map(|(_, value)| value.as_str()).collect()
    };
    let first = records.first().into_iter().flatten();
    counts::are_counts(first.map(|(name, _)| (name.as_str(), values(name))))
}

fn unrecognised(seen: String) -> DecodeError {
    DecodeError::Unrecognised { seen, hint: HINT.to_owned() }
}

/// Documents, and lines that are documents of their own.
fn by_document(keys: &Keys, head: &[u8]) -> Option<Detection> {
    for key in [
        "resourceLogs",
        "resourceMetrics",
        "resourceSpans",
        "resource_logs",
        "resource_metrics",
        "resource_spans",
    ] {
        if keys.has(key) {
            return Some(Detection::new(
                InputFormat::OtlpJson,
                format!("it has the key {key} of OpenTelemetry"),
            ));
        }
    }
    let holds = |word: &str| memchr::memmem::find(head, word.as_bytes()).is_some();
    if let Some(detection) = by_log_store(keys, &holds) {
        return Some(detection);
    }
    let has_series = keys.has("data.result") && holds("\"metric\"") && holds("\"value");
    if (keys.has("status") && holds("\"resultType\"")) || has_series {
        return Some(Detection::new(
            InputFormat::PrometheusQueryRange,
            "it is an answer of Prometheus with a resultType",
        ));
    }
    if keys.has("incident") && ["events", "actions", "title", "kind", "grade"].iter().any(|key| keys.has(key))
    {
        return Some(Detection::new(
            InputFormat::Timeline,
            "it has the keys of a fupan timeline: incident and events",
        ));
    }
    if let Some(list) = statuspage::LISTS.iter().find(|list| keys.has_list(list)) {
        return Some(Detection::new(
            InputFormat::Statuspage,
            format!("it has the list {list} of a status page"),
        ));
    }
    if keys.has_list("alerts") {
        return Some(Detection::new(InputFormat::Alerts, "it has a list of alerts"));
    }
    if keys.has_list("spans") && !keys.has_field(Field::Body) {
        return Some(Detection::new(InputFormat::TracesJson, "it has a list of spans"));
    }
    // `events` alone may be anything.
    let list = changes::LISTS.iter().filter(|list| **list != "events").find(|list| keys.has_list(list))?;
    let is_log = keys.has_field(Field::Body) || keys.has_field(Field::Severity);
    (!is_log).then(|| Detection::new(InputFormat::Changes, format!("it has a list of {list}")))
}

/// Exports of systems that keep logs.
fn by_log_store(keys: &Keys, holds: &dyn Fn(&str) -> bool) -> Option<Detection> {
    let found = |format, reason: &str| Some(Detection::new(format, reason));
    if keys.has("__REALTIME_TIMESTAMP") {
        return found(InputFormat::Journald, "it has the key __REALTIME_TIMESTAMP of the systemd journal");
    }
    // The list may come before what says its type, and be longer than the head.
    let is_typed = holds("\"resultType\"") && holds("\"streams\"");
    let is_answer = (keys.has("data") && is_typed) || (keys.has("data.result") && holds("\"stream\""));
    if is_answer || (keys.has_list("streams") && holds("\"stream\"") && holds("\"values\"")) {
        return found(InputFormat::Loki, "it has streams of Loki");
    }
    if keys.has("line") && keys.has("labels") && keys.has("timestamp") {
        return found(InputFormat::Loki, "its lines have labels, a line and a time, as logcli writes them");
    }
    let is_hit = keys.has("_source") && (keys.has("_index") || keys.has("_id"));
    if is_hit || (keys.has("hits.hits") && holds("\"_index\"")) {
        return found(InputFormat::Elasticsearch, "it has documents of Elasticsearch below _source");
    }
    let first = keys.written.iter().find(|key| !key.contains('.'))?;
    let is_action = elasticsearch::ACTIONS.contains(&first.as_str())
        && keys.written.iter().all(|key| key == first || key.starts_with(&format!("{first}._")));
    if is_action {
        return found(InputFormat::Elasticsearch, "it begins with an action of Elasticsearch's bulk API");
    }
    let is_event = holds("\"timestamp\"") && holds("\"message\"");
    let is_told = ["logStreamName", "ingestionTime", "searchedLogStreams", "nextForwardToken"]
        .iter()
        .any(|key| holds(key));
    if (keys.has_list("events") && is_event && is_told) || keys.has_list("logEvents") {
        return found(InputFormat::CloudwatchLogs, "it has events of CloudWatch Logs");
    }
    if keys.has("results") && holds("\"field\"") && holds("\"@timestamp\"") {
        return found(InputFormat::CloudwatchLogs, "it is an answer of CloudWatch Logs Insights");
    }
    None
}

/// One record of a list or lines.
fn by_record(keys: &Keys) -> Option<Detection> {
    if keys.has("incident_updates")
        || (keys.has("updates") && keys.any(&["startedat", "impact", "title", "name"]))
    {
        return Some(Detection::new(
            InputFormat::Statuspage,
            "its records are incidents with public updates",
        ));
    }
    let has_time = keys.any(&alerts::FIRED_NAMES);
    if keys.any(&["startsat", "firedat"])
        || (has_time && keys.any(&["threshold"]) && keys.any(&["metric", "monitor", "observed"]))
    {
        return Some(Detection::new(InputFormat::Alerts, "its records are alerts: they say when they fired"));
    }
    let is_log = keys.has_field(Field::Severity) || keys.any(&["msg", "body", "log"]);
    let is_span = keys.any(&traces::TRACE_NAMES)
        && keys.any(&["spanid"])
        && (keys.any(&traces::PARENT_NAMES) || keys.any(&["operationname", "spanname", "spankind"]))
        && keys.any(&traces::START_NAMES);
    let is_zipkin = keys.any(&[traces::ZIPKIN_SERVICE]) && keys.any(&["traceid"]) && keys.any(&["id"]);
    if (is_span || is_zipkin) && !is_log && !keys.any(&["message"]) {
        return Some(Detection::new(
            InputFormat::TracesJson,
            "its records are spans: trace, span and parent ids with a start",
        ));
    }
    if is_log || keys.any(&["traceid", "spanid"]) || keys.has_field(Field::Status) {
        return None;
    }
    let stated = keys.stated_type.as_deref().and_then(changes::known_type);
    let by_keys = changes::type_by_keys(|names| keys.any(names));
    let is_change = match (stated, by_keys) {
        // A log line with a version is no deployment: it says something in a message.
        (None, Some("deployment" | "config" | "migration")) => !keys.any(&["message", "text"]),
        (Some(_), _) | (None, Some(_)) => true,
        (None, None) => keys.any(&changes::OWN_NAMES),
    };
    (is_change && keys.any(&changes::START_NAMES)).then(|| {
        let kind = stated.or(by_keys).unwrap_or("change");
        Detection::new(InputFormat::Changes, format!("its records are changes, the first one a {kind}"))
    })
}

/// Keys of the first record: of the object, or of the first object of a list.
pub(super) fn first_keys(head: &[u8], head_is_whole: bool) -> Option<Keys> {
    let head = head.trim_ascii_start();
    match head.first()? {
        b'{' => keys_of(head, head_is_whole),
        b'[' => {
            let inner = head.get(1..)?.trim_ascii_start();
            inner.starts_with(b"{").then(|| keys_of(inner, false)).flatten()
        }
        _ => None,
    }
}

/// Keys of the objects on the first lines; lines that are none are left out.
fn line_keys(head: &[u8], head_is_whole: bool) -> Vec<Keys> {
    let end = if head_is_whole {
        head.len()
    } else {
        head.iter().rposition(|byte| *byte == b'\n').unwrap_or(head.len())
    };
    Records::new(Framing::Lines, head.get(..end).unwrap_or(head))
        .take(limits::HEAD_RECORDS_MAX)
        .filter_map(|line| keys_of(line.bytes, true))
        .collect()
}

/// Keys of an object, those of nested objects with their path; as far as the head goes.
pub(super) fn keys_of(object: &[u8], is_whole: bool) -> Option<Keys> {
    let text = match std::str::from_utf8(object) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(object.get(..error.valid_up_to())?).ok()?,
    };
    crate::json::check_depth(text).ok()?;
    let mut keys = Keys::default();
    for entry in sonic_rs::to_object_iter(text) {
        match entry {
            Ok((key, value)) => {
                let raw = crate::json::raw_text(&value);
                if let Some(object) = raw.filter(|raw| raw.starts_with('{')) {
                    let _ = crate::json::visit_object(object, &mut |inner, _| {
                        keys.push(format!("{key}.{inner}"), None);
                    });
                }
                keys.push(key.into_owned(), raw);
            }
            // The head ends in the middle of a value: its key is known all the same.
            Err(_) if is_whole => return None,
            Err(_) => {
                if let Some((key, value)) = last_key(text) {
                    // Exports are one long list in an object; what surrounds it says whose it is.
                    let inner = value.starts_with('{').then(|| keys_of(value.as_bytes(), false)).flatten();
                    for inner in inner.iter().flat_map(|inner| &inner.written) {
                        keys.push(format!("{key}.{inner}"), None);
                    }
                    keys.push(key.to_owned(), None);
                }
                break;
            }
        }
    }
    (!keys.written.is_empty()).then_some(keys)
}

/// The key whose value the head cuts, of an object at the beginning of the text, and what is there of its value.
fn last_key(text: &str) -> Option<(&str, &str)> {
    let mut scan = Scan::default();
    let (mut start, mut found) = (0, None);
    for (at, byte) in text.bytes().enumerate() {
        let was_in_string = scan.in_string;
        scan.take(byte);
        match (was_in_string, scan.in_string) {
            (false, true) => start = at + 1,
            (true, false) if scan.depth == 1 => {
                let value = text.get(at + 1..).and_then(|rest| rest.trim_start().strip_prefix(':'));
                found = text.get(start..at).zip(value.map(str::trim_start)).or(found);
            }
            _ => {}
        }
    }
    found
}
