//! Small helpers over Arrow builders.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Builder, MapBuilder, StringArray, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::buffer::OffsetBuffer;
use arrow::error::ArrowError;
use fupan_model::Micros;

pub(crate) fn instant(builder: &mut TimestampMicrosecondBuilder, at: Option<Micros>) {
    builder.append_option(at.map(|at| at.0));
}

pub(crate) fn instants(rows: usize) -> TimestampMicrosecondBuilder {
    TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC")
}

pub(crate) fn date(builder: &mut Date32Builder, at: Micros) {
    builder.append_value(i32::try_from(at.date_days()).unwrap_or_default());
}

/// Appends one map; a key that comes again takes the place of its earlier value.
pub(crate) fn attributes<K: AsRef<str>, V: AsRef<str>>(
    builder: &mut MapBuilder<StringBuilder, StringBuilder>,
    entries: &[(K, V)],
) -> Result<(), ArrowError> {
    for (index, (key, value)) in entries.iter().enumerate() {
        let comes_again = entries.iter().skip(index + 1).any(|(later, _)| later.as_ref() == key.as_ref());
        if !comes_again {
            builder.keys().append_value(key);
            builder.values().append_value(value);
        }
    }
    builder.append(true)
}

/// The same text in each of `rows` rows.
pub(crate) fn same(text: &str, rows: usize) -> ArrayRef {
    let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(text.len(), rows));
    shared(StringArray::new(offsets, text.repeat(rows).into_bytes().into(), None))
}

pub(crate) fn shared<T: arrow::array::Array + 'static>(array: T) -> ArrayRef {
    Arc::new(array)
}
