//! What a store holds at one ledger version, as a list of files that a query engine can scan.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use fupan_model::{Micros, Table};
use object_store::ObjectStore;
use url::Url;

/// Every table of a store, pinned by one ledger version.
///
/// Only files that hold at least one chunk that the ledger counts are listed; tables without rows
/// are present with an empty list.
#[derive(Debug, Clone)]
pub struct StoreSnapshot {
    /// Root of the store; `object_store` is rooted there too.
    pub root: Url,
    /// Reads the files: paths in [`DataFile::path`] are relative to the root.
    pub object_store: Arc<dyn ObjectStore>,
    /// The last version of the `ingests` table that changed what counts.
    pub ledger_version: u64,
    /// All tables.
    pub tables: BTreeMap<Table, TableSnapshot>,
}

/// One table at that version.
#[derive(Debug, Clone)]
pub struct TableSnapshot {
    /// Which table.
    pub table: Table,
    /// Delta version of this table.
    pub version: u64,
    /// Columns, partition columns included.
    pub schema: SchemaRef,
    /// Files with rows that count, ordered by path.
    pub files: Vec<DataFile>,
}

/// A Parquet file. Partition columns (`date`) are not stored inside of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// Below the store's root, such as `logs/date=2026-11-05/….parquet`.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Value of the `date` partition, days since the epoch; none in unpartitioned tables.
    pub date_days: Option<i32>,
    /// Rows in the file.
    pub rows: u64,
    /// Smallest and largest `timestamp` in the file, where the table has one.
    pub timestamps: Option<(Micros, Micros)>,
    /// Chunks whose rows are in the file and count.
    pub chunks: Vec<String>,
    /// Chunks whose rows are in the file and do not count: filter by `chunk_id`. Mostly empty.
    pub hidden_chunks: Vec<String>,
    /// BLAKE3 of the file, hex, as written.
    pub digest: Option<String>,
}
