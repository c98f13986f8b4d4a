//! Which events does a timeline declare?

use fupan_model::events::event_id;
use fupan_model::{IncidentEvent, Micros, Precision, RecordedAtBasis};

use super::document::{ActionEntry, Document, EventEntry};
use super::node::Node;
use super::when::When;
use crate::formats::reject;
use crate::{DeclaredDocument, Place, RecordSink};

/// The `source` of events from a timeline file.
pub(crate) fn timeline_source(name: &str) -> String {
    format!("timeline:{name}")
}

/// An entry of a timeline, whatever it was written in.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) incident_id: String,
    pub(crate) id: Option<String>,
    pub(crate) event_type: String,
    pub(crate) when: Option<When>,
    pub(crate) recorded: Option<When>,
    pub(crate) actor: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) service_name: Option<String>,
    pub(crate) attributes: Vec<(String, String)>,
}

/// The event of an entry. Its id holds a fingerprint of the content: an edited entry is another event
/// with the same `entry_id`.
pub(crate) fn entry_event(entry: Entry, source: &str) -> IncidentEvent {
    let Entry { incident_id, id, event_type, when, recorded, actor, summary, service_name, mut attributes } =
        entry;
    let fingerprint = {
        let of_when = |when: Option<When>| {
            when.map(|when| {
                let range =
                    when.range.map(|(low, high)| format!(" {} {}", low.0, high.0)).unwrap_or_default();
                format!("{} {}{range}", when.at.0, when.precision.as_str())
            })
        };
        let mut parts = vec![
            Some(event_type.clone()),
            of_when(when),
            of_when(recorded),
            actor.clone(),
            summary.clone(),
            service_name.clone(),
        ];
        parts.extend(attributes.iter().flat_map(|(key, value)| [Some(key.clone()), Some(value.clone())]));
        let parts: Vec<String> = parts.into_iter().map(Option::unwrap_or_default).collect();
        event_id(&parts.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let id = id.unwrap_or_else(|| format!("#{}", fingerprint.get(..12).unwrap_or(&fingerprint)));
    let own_id = event_id(&["timeline", &incident_id, &id, &fingerprint]);
    attributes.push(("entry_id".to_owned(), id));
    let occurred_at = when.map(|when| when.at);
    let (recorded_at, recorded_at_basis) = match (recorded, occurred_at) {
        (Some(recorded), _) => (Some(recorded.at), RecordedAtBasis::Source),
        (None, Some(occurred_at)) => (Some(occurred_at), RecordedAtBasis::Assumed),
        (None, None) => (None, RecordedAtBasis::Ingested),
    };
    IncidentEvent {
        event_id: own_id,
        incident_id: Some(incident_id),
        event_type,
        occurred_at,
        occurred_at_low: when.and_then(|when| when.range).map(|range| range.0),
        occurred_at_high: when.and_then(|when| when.range).map(|range| range.1),
        precision: when.map_or(Precision::Unknown, |when| when.precision),
        recorded_at,
        recorded_at_basis,
        actor,
        summary,
        service_name,
        attributes,
        supersedes: None,
        source: source.to_owned(),
    }
}

/// What one document gives, as it is read.
struct Emitter<'s> {
    text: &'s str,
    source: &'s str,
    /// Where the text begins in the source.
    base: u64,
    record: u64,
    event_ids: Vec<String>,
    entry_ids: Vec<String>,
    is_complete: bool,
    sink: &'s mut dyn RecordSink,
}

/// Sends the events of a document to the sink; the number of the record after its last one. `first` is
/// the number of its first record and where the text begins in the source.
pub(super) fn emit(
    document: &Document<'_>,
    text: &str,
    source: &str,
    first: Place,
    sink: &mut dyn RecordSink,
) -> u64 {
    let mut emitter = Emitter {
        text,
        source,
        base: first.byte_offset,
        record: first.record,
        event_ids: Vec::new(),
        entry_ids: Vec::new(),
        is_complete: true,
        sink,
    };
    let incident_id = &document.incident_id;
    for (event_type, value, node) in &document.head {
        let entry = Entry {
            incident_id: incident_id.clone(),
            id: Some(format!("head:{event_type}")),
            event_type: (*event_type).to_owned(),
            summary: Some(value.clone()),
            ..Entry::default()
        };
        emitter.send(entry, node);
    }
    emitter.record += 1;
    let mut clock = Clock::default();
    for node in document.events {
        let entry = EventEntry::read(node, document.context).and_then(|entry| clock.check(entry, node));
        emitter.take(entry.map(|entry| vec![from_event(incident_id, entry)]), node);
    }
    for node in document.actions {
        let entries = ActionEntry::read(node, document.context).map(|entry| from_action(incident_id, entry));
        emitter.take(entries, node);
    }
    if emitter.is_complete {
        emitter.sink.declared(DeclaredDocument {
            incident_id: incident_id.clone(),
            document: source.to_owned(),
            event_ids: emitter.event_ids,
        });
    }
    emitter.record
}

/// Where are we in the day? People write from top to bottom: a time of day far before the one above is of the next
/// day, and read as the same one it would make an incident end before it began.
#[derive(Debug, Default)]
struct Clock {
    above: Option<When>,
}

impl Clock {
    /// Entries are added in no order too: only what is half a day before the one above must have passed midnight.
    const BACK_MAX: i64 = 12 * 3600 * Micros::PER_SECOND;

    fn check(&mut self, entry: EventEntry, node: &Node) -> Result<EventEntry, String> {
        let Some(when) = entry.when else { return Ok(entry) };
        let is_far_back = self.above.is_some_and(|above| above.at.0 - when.at.0 > Self::BACK_MAX);
        if when.is_time_of_day && is_far_back {
            return Err(format!(
                "line {}: at: the time of day is more than 12 hours before the one above; where it passed midnight, write the date too",
                node.get("at").map_or(node.line, |at| at.line)
            ));
        }
        self.above = Some(when);
        Ok(entry)
    }
}

impl Emitter<'_> {
    fn place(&self, node: &Node) -> Place {
        Place { record: self.record, byte_offset: self.base + node.bytes.start as u64 }
    }

    fn send(&mut self, entry: Entry, node: &Node) {
        if entry.when.is_some_and(|when| when.assumed_zone)
            || entry.recorded.is_some_and(|when| when.assumed_zone)
        {
            self.sink.assumed_zone();
        }
        let event = entry_event(entry, self.source);
        self.event_ids.push(event.event_id.clone());
        self.sink.event(self.place(node), event);
    }

    /// One entry of the file, with the events that it declares.
    fn take(&mut self, entries: Result<Vec<Entry>, String>, node: &Node) {
        let entries = entries.and_then(|entries| {
            for id in entries.iter().filter_map(|entry| entry.id.as_ref()) {
                if self.entry_ids.contains(id) {
                    return Err(format!("line {}: the id `{id}` is there twice", node.line));
                }
                self.entry_ids.push(id.clone());
            }
            Ok(entries)
        });
        match entries {
            Ok(entries) => entries.into_iter().for_each(|entry| self.send(entry, node)),
            Err(reason) => {
                self.is_complete = false;
                let bytes = self.text.get(node.bytes.clone()).unwrap_or_default().as_bytes();
                let place = self.place(node);
                reject(self.sink, place, reason, bytes);
            }
        }
        self.record += 1;
    }
}

fn from_event(incident_id: &str, entry: EventEntry) -> Entry {
    let EventEntry { id, when, recorded, event_type, actor, summary, service_name, attributes } = entry;
    let incident_id = incident_id.to_owned();
    Entry { incident_id, id, event_type, when, recorded, actor, summary, service_name, attributes }
}

/// An action that was opened, and maybe closed.
fn from_action(incident_id: &str, action: ActionEntry) -> Vec<Entry> {
    let ActionEntry { id, opened, closed, actor, summary, mut attributes } = action;
    let action_id = id.unwrap_or_else(|| {
        let key = event_id(&["action", summary.as_deref().unwrap_or_default()]);
        format!("#{}", key.get(..12).unwrap_or(&key))
    });
    attributes.push(("action_id".to_owned(), action_id.clone()));
    let entry = |event_type: &str, when: Option<When>| Entry {
        incident_id: incident_id.to_owned(),
        id: Some(format!("{action_id}:{event_type}")),
        event_type: event_type.to_owned(),
        when,
        actor: actor.clone(),
        summary: summary.clone(),
        attributes: attributes.clone(),
        ..Entry::default()
    };
    let mut entries = vec![entry("action_opened", opened)];
    if closed.is_some() {
        entries.push(entry("action_closed", closed));
    }
    entries
}
