//! From when to when a chunk that counts has rows, and whom it is from.

use fupan_store::LedgerRow;

/// A chunk that counts.
pub(crate) struct TimedChunk {
    /// Name of its source.
    pub(crate) source: String,
    /// Its source is this one of the run.
    of_run: Option<usize>,
    /// Microseconds, both inclusive.
    pub(crate) first: i64,
    /// See `first`.
    pub(crate) last: i64,
}

impl TimedChunk {
    /// None where nothing in it has an instant.
    pub(crate) fn of(row: &LedgerRow, of_run: Option<usize>) -> Option<Self> {
        let (first, last) = row.first_timestamp.zip(row.last_timestamp)?;
        Some(Self { source: row.source.clone(), of_run, first: first.0, last: last.0 })
    }

    /// Whether it is of another source than this one of the run, and has rows between these instants.
    pub(crate) fn is_beside(&self, of_run: usize, first: i64, last: i64) -> bool {
        self.first <= last && self.last >= first && self.of_run != Some(of_run)
    }
}
