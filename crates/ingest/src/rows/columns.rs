//! Small helpers over Arrow builders.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Builder, MapArray, MapBuilder, StringArray, StringBuilder, StructArray,
    TimestampMicrosecondBuilder, UInt32Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::error::ArrowError;
use fupan_model::Micros;

/// Texts of a column. Many columns of a table hold nothing in a whole chunk: those cost nothing until
/// their first value comes.
pub(crate) struct Texts {
    rows: usize,
    bytes_per_row: usize,
    /// Missing values since the last one.
    missing: usize,
    has_room: bool,
    builder: StringBuilder,
}

impl Texts {
    /// With room for so many values, once the first comes.
    pub(crate) fn with_room(rows: usize, bytes_per_row: usize) -> Self {
        let builder = StringBuilder::with_capacity(0, 0);
        Self { rows, bytes_per_row, missing: 0, has_room: false, builder }
    }

    #[inline]
    pub(crate) fn push(&mut self, value: Option<&str>) {
        let Some(value) = value else {
            self.missing += 1;
            return;
        };
        if self.missing > 0 || !self.has_room {
            self.catch_up();
        }
        self.builder.append_value(value);
    }

    /// Room for the first value, and what is missing before the next one.
    fn catch_up(&mut self) {
        if !self.has_room {
            self.builder = StringBuilder::with_capacity(self.rows, self.rows * self.bytes_per_row);
            self.has_room = true;
        }
        self.builder.append_nulls(std::mem::take(&mut self.missing));
    }

    pub(crate) fn finish(&mut self) -> StringArray {
        if !self.has_room {
            return StringArray::new_null(std::mem::take(&mut self.missing));
        }
        self.catch_up();
        self.builder.finish()
    }
}

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

/// The rows of a column in another order.
pub(crate) fn reordered(column: &ArrayRef, order: &UInt32Array) -> Result<ArrayRef, ArrowError> {
    // The kernel moves maps entry by entry through a general builder; their keys and values are plain columns.
    if let Some(map) = column.as_map_opt().filter(|map| map.null_count() == 0) {
        let mut places = Vec::with_capacity(map.entries().len());
        for row in order.values() {
            let range = map.value_offsets().get(*row as usize..*row as usize + 2);
            let Some([from, to]) = range else { continue };
            places.extend(*from as u32..*to as u32);
        }
        let places = UInt32Array::from(places);
        let lengths = order.values().iter().map(|row| map.value_length(*row as usize) as usize);
        let (field, _, entries, _, is_ordered) = map.clone().into_parts();
        let moved = entries.columns().iter().map(|part| take(part, &places, None));
        let moved = StructArray::try_new(entries.fields().clone(), moved.collect::<Result<_, _>>()?, None)?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        return Ok(shared(MapArray::try_new(field, offsets, moved, None, is_ordered)?));
    }
    take(column, order, None)
}

/// The same text in each of `rows` rows.
pub(crate) fn same(text: &str, rows: usize) -> ArrayRef {
    let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(text.len(), rows));
    shared(StringArray::new(offsets, text.repeat(rows).into_bytes().into(), None))
}

pub(crate) fn shared<T: arrow::array::Array + 'static>(array: T) -> ArrayRef {
    Arc::new(array)
}

#[cfg(test)]
mod tests {
    use fupan_store::text_map_builder;

    use super::*;

    #[test]
    fn maps_are_reordered_as_the_kernel_does_it() {
        let mut builder = text_map_builder(4);
        let rows: [&[(&str, &str)]; 4] =
            [&[("a", "1"), ("b", "2")], &[], &[("c", "3")], &[("d", "4"), ("e", "5")]];
        for row in rows {
            attributes(&mut builder, row).unwrap();
        }
        let map: ArrayRef = shared(builder.finish());
        for (column, order) in [(map.clone(), vec![3, 1, 0, 2]), (map.slice(1, 3), vec![2, 0, 1])] {
            let order = UInt32Array::from(order);
            let moved = reordered(&column, &order).unwrap();
            assert_eq!(&moved, &take(&column, &order, None).unwrap());
        }
    }
}
