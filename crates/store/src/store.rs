//! Opening a store, and reading what it holds.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::RecordBatch;
use deltalake_core::DeltaTable;
use fupan_model::ledger::LedgerAction;
use fupan_model::{Micros, Table};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt};
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::ledger::{Ledger, LedgerRow};
use crate::snapshot::{DataFile, StoreSnapshot, TableSnapshot};
use crate::table::{TAG_CHUNKS, TAG_DIGEST};
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
    /// Ledger files are small and never change: each is read once per process.
    ledger_files: Mutex<HashMap<String, Vec<LedgerRow>>>,
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
        for table in Table::ALL {
            table::create(&whole, &root, table).await?;
        }
        Self::open_on(root, whole).await
    }

    /// As [`Self::open`], on an object store that the caller made.
    pub async fn open_on(root: Url, whole: Arc<dyn ObjectStore>) -> Result<Self, StoreError> {
        location::know_scheme(root.scheme())?;
        let prefix = location::prefix(&root)?;
        let below: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(Arc::clone(&whole), prefix));
        let store = Self { root, whole, below, tables: Mutex::default(), ledger_files: Mutex::default() };
        if !store.exists(Table::Ingests).await? {
            return Err(StoreError::NotFound { root: store.display_root() });
        }
        for table in Table::ALL {
            store.check_newest_entry(table).await?;
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
        Ok(table::handle(&self.whole, &self.root, table)?.verify_deltatable_existence().await?)
    }

    /// A machine that lost power can leave an empty or torn newest entry where another program
    /// wrote the log without syncing; averaging over that would hide the loss.
    async fn check_newest_entry(&self, table: Table) -> Result<(), StoreError> {
        let folder = Path::from(format!("{}/_delta_log", table.name()));
        let listed = self.below.list_with_delimiter(Some(&folder)).await?;
        let newest = listed
            .objects
            .iter()
            .filter(|entry| entry.location.extension() == Some("json"))
            .max_by_key(|entry| entry.location.clone());
        let Some(newest) = newest else { return Ok(()) };
        let bytes = self.below.get(&newest.location).await?.bytes().await?;
        let damaged = |reason: String| StoreError::DamagedLog {
            table: table.name().to_owned(),
            entry: newest.location.filename().unwrap_or_default().to_owned(),
            reason,
        };
        if bytes.is_empty() {
            return Err(damaged("it is empty".to_owned()));
        }
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            serde_json::from_slice::<Value>(line).map_err(|error| damaged(format!("it is torn: {error}")))?;
        }
        Ok(())
    }

    /// A table's handle with the newest state.
    pub(crate) async fn delta(&self, table: Table) -> Result<DeltaTable, StoreError> {
        let cached = self.tables.lock().await.get(&table).cloned();
        if let Some(mut delta) = cached {
            delta.update_state().await?;
            return Ok(delta);
        }
        let mut delta = table::handle(&self.whole, &self.root, table)?;
        delta.load().await?;
        self.keep(table, delta.clone()).await;
        Ok(delta)
    }

    /// Keeps a state, so that the next load is incremental.
    pub(crate) async fn keep(&self, table: Table, delta: DeltaTable) {
        self.tables.lock().await.insert(table, delta);
    }

    /// The ledger, newest version.
    pub async fn ledger(&self) -> Result<Ledger, StoreError> {
        let delta = self.delta(Table::Ingests).await?;
        self.ledger_of(&delta).await
    }

    pub(crate) async fn ledger_of(&self, delta: &DeltaTable) -> Result<Ledger, StoreError> {
        let mut rows = Vec::new();
        let mut version = 0;
        // Names carry the version, so files are in order of commit.
        for file in files_of(delta)? {
            let of_file = self.ledger_file(&file.path).await?;
            if of_file.iter().any(|row| row.action != LedgerAction::Seen) {
                version = committed_version(&file.path).unwrap_or(version);
            }
            rows.extend(of_file);
        }
        Ok(Ledger::new(version, rows))
    }

    async fn ledger_file(&self, path: &str) -> Result<Vec<LedgerRow>, StoreError> {
        if let Some(rows) = self.ledger_files.lock().await.get(path) {
            return Ok(rows.clone());
        }
        let location = Path::from(format!("{}/{path}", Table::Ingests.name()));
        let bytes = self.below.get(&location).await?.bytes().await?;
        let batches = files::decode(bytes, &Table::Ingests.schema())?;
        let rows: Vec<LedgerRow> = batches.iter().flat_map(ledger::from_batch).collect();
        self.ledger_files.lock().await.insert(path.to_owned(), rows.clone());
        Ok(rows)
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
        let ledger = self.ledger_of(&ingests).await?;
        let mut tables = BTreeMap::new();
        for table in Table::ALL {
            let delta = if table == Table::Ingests { ingests.clone() } else { self.delta(table).await? };
            let files = files_of(&delta)?;
            let files = files.into_iter().filter_map(|file| counted(table, file, &ledger)).collect();
            let version = delta.version().unwrap_or_default();
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

/// All files of a table's state, whether their chunks count or not, ordered by path.
pub(crate) fn files_of(delta: &DeltaTable) -> Result<Vec<DataFile>, StoreError> {
    let mut found: Vec<DataFile> = delta.snapshot()?.log_data().iter().map(|view| data_file(&view)).collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The version in a ledger file's name.
fn committed_version(path: &str) -> Option<u64> {
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
    file.chunks = live;
    file.hidden_chunks = hidden;
    (!file.chunks.is_empty()).then_some(file)
}

fn data_file(view: &deltalake_core::kernel::LogicalFileView) -> DataFile {
    #[expect(deprecated, reason = "the only public way to the tags of an add action")]
    let add = view.add_action();
    let tags = add.tags.unwrap_or_default();
    let tag = |name: &str| tags.get(name).cloned().flatten();
    let stats: Value =
        add.stats.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let instant = |side: &str| -> Option<Micros> {
        let text = stats.get(side)?.get("timestamp")?.as_str()?;
        let at = chrono::DateTime::parse_from_rfc3339(text).ok()?;
        Some(Micros::from_datetime(at.to_utc()))
    };
    let date = add.partition_values.get("date").cloned().flatten();
    DataFile {
        path: add.path,
        size: add.size.unsigned_abs(),
        date_days: date.as_deref().and_then(files::date_days),
        rows: stats.get("numRecords").and_then(Value::as_u64).unwrap_or_default(),
        timestamps: instant("minValues").zip(instant("maxValues")),
        chunks: tag(TAG_CHUNKS).map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default(),
        hidden_chunks: Vec::new(),
        digest: tag(TAG_DIGEST),
    }
}
