//! How do a chunk's rows leave a table's newest state, where its files hold other chunks as well?

use std::collections::BTreeSet;

use deltalake_core::kernel::{Add, Remove};
use deltalake_core::protocol::DeltaOperation;
use fupan_model::{Micros, Table};

use crate::compact::removed;
use crate::files::Rows;
use crate::state::files_of;
use crate::table::Change;
use crate::{DataFile, Store, StoreError, limits, table};

impl Store {
    /// Takes the rows of `chunks`, and whole `lost` files, out of a table's newest state. What else was in
    /// the files is written anew. Returns the files that went out; on disk they stay where they are.
    pub(crate) async fn take_out(
        &self,
        table: Table,
        chunks: &BTreeSet<String>,
        lost: &BTreeSet<String>,
        now: Micros,
    ) -> Result<Vec<DataFile>, StoreError> {
        let mut delta = self.delta(table).await?;
        for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
            let meant: Vec<DataFile> = files_of(&delta)?
                .into_iter()
                .filter(|file| {
                    lost.contains(&file.path) || file.chunks.iter().any(|chunk| chunks.contains(chunk))
                })
                .collect();
            if meant.is_empty() {
                return Ok(meant);
            }
            let (mut adds, mut removes): (Vec<Add>, Vec<Remove>) = (Vec::new(), Vec::new());
            for file in &meant {
                removes.push(removed(table, file, true, now));
                if !lost.contains(&file.path) {
                    adds.extend(self.rewritten_without(table, file, chunks, now).await?);
                }
            }
            let change = Change { adds, removes, operation: DeltaOperation::Delete { predicate: None } };
            match table::commit_change(&mut delta, table, &change).await {
                Err(StoreError::Conflict { .. }) => delta.update_state().await?,
                outcome => {
                    outcome?;
                    self.keep(table, delta).await;
                    return Ok(meant);
                }
            }
        }
        Err(StoreError::Contended { table: table.name().to_owned(), attempts: limits::COMMIT_ATTEMPTS_MAX })
    }

    /// The file without the rows of `chunks`; none where no other row is left.
    async fn rewritten_without(
        &self,
        table: Table,
        file: &DataFile,
        chunks: &BTreeSet<String>,
        now: Micros,
    ) -> Result<Option<Add>, StoreError> {
        // What goes as a whole is not read, and may be damaged.
        if file.chunks.iter().all(|chunk| chunks.contains(chunk)) {
            return Ok(None);
        }
        let batches = self.read_undamaged(table, file).await?;
        let rows = Rows { date_days: file.date_days, chunks: file.chunks.clone(), batches };
        let Some(rows) = rows.without(chunks)? else { return Ok(None) };
        Ok(Some(self.write_rewritten(table, rows, now).await?))
    }
}
