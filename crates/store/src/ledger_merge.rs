//! How is a ledger of thousands of commits read as quickly as one of a few?
//!
//! Its last small files are written as one, rows in order of commit. The file's name carries the last
//! version that changed what counts, so that the merge changes neither the order nor the version that
//! reports name.

use arrow::array::RecordBatch;
use deltalake_core::kernel::Add;
use fupan_model::ledger::LedgerAction;
use fupan_model::{Micros, Table};

use crate::compact::{Compaction, optimize, removed};
use crate::files::Rows;
use crate::state::files_of;
use crate::store::committed_version;
use crate::table::Change;
use crate::{DataFile, Store, StoreError, ledger, limits, table};

impl Store {
    /// Keeps the ledger short by itself: each command reads all of it. No part of what was just committed:
    /// where it fails, or another writer is first, a later commit does it.
    pub(crate) async fn tidy_ledger(&self, now: Micros) {
        let _ = self.merge_ledger(limits::LEDGER_FILES_MAX, false, now).await;
    }

    /// Merges the newest small files of the ledger, where there are at least so many.
    pub(crate) async fn merge_ledger(
        &self,
        files_min: usize,
        dry_run: bool,
        now: Micros,
    ) -> Result<Compaction, StoreError> {
        let table = Table::Ingests;
        let mut delta = self.delta_as_known(table).await?;
        // Nearly always there are few, and counting costs less than looking at each.
        if delta.snapshot()?.log_data().num_files() < files_min {
            return Ok(Compaction::default());
        }
        delta.update_state().await?;
        for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
            let small = newest_small(files_of(&delta)?);
            if small.len() < files_min.max(2) {
                return Ok(Compaction::default());
            }
            let mut did = Compaction {
                files_out: small.len() as u64,
                bytes_out: small.iter().map(|file| file.size).sum(),
                files_in: 1,
                bytes_in: 0,
                rows: small.iter().map(|file| file.rows).sum(),
            };
            if dry_run {
                return Ok(did);
            }
            let (version, batches) = self.rows_in_order(&small).await?;
            let rows = Rows { date_days: None, chunks: vec![format!("{version:016}")], batches };
            let add = self.write_rewritten(table, rows, now).await?;
            did.bytes_in = add.size.unsigned_abs();
            let change = Change {
                adds: vec![Add { data_change: false, ..add }],
                removes: small.iter().map(|file| removed(table, file, false, now)).collect(),
                operation: optimize(),
            };
            match table::commit_change(&mut delta, table, &change).await {
                Err(StoreError::Conflict { .. }) => delta.update_state().await?,
                outcome => {
                    outcome?;
                    self.keep(table, delta).await;
                    return Ok(did);
                }
            }
        }
        Err(StoreError::Contended { table: table.name().to_owned(), attempts: limits::COMMIT_ATTEMPTS_MAX })
    }

    /// All rows of ledger files, and the last version in their names that changed what counts.
    async fn rows_in_order(&self, files: &[DataFile]) -> Result<(u64, Vec<RecordBatch>), StoreError> {
        let mut version = None;
        let mut batches = Vec::new();
        for file in files {
            let own = self.read_undamaged(Table::Ingests, file).await?;
            let rows = own.iter().flat_map(ledger::from_batch);
            let changes = rows.into_iter().any(|row| row.action != LedgerAction::Seen);
            if changes || version.is_none() {
                version = committed_version(&file.path).or(version);
            }
            batches.extend(own);
        }
        Ok((version.unwrap_or_default(), batches))
    }
}

/// The small files at the end of the ledger, in order.
fn newest_small(files: Vec<DataFile>) -> Vec<DataFile> {
    let mut small: Vec<DataFile> =
        files.into_iter().rev().take_while(|file| file.rows < limits::LEDGER_FILE_ROWS / 2).collect();
    small.reverse();
    let mut rows = 0;
    small.retain(|file| {
        rows += file.rows;
        rows <= limits::LEDGER_FILE_ROWS
    });
    small
}
