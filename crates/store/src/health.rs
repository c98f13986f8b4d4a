//! How long are the logs, how many small files are there, and who may read them?

use fupan_model::{Micros, Table};

use crate::log_files::{checkpoint_version, entry_version};
use crate::state::files_of;
use crate::{Store, StoreError, limits};

/// What can be told about a store without reading its rows.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Health {
    /// Data files of all tables' newest states, the ledger left out.
    pub files: u64,
    /// Of these: so small that compaction would merge them.
    pub small_files: u64,
    /// Files of the ledger.
    pub ledger_files: u64,
    /// Chunks that count.
    pub chunks: u64,
    /// Log entries of all tables.
    pub log_entries: u64,
    /// Entries that a reader has to replay: after a table's newest checkpoint, where that is longest.
    pub entries_to_replay: u64,
    /// The latest instant that the ledger notes.
    pub last_ingest: Option<Micros>,
    /// Smallest reader and writer version of the Delta protocol that all tables ask for.
    pub protocol: (i32, i32),
}

/// The version of the library that reads and writes the logs.
pub fn delta_library_version() -> &'static str {
    deltalake_core::crate_version()
}

impl Store {
    /// Looks at logs and lists, not at rows.
    pub async fn health(&self) -> Result<Health, StoreError> {
        let ledger = self.ledger().await?;
        let mut health = Health {
            chunks: ledger.live().count() as u64,
            last_ingest: ledger.rows.iter().map(|row| row.ingested_at).max(),
            ..Health::default()
        };
        for table in Table::ALL {
            let delta = self.delta(table).await?;
            let protocol = delta.snapshot()?.protocol();
            health.protocol.0 = health.protocol.0.max(protocol.min_reader_version());
            health.protocol.1 = health.protocol.1.max(protocol.min_writer_version());
            let files = files_of(&delta)?;
            if table == Table::Ingests {
                health.ledger_files = files.len() as u64;
            } else {
                health.files += files.len() as u64;
                let small = files.iter().filter(|file| {
                    file.rows < limits::COMPACTED_FILE_ROWS / 2
                        && file.size < limits::COMPACTED_FILE_BYTES / 2
                });
                health.small_files += small.count() as u64;
            }
            let (mut newest, mut checkpoint) = (0, None);
            for object in self.log_files(table).await? {
                if let Some(version) = entry_version(&object.location) {
                    newest = version.max(newest);
                    health.log_entries += 1;
                } else if let Some(version) = object.location.filename().and_then(checkpoint_version) {
                    checkpoint = checkpoint.max(Some(version));
                }
            }
            let replayed = checkpoint.map_or(newest + 1, |at: u64| newest.saturating_sub(at));
            health.entries_to_replay = health.entries_to_replay.max(replayed);
        }
        Ok(health)
    }
}
