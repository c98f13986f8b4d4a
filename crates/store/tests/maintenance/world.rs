//! A store in a folder of its own, and chunks to fill it with.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::DataType;
use fupan_model::ledger::LedgerAction;
use fupan_model::{Micros, Table};
use fupan_store::{ChunkRows, LedgerRow, Store};

/// 2026-01-01T00:00:00Z.
const FIRST_HOUR: i64 = 1_767_225_600_000_000;
const HOUR: i64 = 3_600_000_000;

/// The instant of all maintenance in the tests, a year later.
pub(crate) const NOW: Micros = Micros(FIRST_HOUR + 365 * 24 * HOUR);

/// A column of the rows of a chunk: null unless it is one of these.
fn column(name: &str, kind: &DataType, chunk_id: &str, texts: &[String], first: i64) -> ArrayRef {
    let rows = texts.len();
    match name {
        "date" => {
            let day = |row: i64| i32::try_from((first + row * 1_000_000) / (24 * HOUR)).expect("a day");
            Arc::new((0..rows as i64).map(|row| Some(day(row))).collect::<arrow::array::Date32Array>())
        }
        "timestamp" => {
            let at: TimestampMicrosecondArray =
                (0..rows as i64).map(|row| Some(first + row * 1_000_000)).collect();
            Arc::new(at.with_timezone("UTC"))
        }
        "source_record" => Arc::new((1..=rows as i64).map(Some).collect::<Int64Array>()),
        "chunk_id" => Arc::new(StringArray::from(vec![chunk_id; rows])),
        "body" | "user_id" | "summary" | "reason" => Arc::new(StringArray::from(texts.to_vec())),
        "service_name" => Arc::new(StringArray::from(vec!["orders"; rows])),
        _ => new_null_array(kind, rows),
    }
}

/// The id of the chunk of that hour.
pub(crate) fn chunk_id(hour: i64) -> String {
    blake3::hash(format!("hour {hour}").as_bytes()).to_hex().to_string()
}

/// A chunk with one log record per text, from the hour that is so many after the first.
pub(crate) fn hour(hour: i64, texts: &[String]) -> ChunkRows {
    chunk(Table::Logs, hour, texts)
}

/// A chunk of a table, whose records are a second apart.
pub(crate) fn chunk(table: Table, hour: i64, texts: &[String]) -> ChunkRows {
    let first = FIRST_HOUR + hour * HOUR;
    let chunk_id = chunk_id(hour);
    let schema = table.schema();
    let columns = schema
        .fields()
        .iter()
        .map(|field| column(field.name(), field.data_type(), &chunk_id, texts, first))
        .collect();
    let batch = RecordBatch::try_new(schema, columns).expect("the columns of the contract");
    let rows = texts.len() as i64;
    ChunkRows {
        ledger_row: LedgerRow {
            action: LedgerAction::Committed,
            chunk_key: format!("key of {chunk_id}"),
            chunk_id,
            reading: "json_lines".to_owned(),
            source: format!("orders-{hour:05}.jsonl"),
            source_place: None,
            input_format: "json_lines".to_owned(),
            mapping: None,
            assumed_zone: None,
            assumed_zone_records: 0,
            prefix_bytes: rows * 100,
            prefix_digest: "digest".to_owned(),
            chunk_bytes: rows * 100,
            records_read: rows,
            records_accepted: rows,
            records_rejected: 0,
            records_duplicate: 0,
            rows,
            samples_repeated: 0,
            first_timestamp: Some(Micros(first)),
            last_timestamp: Some(Micros(first + (rows - 1) * 1_000_000)),
            table_versions: BTreeMap::new(),
            redactions: BTreeMap::new(),
            superseded_by: None,
            ingested_at: Micros(first + HOUR),
            software_version: "0.1.0".to_owned(),
        },
        batches: BTreeMap::from([(table, vec![batch])]),
        supersedes: Vec::new(),
    }
}

/// Texts of the records of that hour.
pub(crate) fn texts(hour: i64, rows: usize) -> Vec<String> {
    (0..rows).map(|row| format!("order {hour}/{row} placed")).collect()
}

/// All rows of the logs that count, as text, sorted.
pub(crate) async fn rows(store: &Store) -> Vec<String> {
    let mut rows = Vec::new();
    for batch in store.read(Table::Logs).await.expect("rows") {
        let text = |name: &str, row: usize| {
            let column = batch.column_by_name(name).expect("column");
            arrow::util::display::array_value_to_string(column, row).expect("text")
        };
        for row in 0..batch.num_rows() {
            rows.push(
                ["timestamp", "body", "chunk_id", "source_record"].map(|name| text(name, row)).join("|"),
            );
        }
    }
    rows.sort();
    rows
}

/// A store in a folder that goes when it is dropped.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Store,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::create(&folder.path().to_string_lossy()).await.expect("a store");
        Self { folder, store }
    }

    /// A store with so many hours, committed one by one.
    pub(crate) async fn with_hours(hours: i64, rows: usize) -> Self {
        let world = Self::new().await;
        for at in 0..hours {
            world.append(hour(at, &texts(at, rows))).await;
        }
        world
    }

    pub(crate) async fn append(&self, chunk: ChunkRows) {
        let now = chunk.ledger_row.ingested_at;
        self.store.append(vec![chunk], now).await.expect("append");
    }

    /// The same store, opened anew.
    pub(crate) async fn reopened(&self) -> Store {
        Store::open(&self.folder.path().to_string_lossy()).await.expect("open")
    }
}
