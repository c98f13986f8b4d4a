//! Which keys does a timeline file have, and what do they mean?

use chrono::NaiveDate;
use chrono_tz::Tz;
use fupan_model::EventType;

use super::node::{Content, Node};
use super::when::{Context, When, between, parse_when};

/// Keys at the head of a file.
pub(super) const HEAD_KEYS: [&str; 10] =
    ["$schema", "incident", "title", "zone", "date", "kind", "grade", "owner", "events", "actions"];
/// Keys of an entry of `events`.
pub(super) const EVENT_KEYS: [&str; 13] = [
    "id",
    "at",
    "type",
    "by",
    "text",
    "service",
    "recorded_at",
    "affected",
    "unaffected",
    "channel",
    "status",
    "link",
    "attributes",
];
/// Keys of an entry of `actions`.
pub(super) const ACTION_KEYS: [&str; 10] =
    ["id", "text", "owner", "due", "verifier", "acceptance", "opened_at", "closed_at", "by", "attributes"];
/// Values of `kind`, see "Over many incidents" in the definitions.
const KINDS: [&str; 6] = ["real", "drill", "test", "maintenance", "near_miss", "false_alarm"];

/// The head of a file and its entries, not yet read.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) incident_id: String,
    /// Event type, value and node of what the head sets.
    pub(super) head: Vec<(&'static str, String, &'a Node)>,
    pub(super) context: Context,
    pub(super) events: &'a [Node],
    pub(super) actions: &'a [Node],
}

/// An entry of `events`.
#[derive(Debug, Default)]
pub(super) struct EventEntry {
    pub(super) id: Option<String>,
    pub(super) when: Option<When>,
    pub(super) recorded: Option<When>,
    pub(super) event_type: String,
    pub(super) actor: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) service_name: Option<String>,
    pub(super) attributes: Vec<(String, String)>,
}

/// An entry of `actions`.
#[derive(Debug, Default)]
pub(super) struct ActionEntry {
    pub(super) id: Option<String>,
    pub(super) opened: Option<When>,
    pub(super) closed: Option<When>,
    pub(super) actor: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) attributes: Vec<(String, String)>,
}

impl<'a> Document<'a> {
    pub(super) fn read(root: &'a Node, workspace_zone: Tz) -> Result<Self, String> {
        check_keys(root, "the file", &HEAD_KEYS)?;
        let incident_id = text(root, "incident")?.ok_or_else(|| {
            format!("line {}: the key `incident` with the incident's id is missing", root.line)
        })?;
        let zone = match text(root, "zone")? {
            Some(name) => Some(crate::time::zone_by_name(&name).ok_or_else(|| {
                let what = "is no zone such as Asia/Shanghai or +08:00";
                at_line(root, "zone", &format!("{name:?} {what}"))
            })?),
            None => None,
        };
        let date = match text(root, "date")? {
            Some(date) => Some(
                NaiveDate::parse_from_str(&date, "%Y-%m-%d")
                    .map_err(|_| at_line(root, "date", &format!("{date:?} is no date such as 2026-11-05")))?,
            ),
            None => None,
        };
        let mut head = Vec::new();
        for (key, event_type) in
            [("title", "title_set"), ("kind", "kind_set"), ("grade", "grade_set"), ("owner", "owner_set")]
        {
            if let (Some(value), Some(node)) = (text(root, key)?, root.get(key)) {
                head.push((event_type, value, node));
            }
        }
        if let Some((_, kind, node)) = head.iter().find(|(event_type, ..)| *event_type == "kind_set")
            && !KINDS.contains(&kind.as_str())
        {
            let hint = did_you_mean(kind, &KINDS);
            return Err(format!("line {}: kind {kind:?} is none of {}{hint}", node.line, KINDS.join(", ")));
        }
        Ok(Self {
            incident_id,
            head,
            context: Context { zone: zone.unwrap_or(workspace_zone), zone_is_assumed: zone.is_none(), date },
            events: list(root, "events")?,
            actions: list(root, "actions")?,
        })
    }
}

impl EventEntry {
    pub(super) fn read(node: &Node, context: Context) -> Result<Self, String> {
        check_keys(node, "an event", &EVENT_KEYS)?;
        let event_type = text(node, "type")?
            .ok_or_else(|| format!("line {}: an event needs a `type`, such as mitigated", node.line))?;
        let event_type = known_type(event_type).map_err(|reason| format!("line {}: {reason}", node.line))?;
        let mut entry = Self {
            id: text(node, "id")?,
            when: when(node, "at", context)?,
            recorded: when(node, "recorded_at", context)?,
            event_type,
            actor: text(node, "by")?,
            summary: text(node, "text")?,
            service_name: text(node, "service")?,
            attributes: attributes(node)?,
        };
        for key in ["affected", "unaffected"] {
            if let Some(names) = names(node, key)? {
                entry.attributes.push((key.to_owned(), names));
            }
        }
        for key in ["channel", "status", "link"] {
            if let Some(value) = text(node, key)? {
                entry.attributes.push((key.to_owned(), value));
            }
        }
        Ok(entry)
    }
}

impl ActionEntry {
    pub(super) fn read(node: &Node, context: Context) -> Result<Self, String> {
        check_keys(node, "an action", &ACTION_KEYS)?;
        let summary = text(node, "text")?
            .ok_or_else(|| format!("line {}: an action needs a `text`: what is to be done", node.line))?;
        let mut entry = Self {
            id: text(node, "id")?,
            opened: when(node, "opened_at", context)?,
            closed: when(node, "closed_at", context)?,
            actor: text(node, "by")?,
            summary: Some(summary),
            attributes: attributes(node)?,
        };
        for key in ["owner", "due", "verifier", "acceptance"] {
            if let Some(value) = text(node, key)? {
                entry.attributes.push((key.to_owned(), value));
            }
        }
        Ok(entry)
    }
}

fn at_line(node: &Node, key: &str, reason: &str) -> String {
    format!("line {}: {key}: {reason}", node.get(key).map_or(node.line, |value| value.line))
}

/// Refuses what is no mapping and keys that nobody would read.
fn check_keys(node: &Node, what: &str, known: &[&str]) -> Result<(), String> {
    let Content::Map(entries) = &node.content else {
        return Err(format!(
            "line {}: {what} must be a mapping of keys to values, not {}",
            node.line,
            node.kind()
        ));
    };
    for (key, value) in entries {
        if !known.contains(&key.as_str()) {
            let hint = did_you_mean(key, known);
            return Err(format!("line {}: {what} has no key `{key}`{hint}", value.line));
        }
    }
    Ok(())
}

/// The name of a type, however people write it. One that nearly is a known one is a slip of the pen: taken as it
/// stands, it would lose a milestone in silence. Types of a team's own are welcome.
pub(crate) fn known_type(event_type: String) -> Result<String, String> {
    const NEARLY: f64 = 0.9;
    if let Some(known) = EventType::by_word(&event_type) {
        return Ok(known.as_str().to_owned());
    }
    let nearest = EventType::ALL
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&event_type, known.as_str()), known.as_str()))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((likeness, known)) if likeness > NEARLY => {
            Err(format!("type {event_type:?} is not known; did you mean `{known}`?"))
        }
        _ => Ok(event_type),
    }
}

/// `; did you mean `owner`?` or nothing.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> String {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(&word.to_lowercase(), candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| format!("; did you mean `{candidate}`?"))
        .unwrap_or_default()
}

fn text(node: &Node, key: &str) -> Result<Option<String>, String> {
    let Some(value) = node.get(key) else { return Ok(None) };
    match &value.content {
        Content::Null => Ok(None),
        Content::Scalar(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        _ => Err(format!("line {}: {key} must be a text, not {}", value.line, value.kind())),
    }
}

fn list<'a>(node: &'a Node, key: &str) -> Result<&'a [Node], String> {
    match node.get(key).map(|value| (&value.content, value)) {
        None | Some((Content::Null, _)) => Ok(&[]),
        Some((Content::List(items), _)) => Ok(items),
        Some((_, value)) => Err(format!("line {}: {key} must be a list, not {}", value.line, value.kind())),
    }
}

fn when(node: &Node, key: &str, context: Context) -> Result<Option<When>, String> {
    let Some(value) = node.get(key) else { return Ok(None) };
    let placed = |reason: String| format!("line {}: {key}: {reason}", value.line);
    match &value.content {
        Content::Null => Ok(None),
        Content::Scalar(text) => parse_when(text, context).map(Some).map_err(placed),
        Content::Map(_) => {
            check_keys(value, key, &["low", "high"])?;
            let bound = |bound: &str| {
                let text = text(value, bound)?.ok_or_else(|| placed(format!("`{bound}` is missing")))?;
                parse_when(&text, context).map_err(placed)
            };
            between(bound("low")?, bound("high")?).map(Some).map_err(placed)
        }
        Content::List(_) => Err(placed("must be a time or a mapping of low and high".to_owned())),
    }
}

/// A list of names, or one name, as a JSON array.
fn names(node: &Node, key: &str) -> Result<Option<String>, String> {
    let Some(value) = node.get(key) else { return Ok(None) };
    let names: Vec<&str> = match &value.content {
        Content::Null => return Ok(None),
        Content::Scalar(name) => vec![name],
        Content::List(items) => items.iter().filter_map(Node::as_text).collect(),
        Content::Map(_) => return Err(format!("line {}: {key} must be a list of names", value.line)),
    };
    Ok(Some(json_array(&names)))
}

/// `["a","b"]`.
pub(crate) fn json_array(names: &[&str]) -> String {
    serde_json::Value::from(names).to_string()
}

fn attributes(node: &Node) -> Result<Vec<(String, String)>, String> {
    let Some(value) = node.get("attributes") else { return Ok(Vec::new()) };
    let entries = match &value.content {
        Content::Null => return Ok(Vec::new()),
        Content::Map(entries) => entries,
        _ => return Err(format!("line {}: attributes must be a mapping, not {}", value.line, value.kind())),
    };
    let mut found = Vec::new();
    for (key, value) in entries {
        match &value.content {
            Content::Null => {}
            Content::Scalar(text) => found.push((key.clone(), text.clone())),
            Content::List(items) if items.iter().all(|item| item.as_text().is_some()) => {
                let texts: Vec<&str> = items.iter().filter_map(Node::as_text).collect();
                found.push((key.clone(), json_array(&texts)));
            }
            _ => {
                return Err(format!(
                    "line {}: attribute {key} must be a text or a list of texts",
                    value.line
                ));
            }
        }
    }
    Ok(found)
}
