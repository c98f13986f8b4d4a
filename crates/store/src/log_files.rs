//! What do a table's log files say, entry by entry, also where the log as a whole cannot be read?

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use fupan_model::Table;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::seal::{self, Seal};
use crate::{Store, StoreError};

/// One log entry.
#[derive(Debug)]
pub(crate) struct LogEntry {
    /// Below the store's root.
    pub(crate) location: Path,
    /// The table's version that it makes.
    pub(crate) version: u64,
    /// As it is on disk.
    pub(crate) bytes: Bytes,
}

impl LogEntry {
    /// Its actions, or what is wrong with it.
    pub(crate) fn actions(&self) -> Result<Vec<Value>, String> {
        if self.bytes.iter().all(u8::is_ascii_whitespace) {
            return Err("it is empty".to_owned());
        }
        let lines = self.bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let actions = lines
            .map(|line| serde_json::from_slice::<Value>(line).map_err(|error| format!("it is torn: {error}")))
            .collect::<Result<_, _>>()?;
        if seal::check(&self.bytes) == Seal::Broken {
            return Err("it changed after it was written".to_owned());
        }
        Ok(actions)
    }
}

/// The folder of a table's log.
pub(crate) fn log_folder(table: Table) -> Path {
    Path::from(format!("{}/_delta_log", table.name()))
}

/// Where the entry of a version is.
pub(crate) fn entry_path(table: Table, version: u64) -> Path {
    log_folder(table).join(format!("{version:020}.json"))
}

/// The version in an entry's name: twenty digits and `.json`.
pub(crate) fn entry_version(location: &Path) -> Option<u64> {
    let digits = location.filename()?.strip_suffix(".json")?;
    (digits.len() == 20).then(|| digits.parse().ok())?
}

/// The version in a checkpoint's name: digits and `.checkpoint.parquet`, or the parts of one.
pub(crate) fn checkpoint_version(name: &str) -> Option<u64> {
    let is_one = name.contains(".checkpoint.") && name.ends_with(".parquet");
    is_one.then(|| name.split('.').next()?.parse().ok())?
}

impl Store {
    /// Everything in a table's log folder, in order of name.
    pub(crate) async fn log_files(&self, table: Table) -> Result<Vec<ObjectMeta>, StoreError> {
        let listed = self.object_store().list_with_delimiter(Some(&log_folder(table))).await?;
        let mut objects = listed.objects;
        objects.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(objects)
    }

    /// All entries of a table's log, in order of version.
    pub(crate) async fn log_entries(&self, table: Table) -> Result<Vec<LogEntry>, StoreError> {
        let mut entries = Vec::new();
        for object in self.log_files(table).await? {
            let Some(version) = entry_version(&object.location) else { continue };
            let bytes = self.object_store().get(&object.location).await?.bytes().await?;
            entries.push(LogEntry { location: object.location, version, bytes });
        }
        entries.sort_by_key(|entry| entry.version);
        Ok(entries)
    }

    /// Checkpoints of a table's log that cannot be read, below the store's root, and why.
    pub(crate) async fn damaged_checkpoints(
        &self,
        table: Table,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let mut damaged = Vec::new();
        let listed = self.log_files(table).await?;
        let there: BTreeSet<u64> =
            listed.iter().filter_map(|object| checkpoint_version(object.location.filename()?)).collect();
        for object in listed {
            let name = object.location.filename().unwrap_or_default();
            let read: fn(&Bytes) -> Result<(), String> = match name {
                "_last_checkpoint" => read_json,
                name if name.ends_with(".parquet") => read_parquet,
                _ => continue,
            };
            let bytes = self.object_store().get(&object.location).await?.bytes().await?;
            let read = read(&bytes).and_then(|()| match pointed_at(name, &bytes) {
                Some(version) if !there.contains(&version) => {
                    Err(format!("it names a checkpoint of version {version}, which is missing"))
                }
                _ => Ok(()),
            });
            if let Err(problem) = read {
                damaged.push((object.location.to_string(), problem));
            }
        }
        Ok(damaged)
    }

    /// All Parquet files below a table's folder, the log's own left out, by path relative to the table.
    pub(crate) async fn stored_files(
        &self,
        table: Table,
    ) -> Result<BTreeMap<String, ObjectMeta>, StoreError> {
        let folder = Path::from(table.name());
        let objects: Vec<ObjectMeta> = self.object_store().list(Some(&folder)).try_collect().await?;
        let below = objects.into_iter().filter_map(|object| {
            let path = object.location.prefix_match(&folder)?;
            let parts: Vec<String> = path.map(|part| part.as_ref().to_owned()).collect();
            let is_data = parts.first().is_some_and(|first| first != "_delta_log")
                && object.location.extension() == Some("parquet");
            is_data.then(|| (parts.join("/"), object))
        });
        Ok(below.collect())
    }
}

/// The version of the checkpoint that `_last_checkpoint` names.
fn pointed_at(name: &str, bytes: &Bytes) -> Option<u64> {
    let pointer = (name == "_last_checkpoint").then(|| serde_json::from_slice::<Value>(bytes).ok()).flatten();
    pointer?.get("version")?.as_u64()
}

fn read_json(bytes: &Bytes) -> Result<(), String> {
    serde_json::from_slice::<Value>(bytes).map(|_| ()).map_err(|error| error.to_string())
}

fn read_parquet(bytes: &Bytes) -> Result<(), String> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes.clone())
        .and_then(ParquetRecordBatchReaderBuilder::build);
    reader
        .map_err(|error| error.to_string())?
        .try_for_each(|batch| batch.map(|_| ()))
        .map_err(|error| error.to_string())
}
