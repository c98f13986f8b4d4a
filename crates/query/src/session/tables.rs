//! Which instant is the latest in the data?

use std::collections::BTreeMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::max;
use arrow::datatypes::TimestampMicrosecondType;
use fupan_model::{Micros, Table};
use fupan_store::StoreSnapshot;

const TELEMETRY: [Table; 3] = [Table::Logs, Table::Metrics, Table::Spans];

/// The latest telemetry timestamp that the snapshot's file list names.
pub(super) fn latest_in_snapshot(snapshot: &StoreSnapshot) -> Option<Micros> {
    TELEMETRY
        .iter()
        .filter_map(|table| snapshot.tables.get(table))
        .flat_map(|table| &table.files)
        .filter_map(|file| file.timestamps.map(|(_, high)| high))
        .max()
}

/// The latest telemetry timestamp in tables in memory.
pub(super) fn latest_in_batches(batches: &BTreeMap<Table, Vec<RecordBatch>>) -> Option<Micros> {
    TELEMETRY
        .iter()
        .filter_map(|table| batches.get(table))
        .flatten()
        .filter_map(|batch| batch.column_by_name("timestamp"))
        .filter_map(|column| column.as_primitive_opt::<TimestampMicrosecondType>())
        .filter_map(max)
        .max()
        .map(Micros)
}
