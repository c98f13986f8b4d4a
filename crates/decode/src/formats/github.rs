//! GitHub issues with their timeline, as the REST API or the `gh` command lists them.
//!
//! The API lists pull requests among the issues: a merged one is a change to the system, not an
//! incident; one that is not merged stays as a note. A timeline entry belongs to its issue only where
//! the export says to which.

use chrono_tz::Tz;
use fupan_model::events::event_id;
use fupan_model::{Change, EventType, IncidentEvent, RecordedAtBasis};
use serde_json::Value;

use super::incident_record::{Fact, Times, list, names, text, walk_values};
use super::json_records::framing_of;
use super::timeline::json_array;
use crate::time::ParsedInstant;
use crate::{Chunk, DecodeOptions, Decoder, Framing, RecordSink};

const SYSTEM: &str = "github";
/// Keys of lists in a document: the answer of the search.
pub(crate) const LISTS: [&str; 1] = ["items"];
const CREATED: [&str; 2] = ["created_at", "createdAt"];

pub(crate) struct GitHub {
    framing: Framing,
    zone: Tz,
}

impl GitHub {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        Self { framing: framing_of(head, &LISTS), zone: options.zone }
    }
}

impl Decoder for GitHub {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        walk_values(self.framing, &LISTS, self.zone, chunk, sink, &mut |place, record, times, sink| {
            if text(record, &["event"]).is_some() {
                let issue = record.get("issue").unwrap_or(record);
                let id = issue_id(issue).ok_or(
                    "the entry does not say which issue it belongs to: export the issue with its entries as `timeline`",
                )?;
                sink.event(place, entry_fact(record, times)?.into_event(SYSTEM, Some(&id), &id));
                return Ok(());
            }
            let id = issue_id(record).ok_or("the issue has neither a url nor a number")?;
            if is_pull_request(record) {
                match merged_at(record, times)? {
                    Some(at) => sink.change(place, merged(record, &id, at)),
                    None => sink.event(place, unmerged(record, times)?.into_event(SYSTEM, None, &id)),
                }
                return Ok(());
            }
            events(record, &id, times)?.into_iter().for_each(|event| sink.event(place, event));
            Ok(())
        });
    }
}

/// `owner/repository#12`, from whichever address is there.
fn issue_id(issue: &Value) -> Option<String> {
    for key in ["html_url", "issue_url", "url", "pull_request_url"] {
        let Some(url) = text(issue, &[key]) else { continue };
        let path = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let parts: Vec<&str> = path.split(['/', '#', '?']).collect();
        let kind = parts.iter().position(|part| ["issues", "pull", "pulls"].contains(part));
        let before = |kind: usize, back: usize| kind.checked_sub(back).and_then(|at| parts.get(at));
        if let Some(kind) = kind
            && let (Some(owner), Some(name), Some(number)) =
                (before(kind, 2), before(kind, 1), parts.get(kind + 1))
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Some(format!("{owner}/{name}#{number}"));
        }
    }
    text(issue, &["number"]).map(|number| format!("#{number}"))
}

fn is_pull_request(record: &Value) -> bool {
    ["pull_request", "merged_at", "mergedAt"].iter().any(|key| record.get(*key).is_some())
}

fn merged_at(record: &Value, times: &mut Times) -> Result<Option<ParsedInstant>, String> {
    times.read(record, &["pull_request.merged_at", "merged_at", "mergedAt"])
}

/// A merged pull request changed the system, or what will be deployed.
fn merged(record: &Value, id: &str, at: ParsedInstant) -> Change {
    let mut attributes = vec![("pull_request".to_owned(), id.to_owned())];
    let mut add =
        |name: &str, value: Option<String>| attributes.extend(value.map(|value| (name.to_owned(), value)));
    add("link", text(record, &["html_url", "url"]));
    add("sha", text(record, &["merge_commit_sha", "mergeCommit.oid"]));
    add("base", text(record, &["base.ref", "baseRefName"]));
    attributes.push(("entry_id".to_owned(), id.to_owned()));
    let summary = text(record, &["title"]);
    let parts = ["change", "commit", id, &at.at.0.to_string(), summary.as_deref().unwrap_or_default()]
        .map(str::to_owned);
    Change {
        change_id: event_id(&parts.each_ref().map(String::as_str)),
        change_type: "commit".to_owned(),
        occurred_at: at.at,
        ended_at: None,
        precision: at.precision,
        recorded_at: Some(at.at),
        recorded_at_basis: RecordedAtBasis::Source,
        actor: text(record, &["user.login", "author.login"]),
        summary,
        service_name: None,
        attributes,
        supersedes: None,
        source: SYSTEM.to_owned(),
    }
}

fn unmerged(record: &Value, times: &mut Times) -> Result<Fact, String> {
    let at = times.required(record, &CREATED)?;
    let fact = Fact::new(EventType::NoteAdded, "pull_request").stamped(at).saying(text(record, &["title"]));
    let fact = fact.by(text(record, &["user.login", "author.login"]));
    Ok(fact
        .with("link", text(record, &["html_url", "url"]))
        .with("pull_request", Some("not merged".to_owned())))
}

fn events(issue: &Value, id: &str, times: &mut Times) -> Result<Vec<IncidentEvent>, String> {
    let created = times.required(issue, &CREATED)?;
    let changed = times.read(issue, &["updated_at", "updatedAt"])?.or(Some(created));
    let closed = times.read(issue, &["closed_at", "closedAt"])?;
    let labels = names(issue, "labels", &["name"]);
    let texts: Vec<&str> = labels.iter().map(String::as_str).collect();
    let author = text(issue, &["user.login", "author.login"]);
    let mut facts = vec![
        Fact::new(EventType::TitleSet, "head")
            .saying(text(issue, &["title"]))
            .with("link", text(issue, &["html_url", "url"])),
        Fact::new(EventType::Declared, "head").stamped(created).by(author),
    ];
    if !labels.is_empty() {
        let noted = Fact::new(EventType::NoteAdded, "labels").recorded(changed);
        facts.push(noted.with("labels", Some(json_array(&texts))));
    }
    if let Some(grade) = texts.iter().find(|label| is_grade(label)) {
        let said = Fact::new(EventType::GradeSet, "head").recorded(changed).saying(Some((*grade).to_owned()));
        facts.push(said.with("scale", Some("github-label".to_owned())));
    }
    let owners = names(issue, "assignees", &["login"]);
    if !owners.is_empty() {
        facts.push(Fact::new(EventType::OwnerSet, "head").recorded(changed).saying(Some(owners.join(", "))));
    }
    if let Some(at) = closed {
        let how = text(issue, &["state_reason", "stateReason"]);
        facts.push(Fact::new(end_of(how.as_deref()), "head").stamped(at).with("state_reason", how));
    }
    // Without its timeline an issue only says that it was opened again, not when.
    let state = text(issue, &["state_reason", "stateReason"]).map(|state| state.to_ascii_lowercase());
    if let Some(changed) = changed.filter(|_| state.as_deref() == Some("reopened")) {
        facts.push(Fact::new(EventType::Reopened, "head").no_later_than(changed, created));
    }
    for entry in list(issue, &["timeline", "timeline_items", "events"]) {
        facts.push(entry_fact(entry, times)?);
    }
    // Where `comments` is a number, it is only their count.
    for comment in list(issue, &["comments"]) {
        facts.push(comment_fact(comment, times)?);
    }
    Ok(facts.into_iter().map(|fact| fact.into_event(SYSTEM, Some(id), id)).collect())
}

/// An issue that is closed as done is resolved; one that nobody will work on is only closed.
fn end_of(reason: Option<&str>) -> EventType {
    match reason.map(str::to_ascii_lowercase).as_deref() {
        Some("not_planned" | "duplicate") => EventType::Closed,
        _ => EventType::Resolved,
    }
}

/// `sev1`, `severity: 2`, `P0`, `s3`.
fn is_grade(label: &str) -> bool {
    let label = label.trim().to_ascii_lowercase();
    ["severity", "sev", "priority", "p", "s"].iter().any(|prefix| {
        label.strip_prefix(prefix).is_some_and(|rest| {
            let level = rest.trim_start_matches([':', '/', '-', '_', ' ']);
            let is_word =
                prefix.len() > 1 && ["critical", "high", "major", "medium", "minor", "low"].contains(&level);
            is_word || (level.len() == 1 && level.bytes().all(|byte| byte.is_ascii_digit()))
        })
    })
}

fn comment_fact(comment: &Value, times: &mut Times) -> Result<Fact, String> {
    let at = times.required(comment, &CREATED)?;
    let edited = times.read(comment, &["updated_at", "updatedAt"])?;
    let key = text(comment, &["id", "node_id", "url"]).unwrap_or_else(|| at.at.0.to_string());
    let fact =
        Fact::new(EventType::NoteAdded, format!("comment:{key}")).at(Some(at)).recorded(edited.or(Some(at)));
    Ok(fact
        .by(text(comment, &["user.login", "actor.login", "author.login"]))
        .saying(text(comment, &["body"])))
}

fn entry_fact(entry: &Value, times: &mut Times) -> Result<Fact, String> {
    let kind = text(entry, &["event"]).unwrap_or_default();
    if kind == "commented" {
        return comment_fact(entry, times);
    }
    let at = times.required(entry, &["created_at", "createdAt", "submitted_at", "committer.date"])?;
    let key = text(entry, &["id", "node_id", "sha"]).unwrap_or_else(|| format!("{kind}@{}", at.at.0));
    let label = text(entry, &["label.name"]);
    let (event_type, words) = match kind.as_str() {
        "closed" => (end_of(text(entry, &["state_reason"]).as_deref()), None),
        "reopened" => (EventType::Reopened, None),
        "renamed" => (EventType::TitleSet, text(entry, &["rename.to"])),
        "assigned" => (EventType::OwnerSet, text(entry, &["assignee.login"])),
        "labeled" if label.as_deref().is_some_and(is_grade) => (EventType::GradeSet, label.clone()),
        _ => (EventType::NoteAdded, Some(text(entry, &["body", "message"]).unwrap_or_else(|| kind.clone()))),
    };
    let fact =
        Fact::new(event_type, key).stamped(at).by(text(entry, &["actor.login", "user.login"])).saying(words);
    let linked = text(entry, &["source.issue.html_url", "commit_id"]);
    Ok(fact.with("entry_type", Some(kind)).with("label", label).with("linked", linked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{Collected, told, types};

    const ISSUES: &str = include_str!("../../fixtures/github/issues.json");

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(Tz::UTC, "github.json");
        Collected::from(&GitHub::open(text.as_bytes(), &options), text.as_bytes())
    }

    #[test]
    fn pull_requests_are_changes_and_no_incidents() {
        let found = decode(ISSUES);
        assert_eq!(found.rejects, []);
        assert_eq!(found.changes.len(), 1);
        let change = &found.changes[0];
        assert_eq!(
            (change.change_type.as_str(), change.summary.as_deref()),
            ("commit", Some("Limit the pool"))
        );
        assert_eq!(change.occurred_at.to_rfc3339(), "2026-11-05T02:50:00Z");
        let ids: std::collections::BTreeSet<_> =
            found.events.iter().filter_map(|event| event.incident_id.as_deref()).collect();
        assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["example/shop#12"]);
        let unmerged = found.events.last().unwrap();
        assert_eq!(
            (unmerged.incident_id.as_deref(), unmerged.summary.as_deref()),
            (None, Some("Try a larger pool"))
        );
    }

    #[test]
    fn an_issue_with_its_timeline() {
        let found = decode(ISSUES);
        let expected = [
            ("title_set", "", "Payments time out"),
            ("declared", "2026-11-05T03:10:00Z", ""),
            ("note_added", "", ""),
            ("grade_set", "", "sev1"),
            ("resolved", "2026-11-05T05:00:00Z", ""),
            ("grade_set", "2026-11-05T03:11:00Z", "sev1"),
            ("note_added", "2026-11-05T03:12:00Z", "labeled"),
            ("note_added", "2026-11-05T03:30:00Z", "pool is full"),
            ("resolved", "2026-11-05T04:00:00Z", ""),
            ("reopened", "2026-11-05T04:10:00Z", ""),
            ("resolved", "2026-11-05T05:00:00Z", ""),
        ];
        let expected: Vec<_> =
            expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
        assert_eq!(told(&found)[..expected.len()], expected);
    }

    #[test]
    fn what_gh_writes_and_entries_without_an_issue() {
        let found = decode(
            r#"[{"number":3,"title":"Slow","url":"https://github.com/example/shop/issues/3","createdAt":"2026-11-05T03:10:00Z","closedAt":"2026-11-05T04:10:00Z","stateReason":"NOT_PLANNED","state":"CLOSED","author":{"login":"dev-one"},"labels":[],"comments":[{"id":"c1","body":"no","createdAt":"2026-11-05T03:11:00Z","author":{"login":"dev-two"}}]},
               {"event":"closed","id":1,"created_at":"2026-11-05T03:10:00Z"}]"#,
        );
        assert_eq!(types(&found), ["title_set", "declared", "closed", "note_added"]);
        assert_eq!(found.events[0].incident_id.as_deref(), Some("example/shop#3"));
        assert!(found.rejects[0].1.contains("which issue"));
    }

    #[test]
    fn labels_that_are_grades() {
        for label in ["sev1", "severity: 2", "P0", "priority/high", "S3"] {
            assert!(is_grade(label), "{label}");
        }
        for label in ["pool", "p", "postmortem", "s", "p10"] {
            assert!(!is_grade(label), "{label}");
        }
    }
}
