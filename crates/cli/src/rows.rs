//! Reading an answer's rows by column name.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use fupan_model::Micros;
use fupan_query::Answer;

/// One row of an answer. A column that is missing or of another type reads as null.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    batch: &'a RecordBatch,
    index: usize,
}

/// All rows, in order.
pub(crate) fn rows(answer: &Answer) -> impl Iterator<Item = Row<'_>> {
    answer.batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |index| Row { batch, index }))
}

impl<'a> Row<'a> {
    /// Text.
    pub(crate) fn text(self, column: &str) -> Option<&'a str> {
        let values = self.batch.column_by_name(column)?.as_string_opt::<i32>()?;
        values.is_valid(self.index).then(|| values.value(self.index))
    }

    /// Text that the row owns.
    pub(crate) fn owned(self, column: &str) -> Option<String> {
        self.text(column).map(str::to_owned)
    }

    /// A whole number.
    pub(crate) fn long(self, column: &str) -> Option<i64> {
        let values = self.batch.column_by_name(column)?.as_primitive_opt::<Int64Type>()?;
        values.is_valid(self.index).then(|| values.value(self.index))
    }

    /// A count; negative numbers are none.
    pub(crate) fn count(self, column: &str) -> Option<u64> {
        u64::try_from(self.long(column)?).ok()
    }

    /// A number, whole or not.
    pub(crate) fn number(self, column: &str) -> Option<f64> {
        let values = self.batch.column_by_name(column)?;
        let number = match values.as_primitive_opt::<Float64Type>() {
            Some(values) => values.is_valid(self.index).then(|| values.value(self.index)),
            None => self.long(column).map(|number| number as f64),
        };
        number.filter(|number| number.is_finite())
    }

    /// An instant.
    pub(crate) fn instant(self, column: &str) -> Option<Micros> {
        let values = self.batch.column_by_name(column)?.as_primitive_opt::<TimestampMicrosecondType>()?;
        values.is_valid(self.index).then(|| Micros(values.value(self.index)))
    }

    /// A day, as its first instant in UTC.
    pub(crate) fn day(self, column: &str) -> Option<Micros> {
        let values = self.batch.column_by_name(column)?.as_primitive_opt::<Date32Type>()?;
        values
            .is_valid(self.index)
            .then(|| Micros::from_seconds(i64::from(values.value(self.index)) * 86_400))
    }

    /// True, false, or null.
    pub(crate) fn boolean(self, column: &str) -> Option<bool> {
        let values = self.batch.column_by_name(column)?.as_boolean_opt()?;
        values.is_valid(self.index).then(|| values.value(self.index))
    }
}
