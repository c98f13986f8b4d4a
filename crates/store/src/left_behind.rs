//! What did ingests leave behind that died before their rows counted?
//!
//! Rows in a table of which the ledger says nothing, and files that no version of a table names. No answer counts
//! them. Ingesting the same source again finds the rows and builds upon them; what nobody ingests again stays, and it
//! may hold personal data of a source that no name leads to.

use std::collections::{BTreeMap, BTreeSet};

use fupan_model::{Micros, Table};
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::state::files_of;
use crate::{Purge, Store, StoreError};

/// What was left behind.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct LeftBehind {
    /// Chunks that the ledger does not name.
    chunks: BTreeSet<String>,
    /// Paths, relative to their table, of files with rows of these chunks in the newest states.
    files: BTreeMap<Table, BTreeSet<String>>,
    /// Paths, relative to their table, of files that no version names.
    orphans: BTreeMap<Table, BTreeSet<String>>,
    /// Files of either kind that are not from before the instant that was asked for.
    pub younger_files: u64,
}

impl LeftBehind {
    /// Whether nothing was.
    pub fn is_empty(&self) -> bool {
        self.files() == 0
    }

    /// Files with such rows.
    pub fn files(&self) -> u64 {
        self.files.values().chain(self.orphans.values()).map(|paths| paths.len() as u64).sum()
    }
}

impl Store {
    /// What was left behind, before an instant where one is given. Rows of an ingest that is under way look alike.
    pub async fn left_behind(&self, before: Option<Micros>) -> Result<LeftBehind, StoreError> {
        let mut left = LeftBehind::default();
        let mut young: BTreeSet<String> = BTreeSet::new();
        // The tables first: what is in them by now, and in the ledger that is read afterwards, counts.
        let mut states = BTreeMap::new();
        for table in Table::ALL.into_iter().filter(|table| *table != Table::Ingests) {
            let stored = self.stored_files(table).await?;
            states
                .insert(table, (stored, files_of(&self.delta(table).await?)?, self.ever_added(table).await?));
        }
        let ledger = self.ledger().await?;
        let committed = ledger.committed();
        for (table, (stored, files, named)) in states {
            let is_old = |path: &str| {
                let written = stored.get(path).map(|object| Micros::from_datetime(object.last_modified));
                before.is_none_or(|before| written.is_none_or(|written| written < before))
            };
            for file in files {
                let unknown: Vec<String> = file
                    .chunks
                    .iter()
                    .filter(|chunk| !committed.contains_key(chunk.as_str()))
                    .cloned()
                    .collect();
                if unknown.is_empty() {
                    continue;
                }
                if is_old(&file.path) {
                    left.chunks.extend(unknown);
                    left.files.entry(table).or_default().insert(file.path);
                } else {
                    left.younger_files += 1;
                    young.extend(unknown);
                }
            }
            let orphans = stored.keys().filter(|path| !named.contains_key(*path)).cloned();
            let (old, younger): (BTreeSet<String>, BTreeSet<String>) = orphans.partition(|path| is_old(path));
            left.younger_files += younger.len() as u64;
            if !old.is_empty() {
                left.orphans.insert(table, old);
            }
        }
        // A chunk may have its rows in files of several days.
        left.chunks.retain(|chunk| !young.contains(chunk));
        Ok(left)
    }

    /// Removes from the disk what was left behind. Whoever left it must not be running.
    pub async fn purge_left_behind(&self, left: &LeftBehind, now: Micros) -> Result<Purge, StoreError> {
        let mut purge = Purge::default();
        for (table, paths) in &left.orphans {
            for path in paths {
                let location = Path::from(format!("{}/{path}", table.name()));
                let object = match self.object_store().head(&location).await {
                    Ok(object) => object,
                    Err(object_store::Error::NotFound { .. }) => continue,
                    Err(error) => return Err(error.into()),
                };
                self.object_store().delete(&location).await?;
                purge.files += 1;
                purge.bytes += object.size;
            }
        }
        self.purge_rows(&left.chunks, now, &mut purge).await?;
        Ok(purge)
    }
}
