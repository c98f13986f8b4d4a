//! Records that carry a key of their own: the same record in another export adds nothing, a
//! changed entry of a timeline becomes a correcting event, one that is gone a retraction.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use arrow::array::{Array, AsArray, RecordBatch};
use fupan_decode::DeclaredDocument;
use fupan_model::events::event_id;
use fupan_model::{Change, EventType, IncidentEvent, Precision, RecordedAtBasis, Table};
use fupan_store::{Store, StoreError};

/// What is known of an event that is in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    incident_id: Option<String>,
    source: String,
    entry_id: Option<String>,
    chunk_id: String,
}

/// Keys of all events and changes that count, kept current while a run adds to them.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    events: BTreeMap<String, Known>,
    /// Events that a later one superseded or retracted.
    ended: HashSet<String>,
    changes: HashMap<String, String>,
}

impl Keys {
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        let mut keys = Self::default();
        for batch in store.read(Table::IncidentEvents).await? {
            for row in 0..batch.num_rows() {
                keys.learn_row(&batch, row);
            }
        }
        for batch in store.read(Table::Changes).await? {
            for row in 0..batch.num_rows() {
                if let (Some(id), Some(chunk)) =
                    (text(&batch, "change_id", row), text(&batch, "chunk_id", row))
                {
                    keys.changes.insert(id, chunk);
                }
            }
        }
        Ok(keys)
    }

    fn learn_row(&mut self, batch: &RecordBatch, row: usize) {
        if let Some(ended) = text(batch, "supersedes", row) {
            self.ended.insert(ended);
        }
        let Some(id) = text(batch, "event_id", row) else { return };
        let known = Known {
            incident_id: text(batch, "incident_id", row),
            source: text(batch, "source", row).unwrap_or_default(),
            entry_id: attribute(batch, row, "entry_id"),
            chunk_id: text(batch, "chunk_id", row).unwrap_or_default(),
        };
        self.events.insert(id, known);
    }

    fn learn(&mut self, event: &IncidentEvent, chunk_id: &str) {
        if let Some(ended) = &event.supersedes {
            self.ended.insert(ended.clone());
        }
        let known = Known {
            incident_id: event.incident_id.clone(),
            source: event.source.clone(),
            entry_id: entry_id(event).map(str::to_owned),
            chunk_id: chunk_id.to_owned(),
        };
        self.events.insert(event.event_id.clone(), known);
    }

    /// Forgets what chunks held that are about to be replaced.
    pub(crate) fn forget_chunks(&mut self, chunks: &BTreeSet<&str>) {
        if chunks.is_empty() {
            return;
        }
        self.events.retain(|_, known| !chunks.contains(known.chunk_id.as_str()));
        self.changes.retain(|_, chunk| !chunks.contains(chunk.as_str()));
    }

    /// Keeps the changes that are new; answers the records that were in already.
    pub(crate) fn new_changes(&mut self, rows: &mut Vec<(Change, u64)>, chunk_id: &str) -> BTreeSet<u64> {
        let mut duplicates = BTreeSet::new();
        rows.retain(|(change, record)| {
            let is_new = self.changes.insert(change.change_id.clone(), chunk_id.to_owned()).is_none();
            if !is_new {
                duplicates.insert(*record);
            }
            is_new
        });
        duplicates
    }

    /// Keeps the events that are new, corrects and retracts what documents declare differently now;
    /// answers the records all of whose events were in already.
    pub(crate) fn new_events(
        &mut self,
        rows: &mut Vec<(IncidentEvent, u64)>,
        documents: &[DeclaredDocument],
        chunk_id: &str,
    ) -> BTreeSet<u64> {
        let gone = self.gone(documents);
        let mut all = BTreeSet::new();
        let mut fresh = BTreeSet::new();
        let mut corrected = HashSet::new();
        let mut kept = Vec::with_capacity(rows.len());
        for (mut event, record) in rows.drain(..) {
            all.insert(record);
            let is_in = self.events.contains_key(&event.event_id);
            if is_in && !self.ended.contains(&event.event_id) {
                continue;
            }
            if is_in {
                // An entry that went back to an earlier wording is a new statement.
                event.event_id = event_id(&["again", &event.event_id, chunk_id]);
            }
            if let Some(old) = corrected_by(&gone, &event) {
                corrected.insert(old.to_owned());
                event.supersedes = Some(old.to_owned());
            }
            fresh.insert(record);
            self.learn(&event, chunk_id);
            kept.push((event, record));
        }
        for (old, known) in gone.iter().filter(|(old, _)| !corrected.contains(*old)) {
            let event = retraction(old, known, chunk_id);
            self.learn(&event, chunk_id);
            kept.push((event, 1));
        }
        *rows = kept;
        all.difference(&fresh).copied().collect()
    }

    /// Events of the declared documents that they no longer declare.
    fn gone(&self, documents: &[DeclaredDocument]) -> BTreeMap<String, Known> {
        let mut gone = BTreeMap::new();
        for document in documents {
            let declared: HashSet<&str> = document.event_ids.iter().map(String::as_str).collect();
            for (id, known) in &self.events {
                let is_theirs = known.source == document.document
                    && known.incident_id.as_deref() == Some(&document.incident_id);
                let is_current = !self.ended.contains(id) && !id.is_empty();
                let is_retraction = known.entry_id.is_none();
                if is_theirs && is_current && !is_retraction && !declared.contains(id.as_str()) {
                    gone.insert(id.clone(), known.clone());
                }
            }
        }
        gone
    }
}

fn corrected_by<'a>(gone: &'a BTreeMap<String, Known>, event: &IncidentEvent) -> Option<&'a str> {
    let entry = entry_id(event)?;
    gone.iter()
        .find(|(_, known)| {
            known.entry_id.as_deref() == Some(entry)
                && known.incident_id == event.incident_id
                && known.source == event.source
        })
        .map(|(id, _)| id.as_str())
}

fn entry_id(event: &IncidentEvent) -> Option<&str> {
    event.attributes.iter().rev().find(|(key, _)| key == "entry_id").map(|(_, value)| value.as_str())
}

fn retraction(old: &str, known: &Known, chunk_id: &str) -> IncidentEvent {
    IncidentEvent {
        event_id: event_id(&["retracted", old, chunk_id]),
        incident_id: known.incident_id.clone(),
        event_type: EventType::Retracted.as_str().to_owned(),
        occurred_at: None,
        occurred_at_low: None,
        occurred_at_high: None,
        precision: Precision::Unknown,
        recorded_at: None,
        recorded_at_basis: RecordedAtBasis::Ingested,
        actor: None,
        summary: Some("no longer in the document".to_owned()),
        service_name: None,
        attributes: Vec::new(),
        supersedes: Some(old.to_owned()),
        source: known.source.clone(),
    }
}

fn text(batch: &RecordBatch, column: &str, row: usize) -> Option<String> {
    let column = batch.column_by_name(column)?.as_string_opt::<i32>()?;
    column.is_valid(row).then(|| column.value(row).to_owned())
}

fn attribute(batch: &RecordBatch, row: usize, wanted: &str) -> Option<String> {
    let map = batch.column_by_name("attributes")?.as_map_opt()?;
    if map.is_null(row) {
        return None;
    }
    let entries = map.value(row);
    let (keys, values) =
        (entries.column(0).as_string_opt::<i32>()?, entries.column(1).as_string_opt::<i32>()?);
    let at = keys.iter().position(|key| key == Some(wanted))?;
    values.is_valid(at).then(|| values.value(at).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, entry: &str) -> (IncidentEvent, u64) {
        let mut event = retraction("x", &known(), "c");
        event.event_id = id.to_owned();
        event.event_type = "note_added".to_owned();
        event.supersedes = None;
        event.attributes = vec![("entry_id".to_owned(), entry.to_owned())];
        (event, 1)
    }

    fn known() -> Known {
        Known {
            incident_id: Some("INC".to_owned()),
            source: "timeline:a".to_owned(),
            entry_id: None,
            chunk_id: "c".to_owned(),
        }
    }

    fn document(ids: &[&str]) -> Vec<DeclaredDocument> {
        vec![DeclaredDocument {
            incident_id: "INC".to_owned(),
            document: "timeline:a".to_owned(),
            event_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        }]
    }

    fn add(keys: &mut Keys, chunk: &str, events: &[(&str, &str)]) -> Vec<IncidentEvent> {
        let mut rows: Vec<_> = events.iter().map(|(id, entry)| event(id, entry)).collect();
        let ids: Vec<&str> = events.iter().map(|(id, _)| *id).collect();
        keys.new_events(&mut rows, &document(&ids), chunk);
        rows.into_iter().map(|(event, _)| event).collect()
    }

    #[test]
    fn reading_a_document_again_adds_nothing() {
        let mut keys = Keys::default();
        assert_eq!(add(&mut keys, "c1", &[("a1", "a"), ("b1", "b")]).len(), 2);
        assert_eq!(add(&mut keys, "c2", &[("a1", "a"), ("b1", "b")]).len(), 0);
    }

    #[test]
    fn a_changed_entry_corrects_and_a_missing_one_is_retracted() {
        let mut keys = Keys::default();
        add(&mut keys, "c1", &[("a1", "a"), ("b1", "b")]);
        let rows = add(&mut keys, "c2", &[("a2", "a")]);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].supersedes.as_deref(), Some("a1"));
        assert_eq!((rows[1].event_type.as_str(), rows[1].supersedes.as_deref()), ("retracted", Some("b1")));
    }

    #[test]
    fn going_back_to_an_earlier_wording_is_a_new_event() {
        let mut keys = Keys::default();
        add(&mut keys, "c1", &[("a1", "a")]);
        add(&mut keys, "c2", &[("a2", "a")]);
        let rows = add(&mut keys, "c3", &[("a1", "a")]);
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_ne!(rows[0].event_id, "a1");
        assert_eq!(rows[0].supersedes.as_deref(), Some("a2"));
    }
}
