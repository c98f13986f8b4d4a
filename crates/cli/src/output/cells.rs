//! One cell of a column, as a value for programs or as text.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    DataType, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use fupan_model::Micros;
use serde_json::{Map, Value};

/// The cell as JSON: instants as RFC 3339 in UTC, maps as objects, bytes as text where they are
/// text and as `\x` and hexadecimal digits where not.
pub(super) fn value(column: &dyn Array, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::Int8 => column.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => column.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
        DataType::Float64 => {
            let number = column.as_primitive::<Float64Type>().value(row);
            serde_json::Number::from_f64(number).map_or_else(|| number.to_string().into(), Value::Number)
        }
        DataType::Utf8 => column.as_string::<i32>().value(row).into(),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Micros(column.as_primitive::<TimestampMicrosecondType>().value(row)).to_rfc3339().into()
        }
        DataType::Binary => bytes_text(column.as_binary::<i32>().value(row)).into(),
        DataType::List(_) => {
            let items = column.as_list::<i32>().value(row);
            (0..items.len()).map(|item| value(items.as_ref(), item)).collect()
        }
        DataType::Map(..) => {
            let entries = column.as_map().value(row);
            let (keys, values) = (entries.column(0), entries.column(1));
            let object: Map<String, Value> = (0..entries.len())
                .map(|entry| (text(keys.as_ref(), entry), value(values.as_ref(), entry)))
                .collect();
            Value::Object(object)
        }
        _ => plain(column, row).into(),
    }
}

/// The cell as text; nothing where it is null.
pub(super) fn text(column: &dyn Array, row: usize) -> String {
    match value(column, row) {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn plain(column: &dyn Array, row: usize) -> String {
    ArrayFormatter::try_new(column, &FormatOptions::new())
        .map_or_else(|error| error.to_string(), |formatter| formatter.value(row).to_string())
}

fn bytes_text(bytes: &[u8]) -> String {
    use std::fmt::Write;
    std::str::from_utf8(bytes).map_or_else(
        |_| {
            bytes.iter().fold("\\x".to_owned(), |mut text, byte| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
        },
        str::to_owned,
    )
}
