//! Jira issues with their change log and comments, as the REST API lists them.
//!
//! Times end in `+0000`. Each change of the status is kept as it was made; statuses whose name clearly
//! says so set a milestone as well. `resolutiondate` is what the issue says now, the change log how it
//! came to that.

use chrono_tz::Tz;
use fupan_model::{EventType, IncidentEvent};
use serde_json::Value;

use super::incident_record::{Fact, Times, list, names, text, walk_values};
use super::json_records::framing_of;
use super::timeline::json_array;
use crate::time::ParsedInstant;
use crate::{Chunk, DecodeOptions, Decoder, Framing, RecordSink};

const SYSTEM: &str = "jira";
/// Keys of lists in a document.
pub(crate) const LISTS: [&str; 1] = ["issues"];

/// Statuses that are not called what the milestone is called that reaching them is.
const STATUSES: &[(&[&str], EventType)] = &[
    (&["triaged"], EventType::Acknowledged),
    (&["done", "fixed", "completed", "完成", "已完成"], EventType::Resolved),
    (&["canceled", "cancelled"], EventType::Closed),
];
/// Statuses that are milestones where their name says so.
const MILESTONES: [EventType; 6] = [
    EventType::Acknowledged,
    EventType::Mitigated,
    EventType::Recovered,
    EventType::Resolved,
    EventType::Closed,
    EventType::Reopened,
];

pub(crate) struct Jira {
    framing: Framing,
    zone: Tz,
}

impl Jira {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        Self { framing: framing_of(head, &LISTS), zone: options.zone }
    }
}

impl Decoder for Jira {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        walk_values(self.framing, &LISTS, self.zone, chunk, sink, &mut |place, issue, times, sink| {
            events(issue, times)?.into_iter().for_each(|event| sink.event(place, event));
            Ok(())
        });
    }
}

fn events(issue: &Value, times: &mut Times) -> Result<Vec<IncidentEvent>, String> {
    let key = text(issue, &["key"]).ok_or("the issue has no key")?;
    let created = times.required(issue, &["fields.created"])?;
    let changed = times.read(issue, &["fields.updated"])?.or(Some(created));
    let resolved = times.read(issue, &["fields.resolutiondate"])?;
    let labels = names(issue, "fields.labels", &["name"]);
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let set = |event_type| Fact::new(event_type, "head").recorded(changed);
    let mut facts = vec![
        Fact::new(EventType::TitleSet, "head")
            .saying(text(issue, &["fields.summary"]))
            .with("issue_type", text(issue, &["fields.issuetype.name"]))
            .with("labels", (!labels.is_empty()).then(|| json_array(&labels))),
        Fact::new(EventType::Declared, "head")
            .stamped(created)
            .by(text(issue, &["fields.reporter.displayName", "fields.creator.displayName"])),
    ];
    if let Some(grade) = text(issue, &["fields.priority.name"]) {
        facts.push(
            set(EventType::GradeSet).saying(Some(grade)).with("scale", Some("jira-priority".to_owned())),
        );
    }
    if let Some(status) = text(issue, &["fields.status.name"]) {
        let category = text(issue, &["fields.status.statusCategory.key"]);
        facts.push(set(EventType::StatusSet).saying(Some(status)).with("category", category));
    }
    facts.extend(
        text(issue, &["fields.assignee.displayName"]).map(|name| set(EventType::OwnerSet).saying(Some(name))),
    );
    for component in names(issue, "fields.components", &["name"]) {
        let entry = format!("component:{component}");
        facts.push(Fact::new(EventType::ServiceAffected, entry).at(Some(created)).about(Some(component)));
    }
    if let Some(at) = resolved {
        let how = text(issue, &["fields.resolution.name"]);
        facts.push(Fact::new(EventType::Resolved, "head").stamped(at).with("resolution", how));
    }
    for history in list(issue, &["changelog.histories", "changelog.values"]) {
        let at = times.required(history, &["created"])?;
        for (nth, item) in list(history, &["items"]).enumerate() {
            change_facts(history, item, nth, at, &mut facts);
        }
    }
    for comment in list(issue, &["fields.comment.comments", "comments"]) {
        let at = times.required(comment, &["created"])?;
        let edited = times.read(comment, &["updated"])?;
        let entry = format!("comment:{}", text(comment, &["id"]).unwrap_or_else(|| at.at.0.to_string()));
        let said =
            Fact::new(EventType::NoteAdded, entry).stamped(at).by(text(comment, &["author.displayName"]));
        facts.push(said.recorded(edited.or(Some(at))).saying(comment.get("body").and_then(plain_text)));
    }
    Ok(facts.into_iter().map(|fact| fact.into_event(SYSTEM, Some(&key), &key)).collect())
}

/// One changed field: the status sets milestones, others are notes.
fn change_facts(history: &Value, item: &Value, nth: usize, at: ParsedInstant, facts: &mut Vec<Fact>) {
    let field = text(item, &["field"]).unwrap_or_default();
    let from = text(item, &["fromString", "from"]);
    let to = text(item, &["toString", "to"]);
    let id = text(history, &["id"]).unwrap_or_else(|| at.at.0.to_string());
    let fact = |event_type| {
        let entry = format!("change:{id}:{nth}");
        let fact = Fact::new(event_type, entry).stamped(at).by(text(history, &["author.displayName"]));
        fact.with("field", Some(field.clone())).with("from", from.clone())
    };
    let event_type = match field.as_str() {
        "status" => EventType::StatusSet,
        "priority" => EventType::GradeSet,
        "assignee" => EventType::OwnerSet,
        "summary" => EventType::TitleSet,
        _ => EventType::NoteAdded,
    };
    let words = match event_type {
        EventType::NoteAdded => Some(format!("{field}: {}", to.clone().unwrap_or_default())),
        _ => to.clone(),
    };
    facts.push(fact(event_type).saying(words));
    if event_type == EventType::StatusSet
        && let Some(milestone) = milestone(from.as_deref(), to.as_deref())
    {
        facts.push(fact(milestone).with("to", to));
    }
}

/// The milestone of a change of the status.
fn milestone(from: Option<&str>, to: Option<&str>) -> Option<EventType> {
    let known = |name: Option<&str>| {
        let name = name?.trim().to_lowercase();
        let other = STATUSES.iter().find(|(names, _)| names.contains(&name.as_str()));
        other
            .map(|(_, event_type)| *event_type)
            .or_else(|| EventType::by_word(&name).filter(|known| MILESTONES.contains(known)))
    };
    let is_end = |event_type| matches!(event_type, Some(EventType::Resolved | EventType::Closed));
    match (known(from), known(to)) {
        // Work that goes on after its end was reopened, whatever the status is called.
        (from, to) if is_end(from) && !is_end(to) => Some(EventType::Reopened),
        (_, to) => to,
    }
}

/// The words of a comment, which newer versions write as a tree of nodes.
fn plain_text(body: &Value) -> Option<String> {
    fn collect(node: &Value, words: &mut String) {
        if let Some(text) = node.get("text").and_then(Value::as_str) {
            words.push_str(text);
        }
        for child in list(node, &["content"]) {
            collect(child, words);
        }
        let is_block = node.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "paragraph");
        if is_block {
            words.push('\n');
        }
    }
    if let Some(text) = body.as_str() {
        return Some(text.to_owned());
    }
    let mut words = String::new();
    collect(body, &mut words);
    let words = words.trim().to_owned();
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{Collected, attribute, told};

    const ISSUES: &str = include_str!("../../fixtures/jira/issues.json");

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(Tz::UTC, "jira.json");
        Collected::from(&Jira::open(text.as_bytes(), &options), text.as_bytes())
    }

    #[test]
    fn an_issue_with_its_change_log() {
        let found = decode(ISSUES);
        assert_eq!(found.rejects, []);
        assert_eq!(found.assumed_zone, 0);
        let expected = [
            ("title_set", "", "Payments time out"),
            ("declared", "2026-11-05T03:10:00Z", ""),
            ("grade_set", "", "Highest"),
            ("status_set", "", "Done"),
            ("owner_set", "", "Engineer two"),
            ("service_affected", "2026-11-05T03:10:00Z", ""),
            ("resolved", "2026-11-05T05:00:00Z", ""),
            ("status_set", "2026-11-05T03:12:00Z", "In Progress"),
            ("status_set", "2026-11-05T04:00:00Z", "Done"),
            ("resolved", "2026-11-05T04:00:00Z", ""),
            ("status_set", "2026-11-05T04:10:00Z", "In Progress"),
            ("reopened", "2026-11-05T04:10:00Z", ""),
            ("status_set", "2026-11-05T05:00:00Z", "Done"),
            ("resolved", "2026-11-05T05:00:00Z", ""),
            ("note_added", "2026-11-05T05:00:00Z", "resolution: Fixed"),
            ("note_added", "2026-11-05T03:30:00Z", "pool is full\nrestarting it"),
        ];
        let expected: Vec<_> =
            expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
        assert_eq!(told(&found)[..expected.len()], expected);
        let comment = &found.events[15];
        assert_eq!(
            comment.recorded_at.map(fupan_model::Micros::to_rfc3339).as_deref(),
            Some("2026-11-05T03:31:00Z")
        );
        assert_eq!(attribute(&found.events[11], "from"), Some("Done"));
    }

    #[test]
    fn an_open_issue_is_not_resolved() {
        let found = decode(ISSUES);
        let second: Vec<_> =
            found.events.iter().filter(|event| event.incident_id.as_deref() == Some("OPS-8")).collect();
        assert!(second.iter().all(|event| event.event_type != "resolved"));
        assert_eq!(
            second[1].occurred_at.map(fupan_model::Micros::to_rfc3339).as_deref(),
            Some("2026-11-06T00:00:00Z")
        );
    }
}
