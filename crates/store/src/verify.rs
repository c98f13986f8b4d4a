//! Is everything that the ledger counts really there, undamaged and once?

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use fupan_model::Table;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::store::files_of;
use crate::{Store, StoreError, files};

/// Something that is wrong with a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which file or chunk.
    pub subject: String,
    /// What is wrong, and what to do.
    pub problem: String,
}

/// What a verification looked at and found.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Files read whole.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Rows in them.
    pub rows: u64,
    /// Chunks that the ledger counts.
    pub chunks: u64,
    /// Files that nothing counts: left by a run that was interrupted. Harmless.
    pub uncounted_files: u64,
    /// What is wrong; empty is good.
    pub findings: Vec<Finding>,
}

impl Store {
    /// Reads every file, compares digests and row counts with the log, and the rows of each chunk
    /// with the ledger.
    pub async fn verify(&self) -> Result<Verification, StoreError> {
        let ledger = self.ledger().await?;
        let mut result = Verification { chunks: ledger.live().count() as u64, ..Verification::default() };
        let mut rows_by_chunk: BTreeMap<String, i64> = BTreeMap::new();
        for table in Table::ALL {
            let delta = self.delta(table).await?;
            let mut holders: BTreeMap<(String, Option<i32>), String> = BTreeMap::new();
            for file in files_of(&delta)? {
                let counts = table == Table::Ingests || file.chunks.iter().any(|chunk| ledger.is_live(chunk));
                result.uncounted_files += u64::from(!counts);
                let path = format!("{}/{}", table.name(), file.path);
                for chunk in file.chunks.iter().filter(|_| table != Table::Ingests) {
                    if let Some(other) = holders.insert((chunk.clone(), file.date_days), path.clone()) {
                        result.findings.push(Finding {
                            subject: path.clone(),
                            problem: format!("chunk {chunk} is in {other} too: its rows would count twice"),
                        });
                    }
                }
                if !counts {
                    continue;
                }
                match self.check_file(table, &path, &file).await {
                    Ok(counted) => {
                        result.files += 1;
                        result.bytes += file.size;
                        result.rows += file.rows;
                        for (chunk, rows) in counted {
                            *rows_by_chunk.entry(chunk).or_default() += rows;
                        }
                    }
                    Err(problem) => result.findings.push(Finding { subject: path, problem }),
                }
            }
        }
        for row in ledger.live() {
            let found = rows_by_chunk.get(&row.chunk_id).copied().unwrap_or_default();
            if found != row.rows {
                result.findings.push(Finding {
                    subject: format!("chunk {} of {}", row.chunk_id, row.source),
                    problem: format!(
                        "the ledger counts {} rows and the tables hold {found}; restore the damaged file or ingest the source again with --replace",
                        row.rows
                    ),
                });
            }
        }
        Ok(result)
    }

    /// Rows by chunk, or what is wrong. Quarantined rows are not counted as rows of a chunk.
    async fn check_file(
        &self,
        table: Table,
        path: &str,
        file: &crate::DataFile,
    ) -> Result<Vec<(String, i64)>, String> {
        let restore = "restore it from a copy, or ingest its source again with --replace";
        let got = self
            .object_store()
            .get(&Path::from(path))
            .await
            .map_err(|error| format!("{error}; {restore}"))?;
        let bytes = got.bytes().await.map_err(|error| format!("{error}; {restore}"))?;
        if bytes.len() as u64 != file.size {
            return Err(format!("{} bytes long, the log says {}; {restore}", bytes.len(), file.size));
        }
        if let Some(digest) = &file.digest
            && blake3::hash(&bytes).to_hex().as_str() != digest
        {
            return Err(format!("its content changed after it was written; {restore}"));
        }
        let batches = files::decode(bytes, &table.schema()).map_err(|error| format!("{error}; {restore}"))?;
        let rows: usize = batches.iter().map(arrow::array::RecordBatch::num_rows).sum();
        if rows as u64 != file.rows {
            return Err(format!("{rows} rows, the log says {}; {restore}", file.rows));
        }
        if matches!(table, Table::Ingests | Table::Quarantine) {
            return Ok(Vec::new());
        }
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for batch in &batches {
            let Some(ids) = batch.column_by_name("chunk_id").and_then(|column| column.as_string_opt::<i32>())
            else {
                continue;
            };
            for row in 0..ids.len() {
                match counts.get_mut(ids.value(row)) {
                    Some(count) => *count += 1,
                    None => {
                        counts.insert(ids.value(row).to_owned(), 1);
                    }
                }
            }
        }
        Ok(counts.into_iter().collect())
    }
}
