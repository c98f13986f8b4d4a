//! Is everything that the ledger counts really there, undamaged and once?
//!
//! No table is derived from another one: incidents, requests and the like are views, computed anew by each
//! session, so that there is no projection that could differ from its rebuild.

mod log;
mod rows;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use fupan_model::Table;
use fupan_model::ledger::LedgerAction;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde_json::Value;

use crate::state::files_of;
use crate::{DataFile, Ledger, LedgerRow, Store, StoreError, files};
pub(crate) use log::replay;
use rows::RowsByChunk;

/// Something that is wrong with a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which file or chunk.
    pub subject: String,
    /// What is wrong, and what to do.
    pub problem: String,
    /// What kind of harm it is.
    pub damage: Damage,
}

/// What kind of harm a finding is, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// A data file is gone, was changed or cannot be read. The path is relative to the table.
    File {
        /// Which table.
        table: Table,
        /// Below its folder.
        path: String,
    },
    /// Fewer or more rows than the ledger counts for a chunk, or rows of it twice.
    Chunk {
        /// Which chunk.
        chunk_id: String,
    },
    /// Rows of a chunk that was purged or taken out are still there: that was interrupted.
    Unfinished {
        /// Which chunk.
        chunk_id: String,
        /// Name of its source.
        source: String,
    },
    /// A file of the log. The path is relative to the store.
    Log {
        /// Below the store's root.
        path: String,
    },
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
    /// Files that only earlier versions of the tables name.
    pub history_files: u64,
    /// Files that no version of a table names: written by a run that died before its commit, or by one that
    /// is under way. Below the store's root.
    pub orphans: Vec<String>,
    /// What is wrong; empty is good.
    pub findings: Vec<Finding>,
}

pub(crate) const REPAIR: &str =
    "`fupan store repair` takes it out, and ingesting its source again brings its rows back";

/// Of a file whose rows do not count now. They may again: earlier versions of the ledger read it, and so does
/// who ingests its source once more.
const REPAIR_UNCOUNTED: &str = "nothing in it counts now, but earlier versions of the ledger may count it: `fupan store repair` takes it out";

impl Store {
    /// Compares every log entry with its seal, reads every file, compares digests and row counts with the
    /// log, and the rows of each chunk with the ledger.
    pub async fn verify(&self) -> Result<Verification, StoreError> {
        let mut result = Verification::default();
        let mut unknown: Vec<Table> = Vec::new();
        for table in Table::ALL {
            if !self.verify_log(table, &mut result).await? {
                unknown.push(table);
            }
        }
        // Without a ledger that can be read, nothing can be said about what counts.
        if unknown.contains(&Table::Ingests) {
            return Ok(result);
        }
        let before = result.findings.len();
        self.verify_table(Table::Ingests, None, &mut result).await?;
        if result.findings.len() > before {
            return Ok(result);
        }
        let ledger = self.ledger().await?;
        result.chunks = ledger.live().count() as u64;
        let mut found = RowsByChunk::default();
        let others = Table::ALL.into_iter().filter(|table| *table != Table::Ingests);
        for table in others.filter(|table| !unknown.contains(table)) {
            found.add(self.verify_table(table, Some(&ledger), &mut result).await?);
        }
        let damaged: HashSet<&str> = found.damaged.iter().map(String::as_str).collect();
        let is_told = |row: &LedgerRow| {
            // A chunk whose file is damaged is not told twice, and of one in a table that cannot be read nothing is known.
            damaged.contains(row.chunk_id.as_str())
                || unknown.iter().any(|table| row.table_versions.contains_key(table.name()))
        };
        for row in ledger.live().filter(|row| !is_told(row)) {
            if let Some(problem) = miscounted(row, &found) {
                result.findings.push(Finding {
                    subject: format!("chunk {} of {}", row.chunk_id, row.source),
                    problem: format!("{problem}; {REPAIR}"),
                    damage: Damage::Chunk { chunk_id: row.chunk_id.clone() },
                });
            }
        }
        Ok(result)
    }

    /// Reads all files of a table's newest state, and looks for files that no state names.
    pub(crate) async fn verify_table(
        &self,
        table: Table,
        ledger: Option<&Ledger>,
        result: &mut Verification,
    ) -> Result<RowsByChunk, StoreError> {
        let files = files_of(&self.delta(table).await?)?;
        self.verify_unnamed(table, &files, ledger, result).await?;
        let mut found = RowsByChunk::default();
        let mut holders: BTreeMap<(&str, Option<i32>), &str> = BTreeMap::new();
        for file in &files {
            let counts = ledger.is_none_or(|ledger| file.chunks.iter().any(|chunk| ledger.is_live(chunk)));
            let path = format!("{}/{}", table.name(), file.path);
            result.uncounted_files += u64::from(!counts);
            for chunk in file.chunks.iter().filter(|_| table != Table::Ingests) {
                if let Some(other) = holders.insert((chunk, file.date_days), &file.path) {
                    let other = format!("{}/{other}", table.name());
                    result.findings.push(Finding {
                        subject: path.clone(),
                        problem: format!(
                            "chunk {chunk} is in {other} too: its rows would count twice; {REPAIR}"
                        ),
                        damage: Damage::Chunk { chunk_id: chunk.clone() },
                    });
                }
                if let Some(row) = ledger.and_then(|ledger| ledger.gone(chunk)) {
                    result.findings.push(unfinished(&path, row));
                }
            }
            match self.check_file(table, &path, file).await {
                Ok(of_file) => {
                    result.files += 1;
                    result.bytes += file.size;
                    result.rows += file.rows;
                    found.add(of_file);
                }
                Err(problem) => {
                    found.damaged.extend(file.chunks.iter().cloned());
                    result.findings.push(Finding {
                        subject: path,
                        problem: if counts {
                            format!("{problem}; restore it from a copy, or: {REPAIR}")
                        } else {
                            format!("{problem}; {REPAIR_UNCOUNTED}")
                        },
                        damage: Damage::File { table, path: file.path.clone() },
                    });
                }
            }
        }
        Ok(found)
    }

    /// Rows by chunk, or what is wrong.
    async fn check_file(&self, table: Table, path: &str, file: &DataFile) -> Result<RowsByChunk, String> {
        let got = self.object_store().get(&Path::from(path)).await.map_err(|error| error.to_string())?;
        let bytes = got.bytes().await.map_err(|error| error.to_string())?;
        if bytes.len() as u64 != file.size {
            return Err(format!("{} bytes long, the log says {}", bytes.len(), file.size));
        }
        if let Some(digest) = &file.digest
            && blake3::hash(&bytes).to_hex().as_str() != digest
        {
            return Err("its content changed after it was written".to_owned());
        }
        let batches = files::decode(bytes, &table.schema()).map_err(|error| error.to_string())?;
        let rows: usize = batches.iter().map(arrow::array::RecordBatch::num_rows).sum();
        if rows as u64 != file.rows {
            return Err(format!("{rows} rows, the log says {}", file.rows));
        }
        if table == Table::Ingests {
            Ok(RowsByChunk::default())
        } else {
            rows::of_file(table, file, &batches)
        }
    }

    /// Files that the newest state does not name: of earlier versions, or of none.
    async fn verify_unnamed(
        &self,
        table: Table,
        files: &[DataFile],
        ledger: Option<&Ledger>,
        result: &mut Verification,
    ) -> Result<(), StoreError> {
        let current: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let stored = self.stored_files(table).await?;
        let unnamed: Vec<&String> = stored.keys().filter(|path| !current.contains(path.as_str())).collect();
        if unnamed.is_empty() {
            return Ok(());
        }
        let once = self.ever_added(table).await?;
        for path in unnamed {
            let Some(chunks) = once.get(path) else {
                result.orphans.push(format!("{}/{path}", table.name()));
                continue;
            };
            result.history_files += 1;
            let mut gone = chunks.iter().filter_map(|chunk| ledger?.gone(chunk));
            if let Some(row) = gone.find(|row| row.action == LedgerAction::Purged) {
                result.findings.push(unfinished(&format!("{}/{path}", table.name()), row));
            }
        }
        Ok(())
    }

    /// Paths, relative to the table, that any version of it named, with the chunks in them.
    pub(crate) async fn ever_added(&self, table: Table) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
        let mut paths = BTreeMap::new();
        for entry in self.log_entries(table).await? {
            for action in entry.actions().unwrap_or_default() {
                let Some(path) = action.pointer("/add/path").and_then(Value::as_str) else { continue };
                let chunks = action.pointer("/add/tags/fupan.chunks").and_then(Value::as_str);
                let chunks = chunks.into_iter().flat_map(|text| text.split(',')).map(str::to_owned);
                paths.insert(path.to_owned(), chunks.collect());
            }
        }
        Ok(paths)
    }
}

fn unfinished(path: &str, row: &LedgerRow) -> Finding {
    let again = if row.action == LedgerAction::Purged {
        format!("fupan store forget --purge {}", row.source)
    } else {
        "fupan store repair".to_owned()
    };
    Finding {
        subject: path.to_owned(),
        problem: format!(
            "it holds rows of {} that were to be removed: that was interrupted; `{again}` finishes it",
            row.source
        ),
        damage: Damage::Unfinished { chunk_id: row.chunk_id.clone(), source: row.source.clone() },
    }
}

/// What the ledger and the tables say differently about a chunk.
fn miscounted(row: &LedgerRow, found: &RowsByChunk) -> Option<String> {
    let rows = found.rows.get(&row.chunk_id).copied().unwrap_or_default();
    let rejected = found.rejected.get(&row.chunk_id).copied().unwrap_or_default();
    let sum = row.records_accepted + row.records_rejected + row.records_duplicate;
    if rows != row.rows {
        return Some(format!("the ledger counts {} rows and the tables hold {rows}", row.rows));
    }
    if rejected != row.records_rejected {
        return Some(format!(
            "the ledger counts {} unreadable records and `quarantine` holds {rejected}",
            row.records_rejected
        ));
    }
    (sum != row.records_read)
        .then(|| format!("of {} records, {sum} are accepted, rejected or duplicate", row.records_read))
}
