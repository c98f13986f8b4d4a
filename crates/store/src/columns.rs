//! How is a row group written with all cores?
//!
//! Its columns are encoded beside each other. The last group of an ingest is waited for: with one core it
//! would take twice as long.

use std::sync::{Mutex, PoisonError};
use std::thread;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::errors::ParquetError;

use crate::limits;

/// A column, its place among those of the file, and a writer for each of its leaves.
struct Task<'c> {
    place: usize,
    field: &'c Field,
    writers: Vec<ArrowColumnWriter>,
}

/// Writes batches to a file, which they fill; the same bytes as by `writer` alone.
pub(crate) fn write(
    mut writer: ArrowWriter<&mut Vec<u8>>,
    batches: &[RecordBatch],
) -> Result<(), ParquetError> {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let schema = batches.first().map(RecordBatch::schema);
    let Some(schema) = schema.filter(|_| (1..=limits::ROW_GROUP_ROWS).contains(&rows)) else {
        for batch in batches {
            writer.write(batch)?;
        }
        writer.close()?;
        return Ok(());
    };
    let (mut file, factory) = writer.into_serialized_writer()?;
    let mut writers = factory.create_column_writers(0)?.into_iter();
    let tasks: Vec<Task<'_>> = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(place, field)| Task {
            place,
            field,
            writers: writers.by_ref().take(leaves(field.data_type())).collect(),
        })
        .collect();
    let tasks = Mutex::new(tasks.into_iter());
    let work = || {
        let mut done = Vec::new();
        // The lock is not held while a column is encoded.
        let next = || tasks.lock().unwrap_or_else(PoisonError::into_inner).next();
        while let Some(task) = next() {
            let place = task.place;
            done.push((place, encode(task, batches)?));
        }
        Ok(done)
    };
    let workers = limits::COLUMN_THREADS.min(rows / limits::COLUMN_THREAD_ROWS + 1);
    let done: Result<Vec<Vec<_>>, ParquetError> = thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let own = work();
        let joined = others.into_iter().map(|other| {
            other
                .join()
                .unwrap_or_else(|_| Err(ParquetError::General("a column could not be encoded".into())))
        });
        std::iter::once(own).chain(joined.collect::<Vec<_>>()).collect()
    });
    let mut columns: Vec<(usize, Vec<ArrowColumnChunk>)> = done?.into_iter().flatten().collect();
    columns.sort_unstable_by_key(|(place, _)| *place);
    let mut group = file.next_row_group()?;
    for chunk in columns.into_iter().flat_map(|(_, chunks)| chunks) {
        chunk.append_to_row_group(&mut group)?;
    }
    group.close()?;
    file.close()?;
    Ok(())
}

fn encode(mut task: Task<'_>, batches: &[RecordBatch]) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
    for batch in batches {
        let found = compute_leaves(task.field, batch.column(task.place))?;
        for (writer, leaf) in task.writers.iter_mut().zip(&found) {
            writer.write(leaf)?;
        }
    }
    task.writers.into_iter().map(ArrowColumnWriter::close).collect()
}

/// Columns of a file that hold values of this type.
fn leaves(kind: &DataType) -> usize {
    match kind {
        DataType::Struct(fields) => fields.iter().map(|field| leaves(field.data_type())).sum(),
        DataType::List(field) | DataType::LargeList(field) | DataType::Map(field, _) => {
            leaves(field.data_type())
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use fupan_model::Table;
    use parquet::file::properties::WriterProperties;

    use super::*;

    fn written(batches: &[RecordBatch], with: impl Fn(ArrowWriter<&mut Vec<u8>>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        let properties = WriterProperties::builder().build();
        with(ArrowWriter::try_new(&mut bytes, batches[0].schema(), Some(properties)).unwrap());
        bytes
    }

    #[test]
    fn the_bytes_are_those_of_one_core() {
        let batch = |from: i64| {
            let numbers: Int64Array = (from..from + 40_000).map(|n| (n % 7 > 0).then_some(n)).collect();
            let texts: StringArray = (from..from + 40_000).map(|n| Some(format!("u{}", n % 1_000))).collect();
            RecordBatch::try_from_iter([
                ("numbers", Arc::new(numbers) as ArrayRef),
                ("texts", Arc::new(texts.clone())),
                ("again", Arc::new(texts)),
            ])
            .unwrap()
        };
        for batches in
            [vec![batch(0)], vec![batch(0), batch(40_000)], vec![batch(0); 4], vec![batch(0).slice(0, 0)]]
        {
            let together = written(&batches, |writer| write(writer, &batches).unwrap());
            let alone = written(&batches, |mut writer| {
                for batch in &batches {
                    writer.write(batch).unwrap();
                }
                writer.close().unwrap();
            });
            assert!(together == alone, "{} batches", batches.len());
        }
    }

    #[test]
    fn each_leaf_has_a_writer() {
        let counted: usize =
            Table::Logs.schema().fields().iter().map(|field| leaves(field.data_type())).sum();
        assert_eq!(counted, Table::Logs.schema().fields().len() + 1, "attributes have names and values");
    }
}
