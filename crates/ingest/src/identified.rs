//! Which records of logs and spans, whose source gives each an id, are in from another source already?
//!
//! Exports of windows overlap: ten to eleven, then half past ten to half past eleven; or every hour the events that a
//! cluster still has. A record that has the same id and is the same in every column is the same record. One that
//! says something else under its id is kept beside the earlier one, and told.
//!
//! Looked at are only chunks that overlap in time; of those, digits of the ids are loaded once; only where ids meet,
//! rows are read.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, MapArray, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{max, min, take_record_batch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use fupan_decode::{InputFormat, RecordIdentity};
use fupan_model::{Micros, Table};
use fupan_store::{Ledger, LedgerRow, plain};
use twox_hash::XxHash64;

use crate::timed::TimedChunk;

/// Tables whose records may have ids of their source.
pub(crate) const TABLES: [Table; 2] = [Table::Logs, Table::Spans];

/// Columns that say where a record was found, or follow from others by rules of ours.
const NOT_CONTENT: [&str; 4] = ["date", "chunk_id", "source_record", "shape_id"];

/// The columns that hold the ids of records, and the chunk.
pub(crate) const fn id_columns(table: Table) -> &'static [&'static str] {
    match table {
        Table::Spans => &["trace_id", "span_id", "chunk_id"],
        _ => &["timestamp", "body", "attributes", "chunk_id"],
    }
}

/// All columns in which two records are the same if they are one, and the chunk.
pub(crate) fn content_columns(table: Table) -> Vec<String> {
    let schema = table.schema();
    let names = schema.fields().iter().map(|field| field.name().clone());
    names.filter(|name| name == "chunk_id" || !NOT_CONTENT.contains(&name.as_str())).collect()
}

/// What identifies records of a table that came in this format.
pub(crate) fn identity_in(table: Table, input_format: &str) -> Option<RecordIdentity> {
    let identity = InputFormat::by_name(input_format)?.record_identity()?;
    ((identity == RecordIdentity::Span) == (table == Table::Spans)).then_some(identity)
}

type Id = Vec<u8>;

/// Enough of an id to ask for rows in vain but rarely.
fn digits(id: &Id) -> u32 {
    XxHash64::oneshot(0, id) as u32
}

/// The id of each row; none for rows without one.
fn ids_of(batch: &RecordBatch, identity: RecordIdentity) -> Result<Vec<Option<Id>>, ArrowError> {
    let plain_of = |name: &str| batch.column_by_name(name).map(plain).transpose();
    let texts_of = |name: &str| -> Result<Option<StringArray>, ArrowError> {
        Ok(plain_of(name)?.and_then(|column| column.as_string_opt::<i32>().cloned()))
    };
    let rows = 0..batch.num_rows();
    match identity {
        RecordIdentity::Attribute(name) => {
            let column = plain_of("attributes")?;
            let maps = column.as_ref().and_then(|column| column.as_map_opt());
            Ok(rows.map(|row| value_of(maps?, row, name)).collect())
        }
        RecordIdentity::Line => {
            let instants = batch.column_by_name("timestamp");
            let instants = instants.and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
            let bodies = texts_of("body")?;
            Ok(rows
                .map(|row| {
                    let body = value(bodies.as_ref()?, row).unwrap_or_default();
                    Some([instants?.value(row).to_le_bytes().as_slice(), body.as_bytes()].concat())
                })
                .collect())
        }
        RecordIdentity::Span => {
            let (traces, spans) = (texts_of("trace_id")?, texts_of("span_id")?);
            Ok(rows
                .map(|row| {
                    let (trace, span) = (value(traces.as_ref()?, row)?, value(spans.as_ref()?, row)?);
                    Some([trace, "/", span].concat().into_bytes())
                })
                .collect())
        }
    }
}

fn value(texts: &StringArray, row: usize) -> Option<&str> {
    texts.is_valid(row).then(|| texts.value(row)).filter(|text| !text.is_empty())
}

fn value_of(maps: &MapArray, row: usize, name: &str) -> Option<Id> {
    if !maps.is_valid(row) {
        return None;
    }
    let entries = maps.value(row);
    let (keys, values) =
        (entries.column(0).as_string_opt::<i32>()?, entries.column(1).as_string_opt::<i32>()?);
    let at = keys.iter().position(|key| key == Some(name))?;
    value(values, at).map(|id| id.as_bytes().to_vec())
}

/// What these rows say, as texts that are equal where all columns are.
fn contents(batch: &RecordBatch, rows: &[usize]) -> Result<Vec<String>, ArrowError> {
    let indices: UInt32Array = rows.iter().map(|row| Some(*row as u32)).collect();
    let taken = take_record_batch(batch, &indices)?;
    let schema = taken.schema();
    // By name: what comes from decoding and what comes from files may be in another order.
    let mut names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    names.retain(|name| !NOT_CONTENT.contains(name));
    names.sort_unstable();
    let columns: Vec<ArrayRef> =
        names.iter().filter_map(|name| taken.column_by_name(name)).map(plain).collect::<Result<_, _>>()?;
    let options = FormatOptions::new().with_null("\u{0}");
    let cells = columns.iter().map(|column| ArrayFormatter::try_new(column, &options));
    let cells: Vec<ArrayFormatter<'_>> = cells.collect::<Result<_, _>>()?;
    let content = |row| cells.iter().map(|cell| format!("{}\u{1}", cell.value(row))).collect();
    Ok((0..rows.len()).map(content).collect())
}

/// What is new: rows as decoding makes them.
pub(crate) struct NewRecords {
    pub(crate) table: Table,
    identity: RecordIdentity,
    batch: RecordBatch,
    ids: Vec<Option<Id>>,
    first: i64,
    last: i64,
}

impl NewRecords {
    /// None where no row has an id.
    pub(crate) fn of(
        table: Table,
        batch: &RecordBatch,
        input_format: &str,
    ) -> Result<Option<Self>, ArrowError> {
        let Some(identity) = identity_in(table, input_format) else { return Ok(None) };
        let instants = batch.column_by_name("timestamp");
        let instants = instants.and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        let Some((first, last)) = instants.and_then(|instants| Some((min(instants)?, max(instants)?))) else {
            return Ok(None);
        };
        let ids = ids_of(batch, identity)?;
        let has_ids = ids.iter().any(Option::is_some);
        Ok(has_ids.then(|| Self { table, identity, batch: batch.clone(), ids, first, last }))
    }

    /// From when to when.
    pub(crate) fn range(&self) -> (Micros, Micros) {
        (Micros(self.first), Micros(self.last))
    }

    fn digits(&self) -> Box<[u32]> {
        let mut all: Vec<u32> = self.ids.iter().flatten().map(digits).collect();
        all.sort_unstable();
        all.into()
    }

    /// What is left of its rows without these; none where nothing is.
    pub(crate) fn without(&self, dropped: &HashSet<usize>) -> Result<Option<RecordBatch>, ArrowError> {
        let kept = (0..self.batch.num_rows()).filter(|row| !dropped.contains(row));
        let kept: UInt32Array = kept.map(|row| Some(row as u32)).collect();
        if kept.is_empty() {
            return Ok(None);
        }
        take_record_batch(&self.batch, &kept).map(Some)
    }

    /// Records of which no row is left without these.
    pub(crate) fn records_within(&self, dropped: &HashSet<usize>) -> u64 {
        let column = self.batch.column_by_name("source_record");
        let Some(records) = column.and_then(|column| column.as_primitive_opt::<Int64Type>()) else {
            return 0;
        };
        records_within(records, dropped)
    }
}

/// Records of which no row is left without these.
pub(crate) fn records_within(records: &Int64Array, dropped: &HashSet<usize>) -> u64 {
    let of = |is_dropped: bool| -> HashSet<i64> {
        let rows = records.values().iter().enumerate();
        rows.filter(|(row, _)| dropped.contains(row) == is_dropped).map(|(_, record)| *record).collect()
    };
    of(true).difference(&of(false)).count() as u64
}

/// A chunk with records that have ids.
struct Held {
    chunk: TimedChunk,
    identity: RecordIdentity,
    /// Sorted digits of its ids; none while they are not loaded.
    digits: Option<Box<[u32]>>,
}

/// Chunks with records that have ids, by table.
#[derive(Default)]
pub(crate) struct KnownRecords {
    chunks: BTreeMap<Table, BTreeMap<String, Held>>,
}

impl KnownRecords {
    pub(crate) fn new(ledger: &Ledger) -> Self {
        let mut known = Self::default();
        let mut identities: HashMap<(&str, Table), Option<RecordIdentity>> = HashMap::new();
        for row in ledger.live() {
            for table in TABLES {
                let identity = identities
                    .entry((&row.input_format, table))
                    .or_insert_with(|| identity_in(table, &row.input_format));
                if let Some(identity) = *identity
                    && row.table_versions.contains_key(table.name())
                {
                    known.add(table, row, None, identity, None);
                }
            }
        }
        known
    }

    fn add(
        &mut self,
        table: Table,
        row: &LedgerRow,
        of_run: Option<usize>,
        identity: RecordIdentity,
        digits: Option<Box<[u32]>>,
    ) {
        let Some(chunk) = TimedChunk::of(row, of_run) else { return };
        self.chunks.entry(table).or_default().insert(row.chunk_id.clone(), Held { chunk, identity, digits });
    }

    /// A chunk of this run counts from now on.
    pub(crate) fn learn(&mut self, row: &LedgerRow, of_run: usize, new: &NewRecords) {
        self.add(new.table, row, Some(of_run), new.identity, Some(new.digits()));
    }

    /// Chunks that no longer count.
    pub(crate) fn forget(&mut self, chunks: &[LedgerRow]) {
        for of_table in self.chunks.values_mut() {
            for row in chunks {
                of_table.remove(&row.chunk_id);
            }
        }
    }

    fn held(&self, table: Table, chunk_id: &str) -> Option<&Held> {
        self.chunks.get(&table)?.get(chunk_id)
    }

    /// Chunks of other sources that hold records of the same time.
    pub(crate) fn of_the_time_of(
        &self,
        new: &NewRecords,
        of_run: usize,
        is_left_out: &dyn Fn(&str) -> bool,
    ) -> BTreeSet<String> {
        let all = self.chunks.get(&new.table).into_iter().flatten();
        let then = all.filter(|(_, held)| held.chunk.is_beside(of_run, new.first, new.last));
        then.filter(|(id, _)| !is_left_out(id)).map(|(id, _)| id.clone()).collect()
    }

    /// Of these, the chunks whose ids are not loaded yet.
    pub(crate) fn not_loaded(&self, table: Table, chunks: &BTreeSet<String>) -> BTreeSet<String> {
        let is_missing = |id: &&String| self.held(table, id).is_some_and(|held| held.digits.is_none());
        chunks.iter().filter(is_missing).cloned().collect()
    }

    /// Takes the ids of chunks out of rows with [`id_columns`].
    pub(crate) fn load(
        &mut self,
        table: Table,
        chunks: &BTreeSet<String>,
        batches: &[RecordBatch],
    ) -> Result<(), ArrowError> {
        let mut found: BTreeMap<String, Vec<u32>> =
            chunks.iter().map(|id| (id.clone(), Vec::new())).collect();
        for row in self.rows_with_ids(table, batches)? {
            if let Some(digits_of) = found.get_mut(row.chunk_id) {
                digits_of.push(digits(&row.id));
            }
        }
        for (id, mut digits) in found {
            digits.sort_unstable();
            if let Some(held) = self.chunks.get_mut(&table).and_then(|chunks| chunks.get_mut(&id)) {
                held.digits = Some(digits.into());
            }
        }
        Ok(())
    }

    /// Of these, the chunks that share digits of an id with what is new.
    pub(crate) fn sharing(&self, chunks: BTreeSet<String>, new: &NewRecords) -> BTreeSet<String> {
        if chunks.is_empty() {
            return chunks;
        }
        let own: HashSet<u32> = new.digits().iter().copied().collect();
        let is_sharing = |id: &String| {
            let held = self.held(new.table, id).and_then(|held| held.digits.as_ref());
            held.is_some_and(|digits| digits.iter().any(|digits| own.contains(digits)))
        };
        chunks.into_iter().filter(is_sharing).collect()
    }

    /// Rows of chunks that are known here, with their ids.
    fn rows_with_ids<'a>(
        &self,
        table: Table,
        batches: &'a [RecordBatch],
    ) -> Result<Vec<StoredRow<'a>>, ArrowError> {
        let mut found = Vec::new();
        for batch in batches {
            let chunks = batch.column_by_name("chunk_id").and_then(|column| column.as_string_opt::<i32>());
            let Some(chunks) = chunks else { continue };
            let mut identities: Vec<RecordIdentity> = Vec::new();
            let identity_of = |row| self.held(table, chunks.value(row)).map(|held| held.identity);
            for identity in (0..batch.num_rows()).filter_map(identity_of) {
                if !identities.contains(&identity) {
                    identities.push(identity);
                }
            }
            for identity in identities {
                for (row, id) in ids_of(batch, identity)?.into_iter().enumerate() {
                    if let Some(id) = id.filter(|_| identity_of(row) == Some(identity)) {
                        found.push(StoredRow { batch, row, chunk_id: chunks.value(row), id });
                    }
                }
            }
        }
        Ok(found)
    }

    /// What stored rows with [`content_columns`] have in common with what is new.
    pub(crate) fn in_common(&self, new: &NewRecords, batches: &[RecordBatch]) -> Result<Common, ArrowError> {
        let mut of_id: HashMap<&Id, Vec<usize>> = HashMap::new();
        for (row, id) in new.ids.iter().enumerate() {
            if let Some(id) = id {
                of_id.entry(id).or_default().push(row);
            }
        }
        let mut stored = self.rows_with_ids(new.table, batches)?;
        stored.retain(|row| of_id.contains_key(&row.id));
        let met: BTreeSet<usize> =
            stored.iter().filter_map(|row| of_id.get(&row.id)).flatten().copied().collect();
        let met: Vec<usize> = met.into_iter().collect();
        let own: HashMap<usize, String> = met.iter().copied().zip(contents(&new.batch, &met)?).collect();
        let mut common = Common::default();
        let mut others: Vec<(&StoredRow<'_>, String)> = Vec::new();
        for same_batch in stored.chunk_by(|one, other| std::ptr::eq(one.batch, other.batch)) {
            let Some(first) = same_batch.first() else { continue };
            let rows: Vec<usize> = same_batch.iter().map(|row| row.row).collect();
            for (row, content) in same_batch.iter().zip(contents(first.batch, &rows)?) {
                let source = self.held(new.table, row.chunk_id).map(|held| held.chunk.source.clone());
                let source = source.unwrap_or_default();
                let candidates = of_id.get(&row.id).into_iter().flatten();
                // Each stored row stands for one: two that are alike in all columns are two.
                let mut same = candidates.filter(|new| own.get(new) == Some(&content));
                if let Some(same) = same.find(|new| !common.dropped.contains(new)) {
                    common.dropped.insert(*same);
                    *common.same.entry(source).or_default() += 1;
                } else {
                    others.push((row, source));
                }
            }
        }
        if new.identity != RecordIdentity::Line {
            let mut told = HashSet::new();
            for (row, source) in others {
                let kept = of_id.get(&row.id).into_iter().flatten();
                for new in kept.filter(|new| !common.dropped.contains(new)) {
                    if told.insert(*new) {
                        *common.other.entry(source.clone()).or_default() += 1;
                    }
                }
            }
        }
        Ok(common)
    }
}

struct StoredRow<'a> {
    batch: &'a RecordBatch,
    row: usize,
    chunk_id: &'a str,
    id: Id,
}

/// What is new and in from elsewhere.
#[derive(Default)]
pub(crate) struct Common {
    /// Rows of what is new that are stored, the same in every column.
    pub(crate) dropped: HashSet<usize>,
    /// How many of these, by the source that brought them.
    pub(crate) same: BTreeMap<String, u64>,
    /// Rows whose id is stored with another content, by the source that brought it.
    pub(crate) other: BTreeMap<String, u64>,
}
