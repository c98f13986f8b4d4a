//! Chunks that count, by when their rows are and whom they are from, with what is known of the rows of each.

use std::collections::{BTreeMap, BTreeSet};

use fupan_store::LedgerRow;

/// A chunk that counts.
struct TimedChunk<T> {
    /// Name of its source.
    source: String,
    /// Its source is this one of the run.
    of_run: Option<usize>,
    /// Microseconds, both inclusive.
    first: i64,
    /// See `first`.
    last: i64,
    /// What is known of its rows; none while it is not loaded.
    content: Option<T>,
}

/// Chunks that count, by id.
pub(crate) struct TimedChunks<T>(BTreeMap<String, TimedChunk<T>>);

impl<T> Default for TimedChunks<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> TimedChunks<T> {
    /// Adds a chunk, unless nothing in it has an instant.
    pub(crate) fn add(&mut self, row: &LedgerRow, of_run: Option<usize>, content: Option<T>) {
        let Some((first, last)) = row.first_timestamp.zip(row.last_timestamp) else { return };
        let (source, first, last) = (row.source.clone(), first.0, last.0);
        self.0.insert(row.chunk_id.clone(), TimedChunk { source, of_run, first, last, content });
    }

    /// Chunks that no longer count.
    pub(crate) fn forget(&mut self, chunks: &[LedgerRow]) {
        for row in chunks {
            self.0.remove(&row.chunk_id);
        }
    }

    /// Chunks of other sources than this one of the run that have rows between these instants.
    pub(crate) fn beside(&self, of_run: usize, first: i64, last: i64) -> BTreeSet<String> {
        let is_beside = |chunk: &TimedChunk<T>| {
            chunk.first <= last && chunk.last >= first && chunk.of_run != Some(of_run)
        };
        self.0.iter().filter(|(_, chunk)| is_beside(chunk)).map(|(id, _)| id.clone()).collect()
    }

    /// Of these, the chunks that are not loaded yet.
    pub(crate) fn not_loaded(&self, chunks: &BTreeSet<String>) -> BTreeSet<String> {
        let is_missing = |id: &&String| self.0.get(*id).is_some_and(|chunk| chunk.content.is_none());
        chunks.iter().filter(is_missing).cloned().collect()
    }

    /// What is known of the rows of a chunk, once it is loaded.
    pub(crate) fn content(&self, chunk_id: &str) -> Option<&T> {
        self.0.get(chunk_id)?.content.as_ref()
    }

    /// Says what is known of the rows of a chunk; from when to when they are, where the chunk is one of these.
    pub(crate) fn load(&mut self, chunk_id: &str, content: T) -> Option<(i64, i64)> {
        let chunk = self.0.get_mut(chunk_id)?;
        chunk.content = Some(content);
        Some((chunk.first, chunk.last))
    }

    /// The name of the source of a chunk.
    pub(crate) fn source_of(&self, chunk_id: &str) -> String {
        self.0.get(chunk_id).map(|chunk| chunk.source.clone()).unwrap_or_default()
    }
}
