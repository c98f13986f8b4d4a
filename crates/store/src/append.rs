//! Appending chunks so that each counts exactly once, whatever dies or races in between.
//!
//! Data first, then the ledger. A chunk's rows for one table arrive in one commit; a chunk that is
//! in a table already (a run that died before its ledger row, or a racing writer) is not written
//! again; nothing counts before the ledger names it. Commits are made against the exact state that
//! the decision was read from, so two writers cannot both decide to write the same chunk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use deltalake_core::DeltaTable;
use fupan_model::ledger::LedgerAction;
use fupan_model::{Micros, Table};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::files::{EncodedFile, Rows};
use crate::ledger::LedgerRow;
use crate::{Store, StoreError, files, ledger, limits, state, table};

/// The rows of one chunk, and what the ledger will say about it.
#[derive(Debug)]
pub struct ChunkRows {
    /// Its ledger row; `table_versions` is filled in here.
    pub ledger_row: LedgerRow,
    /// Rows by table, with all columns of the contract. `chunk_id` in the rows is the ledger row's.
    pub batches: BTreeMap<Table, Vec<RecordBatch>>,
    /// Chunks that this one replaces: they stop to count in the same ledger commit.
    pub supersedes: Vec<LedgerRow>,
}

/// Whole chunks whose data files are ready to be written. Their rows are in the files alone.
#[derive(Debug)]
pub struct EncodedChunks {
    chunks: Vec<EncodedChunk>,
    files: BTreeMap<Table, Vec<EncodedFile>>,
    /// Whether the files are on disk. Nothing counts before the ledger names it.
    is_written: bool,
    written_at: Micros,
}

/// A chunk without its rows.
#[derive(Debug)]
struct EncodedChunk {
    ledger_row: LedgerRow,
    /// Where it has rows, or had none to bring.
    tables: BTreeSet<Table>,
    supersedes: Vec<LedgerRow>,
}

impl From<ChunkRows> for EncodedChunk {
    fn from(chunk: ChunkRows) -> Self {
        let tables = chunk.batches.into_keys().collect();
        Self { ledger_row: chunk.ledger_row, tables, supersedes: chunk.supersedes }
    }
}

/// Writes data files of chunks ahead of their commit.
#[derive(Debug, Clone)]
pub struct FileWriter(Arc<dyn ObjectStore>);

impl FileWriter {
    /// Writes the files. When it returns, they are on disk.
    pub async fn write(&self, mut encoded: EncodedChunks) -> Result<EncodedChunks, StoreError> {
        for (table, files) in &encoded.files {
            self.write_files(*table, files).await?;
        }
        encoded.is_written = true;
        Ok(encoded)
    }

    async fn write_files(&self, table: Table, encoded: &[EncodedFile]) -> Result<(), StoreError> {
        for file in encoded {
            // The name holds the digest of the content: writing it again writes the same bytes.
            let path = Path::from(format!("{}/{}", table.name(), file.add.path));
            self.0.put(&path, file.bytes.clone().into()).await?;
        }
        Ok(())
    }
}

impl EncodedChunks {
    /// Encodes the rows; takes `threads` cores for a while and touches no store.
    pub fn encode(chunks: Vec<ChunkRows>, written_at: Micros, threads: usize) -> Result<Self, StoreError> {
        let mut encoded = BTreeMap::new();
        let tables: BTreeSet<Table> = chunks.iter().flat_map(|chunk| chunk.batches.keys().copied()).collect();
        for table in tables {
            let files = partition(table, &chunks)?;
            let files = files.iter().map(|rows| files::encode(table, rows, written_at, threads));
            encoded.insert(table, files.collect::<Result<_, _>>()?);
        }
        let chunks = chunks.into_iter().map(EncodedChunk::from).collect();
        Ok(Self { chunks, files: encoded, is_written: false, written_at })
    }

    /// These and others in one commit.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.chunks.extend(others.chunks);
        for (table, files) in others.files {
            self.files.entry(table).or_default().extend(files);
        }
        self.is_written &= others.is_written;
        self
    }
}

/// What became of the chunks of one append.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// Chunks that count now and did not before.
    pub committed: BTreeSet<String>,
    /// Chunks that somebody else had brought in meanwhile.
    pub already_in: BTreeSet<String>,
    /// Chunks that do not count yet: their rows are there, and the caller has to decide.
    pub contested: Vec<Contested>,
}

/// A chunk that somebody else may have brought in meanwhile as a part of another one, or with more.
#[derive(Debug, PartialEq, Eq)]
pub struct Contested {
    /// Its ledger row.
    pub row: LedgerRow,
    /// What it replaces.
    pub supersedes: Vec<LedgerRow>,
    /// Chunks that count and may hold records of it.
    pub rivals: Vec<LedgerRow>,
}

/// Whether a chunk that counts (the second) may hold records of one that is about to (the first).
pub type IsRival<'a> = dyn Fn(&LedgerRow, &LedgerRow) -> bool + Send + Sync + 'a;

impl Store {
    /// Writes the rows of whole chunks and then their ledger rows. When it returns, all of it is on
    /// disk and counts.
    pub async fn append(&self, chunks: Vec<ChunkRows>, written_at: Micros) -> Result<Appended, StoreError> {
        self.append_beside(EncodedChunks::encode(chunks, written_at, 1)?, &|_, _| false).await
    }

    /// As [`Self::append`], of what was encoded elsewhere; a chunk that has a rival does not count until the caller has decided: see
    /// [`Self::append_settled`].
    pub async fn append_beside(
        &self,
        encoded: EncodedChunks,
        is_rival: &IsRival<'_>,
    ) -> Result<Appended, StoreError> {
        let EncodedChunks { chunks, files, is_written, written_at } = encoded;
        if chunks.is_empty() {
            return Ok(Appended::default());
        }
        let mut versions: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for (table, files) in files {
            let version = self.append_rows(table, files, is_written, written_at).await?;
            for chunk in chunks.iter().filter(|chunk| chunk.tables.contains(&table)) {
                let of_chunk = versions.entry(chunk.ledger_row.chunk_id.clone()).or_default();
                of_chunk.insert(table.name().to_owned(), version);
            }
        }
        let rows = chunks
            .into_iter()
            .map(|mut chunk| {
                chunk.ledger_row.table_versions =
                    versions.remove(&chunk.ledger_row.chunk_id).unwrap_or_default();
                (chunk.ledger_row, chunk.supersedes)
            })
            .collect();
        self.append_settled(rows, is_rival, written_at).await
    }

    /// Notes that chunks were seen again. Changes no other table.
    pub async fn note_seen(&self, rows: Vec<LedgerRow>, written_at: Micros) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        self.append_ledger_rows(written_at, |_| rows.clone()).await
    }

    async fn append_rows(
        &self,
        table: Table,
        mut encoded: Vec<EncodedFile>,
        mut is_written: bool,
        written_at: Micros,
    ) -> Result<u64, StoreError> {
        let mut delta = self.delta_as_known(table).await?;
        for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
            let own: BTreeSet<&str> = encoded.iter().flat_map(EncodedFile::chunks).collect();
            let present = state::present(&delta, &own)?;
            if encoded.iter().any(|file| file.holds_any(&present)) {
                self.check_holders(table, &delta, &present).await?;
                encoded = without(table, encoded, &present, written_at)?;
                is_written = false;
            }
            if encoded.is_empty() {
                delta.update_state().await?;
                self.make_durable(table).await?;
                return Ok(delta.version().unwrap_or_default());
            }
            if !is_written {
                self.file_writer().write_files(table, &encoded).await?;
                is_written = true;
            }
            let adds = encoded.iter().map(|file| file.add.clone()).collect();
            match table::commit(&mut delta, table, adds).await {
                Err(StoreError::Conflict { .. }) => delta.update_state().await?,
                outcome => {
                    let version = outcome?;
                    self.keep(table, delta).await;
                    return Ok(version);
                }
            }
        }
        Err(contended(table))
    }

    /// What is there already is acknowledged only where it is whole: nobody looked at it since it was written.
    async fn check_holders(
        &self,
        table: Table,
        delta: &DeltaTable,
        present: &BTreeSet<String>,
    ) -> Result<(), StoreError> {
        for file in state::files_of(delta)? {
            if file.chunks.iter().any(|chunk| present.contains(chunk)) {
                self.read_undamaged(table, &file).await?;
            }
        }
        Ok(())
    }

    /// Writes the ledger rows of chunks whose rows are there, each with what it replaces.
    pub async fn append_settled(
        &self,
        rows: Vec<(LedgerRow, Vec<LedgerRow>)>,
        is_rival: &IsRival<'_>,
        written_at: Micros,
    ) -> Result<Appended, StoreError> {
        let mut appended = Appended::default();
        self.append_ledger_rows(written_at, |current| {
            appended = Appended::default();
            let mut fresh = Vec::new();
            for (row, supersedes) in &rows {
                let taken = current
                    .live_by_key(&row.chunk_key)
                    .is_some_and(|live| !supersedes.iter().any(|old| old.chunk_id == live.chunk_id));
                if taken {
                    appended.already_in.insert(row.chunk_id.clone());
                    continue;
                }
                let is_replaced =
                    |live: &LedgerRow| supersedes.iter().any(|old| old.chunk_id == live.chunk_id);
                let rivals = current.live().filter(|live| is_rival(row, live) && !is_replaced(live));
                let rivals: Vec<LedgerRow> = rivals.cloned().collect();
                if !rivals.is_empty() {
                    let (row, supersedes) = (row.clone(), supersedes.clone());
                    appended.contested.push(Contested { row, supersedes, rivals });
                    continue;
                }
                for old in supersedes.iter().filter(|old| current.is_live(&old.chunk_id)) {
                    fresh.push(LedgerRow {
                        action: LedgerAction::Superseded,
                        superseded_by: Some(row.chunk_id.clone()),
                        ingested_at: row.ingested_at,
                        ..old.clone()
                    });
                }
                fresh.push(row.clone());
                appended.committed.insert(row.chunk_id.clone());
            }
            fresh
        })
        .await?;
        Ok(appended)
    }

    /// Commits what `decide` returns for the ledger as it is; decides anew if somebody was first.
    pub(crate) async fn append_ledger_rows(
        &self,
        written_at: Micros,
        mut decide: impl FnMut(&ledger::Ledger) -> Vec<LedgerRow>,
    ) -> Result<(), StoreError> {
        let table = Table::Ingests;
        let mut delta = self.delta_as_known(table).await?;
        let mut is_newest = false;
        for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
            let current = self.folded_ledger(&delta).await?;
            let rows = decide(&current);
            drop(current);
            if rows.is_empty() && is_newest {
                return self.make_durable(table).await;
            }
            if rows.is_empty() {
                // No commit tells whether the state was the newest.
                delta.update_state().await?;
                is_newest = true;
                continue;
            }
            let batches = vec![ledger::to_batch(&rows)?];
            // Named by the version that it will be: sorted by name, ledger files are in order of commit.
            let chunks = vec![format!("{:016}", delta.version().unwrap_or_default() + 1)];
            let rows = Rows { date_days: None, chunks, batches };
            let encoded = vec![files::encode(table, &rows, written_at, 1)?];
            self.file_writer().write_files(table, &encoded).await?;
            let adds = encoded.into_iter().map(|file| file.add).collect();
            match table::commit(&mut delta, table, adds).await {
                Err(StoreError::Conflict { .. }) => delta.update_state().await?,
                outcome => {
                    outcome?;
                    self.keep(table, delta).await;
                    self.tidy_ledger(written_at).await;
                    return Ok(());
                }
            }
        }
        Err(contended(table))
    }

    /// Writes data files ahead of their commit.
    pub fn file_writer(&self) -> FileWriter {
        FileWriter(Arc::clone(self.object_store()))
    }
}

fn contended(table: Table) -> StoreError {
    StoreError::Contended { table: table.name().to_owned(), attempts: limits::COMMIT_ATTEMPTS_MAX }
}

/// Rows by partition.
fn partition(table: Table, chunks: &[ChunkRows]) -> Result<Vec<Rows>, StoreError> {
    let mut by_date: BTreeMap<Option<i32>, Rows> = BTreeMap::new();
    for chunk in chunks {
        for batch in chunk.batches.get(&table).into_iter().flatten().filter(|batch| batch.num_rows() > 0) {
            let parts = if table.partition_columns().is_empty() {
                vec![(None, batch.clone())]
            } else {
                let parts = files::split_by_date(batch)?;
                parts.into_iter().map(|(day, part)| (Some(day), part)).collect()
            };
            for (date_days, part) in parts {
                let rows = by_date.entry(date_days).or_insert_with(|| Rows {
                    date_days,
                    chunks: Vec::new(),
                    batches: Vec::new(),
                });
                if rows.chunks.last() != Some(&chunk.ledger_row.chunk_id) {
                    rows.chunks.push(chunk.ledger_row.chunk_id.clone());
                }
                rows.batches.push(part);
            }
        }
    }
    Ok(by_date.into_values().collect())
}

/// The files of one table, without the chunks that are in already.
fn without(
    table: Table,
    encoded: Vec<EncodedFile>,
    present: &BTreeSet<String>,
    written_at: Micros,
) -> Result<Vec<EncodedFile>, StoreError> {
    let mut left = Vec::with_capacity(encoded.len());
    for file in encoded {
        if !file.holds_any(present) {
            left.push(file);
        } else if let Some(rows) = file.rows(table)?.without(present)? {
            left.push(files::encode(table, &rows, written_at, 1)?);
        }
    }
    Ok(left)
}
