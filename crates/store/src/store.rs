//! Opening a store, and reading what it holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use deltalake_core::DeltaTable;
use fupan_model::Table;
use futures::{StreamExt, TryFutureExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt, PutMode};
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::ledger::{Ledger, LedgerRow};
use crate::log_files::{LogEntry, entry_version, log_folder};
use crate::seal::SealingStore;
use crate::snapshot::{DataFile, StoreSnapshot, TableSnapshot};
use crate::state::files_of;
use crate::{RemoteOptions, StoreError, files, ledger, limits, location, table};

/// A store: Delta tables below one root.
#[derive(Debug)]
pub struct Store {
    root: Url,
    /// Rooted at the file system's or bucket's root, as Delta wants it.
    whole: Arc<dyn ObjectStore>,
    /// Rooted at the store's root.
    below: Arc<dyn ObjectStore>,
    tables: Mutex<BTreeMap<Table, DeltaTable>>,
    /// The ledger as far as it was folded, with the files that it was folded from: they never change.
    folded: Mutex<Option<(Vec<String>, Arc<Ledger>)>>,
}

impl Store {
    /// Opens a store and creates what is missing of it.
    pub async fn create(location: &str) -> Result<Self, StoreError> {
        Self::create_with(location, &RemoteOptions::default()).await
    }

    /// As [`Self::create`], also in an object store, which the options lead to.
    pub async fn create_with(location: &str, options: &RemoteOptions) -> Result<Self, StoreError> {
        let (root, whole) = location::resolve(location, options).await?;
        Self::create_on(root, whole).await
    }

    /// Opens a store that exists. Reading commands never create one.
    pub async fn open(location: &str) -> Result<Self, StoreError> {
        Self::open_with(location, &RemoteOptions::default()).await
    }

    /// As [`Self::open`], also in an object store, which the options lead to.
    pub async fn open_with(location: &str, options: &RemoteOptions) -> Result<Self, StoreError> {
        let (root, whole) = location::resolve(location, options).await?;
        Self::open_on(root, whole).await
    }

    /// As [`Self::create`], on an object store that the caller made (a faulty one, a cloud one).
    pub async fn create_on(root: Url, whole: Arc<dyn ObjectStore>) -> Result<Self, StoreError> {
        location::know_scheme(root.scheme())?;
        let sealing: Arc<dyn ObjectStore> = Arc::new(SealingStore::new(Arc::clone(&whole)));
        // The ledger comes last: a store that has it has all.
        let others = Table::ALL.into_iter().filter(|table| *table != Table::Ingests);
        some_at_once(others.map(|table| table::create(&sealing, &root, table))).await?;
        table::create(&sealing, &root, Table::Ingests).await?;
        let store = Self::over(root, whole).await?;
        some_at_once(Table::ALL.map(|table| store.check_and_make_durable(table))).await?;
        Ok(store)
    }

    /// As [`Self::open`], for a store that is to be repaired: a damaged log is no reason to refuse it.
    pub(crate) async fn open_unchecked(location: &str) -> Result<Self, StoreError> {
        let (root, whole) = location::resolve(location, &RemoteOptions::default()).await?;
        Self::over(root, whole).await
    }

    /// As [`Self::open`], on an object store that the caller made.
    pub async fn open_on(root: Url, whole: Arc<dyn ObjectStore>) -> Result<Self, StoreError> {
        let store = Self::over(root, whole).await?;
        let checked = Table::ALL.map(|table| store.check_newest_entry(table).map_ok(drop));
        some_at_once(checked).await?;
        Ok(store)
    }

    async fn over(root: Url, whole: Arc<dyn ObjectStore>) -> Result<Self, StoreError> {
        location::know_scheme(root.scheme())?;
        let prefix = location::prefix(&root)?;
        let sealing: Arc<dyn ObjectStore> = Arc::new(SealingStore::new(Arc::clone(&whole)));
        let whole: Arc<dyn ObjectStore> = Arc::new(SealingStore::checking(whole));
        let below: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(sealing, prefix));
        let store = Self { root, whole, below, tables: Mutex::default(), folded: Mutex::default() };
        if !store.exists(Table::Ingests).await? {
            return Err(StoreError::NotFound { root: store.display_root() });
        }
        Ok(store)
    }

    /// The root as people write it.
    pub fn display_root(&self) -> String {
        self.root
            .to_file_path()
            .map_or_else(|()| self.root.to_string(), |path| path.to_string_lossy().into_owned())
    }

    /// Reads and writes below the root.
    pub(crate) fn object_store(&self) -> &Arc<dyn ObjectStore> {
        &self.below
    }

    async fn exists(&self, table: Table) -> Result<bool, StoreError> {
        table::exists(&self.whole, &self.root, table).await
    }

    /// A machine that lost power can leave an empty or torn newest entry where another program
    /// wrote the log without syncing; averaging over that would hide the loss.
    async fn check_newest_entry(&self, table: Table) -> Result<Option<(Path, Bytes)>, StoreError> {
        let Some(newest) = self.newest_entry(table).await? else { return Ok(None) };
        let bytes = self.below.get(&newest).await?.bytes().await?;
        let version = entry_version(&newest).unwrap_or_default();
        let entry = LogEntry { location: newest, version, bytes };
        match entry.actions() {
            Ok(_) => Ok(Some((entry.location, entry.bytes))),
            Err(reason) => Err(damaged(table, &entry, reason)),
        }
    }

    async fn newest_entry(&self, table: Table) -> Result<Option<Path>, StoreError> {
        let folder = log_folder(table);
        // Nothing before the newest checkpoint is looked at: a log holds an entry an hour, for years.
        let listed = match self.last_checkpoint(table).await? {
            Some(version) => {
                let from = Path::from(format!("{folder}/{version:020}"));
                self.below.list_with_offset(Some(&folder), &from)
            }
            None => self.below.list(Some(&folder)),
        };
        let entries = listed.map_ok(|entry| entry.location);
        let entries: Vec<Path> = entries.try_collect().await?;
        Ok(entries.into_iter().filter(|entry| entry_version(entry).is_some()).max())
    }

    /// The version of the newest checkpoint; none where there is none or the pointer to it is damaged.
    async fn last_checkpoint(&self, table: Table) -> Result<Option<u64>, StoreError> {
        let pointer = Path::from(format!("{}/_last_checkpoint", log_folder(table)));
        let bytes = match self.below.get(&pointer).await {
            Ok(found) => found.bytes().await?,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let pointer = serde_json::from_slice::<Value>(&bytes).ok();
        Ok(pointer.and_then(|pointer| pointer.get("version")?.as_u64()))
    }

    /// Makes sure that commits of others are on disk which this process found and builds upon: whoever
    /// made them may have been killed before syncing the folder. Cloud stores have no such state.
    pub(crate) async fn make_durable(&self, table: Table) -> Result<(), StoreError> {
        let Some(newest) = self.newest_entry(table).await?.filter(|_| self.root.scheme() == "file") else {
            return Ok(());
        };
        let bytes = self.below.get(&newest).await?.bytes().await?;
        self.sync_entry(&newest, bytes).await
    }

    async fn check_and_make_durable(&self, table: Table) -> Result<(), StoreError> {
        let newest = self.check_newest_entry(table).await?;
        let Some((newest, bytes)) = newest.filter(|_| self.root.scheme() == "file") else { return Ok(()) };
        self.sync_entry(&newest, bytes).await
    }

    async fn sync_entry(&self, entry: &Path, bytes: Bytes) -> Result<(), StoreError> {
        // Creating what is there changes nothing; the answer comes when the folder is synced.
        match self.below.put_opts(entry, bytes.into(), PutMode::Create.into()).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// A table's handle with the newest state.
    pub(crate) async fn delta(&self, table: Table) -> Result<DeltaTable, StoreError> {
        let cached = self.tables.lock().await.get(&table).cloned();
        if let Some(mut delta) = cached {
            return match delta.update_state().await {
                Ok(()) => Ok(delta),
                Err(error) => Err(self.explained(table, error.into()).await),
            };
        }
        let mut delta = table::handle(&self.whole, &self.root, table)?;
        if let Err(error) = delta.load().await {
            return Err(self.explained(table, error.into()).await);
        }
        self.keep(table, delta.clone()).await;
        Ok(delta)
    }

    /// Why a table cannot be loaded: the log entry that is damaged, where one is.
    async fn explained(&self, table: Table, error: StoreError) -> StoreError {
        let entries = self.log_entries(table).await.unwrap_or_default();
        let damaged_entry = entries.iter().find_map(|entry| Some((entry, entry.actions().err()?)));
        damaged_entry.map_or(error, |(entry, reason)| damaged(table, entry, reason))
    }

    /// A table's handle with the state of a version, by its newest checkpoint and the entries behind that.
    pub(crate) async fn delta_at(&self, table: Table, version: u64) -> Result<DeltaTable, StoreError> {
        let mut delta = table::handle(&self.whole, &self.root, table)?;
        delta.load_version(version).await?;
        Ok(delta)
    }

    /// A table's handle with the state that this process knows: a commit against one that is not the newest
    /// says so.
    pub(crate) async fn delta_as_known(&self, table: Table) -> Result<DeltaTable, StoreError> {
        match self.known_state(table).await {
            Some(delta) => Ok(delta),
            None => self.delta(table).await,
        }
    }

    /// The state of a table that was loaded already.
    pub(crate) async fn known_state(&self, table: Table) -> Option<DeltaTable> {
        self.tables.lock().await.get(&table).cloned()
    }

    /// Keeps a state, so that the next load is incremental.
    pub(crate) async fn keep(&self, table: Table, delta: DeltaTable) {
        self.tables.lock().await.insert(table, delta);
    }

    /// The ledger, newest version.
    pub async fn ledger(&self) -> Result<Arc<Ledger>, StoreError> {
        let delta = self.delta(Table::Ingests).await?;
        self.folded_ledger(&delta).await
    }

    /// The ledger at a state. What was folded before is kept, and goes on from there where files were added.
    pub(crate) async fn folded_ledger(&self, delta: &DeltaTable) -> Result<Arc<Ledger>, StoreError> {
        // Names carry the version, so files are in order of commit.
        let paths = ledger_paths(delta)?;
        let kept = self.folded.lock().await.clone();
        let (done, mut ledger) = match kept {
            Some((done, ledger)) if paths.starts_with(&done) => (done.len(), ledger),
            _ => (0, Arc::default()),
        };
        if done < paths.len() {
            // Nobody else holds it: it is moved on where it is.
            self.folded.lock().await.take();
            let moved = Arc::make_mut(&mut ledger);
            for path in paths.iter().skip(done) {
                moved.extend(committed_version(path), self.ledger_file(path).await?);
            }
        }
        *self.folded.lock().await = Some((paths, Arc::clone(&ledger)));
        Ok(ledger)
    }

    /// As [`Self::ledger`], for who builds upon it: an error where a table's log has lost commits that it counts.
    pub async fn ledger_to_build_upon(&self) -> Result<Arc<Ledger>, StoreError> {
        let ledger = self.ledger().await?;
        let counted_at = ledger.newest_table_versions();
        for table in Table::ALL.into_iter().filter(|table| counted_at.contains_key(table.name())) {
            let newest = self.newest_entry(table).await?.as_ref().and_then(entry_version);
            let newest = newest.max(self.last_checkpoint(table).await?);
            check_not_older(table, newest.unwrap_or_default(), &counted_at)?;
        }
        Ok(ledger)
    }

    pub(crate) async fn ledger_file(&self, path: &str) -> Result<Vec<LedgerRow>, StoreError> {
        let location = Path::from(format!("{}/{path}", Table::Ingests.name()));
        let bytes = self.below.get(&location).await?.bytes().await?;
        // The name ends in the first digits of the digest.
        let digits =
            path.rsplit('-').next().and_then(|name| name.strip_suffix(".parquet")).unwrap_or_default();
        if digits.is_empty() || !blake3::hash(&bytes).to_hex().starts_with(digits) {
            // What counts is decided here: nothing may be guessed.
            let reason = "its content changed after it was written; restore it from a copy".to_owned();
            return Err(StoreError::DamagedFile { path: location.to_string(), reason });
        }
        let batches = files::decode(bytes, &Table::Ingests.schema())?;
        Ok(batches.iter().flat_map(ledger::from_batch).collect())
    }

    /// All rows of a small table (events, changes) that count, file by file.
    pub async fn read(&self, table: Table) -> Result<Vec<RecordBatch>, StoreError> {
        let ledger = self.ledger().await?;
        let delta = self.delta(table).await?;
        let mut batches = Vec::new();
        let files = files_of(&delta)?.into_iter().filter_map(|file| counted(table, file, &ledger));
        let mut read = stream::iter(files)
            .map(|file| {
                let below = Arc::clone(&self.below);
                async move {
                    let bytes = below.get(&Path::from(file.path.as_str())).await?.bytes().await?;
                    Ok::<_, StoreError>((file, bytes))
                }
            })
            .buffered(limits::SMALL_FILES_AHEAD);
        while let Some((file, bytes)) = read.try_next().await? {
            for batch in files::decode(bytes, &table.schema())? {
                batches.push(files::without_chunks(&batch, &file.hidden_chunks)?);
            }
        }
        Ok(batches)
    }

    /// The rows of one chunk in a table, whether they count or not.
    pub async fn read_chunk(&self, table: Table, chunk_id: &str) -> Result<Vec<RecordBatch>, StoreError> {
        let delta = self.delta(table).await?;
        let mut batches = Vec::new();
        for file in files_of(&delta)? {
            let mut others = file.chunks;
            let all = others.len();
            others.retain(|chunk| chunk != chunk_id);
            if others.len() == all {
                continue;
            }
            let path = Path::from(format!("{}/{}", table.name(), file.path));
            let bytes = self.below.get(&path).await?.bytes().await?;
            for batch in files::decode(bytes, &table.schema())? {
                batches.push(files::without_chunks(&batch, &others)?);
            }
        }
        Ok(batches)
    }

    /// All tables as the ledger's newest, or a given, version counts them.
    pub async fn snapshot(&self, ledger_version: Option<u64>) -> Result<StoreSnapshot, StoreError> {
        let mut ingests = self.delta(Table::Ingests).await?;
        if let Some(version) = ledger_version {
            let newest = ingests.version().unwrap_or_default();
            if version > newest {
                return Err(StoreError::NoSuchVersion { version, newest });
            }
            ingests.load_version(version).await?;
        }
        let ledger = self.folded_ledger(&ingests).await?;
        if let Some(version) = ledger_version {
            self.ledger().await?.check_whole(version, &ledger)?;
        }
        let counted_at = ledger.newest_table_versions();
        let mut tables = BTreeMap::new();
        for table in Table::ALL {
            let delta = if table == Table::Ingests { ingests.clone() } else { self.delta(table).await? };
            let files = files_of(&delta)?;
            let files = files.into_iter().filter_map(|file| counted(table, file, &ledger)).collect();
            let version = delta.version().unwrap_or_default();
            check_not_older(table, version, &counted_at)?;
            tables.insert(table, TableSnapshot { table, version, schema: table.schema(), files });
        }
        Ok(StoreSnapshot {
            root: self.root.clone(),
            object_store: Arc::clone(&self.below),
            ledger_version: ledger.version,
            tables,
        })
    }
}

fn damaged(table: Table, entry: &LogEntry, reason: String) -> StoreError {
    StoreError::DamagedLog {
        table: table.name().to_owned(),
        entry: entry.location.filename().unwrap_or_default().to_owned(),
        reason,
    }
}

/// An error where rows count that a table's log has lost with its newest entries.
fn check_not_older(table: Table, version: u64, counted_at: &BTreeMap<&str, u64>) -> Result<(), StoreError> {
    match counted_at.get(table.name()) {
        Some(counted) if *counted > version => {
            Err(StoreError::LostCommits { table: table.name().to_owned(), version, counted: *counted })
        }
        _ => Ok(()),
    }
}

/// Does the same for all tables, in no order; the first error ends it.
async fn some_at_once<T: Future<Output = Result<(), StoreError>>>(
    tables: impl IntoIterator<Item = T>,
) -> Result<(), StoreError> {
    stream::iter(tables).buffer_unordered(limits::TABLES_AT_ONCE).try_collect().await
}

/// Files of the ledger, in order of commit.
fn ledger_paths(delta: &DeltaTable) -> Result<Vec<String>, StoreError> {
    let mut paths: Vec<String> =
        delta.snapshot()?.log_data().iter().map(|view| view.path().into_owned()).collect();
    paths.sort();
    Ok(paths)
}

/// The version in a ledger file's name.
pub(crate) fn committed_version(path: &str) -> Option<u64> {
    path.split('-').next()?.parse().ok()
}

/// A file with its chunks split into those that count and those that do not; none if none counts.
/// Paths become relative to the store's root here.
fn counted(table: Table, mut file: DataFile, ledger: &Ledger) -> Option<DataFile> {
    file.path = format!("{}/{}", table.name(), file.path);
    if table == Table::Ingests {
        return Some(file);
    }
    let (live, hidden): (Vec<_>, Vec<_>) = file.chunks.drain(..).partition(|chunk| ledger.is_live(chunk));
    if !hidden.is_empty() {
        file.timestamps = file.timestamps.map(|range| ledger.narrowed(&live, range));
    }
    file.chunks = live;
    file.hidden_chunks = hidden;
    (!file.chunks.is_empty()).then_some(file)
}
