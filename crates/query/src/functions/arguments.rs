//! How are argument columns read, row by row?

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, StringArray};
use arrow::datatypes::{Float64Type, Int64Type, TimestampMicrosecondType};
use datafusion::error::{DataFusionError, Result};

/// The column at `at`, which the engine has coerced to the declared type.
pub(super) struct Arguments<'a>(pub(super) &'a [ArrayRef]);

impl<'a> Arguments<'a> {
    pub(super) fn rows(&self) -> usize {
        self.0.first().map_or(0, Array::len)
    }

    fn column(&self, at: usize) -> Result<&'a ArrayRef> {
        self.0.get(at).ok_or_else(|| DataFusionError::Internal(format!("argument {} is missing", at + 1)))
    }

    fn typed<T>(&self, at: usize, read: impl Fn(&'a ArrayRef) -> Option<T>) -> Result<T> {
        let column = self.column(at)?;
        read(column).ok_or_else(|| {
            DataFusionError::Internal(format!("argument {} came as {}", at + 1, column.data_type()))
        })
    }

    pub(super) fn text(&self, at: usize) -> Result<&'a StringArray> {
        self.typed(at, |column| column.as_string_opt::<i32>())
    }

    pub(super) fn bigint(&self, at: usize) -> Result<&'a Int64Array> {
        self.typed(at, |column| column.as_primitive_opt::<Int64Type>())
    }

    pub(super) fn micros(&self, at: usize) -> Result<&'a arrow::array::TimestampMicrosecondArray> {
        self.typed(at, |column| column.as_primitive_opt::<TimestampMicrosecondType>())
    }

    pub(super) fn list(&self, at: usize) -> Result<&'a ListArray> {
        self.typed(at, |column| column.as_list_opt::<i32>())
    }
}

/// The value in a row, none where it is null.
pub(super) fn bigint(column: &Int64Array, row: usize) -> Option<i64> {
    column.is_valid(row).then(|| column.value(row))
}

/// A count in a row, none where it is null or negative.
pub(super) fn count(column: &Int64Array, row: usize) -> Option<u64> {
    bigint(column, row).and_then(|value| u64::try_from(value).ok())
}

/// The value in a row, none where it is null.
pub(super) fn text(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// The numbers of a list, without nulls; none where the list itself is null.
pub(super) fn doubles(column: &ListArray, row: usize) -> Option<Vec<f64>> {
    if column.is_null(row) {
        return None;
    }
    let items = column.value(row);
    Some(items.as_primitive_opt::<Float64Type>()?.iter().flatten().collect())
}

/// The whole numbers of a list, null where one is missing; none where the list itself is null.
pub(super) fn bigints(column: &ListArray, row: usize) -> Option<Vec<i64>> {
    if column.is_null(row) {
        return None;
    }
    let items = column.value(row);
    Some(items.as_primitive_opt::<Int64Type>()?.iter().flatten().collect())
}
