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
use fupan_decode::{InputFormat, LINE_NANOSECONDS, RecordIdentity};
use fupan_model::{Micros, Table};
use fupan_store::{Ledger, LedgerRow, plain};
use twox_hash::XxHash64;

use crate::timed::TimedChunks;

/// Where records of this identity are.
const fn table_of(identity: RecordIdentity) -> Table {
    match identity {
        RecordIdentity::Span => Table::Spans,
        RecordIdentity::Attribute(_) | RecordIdentity::Line => Table::Logs,
    }
}

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
            let column = plain_of("attributes")?;
            let maps = column.as_ref().and_then(|column| column.as_map_opt());
            Ok(rows
                .map(|row| {
                    let body = value(bodies.as_ref()?, row).unwrap_or_default();
                    let below =
                        maps.and_then(|maps| value_of(maps, row, LINE_NANOSECONDS)).unwrap_or_default();
                    Some([instants?.value(row).to_le_bytes().as_slice(), &below, body.as_bytes()].concat())
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
    let mut contents = vec![String::new(); rows.len()];
    for column in &columns {
        let cells = cells_of(column)?;
        for (content, cell) in contents.iter_mut().zip(cells) {
            content.extend([cell.as_str(), "\u{1}"]);
        }
    }
    Ok(contents)
}

/// The cells of a column as texts. The order of a map's keys is the writer's: the same map in another order is the same.
fn cells_of(column: &ArrayRef) -> Result<Vec<String>, ArrowError> {
    if let Some(maps) = column.as_map_opt() {
        return Ok((0..maps.len()).map(|row| sorted_entries(maps, row).unwrap_or_default()).collect());
    }
    let options = FormatOptions::new().with_null("\u{0}");
    let cells = ArrayFormatter::try_new(column, &options)?;
    Ok((0..column.len()).map(|row| cells.value(row).to_string()).collect())
}

fn sorted_entries(maps: &MapArray, row: usize) -> Option<String> {
    if maps.is_null(row) {
        return None;
    }
    let entries = maps.value(row);
    let (keys, values) =
        (entries.column(0).as_string_opt::<i32>()?, entries.column(1).as_string_opt::<i32>()?);
    let mut texts: Vec<(Option<&str>, Option<&str>)> = keys.iter().zip(values).collect();
    texts.sort_unstable();
    Some(format!("{texts:?}"))
}

/// What is new: rows as decoding makes them.
pub(crate) struct NewRecords {
    identity: RecordIdentity,
    batch: RecordBatch,
    ids: Vec<Option<Id>>,
    /// Sorted digits of the ids.
    digits: Box<[u32]>,
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl NewRecords {
    /// None where no row has an id.
    pub(crate) fn of(
        telemetry: &BTreeMap<Table, RecordBatch>,
        input_format: &str,
    ) -> Result<Option<Self>, ArrowError> {
        let identity = InputFormat::by_name(input_format).and_then(InputFormat::record_identity);
        let Some(identity) = identity else { return Ok(None) };
        let Some(batch) = telemetry.get(&table_of(identity)) else { return Ok(None) };
        let instants = batch.column_by_name("timestamp");
        let instants = instants.and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        let Some((first, last)) = instants.and_then(|instants| Some((min(instants)?, max(instants)?))) else {
            return Ok(None);
        };
        let ids = ids_of(batch, identity)?;
        let digits = sorted(ids.iter().flatten().map(digits).collect());
        Ok((!digits.is_empty()).then(|| Self { identity, batch: batch.clone(), ids, digits, first, last }))
    }

    /// Where its rows are.
    pub(crate) const fn table(&self) -> Table {
        table_of(self.identity)
    }

    /// From when to when.
    pub(crate) fn range(&self) -> (Micros, Micros) {
        (Micros(self.first), Micros(self.last))
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

fn sorted(mut digits: Vec<u32>) -> Box<[u32]> {
    digits.sort_unstable();
    digits.into()
}

/// Chunks with records that have ids, by what these are.
#[derive(Default)]
pub(crate) struct KnownRecords(BTreeMap<RecordIdentity, TimedChunks<Box<[u32]>>>);

impl KnownRecords {
    pub(crate) fn new(ledger: &Ledger) -> Self {
        let identities = InputFormat::ALL.map(|format| (format.as_str(), format.record_identity()));
        let mut known = Self::default();
        for row in ledger.live() {
            let of_format = identities.iter().find(|(name, _)| *name == row.input_format);
            if let Some(identity) = of_format.and_then(|(_, identity)| *identity)
                && row.table_versions.contains_key(table_of(identity).name())
            {
                known.0.entry(identity).or_default().add(row, None, None);
            }
        }
        known
    }

    /// A chunk of this run counts from now on.
    pub(crate) fn learn(&mut self, row: &LedgerRow, of_run: usize, new: NewRecords) {
        self.0.entry(new.identity).or_default().add(row, Some(of_run), Some(new.digits));
    }

    /// Chunks that no longer count.
    pub(crate) fn forget(&mut self, chunks: &[LedgerRow]) {
        for of_identity in self.0.values_mut() {
            of_identity.forget(chunks);
        }
    }

    /// Chunks whose records have ids of the same kind.
    pub(crate) fn of_kind(&mut self, new: &NewRecords) -> &mut TimedChunks<Box<[u32]>> {
        self.0.entry(new.identity).or_default()
    }

    /// Takes the ids of chunks out of rows with [`id_columns`].
    pub(crate) fn load(
        &mut self,
        new: &NewRecords,
        chunks: &BTreeSet<String>,
        batches: &[RecordBatch],
    ) -> Result<(), ArrowError> {
        let mut found: BTreeMap<&str, Vec<u32>> = chunks.iter().map(|id| (id.as_str(), Vec::new())).collect();
        for row in rows_with_ids(new.identity, batches)? {
            if let Some(digits_of) = found.get_mut(row.chunk_id) {
                digits_of.push(digits(&row.id));
            }
        }
        let known = self.of_kind(new);
        for (id, digits) in found {
            known.load(id, sorted(digits));
        }
        Ok(())
    }

    /// Of these, the chunks that share digits of an id with what is new.
    pub(crate) fn sharing(&mut self, mut chunks: BTreeSet<String>, new: &NewRecords) -> BTreeSet<String> {
        let known = self.of_kind(new);
        let is_own = |digits: &u32| new.digits.binary_search(digits).is_ok();
        chunks.retain(|id| known.content(id).is_some_and(|digits| digits.iter().any(is_own)));
        chunks
    }

    fn source_of(&self, new: &NewRecords, chunk_id: &str) -> String {
        self.0.get(&new.identity).map(|known| known.source_of(chunk_id)).unwrap_or_default()
    }

    /// What stored rows with [`content_columns`] have in common with what is new.
    pub(crate) fn in_common(&self, new: &NewRecords, batches: &[RecordBatch]) -> Result<Common, ArrowError> {
        let mut of_id: HashMap<&Id, Vec<usize>> = HashMap::new();
        for (row, id) in new.ids.iter().enumerate() {
            if let Some(id) = id {
                of_id.entry(id).or_default().push(row);
            }
        }
        let mut stored = rows_with_ids(new.identity, batches)?;
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
                let source = self.source_of(new, row.chunk_id);
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

/// Stored rows that have an id.
fn rows_with_ids(
    identity: RecordIdentity,
    batches: &[RecordBatch],
) -> Result<Vec<StoredRow<'_>>, ArrowError> {
    let mut found = Vec::new();
    for batch in batches {
        let chunks = batch.column_by_name("chunk_id").and_then(|column| column.as_string_opt::<i32>());
        let Some(chunks) = chunks else { continue };
        for (row, id) in ids_of(batch, identity)?.into_iter().enumerate() {
            if let Some(id) = id {
                found.push(StoredRow { batch, row, chunk_id: chunks.value(row), id });
            }
        }
    }
    Ok(found)
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
