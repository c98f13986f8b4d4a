//! What is in already, as far as the reading of another source has to know it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::RandomState;
use fupan_decode::InputFormat;
use fupan_model::Micros;
use fupan_model::events::event_id;
use fupan_model::ledger::LedgerAction;
use fupan_store::{Ledger, LedgerRow};

use crate::source::document_name;

/// Digits of a chunk's key that tell its first line: a filter, so that of thousands of small files
/// only those are compared that begin alike.
const HEAD_DIGITS: usize = 8;

/// In place of these digits where the first line is not whole, or too long to be looked at.
pub(crate) const NO_HEAD: &str = "00000000";

/// The digits for a first line.
pub(crate) fn head_digits(first_line: &[u8]) -> String {
    blake3::hash(first_line).to_hex().chars().take(HEAD_DIGITS).collect()
}

/// Where a chunk ends that is in, or was.
#[derive(Debug, Clone)]
pub(crate) struct KnownEnd {
    pub(crate) row: Arc<LedgerRow>,
    /// Its rows count. Where those that counted end is a good place to cut all the same.
    pub(crate) is_live: bool,
}

impl KnownEnd {
    /// Where it begins in its source.
    pub(crate) fn start(&self) -> u64 {
        start_of(&self.row)
    }
}

/// Whether a chunk may begin with a line that has these digits, where both begin at the same place.
pub(crate) fn may_begin_with(row: &LedgerRow, head: &str) -> bool {
    let own = head_of(row);
    own == head || own == NO_HEAD || head == NO_HEAD
}

/// The digits of the first line of a chunk.
pub(crate) fn head_of(row: &LedgerRow) -> &str {
    row.chunk_key.get(..HEAD_DIGITS).unwrap_or(NO_HEAD)
}

/// Where a chunk begins in its source.
pub(crate) fn start_of(row: &LedgerRow) -> u64 {
    row.prefix_bytes.saturating_sub(row.chunk_bytes).unsigned_abs()
}

/// Chunks by where they end and begin, documents by name, rejects by the chunk that they belong to.
#[derive(Debug, Default, Clone)]
pub(crate) struct KnownChunks {
    by_end: BTreeMap<u64, Vec<KnownEnd>>,
    by_start: BTreeMap<u64, Vec<Arc<LedgerRow>>>,
    /// The chunk of a declarative document that was read last.
    newest_of_document: HashMap<String, String, RandomState>,
    /// Rejects of chunks with keys of their own, by the chunk that they belong to.
    rejects: HashMap<String, (Arc<LedgerRow>, bool), RandomState>,
    /// Chunks with keys of their own of which something could be read.
    with_records: HashSet<String, RandomState>,
    /// When something was last taken back.
    last_taken_back: Option<Micros>,
    /// Ways of reading that were tried in vain on chunks with rejects; see [`attempt`].
    tried: HashSet<String, RandomState>,
    /// Chunks that count, by the name of their source.
    by_source: HashMap<String, Vec<Arc<LedgerRow>>, RandomState>,
}

impl KnownChunks {
    pub(crate) fn new(ledger: &Ledger) -> Self {
        let mut known = Self::default();
        let with_rejects: HashSet<&str> = {
            let rejected = ledger.live().filter(|row| row.records_rejected > 0);
            rejected.map(|row| belongs_to(row).unwrap_or(&row.chunk_id)).collect()
        };
        for row in &ledger.rows {
            if !matches!(row.action, LedgerAction::Committed | LedgerAction::Seen) {
                known.last_taken_back = known.last_taken_back.max(Some(row.ingested_at));
            }
            if with_rejects.contains(row.chunk_id.as_str()) {
                known.tried.insert(attempt(&row.chunk_id, &row.reading, &row.software_version));
            }
        }
        for (row, is_live) in ledger.latest() {
            known.add(Arc::clone(row), is_live);
        }
        known
    }

    fn add(&mut self, row: Arc<LedgerRow>, is_live: bool) {
        if let Some(chunk_id) = belongs_to(&row) {
            self.rejects.insert(chunk_id.to_owned(), (row, is_live));
            return;
        }
        if row.records_read > 0
            && InputFormat::by_name(&row.input_format).is_some_and(InputFormat::has_own_keys)
        {
            self.with_records.insert(row.chunk_id.clone());
        }
        if is_live {
            if is_declarative(&row.input_format) {
                self.newest_of_document.insert(document_name(&row.source).to_owned(), row.chunk_id.clone());
            }
            self.by_start.entry(start_of(&row)).or_default().push(Arc::clone(&row));
            self.by_source.entry(row.source.clone()).or_default().push(Arc::clone(&row));
        }
        self.by_end.entry(row.prefix_bytes.unsigned_abs()).or_default().push(KnownEnd { row, is_live });
    }

    /// Chunks of this run are known to the sources that follow, as if they had been in before.
    pub(crate) fn learn(&mut self, rows: Vec<LedgerRow>, superseded: &[LedgerRow]) {
        for old in superseded {
            for known in self.by_end.entry(old.prefix_bytes.unsigned_abs()).or_default() {
                known.is_live &= known.row.chunk_id != old.chunk_id;
            }
            let lists = [self.by_start.get_mut(&start_of(old)), self.by_source.get_mut(&old.source)];
            for chunks in lists.into_iter().flatten() {
                chunks.retain(|row| row.chunk_id != old.chunk_id);
            }
            for (row, is_live) in self.rejects.values_mut() {
                *is_live &= row.chunk_id != old.chunk_id;
            }
        }
        for row in rows {
            if row.records_rejected > 0 {
                let chunk_id = belongs_to(&row).unwrap_or(&row.chunk_id);
                self.tried.insert(attempt(chunk_id, &row.reading, &row.software_version));
            }
            self.add(Arc::new(row), true);
        }
    }

    /// Chunks that end within `(from, to]`, in order.
    pub(crate) fn ending_within(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, &[KnownEnd])> {
        let ends = self.by_end.range(from.saturating_add(1)..=to.max(from.saturating_add(1)));
        ends.filter(move |(end, _)| **end <= to).map(|(end, chunks)| (*end, chunks.as_slice()))
    }

    /// Chunks that end there.
    pub(crate) fn ending_at(&self, end: u64) -> &[KnownEnd] {
        self.by_end.get(&end).map(Vec::as_slice).unwrap_or_default()
    }

    /// Chunks that count, begin at `start` and go on after `end`.
    pub(crate) fn going_on_after(&self, start: u64, end: u64) -> impl Iterator<Item = &Arc<LedgerRow>> {
        let starting = self.by_start.get(&start).map(Vec::as_slice).unwrap_or_default();
        starting.iter().filter(move |row| row.prefix_bytes.unsigned_abs() > end)
    }

    /// The chunk that holds the latest reading of a declarative document, where there is one.
    pub(crate) fn newest_of_document(&self, source: &str) -> Option<&str> {
        self.newest_of_document.get(document_name(source)).map(String::as_str)
    }

    /// The rejects of a chunk that stand in a row of their own, whether they still count or not.
    pub(crate) fn rejects_of(&self, chunk_id: &str) -> Option<&LedgerRow> {
        self.rejects.get(chunk_id).map(|(row, _)| row.as_ref())
    }

    /// Rejects of that document that still count, each with the chunk that it belongs to.
    pub(crate) fn standing_rejects<'a>(
        &'a self,
        source: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a LedgerRow)> {
        let standing = self.rejects.iter().filter(|(_, (_, is_live))| *is_live);
        standing
            .filter(move |(_, (row, _))| document_name(&row.source) == document_name(source))
            .map(|(chunk_id, (row, _))| (chunk_id.as_str(), row.as_ref()))
    }

    /// Records that a chunk had, its rejects included.
    pub(crate) fn records_of(&self, row: &LedgerRow) -> u64 {
        let apart = self.rejects_of(&row.chunk_id).map_or(0, |rejects| rejects.records_read);
        (row.records_read + apart).unsigned_abs()
    }

    /// Records of a chunk that could not be read and still count as such.
    pub(crate) fn rejected_of(&self, row: &LedgerRow) -> u64 {
        let apart = self.rejects.get(&row.chunk_id).filter(|(_, is_live)| *is_live);
        (row.records_rejected + apart.map_or(0, |(rejects, _)| rejects.records_rejected)).unsigned_abs()
    }

    /// Whether a chunk had rejects that another way of reading, or a later version of the software, has not
    /// been tried on yet; or left out what another chunk had that may be gone.
    pub(crate) fn may_be_read_better(&self, row: &LedgerRow, reading: &str, software_version: &str) -> bool {
        let may_have_more = row.samples_repeated > 0 && self.last_taken_back > Some(row.ingested_at);
        let is_untried = || !self.tried.contains(&attempt(&row.chunk_id, reading, software_version));
        may_have_more || (self.rejected_of(row) > 0 && is_untried())
    }

    /// Whether anything of that chunk could be read.
    pub(crate) fn has_records(&self, chunk_id: &str) -> bool {
        self.with_records.contains(chunk_id)
    }

    /// Whether that chunk came in after this was read from the ledger, and not by this run.
    pub(crate) fn is_news(&self, row: &LedgerRow) -> bool {
        let there = self.ending_at(row.prefix_bytes.unsigned_abs());
        !there.iter().any(|known| known.row.chunk_id == row.chunk_id)
    }

    /// Chunks that count and came from that source, in order of commit.
    pub(crate) fn of_source<'a>(
        &'a self,
        source: &str,
        place: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<LedgerRow>> {
        let of_name = self.by_source.get(source).map(Vec::as_slice).unwrap_or_default();
        // Where one of them lies nowhere, the name alone decides.
        of_name.iter().filter(move |row| {
            row.source_place.as_deref().is_none_or(|other| place.is_none_or(|place| place == other))
        })
    }
}

/// One way of reading a chunk, by one version of the software.
fn attempt(chunk_id: &str, reading: &str, software_version: &str) -> String {
    format!("{chunk_id} {reading} {software_version}")
}

/// Whether a file of this format says all that it has to say, so that the latest reading holds.
pub(crate) fn is_declarative(input_format: &str) -> bool {
    matches!(InputFormat::by_name(input_format), Some(InputFormat::Timeline | InputFormat::TimelineCsv))
}

/// The id of the row that holds the rejects of a chunk.
pub(crate) fn rejects_id(chunk_id: &str) -> String {
    event_id(&["rejects", chunk_id])
}

/// What a row of rejects has in the place of a prefix digest: the chunk that they belong to.
const REJECTS_OF: &str = "rejects of ";

/// See [`REJECTS_OF`].
pub(crate) fn rejects_mark(chunk_id: &str) -> String {
    format!("{REJECTS_OF}{chunk_id}")
}

/// Whether it is a row of rejects, or records that are recognised by keys of their own.
pub(crate) fn is_in_own_row(row: &LedgerRow) -> bool {
    belongs_to(row).is_some()
        || InputFormat::by_name(&row.input_format).is_some_and(InputFormat::has_own_keys)
}

fn belongs_to(row: &LedgerRow) -> Option<&str> {
    row.prefix_digest.strip_prefix(REJECTS_OF)
}
