//! How do a few hand-written lines become tables?
//!
//! One JSON object per line, `{"table": "logs", "timestamp": "…", …}`. Columns that are not named are
//! null; instants are RFC 3339. For brevity `date` follows from `timestamp`, `recorded_at` from
//! `occurred_at`, `event_id` from the line number, `chunk_id` is `fixture` and `source_record` the line.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Float64Builder, Int8Builder, Int16Builder,
    Int64Builder, MapBuilder, MapFieldNames, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field};
use fupan_model::{Micros, Table};
use serde_json::{Map, Value, json};

/// A line that is no row, with the reason.
#[derive(Debug)]
pub struct FixtureError(pub String);

impl std::fmt::Display for FixtureError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for FixtureError {}

type Row = Map<String, Value>;

/// Reads the lines of a fixture; empty lines and lines that begin with `#` are skipped.
pub fn batches(text: &str) -> Result<BTreeMap<Table, Vec<RecordBatch>>, FixtureError> {
    let mut rows: BTreeMap<Table, Vec<Row>> = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let error = |message: String| FixtureError(format!("line {}: {message}", index + 1));
        let Value::Object(mut row) = serde_json::from_str(line).map_err(|e| error(e.to_string()))? else {
            return Err(error("not an object".to_owned()));
        };
        let name = row.remove("table").and_then(|name| name.as_str().map(str::to_owned));
        let table = Table::by_name(name.as_deref().unwrap_or("incident_events"))
            .ok_or_else(|| error("no such table".to_owned()))?;
        complete(&mut row, index + 1);
        let schema = table.schema();
        if let Some(unknown) = row.keys().find(|key| schema.field_with_name(key).is_err() && !derived(key)) {
            return Err(error(format!("{} has no column {unknown}", table.name())));
        }
        rows.entry(table).or_default().push(row);
    }
    rows.into_iter().map(|(table, rows)| Ok((table, vec![batch(table, &rows)?]))).collect()
}

/// Keys that [`complete`] sets for all tables, whether they have the column or not.
fn derived(key: &str) -> bool {
    matches!(
        key,
        "date"
            | "recorded_at"
            | "recorded_at_basis"
            | "event_id"
            | "change_id"
            | "chunk_id"
            | "source_record"
            | "precision"
            | "source"
    )
}

fn complete(row: &mut Row, line: usize) {
    let mut default = |key: &str, value: Value| {
        row.entry(key.to_owned()).or_insert(value);
    };
    default("event_id", json!(format!("e{line}")));
    default("change_id", json!(format!("c{line}")));
    default("chunk_id", json!("fixture"));
    default("source_record", json!(line));
    default("precision", json!("exact"));
    default("source", json!("timeline:fixture"));
    let occurred = row.get("occurred_at").cloned().unwrap_or(Value::Null);
    if row.get("recorded_at").is_none() {
        let basis = if occurred.is_null() { "ingested" } else { "assumed" };
        let at = if occurred.is_null() { json!("2100-01-01T00:00:00Z") } else { occurred };
        row.insert("recorded_at".to_owned(), at);
        row.entry("recorded_at_basis").or_insert(json!(basis));
    }
    row.entry("recorded_at_basis").or_insert(json!("source"));
    if let Some(timestamp) = row.get("timestamp").cloned() {
        row.entry("date").or_insert(timestamp);
    }
}

fn batch(table: Table, rows: &[Row]) -> Result<RecordBatch, FixtureError> {
    let schema = table.schema();
    let columns = schema
        .fields()
        .iter()
        .map(|field| column(field, rows))
        .collect::<Result<Vec<ArrayRef>, FixtureError>>()?;
    RecordBatch::try_new(schema, columns).map_err(|error| FixtureError(error.to_string()))
}

fn column(field: &Field, rows: &[Row]) -> Result<ArrayRef, FixtureError> {
    let values: Vec<Option<&Value>> =
        rows.iter().map(|row| row.get(field.name()).filter(|value| !value.is_null())).collect();
    let wrong = |value: &Value| FixtureError(format!("{}: {value} does not fit", field.name()));
    macro_rules! build {
        ($builder:ty, $read:expr) => {{
            let mut builder = <$builder>::new();
            for value in values {
                match value {
                    None => builder.append_null(),
                    Some(value) => builder.append_value($read(value).ok_or_else(|| wrong(value))?),
                }
            }
            Arc::new(builder.finish()) as ArrayRef
        }};
    }
    Ok(match field.data_type() {
        DataType::Utf8 => build!(StringBuilder, Value::as_str),
        DataType::Int64 => build!(Int64Builder, Value::as_i64),
        DataType::Int16 => {
            build!(Int16Builder, |value: &Value| value.as_i64().and_then(|n| i16::try_from(n).ok()))
        }
        DataType::Int8 => {
            build!(Int8Builder, |value: &Value| value.as_i64().and_then(|n| i8::try_from(n).ok()))
        }
        DataType::Float64 => build!(Float64Builder, Value::as_f64),
        DataType::Boolean => build!(BooleanBuilder, Value::as_bool),
        DataType::Binary => build!(BinaryBuilder, Value::as_str),
        DataType::Date32 => {
            build!(Date32Builder, |value: &Value| micros(value)
                .and_then(|at| i32::try_from(at.date_days()).ok()))
        }
        DataType::Timestamp(..) => {
            let mut builder = TimestampMicrosecondBuilder::new().with_timezone("UTC");
            for value in values {
                builder.append_option(
                    value.map(|value| micros(value).ok_or_else(|| wrong(value))).transpose()?.map(|at| at.0),
                );
            }
            Arc::new(builder.finish())
        }
        DataType::Map(..) => {
            let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
            let mut builder = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
            for value in values {
                let entries = value.and_then(Value::as_object);
                for (key, text) in entries.into_iter().flatten() {
                    builder.keys().append_value(key);
                    builder.values().append_option(text.as_str());
                }
                builder.append(entries.is_some()).map_err(|error| FixtureError(error.to_string()))?;
            }
            Arc::new(builder.finish())
        }
        other => return Err(FixtureError(format!("{}: fixtures have no {other}", field.name()))),
    })
}

fn micros(value: &Value) -> Option<Micros> {
    let at = chrono::DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(Micros(at.timestamp_micros()))
}
