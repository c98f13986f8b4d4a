//! How does what a source held leave the disk, not only the answers?
//!
//! In this order, so that an interrupted purge hides too much rather than too little, and running it again
//! finishes it: the ledger notes it; the rows leave the newest state of every table; every data file that
//! still holds one (of earlier versions, left behind, moved aside) is deleted; what the log says about those
//! files' contents (smallest and largest values) is taken out of it, entry by entry and in the checkpoints.
//! What stays is the ledger's note: name, digests and counts of the source, and the day.

use std::collections::BTreeSet;

use arrow::array::AsArray;
use bytes::Bytes;
use fupan_model::ledger::LedgerAction;
use fupan_model::{Micros, Table};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use serde_json::{Value, json};

use crate::repair::ASIDE;
use crate::seal;
use crate::state::files_of;
use crate::{LedgerRow, Store, StoreError, files};

/// What a purge did, or would do.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Purge {
    /// Data files deleted.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Log entries of which values were taken out.
    pub log_entries: u64,
    /// Files that were moved aside and that cannot be read: whether they hold rows of the source is not
    /// known. Below the store's root.
    pub unreadable: Vec<String>,
}

impl Store {
    /// Removes the rows of these chunks from the disk. Nothing that reads or writes the same source may run
    /// beside it.
    pub async fn purge(&self, chunks: &[LedgerRow], now: Micros) -> Result<Purge, StoreError> {
        self.note_gone(chunks, LedgerAction::Purged, now).await?;
        let ids: BTreeSet<String> = chunks.iter().map(|row| row.chunk_id.clone()).collect();
        let mut purge = Purge::default();
        self.purge_rows(&ids, now, &mut purge).await?;
        Ok(purge)
    }

    /// Removes the rows of chunks that do not count.
    pub(crate) async fn purge_rows(
        &self,
        ids: &BTreeSet<String>,
        now: Micros,
        purge: &mut Purge,
    ) -> Result<(), StoreError> {
        for table in Table::ALL.into_iter().filter(|table| *table != Table::Ingests) {
            self.take_out(table, ids, &BTreeSet::new(), now).await?;
            let deleted = self.delete_holders(table, ids, purge).await?;
            self.neutralise_log(table, ids, &deleted, purge).await?;
        }
        self.purge_aside(ids, purge).await
    }

    /// Deletes every file of a table that the newest state does not name and that holds rows of these chunks.
    async fn delete_holders(
        &self,
        table: Table,
        ids: &BTreeSet<String>,
        purge: &mut Purge,
    ) -> Result<BTreeSet<String>, StoreError> {
        let delta = self.delta(table).await?;
        let current: BTreeSet<String> = files_of(&delta)?.into_iter().map(|file| file.path).collect();
        let holders = self.ever_added(table).await?.into_iter();
        let by_log: BTreeSet<String> = holders
            .filter(|(_, chunks)| chunks.iter().any(|chunk| ids.contains(chunk)))
            .map(|(path, _)| path)
            .collect();
        let mut deleted = by_log.clone();
        for (path, object) in self.stored_files(table).await? {
            if current.contains(&path) {
                continue;
            }
            // The log's word is enough; without it, or where it is torn, the file itself is asked.
            if by_log.contains(&path) || self.holds(table, &object.location, ids).await? == Some(true) {
                self.object_store().delete(&object.location).await?;
                purge.files += 1;
                purge.bytes += object.size;
                deleted.insert(path);
            }
        }
        Ok(deleted)
    }

    /// Whether a file holds rows of these chunks; none where it cannot be read.
    async fn holds(
        &self,
        table: Table,
        location: &Path,
        ids: &BTreeSet<String>,
    ) -> Result<Option<bool>, StoreError> {
        let bytes = self.object_store().get(location).await?.bytes().await?;
        Ok(holds_rows(bytes, table, ids))
    }

    /// Takes the values of deleted files out of the log: every entry that names one keeps its path and its
    /// number of rows, and a fresh checkpoint takes the place of the earlier ones.
    async fn neutralise_log(
        &self,
        table: Table,
        ids: &BTreeSet<String>,
        deleted: &BTreeSet<String>,
        purge: &mut Purge,
    ) -> Result<(), StoreError> {
        if deleted.is_empty() {
            return Ok(());
        }
        for entry in self.log_entries(table).await? {
            let mut actions = entry.actions().unwrap_or_default();
            let mut is_changed = false;
            for action in &mut actions {
                is_changed |= neutralise(action, ids, deleted);
            }
            if is_changed {
                let lines: Vec<String> = actions.iter().map(Value::to_string).collect();
                self.object_store().put(&entry.location, seal::opened(lines.join("\n")).into()).await?;
                purge.log_entries += 1;
            }
        }
        let mut delta = self.delta(table).await?;
        delta.load().await?;
        deltalake_core::checkpoints::create_checkpoint(&delta, None).await?;
        let newest = format!("{:020}.", delta.version().unwrap_or_default());
        self.keep(table, delta).await;
        for object in self.log_files(table).await? {
            let name = object.location.filename().unwrap_or_default();
            if name.ends_with(".parquet") && !name.starts_with(&newest) {
                self.object_store().delete(&object.location).await?;
            }
        }
        Ok(())
    }

    /// Files that a repair moved aside.
    async fn purge_aside(&self, ids: &BTreeSet<String>, purge: &mut Purge) -> Result<(), StoreError> {
        let aside = Path::from(ASIDE);
        let objects: Vec<ObjectMeta> = self.object_store().list(Some(&aside)).try_collect().await?;
        for object in objects {
            // _aside/DAY/TABLE/…
            let table = object.location.parts().nth(2).and_then(|part| Table::by_name(part.as_ref()));
            let bytes = self.object_store().get(&object.location).await?.bytes().await?;
            let is_log = object.location.as_ref().contains(log_folder_name());
            let holds = match table {
                Some(Table::Ingests) => Some(false),
                Some(table) if !is_log => match holds_rows(bytes.clone(), table, ids) {
                    Some(holds) => Some(holds),
                    None => self.once_held(table, &object.location, ids).await?,
                },
                _ => Some(names_any(&bytes, ids)),
            };
            match holds {
                Some(true) => {
                    self.object_store().delete(&object.location).await?;
                    purge.files += 1;
                    purge.bytes += object.size;
                }
                Some(false) => {}
                None => purge.unreadable.push(object.location.to_string()),
            }
        }
        Ok(())
    }

    /// What the log said about a file that was moved aside and cannot be read; none where it said nothing.
    async fn once_held(
        &self,
        table: Table,
        location: &Path,
        ids: &BTreeSet<String>,
    ) -> Result<Option<bool>, StoreError> {
        let parts: Vec<String> = location.parts().skip(3).map(|part| part.as_ref().to_owned()).collect();
        let path = parts.join("/");
        let named = self.ever_added(table).await?;
        Ok(named.get(&path).map(|chunks| chunks.iter().any(|chunk| ids.contains(chunk))))
    }
}

fn log_folder_name() -> &'static str {
    "/_delta_log/"
}

/// Whether rows of these chunks are in a Parquet file; none where it cannot be read.
fn holds_rows(bytes: Bytes, table: Table, ids: &BTreeSet<String>) -> Option<bool> {
    let batches = files::decode(bytes, &table.schema()).ok()?;
    let mut columns = batches.iter().filter_map(|batch| batch.column_by_name("chunk_id"));
    Some(columns.any(|column| {
        column.as_string_opt::<i32>().is_some_and(|chunks| chunks.iter().flatten().any(|id| ids.contains(id)))
    }))
}

fn names_any(bytes: &[u8], ids: &BTreeSet<String>) -> bool {
    let text = String::from_utf8_lossy(bytes);
    ids.iter().any(|id| text.contains(id))
}

/// Takes the smallest and largest values out of what an action says about a file that was deleted.
fn neutralise(action: &mut Value, ids: &BTreeSet<String>, deleted: &BTreeSet<String>) -> bool {
    let Some(add) = action.get_mut("add") else { return false };
    let is_meant = {
        let path = add.get("path").and_then(Value::as_str).unwrap_or_default();
        let chunks = add.pointer("/tags/fupan.chunks").and_then(Value::as_str).unwrap_or_default();
        deleted.contains(path) || chunks.split(',').any(|chunk| ids.contains(chunk))
    };
    let Some(stats) = add.get("stats").and_then(Value::as_str).filter(|_| is_meant) else { return false };
    let rows = serde_json::from_str::<Value>(stats).ok().and_then(|stats| stats.get("numRecords").cloned());
    let kept = json!({"numRecords": rows.unwrap_or_default()}).to_string();
    if kept == stats {
        return false;
    }
    if let Some(fields) = add.as_object_mut() {
        fields.insert("stats".to_owned(), Value::String(kept));
    }
    true
}
