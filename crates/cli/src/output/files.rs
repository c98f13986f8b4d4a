//! Rows as a file of a common format.

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use serde_json::{Map, Value};

use super::{Rows, cells};
use crate::failure::Failure;

fn bug(error: impl std::fmt::Display) -> Failure {
    Failure::bug(error.to_string())
}

/// With a header line. Cells that a spreadsheet would run as a formula are made harmless.
pub(super) fn csv(rows: &Rows) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(rows.schema.fields().iter().map(|field| field.name())).map_err(bug)?;
    for batch in &rows.batches {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| {
                let text = cells::text(column.as_ref(), row);
                if matches!(column.data_type(), DataType::Utf8 | DataType::Binary) {
                    fupan_report::escape::csv_cell(&text)
                } else {
                    text
                }
            });
            writer.write_record(cells).map_err(bug)?;
        }
    }
    writer.into_inner().map_err(bug)
}

pub(super) fn objects(rows: &Rows) -> impl Iterator<Item = Value> {
    rows.batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| object(batch, row)))
}

fn object(batch: &RecordBatch, row: usize) -> Value {
    let schema = batch.schema_ref();
    let entries: Map<String, Value> = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| (field.name().clone(), cells::value(column.as_ref(), row)))
        .collect();
    Value::Object(entries)
}

/// One array, an object per line.
pub(super) fn json(rows: &Rows) -> Result<Vec<u8>, Failure> {
    let mut bytes = b"[".to_vec();
    for (at, object) in objects(rows).enumerate() {
        bytes.extend_from_slice(if at == 0 { b"\n  " } else { b",\n  " });
        serde_json::to_writer(&mut bytes, &object).map_err(bug)?;
    }
    bytes.extend_from_slice(b"\n]\n");
    Ok(bytes)
}

/// One object per line.
pub(super) fn ndjson(rows: &Rows) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    for object in objects(rows) {
        serde_json::to_writer(&mut bytes, &object).map_err(bug)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// A Parquet file.
pub(super) fn parquet(rows: &Rows) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut bytes, rows.schema.clone(), None).map_err(bug)?;
    for batch in &rows.batches {
        writer.write(batch).map_err(bug)?;
    }
    writer.close().map_err(bug)?;
    Ok(bytes)
}

/// An Arrow IPC stream.
pub(super) fn arrow(rows: &Rows) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut writer = arrow::ipc::writer::StreamWriter::try_new(&mut bytes, &rows.schema).map_err(bug)?;
    for batch in &rows.batches {
        writer.write(batch).map_err(bug)?;
    }
    writer.finish().map_err(bug)?;
    drop(writer);
    Ok(bytes)
}
