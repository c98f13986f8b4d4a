//! Taking back what was read: a chunk that is forgotten is in no answer any more.
//!
//! Nothing is deleted: the ledger notes that the chunks no longer count. Reading the same source
//! again brings them back.

use fupan_model::Micros;
use fupan_model::ledger::LedgerAction;

use crate::ledger::LedgerRow;
use crate::{Store, StoreError};

/// Shortest beginning of a chunk's id that names one.
pub(crate) const CHUNK_ID_CHARS_MIN: usize = 6;

impl Store {
    /// The chunks that count and are meant by `wanted`: the name of their source, or the id of a
    /// chunk or its beginning.
    pub async fn chunks_of(&self, wanted: &str) -> Result<Vec<LedgerRow>, StoreError> {
        let ledger = self.ledger().await?;
        let of_source: Vec<LedgerRow> = ledger.live().filter(|row| row.source == wanted).cloned().collect();
        if !of_source.is_empty() || wanted.len() < CHUNK_ID_CHARS_MIN {
            return Ok(of_source);
        }
        Ok(ledger.live().filter(|row| row.chunk_id.starts_with(wanted)).cloned().collect())
    }

    /// Notes in the ledger that these chunks no longer count. Chunks that do not count already are
    /// left alone. When it returns, that is on disk.
    pub async fn forget(&self, chunks: &[LedgerRow], now: Micros) -> Result<(), StoreError> {
        self.append_ledger_rows(now, |current| {
            chunks
                .iter()
                .filter(|row| current.is_live(&row.chunk_id))
                .map(|row| LedgerRow {
                    action: LedgerAction::Superseded,
                    superseded_by: None,
                    ingested_at: now,
                    ..row.clone()
                })
                .collect()
        })
        .await
    }
}
