//! How do many small files become few, while others write and nothing that was said changes?
//!
//! Small files of one partition are read, their digests compared, and written as one. No row is left out,
//! also none that does not count any more: an earlier version of the ledger must find it. Rows that count
//! and rows that do not come into files of their own, so that hiding is leaving out files again. The old
//! files stay on disk, where readers that began earlier and earlier versions of the table find them.
//!
//! A commit takes out and brings in against one exact state. Where somebody else was first, it is made
//! again only where all files that go out are still there; where they are not, it is decided anew.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;
use deltalake_core::DeltaTable;
use deltalake_core::kernel::{Add, Remove};
use deltalake_core::protocol::DeltaOperation;
use fupan_model::{Micros, Table};
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::files::{EncodedFile, Rows};
use crate::state::files_of;
use crate::table::Change;
use crate::{DataFile, Ledger, Store, StoreError, files, limits, table};

/// What a compaction did, or would do.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Compaction {
    /// Files that went out of the tables' newest state; they stay on disk.
    pub files_out: u64,
    /// Bytes in them.
    pub bytes_out: u64,
    /// Files that took their place.
    pub files_in: u64,
    /// Bytes in them; 0 where nothing was written.
    pub bytes_in: u64,
    /// Rows that moved.
    pub rows: u64,
}

impl Compaction {
    /// Whether there was nothing to do.
    pub const fn is_empty(&self) -> bool {
        self.files_out == 0
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.files_out += other.files_out;
        self.bytes_out += other.bytes_out;
        self.files_in += other.files_in;
        self.bytes_in += other.bytes_in;
        self.rows += other.rows;
    }
}

/// Which of a file's chunks count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Counting {
    All,
    None,
    Some,
}

/// Files that become one; a single one that holds both kinds of rows becomes two.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    date_days: Option<i32>,
    files: Vec<DataFile>,
    is_split: bool,
}

/// A group that is on disk and waits for its commit.
struct Done {
    removes: Vec<Remove>,
    adds: Vec<Add>,
    did: Compaction,
}

impl Store {
    /// Merges small files of all tables, the ledger included. Run again, it finds nothing to do. With
    /// `dry_run` it says what the next step would take in.
    pub async fn compact(&self, dry_run: bool, now: Micros) -> Result<Compaction, StoreError> {
        let mut total = Compaction::default();
        for table in Table::ALL {
            if table == Table::Ingests {
                continue;
            }
            // Each pass decides anew: files that were split come together with others in the next one.
            loop {
                let pass = self.compact_once(table, Small::of(table), dry_run, now).await?;
                total.add(&pass);
                if dry_run || pass.is_empty() {
                    break;
                }
            }
        }
        total.add(&self.merge_ledger(2, dry_run, now).await?);
        Ok(total)
    }

    /// Compacts the tables in which many small files could be merged, so that the next hour costs what the
    /// first one did. For the end of an ingest: what it costs is a part of what the many commits before cost; files
    /// of a large ingest are left as they are, and tables that it did not touch have no more files than before.
    pub async fn tidy(&self, now: Micros) -> Result<Compaction, StoreError> {
        let mut total = Compaction::default();
        for table in Table::ALL.into_iter().filter(|table| *table != Table::Ingests) {
            let Some(delta) = self.known_state(table).await else { continue };
            if small_files_beside_others(&delta)? < limits::TIDY_FILES_MIN {
                continue;
            }
            // What this process knows of the ledger is enough to see whether it pays.
            let ingests = self.delta_as_known(Table::Ingests).await?;
            let ledger = self.folded_ledger(&ingests).await?;
            let groups = plan(table, files_of(&delta)?, &ledger, Small::FOR_TIDYING);
            let files: usize = groups.iter().map(|group| group.files.len()).sum();
            if files >= limits::TIDY_FILES_MIN {
                total.add(&self.compact_once(table, Small::FOR_TIDYING, false, now).await?);
            }
        }
        Ok(total)
    }

    async fn compact_once(
        &self,
        table: Table,
        small: Small,
        dry_run: bool,
        now: Micros,
    ) -> Result<Compaction, StoreError> {
        let ledger = self.ledger().await?;
        let mut delta = self.delta(table).await?;
        let groups = plan(table, files_of(&delta)?, &ledger, small);
        let mut total = Compaction::default();
        if dry_run {
            for group in &groups {
                total.add(&expected(group));
            }
            return Ok(total);
        }
        let count = groups.len();
        let mut waiting = Vec::new();
        for (at, group) in groups.iter().enumerate() {
            waiting.push(self.write_group(table, group, &ledger, now).await?);
            if waiting.len() >= limits::COMPACTED_GROUPS_PER_COMMIT || at + 1 == count {
                total.add(&self.commit_groups(&mut delta, table, std::mem::take(&mut waiting)).await?);
            }
        }
        if !total.is_empty() {
            // Not a part of what was done: without it the next reader replays a longer log.
            let _ = deltalake_core::checkpoints::create_checkpoint(&delta, None).await;
            self.keep(table, delta).await;
        }
        Ok(total)
    }

    async fn write_group(
        &self,
        table: Table,
        group: &Group,
        ledger: &Ledger,
        now: Micros,
    ) -> Result<Done, StoreError> {
        let mut did = expected(group);
        let mut batches = Vec::new();
        for file in &group.files {
            batches.extend(self.read_undamaged(table, file).await?);
        }
        let chunks = in_order(&group.files);
        let parts: Vec<(Vec<String>, Vec<RecordBatch>)> = if group.is_split {
            let (live, hidden): (Vec<String>, Vec<String>) =
                chunks.into_iter().partition(|chunk| ledger.is_live(chunk));
            vec![(live.clone(), without(&batches, &hidden)?), (hidden, without(&batches, &live)?)]
        } else {
            vec![(chunks, batches)]
        };
        did.files_in = 0;
        let mut adds = Vec::new();
        for (chunks, batches) in parts {
            let rows = Rows { date_days: group.date_days, chunks, batches };
            let add = self.write_rewritten(table, rows, now).await?;
            did.files_in += 1;
            did.bytes_in += add.size.unsigned_abs();
            // The same rows are in the table before and after.
            adds.push(Add { data_change: false, ..add });
        }
        let removes = group.files.iter().map(|file| removed(table, file, false, now)).collect();
        Ok(Done { removes, adds, did })
    }

    /// Commits groups together; one whose files somebody else took out meanwhile is left to the next pass.
    async fn commit_groups(
        &self,
        delta: &mut DeltaTable,
        table: Table,
        mut groups: Vec<Done>,
    ) -> Result<Compaction, StoreError> {
        for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
            let there: BTreeSet<String> = files_of(delta)?.into_iter().map(|file| file.path).collect();
            groups.retain(|group| group.removes.iter().all(|remove| there.contains(&remove.path)));
            let mut total = Compaction::default();
            for group in &groups {
                total.add(&group.did);
            }
            if groups.is_empty() {
                return Ok(total);
            }
            let change = Change {
                adds: groups.iter().flat_map(|group| group.adds.iter().cloned()).collect(),
                removes: groups.iter().flat_map(|group| group.removes.iter().cloned()).collect(),
                operation: optimize(),
            };
            match table::commit_change(delta, table, &change).await {
                Err(StoreError::Conflict { .. }) => delta.update_state().await?,
                outcome => {
                    outcome?;
                    return Ok(total);
                }
            }
        }
        Err(StoreError::Contended { table: table.name().to_owned(), attempts: limits::COMMIT_ATTEMPTS_MAX })
    }

    /// A file's rows; an error where its content is not what was written. Damage must not get a new digest.
    pub(crate) async fn read_undamaged(
        &self,
        table: Table,
        file: &DataFile,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        let path = format!("{}/{}", table.name(), file.path);
        let damaged = |reason: String| StoreError::DamagedFile { path: path.clone(), reason };
        let got = self.object_store().get(&Path::from(path.as_str())).await;
        let bytes = match got {
            Ok(got) => got.bytes().await?,
            Err(error @ object_store::Error::NotFound { .. }) => return Err(damaged(error.to_string())),
            Err(error) => return Err(error.into()),
        };
        if let Some(digest) = &file.digest
            && blake3::hash(&bytes).to_hex().as_str() != digest
        {
            return Err(damaged("its content changed after it was written".to_owned()));
        }
        let schema = table.schema();
        tokio::task::spawn_blocking(move || files::decode(bytes, &schema))
            .await
            .map_err(|error| StoreError::Task(error.to_string()))?
            .map_err(|error| damaged(error.to_string()))
    }

    /// Encodes and writes a file that takes the place of others.
    pub(crate) async fn write_rewritten(
        &self,
        table: Table,
        rows: Rows,
        now: Micros,
    ) -> Result<Add, StoreError> {
        let encoded: EncodedFile =
            tokio::task::spawn_blocking(move || files::encode(table, &rows, now, limits::COLUMN_THREADS))
                .await
                .map_err(|error| StoreError::Task(error.to_string()))??;
        let path = Path::from(format!("{}/{}", table.name(), encoded.add.path));
        self.object_store().put(&path, encoded.bytes.into()).await?;
        Ok(encoded.add)
    }
}

/// What the log says about a compaction.
pub(crate) fn optimize() -> DeltaOperation {
    DeltaOperation::Optimize { predicate: None, target_size: limits::COMPACTED_FILE_BYTES as i64 }
}

/// The action that takes a file out of a table's newest state.
pub(crate) fn removed(table: Table, file: &DataFile, data_change: bool, now: Micros) -> Remove {
    let columns = table.partition_columns().iter();
    let date = file.date_days.and_then(files::date_text);
    Remove {
        path: file.path.clone(),
        data_change,
        deletion_timestamp: Some(now.0 / 1000),
        extended_file_metadata: Some(true),
        partition_values: Some(columns.map(|name| ((*name).to_owned(), date.clone())).collect()),
        size: Some(file.size as i64),
        ..Remove::default()
    }
}

fn without(batches: &[RecordBatch], hidden: &[String]) -> Result<Vec<RecordBatch>, StoreError> {
    batches.iter().map(|batch| files::without_chunks(batch, hidden)).collect()
}

/// Ids of the chunks of these files, each once, in the order of the rows.
fn in_order(files: &[DataFile]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    files.iter().flat_map(|file| &file.chunks).filter(|chunk| seen.insert(*chunk)).cloned().collect()
}

fn expected(group: &Group) -> Compaction {
    Compaction {
        files_out: group.files.len() as u64,
        bytes_out: group.files.iter().map(|file| file.size).sum(),
        files_in: 1 + u64::from(group.is_split),
        bytes_in: 0,
        rows: group.files.iter().map(|file| file.rows).sum(),
    }
}

/// Rows that make a file large enough.
fn target_rows(table: Table) -> u64 {
    if table == Table::Metrics { limits::COMPACTED_FILE_METRIC_ROWS } else { limits::COMPACTED_FILE_ROWS }
}

/// Files with fewer rows and bytes are merged.
#[derive(Debug, Clone, Copy)]
struct Small {
    rows: u64,
    bytes: u64,
}

impl Small {
    /// By an ingest at its end.
    const FOR_TIDYING: Self = Self { rows: limits::TIDY_FILE_ROWS, bytes: limits::TIDY_FILE_BYTES };

    /// By somebody who asks for it.
    fn of(table: Table) -> Self {
        Self { rows: target_rows(table) / 2, bytes: limits::COMPACTED_FILE_BYTES / 2 }
    }
}

/// How many files are small and not the only such one of their day: a store of years has a merged one for each day,
/// of which there is nothing to be looked at closely.
fn small_files_beside_others(delta: &DeltaTable) -> Result<usize, StoreError> {
    let mut by_day: BTreeMap<String, usize> = BTreeMap::new();
    for view in delta.snapshot()?.log_data().iter() {
        let is_small = view.size().unsigned_abs() < Small::FOR_TIDYING.bytes
            && view.num_records().is_none_or(|rows| (rows as u64) < Small::FOR_TIDYING.rows);
        let path = view.path();
        let day = path.rsplit_once('/').map_or("", |(day, _)| day);
        *by_day.entry(day.to_owned()).or_default() += usize::from(is_small);
    }
    Ok(by_day.into_values().filter(|count| *count > 1).sum())
}

/// Which files become one. Files of chunks that the ledger does not name are left alone: an ingest that is
/// under way is about to name them.
fn plan(table: Table, all: Vec<DataFile>, ledger: &Ledger, below: Small) -> Vec<Group> {
    let known = ledger.committed();
    let (rows_max, bytes_max) = (target_rows(table), limits::COMPACTED_FILE_BYTES);
    let mut groups = Vec::new();
    let mut small: BTreeMap<(Option<i32>, Counting), Vec<DataFile>> = BTreeMap::new();
    for file in all {
        if file.chunks.is_empty() || !file.chunks.iter().all(|chunk| known.contains_key(chunk.as_str())) {
            continue;
        }
        let counting = counting(&file, ledger);
        if counting == Counting::Some && file.size < bytes_max {
            groups.push(Group { date_days: file.date_days, files: vec![file], is_split: true });
        } else if file.rows < below.rows && file.size < below.bytes {
            small.entry((file.date_days, counting)).or_default().push(file);
        }
    }
    for ((date_days, _), mut files) in small {
        files.sort_by(|a, b| (a.timestamps, &a.path).cmp(&(b.timestamps, &b.path)));
        let mut open: Vec<DataFile> = Vec::new();
        let (mut rows, mut bytes) = (0, 0);
        for file in files {
            if rows + file.rows > rows_max || bytes + file.size > bytes_max {
                close(&mut groups, date_days, std::mem::take(&mut open));
                (rows, bytes) = (0, 0);
            }
            (rows, bytes) = (rows + file.rows, bytes + file.size);
            open.push(file);
        }
        close(&mut groups, date_days, open);
    }
    groups
}

fn close(groups: &mut Vec<Group>, date_days: Option<i32>, files: Vec<DataFile>) {
    if files.len() > 1 {
        groups.push(Group { date_days, files, is_split: false });
    }
}

fn counting(file: &DataFile, ledger: &Ledger) -> Counting {
    match file.chunks.iter().filter(|chunk| ledger.is_live(chunk)).count() {
        0 => Counting::None,
        live if live == file.chunks.len() => Counting::All,
        _ => Counting::Some,
    }
}
