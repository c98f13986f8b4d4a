//! Records that carry a key of their own: the same record in another export adds nothing, a
//! changed entry of a timeline or record of an export becomes a correcting event, an entry that is
//! gone from its timeline a retraction.
//!
//! The two kinds of source differ in what a reading proves. A timeline is a document: its latest
//! reading holds. Exports overlap and are read in any order: what a system recorded later holds,
//! whenever it is read.

mod changes;
mod wordings;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use fupan_decode::DeclaredDocument;
use fupan_model::events::event_id;
use fupan_model::{Change, EventType, IncidentEvent, Micros, Precision, RecordedAtBasis, Table};
use fupan_store::{Store, StoreError};

use self::changes::ChangeKeys;
use self::wordings::{Wording, Wordings};
use crate::people::BY_HAND;

/// What is known of an event that is in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    incident_id: Option<String>,
    source: String,
    entry_id: Option<String>,
    /// By the clock of the source; none where it does not say.
    recorded_at: Option<Micros>,
    supersedes: Option<String>,
    chunk_id: String,
}

impl Known {
    fn of(event: &IncidentEvent, chunk_id: &str) -> Self {
        Self {
            incident_id: event.incident_id.clone(),
            source: event.source.clone(),
            entry_id: entry_id(&event.attributes).map(str::to_owned),
            recorded_at: event.recorded_at.filter(|_| event.recorded_at_basis == RecordedAtBasis::Source),
            supersedes: event.supersedes.clone(),
            chunk_id: chunk_id.to_owned(),
        }
    }

    /// Whether its source wrote it down before the other one; what does not say when is not older.
    fn is_older_than(&self, other: &Self) -> bool {
        matches!((self.recorded_at, other.recorded_at), (Some(this), Some(other)) if this < other)
    }

    /// Whether it is from an export: neither from a document that speaks for itself nor said by hand.
    fn is_exported(&self) -> bool {
        !self.source.starts_with("timeline:") && self.source != BY_HAND
    }
}

impl Wording for Known {
    type Entry = Entry;

    /// The entry of a document; events without one correct nothing.
    fn entry(&self) -> Option<Entry> {
        let entry_id = self.entry_id.clone()?;
        Some(Entry { source: self.source.clone(), incident_id: self.incident_id.clone(), entry_id })
    }

    fn supersedes(&self) -> Option<&String> {
        self.supersedes.as_ref()
    }

    fn chunk_id(&self) -> &str {
        &self.chunk_id
    }
}

/// An entry, whatever its wording.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Entry {
    source: String,
    incident_id: Option<String>,
    entry_id: String,
}

/// Keys of all events and changes that count, kept current while a run adds to them.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    events: Wordings<Known>,
    changes: ChangeKeys,
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
                keys.changes.learn_row(&batch, row);
            }
        }
        Ok(keys)
    }

    fn learn_row(&mut self, batch: &RecordBatch, row: usize) {
        let Some(id) = text(batch, "event_id", row) else { return };
        let known = Known {
            incident_id: text(batch, "incident_id", row),
            source: text(batch, "source", row).unwrap_or_default(),
            entry_id: attribute(batch, row, "entry_id"),
            recorded_at: recorded_at(batch, row),
            supersedes: text(batch, "supersedes", row),
            chunk_id: text(batch, "chunk_id", row).unwrap_or_default(),
        };
        self.events.learn(id, known);
    }

    fn learn_event(&mut self, event: &IncidentEvent, chunk_id: &str) {
        self.events.learn(event.event_id.clone(), Known::of(event, chunk_id));
    }

    /// Forgets what chunks held that are about to be replaced.
    pub(crate) fn forget_chunks(&mut self, chunks: &BTreeSet<&str>) {
        if chunks.is_empty() {
            return;
        }
        self.events.forget_chunks(chunks);
        self.changes.forget_chunks(chunks);
    }

    /// See [`ChangeKeys::new_changes`].
    pub(crate) fn new_changes(&mut self, rows: &mut Vec<(Change, u64)>, chunk_id: &str) -> BTreeSet<u64> {
        self.changes.new_changes(rows, chunk_id)
    }

    /// Keeps the events that are new, corrects what entries say differently now, and retracts what
    /// whole documents no longer hold; answers the records all of whose events were in already.
    ///
    /// An entry that is there speaks for itself: it corrects its predecessor also where another entry of its
    /// document could not be read. That one is gone can be said only of a document that was read whole.
    pub(crate) fn new_events(
        &mut self,
        rows: &mut Vec<(IncidentEvent, u64)>,
        documents: &[DeclaredDocument],
        chunk_id: &str,
    ) -> BTreeSet<u64> {
        let mut gone = self.gone(documents);
        let stated: HashSet<String> = rows.iter().map(|(event, _)| event.event_id.clone()).collect();
        let mut all = BTreeSet::new();
        let mut fresh = BTreeSet::new();
        let mut kept = Vec::with_capacity(rows.len());
        for (mut event, record) in rows.drain(..) {
            all.insert(record);
            let is_in = self.events.get(&event.event_id).is_some();
            if is_in && !self.events.is_ended(&event.event_id) {
                continue;
            }
            let known = Known::of(&event, chunk_id);
            if known.is_exported() && self.is_outdated(&known, is_in) {
                continue;
            }
            if is_in {
                if let Some(stated_anew) = self.stated_anew(&event) {
                    gone.remove(&stated_anew);
                    continue;
                }
                // An entry that went back to an earlier wording is a new statement.
                event.event_id = again_id(&event.event_id, chunk_id);
            }
            // What a later wording corrected, and was itself read anew, has its place before that.
            let is_corrected = known.is_exported() && self.events.is_ended(&event.event_id);
            if event.supersedes.is_none() && !is_corrected {
                event.supersedes = self.corrected_by(&event, &known, &stated);
            }
            if let Some(old) = &event.supersedes {
                gone.remove(old);
            }
            fresh.insert(record);
            self.learn_event(&event, chunk_id);
            kept.push((event, record));
        }
        for (old, known) in &gone {
            let event = retraction(old, known, chunk_id);
            self.learn_event(&event, chunk_id);
            kept.push((event, 1));
        }
        *rows = kept;
        all.difference(&fresh).copied().collect()
    }

    /// The statement by which an entry went back to this wording, if that still holds.
    fn stated_anew(&self, event: &IncidentEvent) -> Option<String> {
        let entry = Known::of(event, "").entry();
        let is_same = |(id, known): &(&String, &Known)| **id == again_id(&event.event_id, &known.chunk_id);
        self.events.standing(entry.as_ref()).find(is_same).map(|(id, _)| id.clone())
    }

    /// Whether an export says what its system no longer says: a later wording of the entry holds, or people
    /// took this one back.
    fn is_outdated(&self, known: &Known, is_in: bool) -> bool {
        let mut standing = self.events.standing(known.entry().as_ref()).peekable();
        let is_taken_back = is_in && standing.peek().is_none();
        is_taken_back || standing.any(|(_, other)| known.is_older_than(other))
    }

    /// The wording of the same entry that holds until now, and that is not stated again. Where an export
    /// holds two wordings of one entry, the system's clock decides, if it can.
    fn corrected_by(&self, event: &IncidentEvent, known: &Known, stated: &HashSet<String>) -> Option<String> {
        let is_corrected = |old: &Known, id: &String| {
            *id != event.event_id
                && (!stated.contains(id) || (known.is_exported() && old.is_older_than(known)))
        };
        let mut standing = self.events.standing(known.entry().as_ref());
        standing.find(|(id, old)| is_corrected(old, id)).map(|(id, _)| id.clone())
    }

    /// Events of the declared documents that they no longer declare.
    fn gone(&self, documents: &[DeclaredDocument]) -> BTreeMap<String, Known> {
        let mut gone = BTreeMap::new();
        for document in documents {
            let declared: HashSet<&str> = document.event_ids.iter().map(String::as_str).collect();
            for (id, known) in self.events.all() {
                let is_theirs = known.source == document.document
                    && known.incident_id.as_deref() == Some(&document.incident_id);
                let is_current = !self.events.is_ended(id) && !id.is_empty();
                let is_retraction = known.entry_id.is_none();
                if is_theirs && is_current && !is_retraction && !declared.contains(id.as_str()) {
                    gone.insert(id.clone(), known.clone());
                }
            }
        }
        gone
    }
}

fn again_id(id: &str, chunk_id: &str) -> String {
    event_id(&["again", id, chunk_id])
}

fn entry_id(attributes: &[(String, String)]) -> Option<&str> {
    attributes.iter().rev().find(|(key, _)| key == "entry_id").map(|(_, value)| value.as_str())
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

/// When the source says that it wrote the row down.
fn recorded_at(batch: &RecordBatch, row: usize) -> Option<Micros> {
    let is_said = text(batch, "recorded_at_basis", row)? == RecordedAtBasis::Source.as_str();
    let column = batch.column_by_name("recorded_at")?.as_primitive_opt::<TimestampMicrosecondType>()?;
    (is_said && column.is_valid(row)).then(|| Micros(column.value(row)))
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
mod tests;
