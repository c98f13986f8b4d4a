//! Dictionaries of Arrow → the column of a row group.

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array, new_null_array};
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, UInt32Type};
use arrow::error::ArrowError;
use bytes::Bytes;
use parquet::column::writer::ColumnCloseResult;
use parquet::schema::types::ColumnDescPtr;

use super::leaf::{Run, map_texts, runs_of, texts};
use super::pages;
use crate::StoreError;

/// Whether the rows of all parts of a column have numbers of texts or of maps of texts, or nothing at all.
pub(crate) fn are_numbered(parts: &[&ArrayRef]) -> bool {
    let is_numbered = |part: &&&ArrayRef| match part.data_type() {
        DataType::Dictionary(numbers, values) => {
            **numbers == DataType::UInt32 && matches!(**values, DataType::Utf8 | DataType::Map(..))
        }
        _ => false,
    };
    let with_numbers = parts.iter().filter(is_numbered).count();
    with_numbers > 0 && with_numbers + parts.iter().filter(|part| is_empty(part)).count() == parts.len()
}

/// Whether a column that is no dictionary holds nothing.
fn is_empty(column: &ArrayRef) -> bool {
    !matches!(column.data_type(), DataType::Dictionary(..)) && column.null_count() == column.len()
}

/// The same column with its values in their rows, where it is a dictionary.
pub fn plain(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match column.as_dictionary_opt::<UInt32Type>() {
        Some(dictionary) => take(dictionary.values(), dictionary.keys(), None),
        None => Ok(ArrayRef::clone(column)),
    }
}

/// The values that some row has, each once.
pub(crate) fn used(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match column.as_dictionary_opt::<UInt32Type>() {
        Some(dictionary) => used_values(dictionary.values(), dictionary.keys().iter().flatten()),
        None => Ok(ArrayRef::clone(column)),
    }
}

/// The values with these numbers, each once.
pub(crate) fn used_values(
    values: &ArrayRef,
    numbers: impl Iterator<Item = u32>,
) -> Result<ArrayRef, ArrowError> {
    let mut is_used = vec![false; values.len()];
    for number in numbers {
        if let Some(is_used) = is_used.get_mut(number as usize) {
            *is_used = true;
        }
    }
    let used = is_used.iter().zip(0..).filter(|(is_used, _)| **is_used).map(|(_, number)| number);
    take(values, &UInt32Array::from_iter_values(used), None)
}

/// The leaves of a column whose parts [have numbers](are_numbered).
pub(crate) fn encode(
    parts: &[&ArrayRef],
    leaves: &[ColumnDescPtr],
) -> Result<Vec<(Bytes, ColumnCloseResult)>, StoreError> {
    let (values, runs) = joined(parts)?;
    let all: Vec<u32> = (0..values.len() as u32).collect();
    let mut encoded = Vec::with_capacity(leaves.len());
    for (place, descriptor) in leaves.iter().enumerate() {
        let leaf = match values.as_map_opt() {
            Some(map) => map_texts(map, place == 0, &all),
            None => texts(&values, &all),
        };
        encoded.push(pages::encode(&leaf, descriptor, &runs)?);
    }
    Ok(encoded)
}

/// The values of all parts behind each other, of which the last is none, and the runs of rows that have them.
fn joined(parts: &[&ArrayRef]) -> Result<(ArrayRef, Vec<Run>), StoreError> {
    let numbered = || parts.iter().filter_map(|part| part.as_dictionary_opt::<UInt32Type>());
    let none = numbered().map(|part| part.values().len() as u32).sum();
    let mut numbers = Vec::with_capacity(parts.iter().map(Array::len).sum());
    let mut known = 0;
    for part in parts {
        let Some(part) = part.as_dictionary_opt::<UInt32Type>() else {
            numbers.extend(std::iter::repeat_n(none, part.len()));
            continue;
        };
        if part.keys().null_count() == 0 {
            numbers.extend(part.keys().values().iter().map(|number| number + known));
        } else {
            numbers.extend(part.keys().iter().map(|number| number.map_or(none, |number| number + known)));
        }
        known += part.values().len() as u32;
    }
    let kind = numbered().next().map_or(DataType::Utf8, |part| part.values().data_type().clone());
    let missing = new_null_array(&kind, 1);
    let values = numbered().map(|part| part.values().as_ref()).chain([missing.as_ref()]);
    Ok((concat(&values.collect::<Vec<&dyn Array>>())?, runs_of(numbers.into_iter())))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{DictionaryArray, Int64Array, RecordBatch, StringArray};
    use arrow::compute::concat_batches;
    use arrow::datatypes::{Field, Schema};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;
    use crate::{columns, limits, text_map_builder};

    /// Rows with numbers of texts and of maps; every third text is missing.
    fn numbered(rows: usize, words: u32) -> RecordBatch {
        let texts: StringArray = (0..words).map(|word| Some(format!("w{word}"))).collect();
        let mut maps = text_map_builder(0);
        for word in 0..words {
            for entry in 0..word % 4 {
                maps.keys().append_value(format!("k{entry}"));
                maps.values().append_option((word % 5 > 0).then(|| format!("v{word}")));
            }
            maps.append(word % 7 != 6).unwrap();
        }
        let number = |row: usize| (row as u32).wrapping_mul(2_654_435_761) % words;
        let some: UInt32Array = (0..rows).map(|row| (row % 3 > 0).then(|| number(row))).collect();
        let all: UInt32Array = (0..rows).map(|row| Some(number(row))).collect();
        let columns: [(&str, ArrayRef); 4] = [
            ("place", Arc::new((0..rows as i64).map(Some).collect::<Int64Array>())),
            ("text", Arc::new(DictionaryArray::new(some, Arc::new(texts) as ArrayRef))),
            ("map", Arc::new(DictionaryArray::new(all, Arc::new(maps.finish()) as ArrayRef))),
            ("none", Arc::new(StringArray::new_null(rows))),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    fn plain_batch(batch: &RecordBatch) -> RecordBatch {
        let columns: Vec<ArrayRef> = batch.columns().iter().map(|column| plain(column).unwrap()).collect();
        let schema = batch.schema();
        let fields = schema.fields().iter().zip(&columns);
        let fields = fields.map(|(field, column)| Field::new(field.name(), column.data_type().clone(), true));
        RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns).unwrap()
    }

    #[test]
    fn files_hold_the_values_behind_the_numbers() {
        let plain_rows = plain_batch(&numbered(700, 9));
        let schema = plain_rows.schema();
        let nothing = RecordBatch::try_new(
            schema.clone(),
            schema.fields().iter().map(|field| new_null_array(field.data_type(), 50)).collect(),
        );
        let many = limits::ROW_GROUP_ROWS + 1_000;
        for batches in [
            vec![numbered(1_000, 9)],
            vec![numbered(30_000, 300), numbered(1, 1), nothing.unwrap(), numbered(50_000, 40)],
            // A part that has too many different texts for numbers.
            vec![numbered(1_000, 9), plain_rows.clone()],
            vec![numbered(many, 9), numbered(10, 2)],
            vec![numbered(1_000, 9).slice(10, 500), numbered(0, 1)],
        ] {
            let expected: Vec<RecordBatch> = batches.iter().map(plain_batch).collect();
            let expected = concat_batches(&schema, &expected).unwrap();
            let mut bytes = Vec::new();
            let writer = ArrowWriter::try_new(&mut bytes, schema.clone(), None).unwrap();
            columns::write(writer, &schema, &batches, 2).unwrap();
            let file = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
            let nulls: Vec<u64> = (0..2)
                .map(|place| {
                    let groups = file.metadata().row_groups().iter();
                    let of_group =
                        groups.filter_map(|group| group.column(place).statistics()?.null_count_opt());
                    of_group.sum()
                })
                .collect();
            let of_texts = expected.column(1).null_count() as u64;
            assert_eq!(nulls, [expected.column(0).null_count() as u64, of_texts]);
            let found: Vec<RecordBatch> = file.build().unwrap().collect::<Result<_, _>>().unwrap();
            assert_eq!(concat_batches(&schema, &found).unwrap(), expected);
        }
    }

    #[test]
    fn values_that_no_row_has_are_not_used() {
        let batch = numbered(1, 5);
        let values = used(batch.column(2)).unwrap();
        assert_eq!(values.len(), 1);
        assert_eq!(used(batch.column(0)).unwrap().len(), 1);
    }
}
