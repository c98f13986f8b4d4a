//! Are the rows of a file those that were given, whatever form they came in?

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, DictionaryArray, Float64Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow::compute::{SortColumn, concat_batches, lexsort_to_indices, take, take_record_batch};
use arrow::datatypes::{DataType, UInt32Type};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::metadata::PageIndexPolicy;

use super::*;
use crate::{files, limits, text_map_builder};

/// Numbers that a run can repeat.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Rows that refer to their series: `series` of them, some alike, labels from none to three.
fn by_series(dice: &mut Dice, rows: usize, series: u64, chunk: &str) -> RecordBatch {
    let some = |dice: &mut Dice, text: String| (dice.below(4) > 0).then_some(text);
    let names: StringArray = (0..series).map(|_| Some(format!("metric_{}", dice.below(3)))).collect();
    let text = |dice: &mut Dice, what: &str| -> StringArray {
        (0..series)
            .map(|_| {
                let number = dice.below(4);
                some(dice, format!("{what}{number}"))
            })
            .collect()
    };
    let (service, host) = (text(dice, "service"), text(dice, "host"));
    let unit = text(dice, &"a unit that is longer than a bound of statistics may be ".repeat(2));
    let nothing = StringArray::new_null(series as usize);
    let ids: Int64Array = (0..series as i64).map(|number| Some(number % 50 - 7)).collect();
    let mut labels = text_map_builder(0);
    for number in 0..series {
        for label in 0..dice.below(4) {
            labels.keys().append_value(format!("key{label}"));
            let value = format!("value{}", (number + label) % 5);
            labels.values().append_option((dice.below(5) > 0).then_some(value));
        }
        labels.append(number % 7 != 3).unwrap();
    }
    let labels = labels.finish();
    let keys: UInt32Array = (0..rows).map(|_| Some(dice.below(series) as u32)).collect();
    let described = |values: ArrayRef| -> ArrayRef { Arc::new(DictionaryArray::new(keys.clone(), values)) };
    let start = dice.below(50) as i64;
    let at = |row: usize| start * 1_000 + row as i64 / 10 * 1_000_000;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Date32Array::from(vec![0; rows])),
        Arc::new(
            (0..rows).map(|row| Some(at(row))).collect::<TimestampMicrosecondArray>().with_timezone("UTC"),
        ),
        Arc::new(
            (0..rows)
                .map(|row| (row % 3 == 0).then_some(row as i64))
                .collect::<TimestampMicrosecondArray>()
                .with_timezone("UTC"),
        ),
        described(Arc::new(names)),
        described(Arc::new(nothing.clone())),
        described(Arc::new(nothing)),
        described(Arc::new(unit)),
        Arc::new((0..rows).map(|_| Some(dice.below(1_000) as f64 / 8.0)).collect::<Float64Array>()),
        described(Arc::new(service.clone())),
        described(Arc::new(host)),
        described(Arc::new(service)),
        described(Arc::new(ids)),
        described(Arc::new(labels)),
        Arc::new(DictionaryArray::new(
            UInt32Array::from(vec![0; rows]),
            Arc::new(StringArray::from(vec![chunk])) as ArrayRef,
        )),
        Arc::new((1..=rows as i64).map(Some).collect::<Int64Array>()),
    ];
    RecordBatch::try_new(series_schema(), columns).unwrap()
}

/// The same rows with plain columns.
fn plain(batch: &RecordBatch) -> RecordBatch {
    let columns = batch.columns().iter().map(|column| match column.as_dictionary_opt::<UInt32Type>() {
        Some(column) => take(column.values(), column.keys(), None).unwrap(),
        None => ArrayRef::clone(column),
    });
    RecordBatch::try_new(Table::Metrics.schema(), columns.collect()).unwrap()
}

/// The rows as they are to be read back, sorted by the general kernel.
fn expected(batches: &[RecordBatch]) -> RecordBatch {
    let plain: Vec<RecordBatch> = batches.iter().map(plain).collect();
    let all = concat_batches(&Table::Metrics.schema(), &plain).unwrap();
    let place: ArrayRef = Arc::new(Int64Array::from_iter_values(0..all.num_rows() as i64));
    let column = |name: &str| all.column_by_name(name).unwrap().clone();
    let by = ["metric_name", "series_id", "timestamp", "source_record"].map(column);
    let by = by.into_iter().chain([place]).map(|values| SortColumn { values, options: None });
    let order = lexsort_to_indices(&by.collect::<Vec<_>>(), None).unwrap();
    take_record_batch(&all, &order).unwrap()
}

fn read(bytes: Vec<u8>) -> RecordBatch {
    let batches = files::decode(bytes.into(), &Table::Metrics.schema()).unwrap();
    concat_batches(&Table::Metrics.schema(), &batches).unwrap()
}

fn assert_same_rows(read: &RecordBatch, expected: &RecordBatch) {
    for (field, (read, expected)) in
        expected.schema().fields().iter().zip(read.columns().iter().zip(expected.columns()))
    {
        // The partition column is not in the file.
        if field.name() != "date" {
            assert_eq!(read, expected, "{}", field.name());
        }
    }
}

#[test]
fn rows_come_back_sorted_in_whatever_form_they_were_given() {
    let mut dice = Dice(7);
    for (rows, series) in [(1, 1), (7, 3), (1_000, 1), (1_000, 40), (1_000, 900), (3_000, 12)] {
        let batches: Vec<RecordBatch> =
            (0..3).map(|chunk| by_series(&mut dice, rows, series, &format!("chunk {chunk}"))).collect();
        let expected = expected(&batches);
        let (bytes, statistics) = encode(&batches).unwrap();
        assert_same_rows(&read(bytes), &expected);
        assert_eq!(statistics["numRecords"], 3 * rows);
        assert_eq!(statistics["minValues"]["chunk_id"], "chunk 0");
        assert_eq!(statistics["maxValues"]["chunk_id"], "chunk 2");
        let services = expected.column_by_name("service_name").unwrap();
        assert_eq!(statistics["nullCount"]["service_name"], services.null_count());
        let least = arrow::compute::min_string(services.as_string::<i32>());
        assert_eq!(statistics["minValues"].get("service_name").and_then(|name| name.as_str()), least);

        let plain: Vec<RecordBatch> = batches.iter().map(plain).collect();
        let (bytes, of_plain) = encode(&plain).unwrap();
        assert_same_rows(&read(bytes), &expected);
        assert_eq!(of_plain, statistics);
        // What a file holds is sorted already, as when files are merged.
        let (bytes, of_sorted) = encode(std::slice::from_ref(&expected)).unwrap();
        assert_same_rows(&read(bytes), &expected);
        assert_eq!(of_sorted, statistics);
    }
}

#[test]
fn row_groups_and_pages_say_what_they_hold() {
    let mut dice = Dice(3);
    let rows = limits::ROW_GROUP_ROWS + 5 * limits::PAGE_ROWS / 2;
    let batch = by_series(&mut dice, rows, 60, "chunk");
    let (bytes, _) = encode(std::slice::from_ref(&batch)).unwrap();
    let bytes = bytes::Bytes::from(bytes);
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    let metadata = ArrowReaderMetadata::load(&bytes, options).unwrap();
    let groups = metadata.metadata().row_groups();
    assert_eq!(groups.len(), 2);
    let name = groups[0].columns().iter().find(|column| column.column_path().string() == "metric_name");
    let statistics = name.unwrap().statistics().unwrap();
    assert_eq!(statistics.min_bytes_opt(), Some(&b"metric_0"[..]));
    let offsets = metadata.metadata().offset_index().unwrap();
    assert!(offsets[0].iter().all(|column| column.page_locations().len() >= 6));
    let expected = expected(&[batch]);
    assert_same_rows(&read(bytes.to_vec()), &expected);
    // Rows from the middle of pages, found by the offsets.
    let whole = metadata.schema().fields().len();
    assert_eq!(whole, expected.num_columns() - 1);
    let builder = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::new_with_metadata(
        bytes,
        metadata.clone(),
    );
    let (skipped, taken) = (2 * limits::PAGE_ROWS + 11, limits::PAGE_ROWS);
    let selection = parquet::arrow::arrow_reader::RowSelection::from(vec![
        parquet::arrow::arrow_reader::RowSelector::skip(skipped),
        parquet::arrow::arrow_reader::RowSelector::select(taken),
    ]);
    let batches: Vec<RecordBatch> =
        builder.with_row_selection(selection).build().unwrap().map(Result::unwrap).collect();
    let middle = concat_batches(&batches[0].schema(), &batches).unwrap();
    let wanted = expected.slice(skipped, taken);
    for name in ["metric_name", "series_id", "attributes", "value", "unit"] {
        assert_eq!(middle.column_by_name(name), wanted.column_by_name(name), "{name}");
    }
}

#[test]
fn the_columns_of_a_file_are_plain() {
    let (bytes, _) = encode(&[by_series(&mut Dice(1), 10, 2, "chunk")]).unwrap();
    let metadata =
        ArrowReaderMetadata::load(&bytes::Bytes::from(bytes), ArrowReaderOptions::default()).unwrap();
    for field in Table::Metrics.schema().fields().iter().filter(|field| field.name() != "date") {
        assert_eq!(metadata.schema().field_with_name(field.name()).unwrap(), field.as_ref());
    }
    let id = series_schema().field_with_name("series_id").unwrap().data_type().clone();
    assert!(matches!(id, DataType::Dictionary(..)));
}
