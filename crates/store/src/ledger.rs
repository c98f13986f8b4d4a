//! The ledger (`ingests`): which chunks count, and what was noted about them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, MapArray, MapBuilder, MapFieldNames, RecordBatch, StringArray,
    StringBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use foldhash::fast::RandomState;
use fupan_model::ledger::LedgerAction;
use fupan_model::{Micros, Table};

use crate::StoreError;

/// One row of the ledger. Byte and record counts are per chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// What this row records.
    pub action: LedgerAction,
    /// Identity of these bytes read in this way.
    pub chunk_id: String,
    /// Identity of these bytes: from the prefix length and digest.
    pub chunk_key: String,
    /// Fingerprint of the way of reading: format, mapping, zone.
    pub reading: String,
    /// Display name of the source.
    pub source: String,
    /// Digits of where it lay: tell two sources of one name apart, and name no folder. None where it lies
    /// nowhere (standard input).
    pub source_place: Option<String>,
    /// Detected or given format.
    pub input_format: String,
    /// Name of the mapping, where one was used.
    pub mapping: Option<String>,
    /// Zone that times without one were read in, where there were any.
    pub assumed_zone: Option<String>,
    /// Records whose time had no zone.
    pub assumed_zone_records: i64,
    /// Bytes of the decompressed source up to the end of this chunk.
    pub prefix_bytes: i64,
    /// BLAKE3 of them, hex.
    pub prefix_digest: String,
    /// Bytes of this chunk.
    pub chunk_bytes: i64,
    /// Records in it.
    pub records_read: i64,
    /// Of these: became rows.
    pub records_accepted: i64,
    /// Of these: went to quarantine.
    pub records_rejected: i64,
    /// Of these: were in already.
    pub records_duplicate: i64,
    /// Rows in all tables; one record may give several.
    pub rows: i64,
    /// Samples of metrics, and records with ids, that other sources had brought: they became no rows.
    pub samples_repeated: i64,
    /// Earliest telemetry or event in it.
    pub first_timestamp: Option<Micros>,
    /// Latest telemetry or event in it.
    pub last_timestamp: Option<Micros>,
    /// Table → version of the commit that brought the rows.
    pub table_versions: BTreeMap<String, u64>,
    /// For [`LedgerAction::Superseded`]: the chunk that replaced this one.
    pub superseded_by: Option<String>,
    /// What was taken out of its texts, by rule; `kept_raw` where nothing was to be.
    pub redactions: BTreeMap<String, u64>,
    /// Instant of the ingest.
    pub ingested_at: Micros,
    /// Version of the software.
    pub software_version: String,
}

/// The rows of the ledger at one version, folded.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// The last version of the `ingests` table that changed what counts. Notes about chunks that were
    /// seen again come later and change nothing, so that a report stays the same to the byte.
    pub version: u64,
    /// All rows, in order of commit.
    pub rows: Vec<Arc<LedgerRow>>,
    /// Which of the rows say that a chunk counts.
    is_live: Vec<bool>,
    live: HashMap<String, usize, RandomState>,
    /// Chunks whose rows are in no file any more, with the row that says why.
    gone: BTreeMap<String, usize>,
    /// The row of the chunk with these bytes that counts.
    by_key: HashMap<String, usize, RandomState>,
}

impl Ledger {
    /// Folds rows that are in order of commit.
    pub fn new(version: u64, rows: Vec<LedgerRow>) -> Self {
        let mut ledger = Self { version, ..Self::default() };
        for row in rows {
            ledger.push(row);
        }
        ledger
    }

    /// Adds the rows of the next file, whose name carries that version.
    pub(crate) fn extend(&mut self, version: Option<u64>, rows: Vec<LedgerRow>) {
        if rows.iter().any(|row| row.action != LedgerAction::Seen) {
            self.version = version.unwrap_or(self.version);
        }
        for row in rows {
            self.push(row);
        }
    }

    fn push(&mut self, row: LedgerRow) {
        let index = self.rows.len();
        self.is_live.push(row.action == LedgerAction::Committed);
        match row.action {
            LedgerAction::Committed => {
                if let Some(earlier) = self.live.insert(row.chunk_id.clone(), index) {
                    self.unmark(earlier);
                }
                self.gone.remove(&row.chunk_id);
                self.by_key.insert(row.chunk_key.clone(), index);
            }
            LedgerAction::Superseded => self.stop(&row),
            LedgerAction::Purged | LedgerAction::Damaged => {
                self.stop(&row);
                self.gone.insert(row.chunk_id.clone(), index);
            }
            LedgerAction::Seen => {}
        }
        self.rows.push(Arc::new(row));
    }

    fn unmark(&mut self, index: usize) {
        if let Some(is_live) = self.is_live.get_mut(index) {
            *is_live = false;
        }
    }

    fn stop(&mut self, row: &LedgerRow) {
        if let Some(index) = self.live.remove(&row.chunk_id) {
            self.unmark(index);
        }
        let holder = self.by_key.get(&row.chunk_key).and_then(|index| self.rows.get(*index));
        if holder.is_some_and(|holder| holder.chunk_id == row.chunk_id) {
            self.by_key.remove(&row.chunk_key);
        }
    }

    /// Why the rows of this chunk are in no file any more; none where they may be.
    pub fn gone(&self, chunk_id: &str) -> Option<&LedgerRow> {
        self.rows.get(*self.gone.get(chunk_id)?).map(Arc::as_ref)
    }

    /// Chunks that count or once did, each with its latest row that says so.
    pub fn committed(&self) -> BTreeMap<&str, &LedgerRow> {
        let rows = self.rows.iter().filter(|row| row.action == LedgerAction::Committed);
        rows.map(|row| (row.chunk_id.as_str(), row.as_ref())).collect()
    }

    /// The row by which this chunk counts.
    pub fn live_row(&self, chunk_id: &str) -> Option<&LedgerRow> {
        self.rows.get(*self.live.get(chunk_id)?).map(Arc::as_ref)
    }

    /// Whether rows of this chunk count.
    pub fn is_live(&self, chunk_id: &str) -> bool {
        self.live.contains_key(chunk_id)
    }

    /// The chunk that holds these bytes and counts.
    pub fn live_by_key(&self, chunk_key: &str) -> Option<&LedgerRow> {
        let row = self.rows.get(*self.by_key.get(chunk_key)?)?;
        self.live_row(&row.chunk_id)
    }

    /// An error where an earlier ledger counts chunks whose rows are there no more.
    pub(crate) fn check_whole(&self, version: u64, earlier: &Self) -> Result<(), StoreError> {
        let Some(lost) = earlier.live().find_map(|row| self.gone(&row.chunk_id)) else { return Ok(()) };
        let day = lost.ingested_at.to_datetime().map(|at| at.format("%Y-%m-%d").to_string());
        Err(StoreError::Gone {
            version,
            source_name: lost.source.clone(),
            what: if lost.action == LedgerAction::Purged { "purged" } else { "taken out as damaged" },
            on: day.unwrap_or_default(),
        })
    }

    /// What is left of a file's range of instants where only these of its chunks count: a file that was
    /// merged holds later chunks too, and they must not tell what the latest instant of an earlier
    /// version was.
    pub(crate) fn narrowed(&self, live: &[String], range: (Micros, Micros)) -> (Micros, Micros) {
        let rows = || live.iter().map(|chunk| self.live_row(chunk));
        let lows: Option<Vec<Micros>> = rows().map(|row| row?.first_timestamp).collect();
        let highs: Option<Vec<Micros>> = rows().map(|row| row?.last_timestamp).collect();
        let low = lows.and_then(|lows| lows.into_iter().min()).map_or(range.0, |low| low.max(range.0));
        let high = highs.and_then(|highs| highs.into_iter().max()).map_or(range.1, |high| high.min(range.1));
        if low <= high { (low, high) } else { range }
    }

    /// Rows of the chunks that count, in order of commit.
    pub fn live(&self) -> impl Iterator<Item = &LedgerRow> {
        let rows = self.rows.iter().zip(&self.is_live);
        rows.filter(|(_, is_live)| **is_live).map(|(row, _)| row.as_ref())
    }

    /// The rows that say which chunks there are, each chunk's latest one, in order of commit; and whether it counts.
    pub fn latest(&self) -> Vec<(&Arc<LedgerRow>, bool)> {
        let rows = || self.rows.iter().zip(&self.is_live).enumerate();
        let is_committed = |row: &LedgerRow| row.action == LedgerAction::Committed;
        // A chunk that was forgotten and came again has two rows: the later one says what is.
        let mut stopped: HashMap<&str, usize> = HashMap::new();
        for (index, (row, _)) in rows().filter(|(_, (row, is_live))| is_committed(row) && !**is_live) {
            stopped.insert(&row.chunk_id, index);
        }
        stopped.retain(|chunk_id, _| !self.live.contains_key(*chunk_id));
        let latest = rows().filter(|(index, (row, is_live))| {
            is_committed(row) && (**is_live || stopped.get(row.chunk_id.as_str()) == Some(index))
        });
        latest.map(|(_, (row, is_live))| (row, *is_live)).collect()
    }

    /// By name of table, its newest version that brought rows which count.
    pub(crate) fn newest_table_versions(&self) -> BTreeMap<&str, u64> {
        let mut newest: BTreeMap<&str, u64> = BTreeMap::new();
        for (table, version) in self.live().flat_map(|row| &row.table_versions) {
            let known = newest.entry(table).or_default();
            *known = (*known).max(*version);
        }
        newest
    }

    /// Ids of the chunks that count.
    pub fn live_ids(&self) -> BTreeSet<&str> {
        self.live().map(|row| row.chunk_id.as_str()).collect()
    }
}

fn texts<'a>(rows: &'a [LedgerRow], get: impl Fn(&'a LedgerRow) -> Option<&'a str>) -> ArrayRef {
    Arc::new(rows.iter().map(get).collect::<StringArray>())
}

fn longs(rows: &[LedgerRow], get: impl Fn(&LedgerRow) -> i64) -> ArrayRef {
    Arc::new(rows.iter().map(|row| Some(get(row))).collect::<Int64Array>())
}

fn instants(rows: &[LedgerRow], get: impl Fn(&LedgerRow) -> Option<Micros>) -> ArrayRef {
    let column: TimestampMicrosecondArray = rows.iter().map(|row| get(row).map(|at| at.0)).collect();
    Arc::new(column.with_timezone("UTC"))
}

/// A builder for `MAP<TEXT, TEXT>` columns of the table contract.
pub fn text_map_builder(rows: usize) -> MapBuilder<StringBuilder, StringBuilder> {
    let names =
        MapFieldNames { entry: "key_value".to_owned(), key: "key".to_owned(), value: "value".to_owned() };
    // Few records have more than four attributes; the builders grow where they do.
    let texts = || StringBuilder::with_capacity(rows * 4, rows * 48);
    MapBuilder::with_capacity(Some(names), texts(), texts(), rows)
}

fn counts<'a>(
    rows: &'a [LedgerRow],
    get: impl Fn(&'a LedgerRow) -> &'a BTreeMap<String, u64>,
) -> Result<ArrayRef, StoreError> {
    let mut builder = text_map_builder(rows.len());
    for row in rows {
        for (key, count) in get(row) {
            builder.keys().append_value(key);
            builder.values().append_value(count.to_string());
        }
        builder.append(true)?;
    }
    Ok(Arc::new(builder.finish()))
}

/// Rows → a batch with the columns of [`Table::Ingests`].
pub(crate) fn to_batch(rows: &[LedgerRow]) -> Result<RecordBatch, StoreError> {
    let columns = vec![
        texts(rows, |row| Some(row.action.as_str())),
        texts(rows, |row| Some(&row.chunk_id)),
        texts(rows, |row| Some(&row.chunk_key)),
        texts(rows, |row| Some(&row.reading)),
        texts(rows, |row| Some(&row.source)),
        texts(rows, |row| Some(&row.input_format)),
        texts(rows, |row| row.mapping.as_deref()),
        texts(rows, |row| row.assumed_zone.as_deref()),
        longs(rows, |row| row.assumed_zone_records),
        longs(rows, |row| row.prefix_bytes),
        texts(rows, |row| Some(&row.prefix_digest)),
        longs(rows, |row| row.chunk_bytes),
        longs(rows, |row| row.records_read),
        longs(rows, |row| row.records_accepted),
        longs(rows, |row| row.records_rejected),
        longs(rows, |row| row.records_duplicate),
        longs(rows, |row| row.rows),
        instants(rows, |row| row.first_timestamp),
        instants(rows, |row| row.last_timestamp),
        counts(rows, |row| &row.table_versions)?,
        texts(rows, |row| row.superseded_by.as_deref()),
        instants(rows, |row| Some(row.ingested_at)),
        texts(rows, |row| Some(&row.software_version)),
        counts(rows, |row| &row.redactions)?,
        texts(rows, |row| row.source_place.as_deref()),
        longs(rows, |row| row.samples_repeated),
    ];
    Ok(RecordBatch::try_new(Table::Ingests.schema(), columns)?)
}

/// The columns of one batch: looked for by name once, and not for each row.
struct Columns<'a>(HashMap<&'a str, &'a ArrayRef>);

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Self {
        let names = batch.schema_ref().fields().iter().map(|field| field.name().as_str());
        Self(names.zip(batch.columns()).collect())
    }

    fn texts(&self, name: &str) -> Texts<'a> {
        Texts(self.0.get(name).and_then(|column| column.as_string_opt::<i32>()))
    }

    fn longs(&self, name: &str) -> Longs<'a> {
        Longs(self.0.get(name).and_then(|column| column.as_primitive_opt::<Int64Type>()))
    }

    fn instants(&self, name: &str) -> Instants<'a> {
        Instants(self.0.get(name).and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>()))
    }

    fn counts(&self, name: &str) -> CountsOf<'a> {
        CountsOf(self.0.get(name).and_then(|column| column.as_map_opt()))
    }
}

struct Texts<'a>(Option<&'a StringArray>);

impl Texts<'_> {
    fn at(&self, row: usize) -> Option<String> {
        self.0.filter(|column| column.is_valid(row)).map(|column| column.value(row).to_owned())
    }
}

struct Longs<'a>(Option<&'a Int64Array>);

impl Longs<'_> {
    fn at(&self, row: usize) -> i64 {
        self.0.filter(|column| column.is_valid(row)).map_or(0, |column| column.value(row))
    }
}

struct Instants<'a>(Option<&'a TimestampMicrosecondArray>);

impl Instants<'_> {
    fn at(&self, row: usize) -> Option<Micros> {
        self.0.filter(|column| column.is_valid(row)).map(|column| Micros(column.value(row)))
    }
}

struct CountsOf<'a>(Option<&'a MapArray>);

impl CountsOf<'_> {
    fn at(&self, row: usize) -> BTreeMap<String, u64> {
        self.entries(row).unwrap_or_default()
    }

    fn entries(&self, row: usize) -> Option<BTreeMap<String, u64>> {
        let map = self.0.filter(|map| map.is_valid(row))?;
        let (keys, values) = (map.keys().as_string_opt::<i32>()?, map.values().as_string_opt::<i32>()?);
        let [from, to] = [map.value_offsets().get(row)?, map.value_offsets().get(row + 1)?];
        let all = usize::try_from(*from).ok()?..usize::try_from(*to).ok()?;
        let valid = all.filter(|at| keys.is_valid(*at) && values.is_valid(*at));
        Some(
            valid
                .filter_map(|at| Some((keys.value(at).to_owned(), values.value(at).parse().ok()?)))
                .collect(),
        )
    }
}

/// A batch of [`Table::Ingests`] → rows; an unknown action is skipped (a newer version wrote it).
pub(crate) fn from_batch(batch: &RecordBatch) -> Vec<LedgerRow> {
    let columns = Columns::of(batch);
    let actions = columns.texts("action");
    let (chunk_id, chunk_key) = (columns.texts("chunk_id"), columns.texts("chunk_key"));
    let (reading, source) = (columns.texts("reading"), columns.texts("source"));
    let (source_place, input_format) = (columns.texts("source_place"), columns.texts("input_format"));
    let (mapping, assumed_zone) = (columns.texts("mapping"), columns.texts("assumed_zone"));
    let assumed_zone_records = columns.longs("assumed_zone_records");
    let (prefix_bytes, prefix_digest) = (columns.longs("prefix_bytes"), columns.texts("prefix_digest"));
    let (chunk_bytes, rows) = (columns.longs("chunk_bytes"), columns.longs("rows"));
    let (read, accepted) = (columns.longs("records_read"), columns.longs("records_accepted"));
    let (rejected, duplicate) = (columns.longs("records_rejected"), columns.longs("records_duplicate"));
    let samples_repeated = columns.longs("samples_repeated");
    let (first, last) = (columns.instants("first_timestamp"), columns.instants("last_timestamp"));
    let (table_versions, redactions) = (columns.counts("table_versions"), columns.counts("redactions"));
    let (superseded_by, ingested_at) = (columns.texts("superseded_by"), columns.instants("ingested_at"));
    let software_version = columns.texts("software_version");
    let row_at = |at: usize| {
        Some(LedgerRow {
            action: LedgerAction::by_name(&actions.at(at)?)?,
            chunk_id: chunk_id.at(at)?,
            chunk_key: chunk_key.at(at)?,
            reading: reading.at(at).unwrap_or_default(),
            source: source.at(at).unwrap_or_default(),
            source_place: source_place.at(at),
            input_format: input_format.at(at).unwrap_or_default(),
            mapping: mapping.at(at),
            assumed_zone: assumed_zone.at(at),
            assumed_zone_records: assumed_zone_records.at(at),
            prefix_bytes: prefix_bytes.at(at),
            prefix_digest: prefix_digest.at(at).unwrap_or_default(),
            chunk_bytes: chunk_bytes.at(at),
            records_read: read.at(at),
            records_accepted: accepted.at(at),
            records_rejected: rejected.at(at),
            records_duplicate: duplicate.at(at),
            rows: rows.at(at),
            samples_repeated: samples_repeated.at(at),
            first_timestamp: first.at(at),
            last_timestamp: last.at(at),
            table_versions: table_versions.at(at),
            superseded_by: superseded_by.at(at),
            redactions: redactions.at(at),
            ingested_at: ingested_at.at(at).unwrap_or_default(),
            software_version: software_version.at(at).unwrap_or_default(),
        })
    };
    (0..batch.num_rows()).filter_map(row_at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(action: LedgerAction, chunk_id: &str, chunk_key: &str) -> LedgerRow {
        LedgerRow {
            action,
            chunk_id: chunk_id.to_owned(),
            chunk_key: chunk_key.to_owned(),
            reading: "r".to_owned(),
            source: "a.jsonl".to_owned(),
            source_place: Some("0123456789abcdef".to_owned()),
            input_format: "json_lines".to_owned(),
            mapping: None,
            assumed_zone: Some("Asia/Shanghai".to_owned()),
            assumed_zone_records: 3,
            prefix_bytes: 10,
            prefix_digest: "d".to_owned(),
            chunk_bytes: 10,
            records_read: 4,
            records_accepted: 3,
            records_rejected: 1,
            records_duplicate: 0,
            rows: 3,
            samples_repeated: 0,
            first_timestamp: Some(Micros(1)),
            last_timestamp: None,
            table_versions: BTreeMap::from([("logs".to_owned(), 7)]),
            superseded_by: None,
            redactions: BTreeMap::from([("email".to_owned(), 2)]),
            ingested_at: Micros(5),
            software_version: "0.1.0".to_owned(),
        }
    }

    #[test]
    fn rows_survive_the_way_through_arrow() {
        let rows = vec![row(LedgerAction::Committed, "c1", "k1"), row(LedgerAction::Seen, "c1", "k1")];
        assert_eq!(from_batch(&to_batch(&rows).expect("batch")), rows);
    }

    #[test]
    fn a_superseded_chunk_no_longer_counts_and_its_successor_does() {
        let ledger = Ledger::new(
            1,
            vec![
                row(LedgerAction::Committed, "old", "k"),
                row(LedgerAction::Superseded, "old", "k"),
                row(LedgerAction::Committed, "new", "k"),
            ],
        );
        assert!(!ledger.is_live("old"));
        assert!(ledger.is_live("new"));
        assert_eq!(ledger.live_by_key("k").map(|row| row.chunk_id.as_str()), Some("new"));
        assert_eq!(ledger.live().count(), 1);
    }

    #[test]
    fn seeing_a_chunk_again_changes_nothing() {
        let ledger =
            Ledger::new(0, vec![row(LedgerAction::Committed, "c", "k"), row(LedgerAction::Seen, "c", "k")]);
        assert_eq!(ledger.live().count(), 1);
    }
}
