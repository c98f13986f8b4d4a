//! Small helpers over Arrow builders.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Builder, MapBuilder, StringArray, StringBuilder, StringDictionaryBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Int32Type};
use arrow::error::ArrowError;
use fupan_model::Micros;

/// A text column in which values repeat: kept as a dictionary while it is built, so that a service's
/// name is stored once per chunk.
pub(crate) struct Repeated(StringDictionaryBuilder<Int32Type>);

impl Repeated {
    pub(crate) fn new() -> Self {
        Self(StringDictionaryBuilder::new())
    }

    pub(crate) fn push(&mut self, value: Option<&str>) {
        self.0.append_option(value);
    }

    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let dictionary: ArrayRef = Arc::new(self.0.finish());
        arrow::compute::cast(&dictionary, &DataType::Utf8)
    }
}

pub(crate) fn instant(builder: &mut TimestampMicrosecondBuilder, at: Option<Micros>) {
    builder.append_option(at.map(|at| at.0));
}

pub(crate) fn instants() -> TimestampMicrosecondBuilder {
    TimestampMicrosecondBuilder::new().with_timezone("UTC")
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
    shared(StringArray::from_iter_values(std::iter::repeat_n(text, rows)))
}

pub(crate) fn shared<T: arrow::array::Array + 'static>(array: T) -> ArrayRef {
    Arc::new(array)
}
