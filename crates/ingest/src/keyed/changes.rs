//! Changes: the same one adds nothing, and one that says something else under its own id corrects what it said
//! before.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use fupan_model::{Change, Micros, RecordedAtBasis};

use super::wordings::{Wording, Wordings};
use super::{attribute, entry_id, recorded_at, text};

/// A change by the id that its source gave it. Such ids are not always unique: what is of another kind, service or
/// instant is another change.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Entry {
    entry_id: String,
    change_type: String,
    service_name: Option<String>,
    occurred_at: Micros,
}

/// What is known of a change that is in.
#[derive(Debug)]
struct Known {
    entry: Option<Entry>,
    chunk_id: String,
    supersedes: Option<String>,
    /// By the clock of the source; none where it does not say.
    recorded_at: Option<Micros>,
}

impl Wording for Known {
    type Entry = Entry;

    fn entry(&self) -> Option<Entry> {
        self.entry.clone()
    }

    fn supersedes(&self) -> Option<&String> {
        self.supersedes.as_ref()
    }

    fn chunk_id(&self) -> &str {
        &self.chunk_id
    }
}

/// Keys of all changes that count.
#[derive(Debug, Default)]
pub(super) struct ChangeKeys {
    wordings: Wordings<Known>,
}

impl ChangeKeys {
    pub(super) fn learn_row(&mut self, batch: &RecordBatch, row: usize) {
        let (Some(id), Some(chunk_id)) = (text(batch, "change_id", row), text(batch, "chunk_id", row)) else {
            return;
        };
        let at = batch.column_by_name("occurred_at");
        let at = at.and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        let entry = attribute(batch, row, "entry_id").zip(at).map(|(entry_id, at)| Entry {
            entry_id,
            change_type: text(batch, "change_type", row).unwrap_or_default(),
            service_name: text(batch, "service_name", row),
            occurred_at: Micros(at.value(row)),
        });
        let supersedes = text(batch, "supersedes", row);
        let recorded_at = recorded_at(batch, row);
        self.wordings.learn(id, Known { entry, chunk_id, supersedes, recorded_at });
    }

    /// Forgets what chunks held that are about to be replaced.
    pub(super) fn forget_chunks(&mut self, chunks: &BTreeSet<&str>) {
        self.wordings.forget_chunks(chunks);
    }

    /// Keeps the changes that are new, and says what they correct; answers the records that were in already.
    pub(super) fn new_changes(&mut self, rows: &mut Vec<(Change, u64)>, chunk_id: &str) -> BTreeSet<u64> {
        let stated: HashSet<String> = rows.iter().map(|(change, _)| change.change_id.clone()).collect();
        let mut is_fresh: BTreeMap<u64, bool> = BTreeMap::new();
        rows.retain_mut(|(change, record)| {
            let is_new = self.take(change, &stated, chunk_id);
            *is_fresh.entry(*record).or_default() |= is_new;
            is_new
        });
        is_fresh.into_iter().filter(|(_, is_fresh)| !is_fresh).map(|(record, _)| record).collect()
    }

    fn take(&mut self, change: &mut Change, stated: &HashSet<String>, chunk_id: &str) -> bool {
        if self.wordings.get(&change.change_id).is_some() {
            return false;
        }
        let entry = entry_id(&change.attributes).map(|entry_id| Entry {
            entry_id: entry_id.to_owned(),
            change_type: change.change_type.clone(),
            service_name: change.service_name.clone(),
            occurred_at: change.occurred_at,
        });
        let recorded_at = change.recorded_at.filter(|_| change.recorded_at_basis == RecordedAtBasis::Source);
        // The wording that holds until now, and is not stated again beside the new one.
        let standing = self.wordings.standing(entry.as_ref()).find(|(id, _)| !stated.contains(*id));
        if let Some((id, known)) = standing {
            // Exports are read in any order: what was recorded later holds.
            if matches!((recorded_at, known.recorded_at), (Some(this), Some(other)) if this < other) {
                return false;
            }
            change.supersedes = Some(id.clone());
        }
        let supersedes = change.supersedes.clone();
        let known = Known { entry, chunk_id: chunk_id.to_owned(), supersedes, recorded_at };
        self.wordings.learn(change.change_id.clone(), known);
        true
    }
}
