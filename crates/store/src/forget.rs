//! Taking back what was read: a chunk that is forgotten is in no answer any more.
//!
//! Nothing is deleted: the ledger notes that the chunks no longer count. Reading the same source
//! again brings them back.

use std::collections::BTreeSet;

use fupan_model::Micros;
use fupan_model::ledger::LedgerAction;
use glob::Pattern;

use crate::ledger::LedgerRow;
use crate::{Ledger, Store, StoreError};

/// Shortest beginning of a chunk's id that names one.
const CHUNK_ID_CHARS_MIN: usize = 6;

/// Which sources or chunks somebody means.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The name of a source or the end of it, an archive, a pattern of names, a path to what the source was
    /// read from, or the id of a chunk or its beginning.
    pub text: String,
    /// Digits of the places that the text leads to, where it is a path.
    pub places: BTreeSet<String>,
    /// Also chunks that no longer count: their rows are on the disk all the same.
    pub also_superseded: bool,
}

/// What [`Wanted`] leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// These chunks, in order of id; and the names of sources that stay though their names end alike.
    Chunks {
        /// Never empty.
        chunks: Vec<LedgerRow>,
        /// In order.
        others: Vec<String>,
    },
    /// One of several sources, which the text does not tell apart.
    OneOf(Vec<String>),
    /// Nothing; its content came in under these names, where it was read at all.
    Nothing {
        /// In order.
        known_as: Vec<String>,
    },
}

impl Meant {
    fn into_chunks(self) -> Vec<LedgerRow> {
        match self {
            Self::Chunks { chunks, .. } => chunks,
            Self::OneOf(_) | Self::Nothing { .. } => Vec::new(),
        }
    }
}

impl Store {
    /// The chunks that are meant.
    pub async fn meant(&self, wanted: &Wanted) -> Result<Meant, StoreError> {
        let ledger = self.ledger().await?;
        Ok(meant(&ledger, wanted))
    }

    /// The chunks that count and are meant by a text alone; none where it does not tell sources apart.
    pub async fn chunks_of(&self, text: &str) -> Result<Vec<LedgerRow>, StoreError> {
        let wanted = Wanted { text: text.to_owned(), ..Wanted::default() };
        Ok(self.meant(&wanted).await?.into_chunks())
    }

    /// As [`Self::chunks_of`], also those that no longer count.
    pub async fn chunks_ever_of(&self, text: &str) -> Result<Vec<LedgerRow>, StoreError> {
        let wanted = Wanted { text: text.to_owned(), also_superseded: true, ..Wanted::default() };
        Ok(self.meant(&wanted).await?.into_chunks())
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

fn meant(ledger: &Ledger, wanted: &Wanted) -> Meant {
    let rows: Vec<&LedgerRow> = if wanted.also_superseded {
        ledger.committed().into_values().collect()
    } else {
        ledger.live().collect()
    };
    let text = wanted.text.as_str();
    let names = |is_meant: &dyn Fn(&LedgerRow) -> bool| -> BTreeSet<&str> {
        rows.iter().filter(|row| is_meant(row)).map(|row| row.source.as_str()).collect()
    };
    let alike = names(&|row| ends_alike(&row.source, text));
    let take = |taken: &BTreeSet<&str>| Meant::Chunks {
        chunks: rows
            .iter()
            .filter(|row| taken.contains(row.source.as_str()))
            .map(|row| (*row).clone())
            .collect(),
        others: alike.difference(taken).map(|name| (*name).to_owned()).collect(),
    };
    let exact = names(&|row| is_source_or_archive(&row.source, text));
    let there = names(&|row| row.source_place.as_ref().is_some_and(|place| wanted.places.contains(place)));
    if !exact.is_empty() && there.is_subset(&exact) {
        return take(&exact);
    }
    if !exact.is_empty() || !there.is_empty() {
        // The name says one thing and the path another.
        return if exact.is_empty() { take(&there) } else { one_of(exact.union(&there)) };
    }
    if let Some(pattern) = Pattern::new(text).ok().filter(|_| text.contains(['*', '?', '['])) {
        let matching = names(&|row| pattern.matches(&row.source));
        if !matching.is_empty() {
            return take(&matching);
        }
    }
    match alike.len() {
        0 => {}
        1 => return take(&alike),
        _ => return one_of(alike.iter()),
    }
    let by_id = rows.iter().filter(|row| row.chunk_id.starts_with(text));
    let by_id: Vec<LedgerRow> = by_id.map(|row| (*row).clone()).collect();
    if text.len() >= CHUNK_ID_CHARS_MIN && !by_id.is_empty() {
        return Meant::Chunks { chunks: by_id, others: Vec::new() };
    }
    Meant::Nothing { known_as: known_as(ledger, text) }
}

fn one_of<'a>(names: impl Iterator<Item = &'a &'a str>) -> Meant {
    Meant::OneOf(names.map(|name| (*name).to_owned()).collect())
}

/// Whether it is the source, or lies in the archive of that name.
fn is_source_or_archive(source: &str, name: &str) -> bool {
    source.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('!'))
}

/// Whether the source's name ends so, as a path or within an archive.
fn ends_alike(source: &str, end: &str) -> bool {
    !end.is_empty() && source.strip_suffix(end).is_some_and(|before| before.ends_with(['/', '!']))
}

/// Under which names the content of a source is in that added nothing itself.
fn known_as(ledger: &Ledger, source: &str) -> Vec<String> {
    let seen = ledger.rows.iter().filter(|row| row.action == LedgerAction::Seen && row.source == source);
    let known = seen.filter_map(|row| ledger.live_row(&row.chunk_id)).map(|row| row.source.clone());
    known.collect::<BTreeSet<_>>().into_iter().collect()
}
