//! How is a row group written?
//!
//! Column by column, beside each other where nothing else needs the cores: the last group of an ingest is waited
//! for, and would take twice as long with one. Columns whose rows have numbers are written by them
//! ([`crate::numbered`]).

use std::sync::{Mutex, PoisonError};
use std::thread;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor};

use crate::numbered::{are_numbered, encode_column, plain};
use crate::{StoreError, limits};

/// A column, its place among those of the file, and how its leaves are written.
struct Task<'c> {
    place: usize,
    field: &'c Field,
    parts: Vec<&'c ArrayRef>,
    writers: Vec<ArrowColumnWriter>,
    leaves: Vec<ColumnDescPtr>,
}

/// Encoded columns of a row group.
enum Encoded {
    Usual(Vec<ArrowColumnChunk>),
    Numbered(Vec<(Bytes, ColumnCloseResult)>),
}

/// Writes batches to a file, which they fill. Columns may be dictionaries of what the file's schema says;
/// of others the bytes are those of `writer` alone. They do not depend on how many `threads` encode.
pub(crate) fn write(
    writer: ArrowWriter<&mut Vec<u8>>,
    schema: &Schema,
    batches: &[RecordBatch],
    threads: usize,
) -> Result<(), StoreError> {
    let (mut file, factory) = writer.into_serialized_writer()?;
    for (index, batches) in row_groups(batches).iter().enumerate() {
        let writers = factory.create_column_writers(index)?;
        let tasks = tasks(schema, batches, writers, file.schema_descr());
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let columns = encode_all(tasks, threads.min(rows / limits::COLUMN_THREAD_ROWS + 1))?;
        let mut group = file.next_row_group()?;
        for column in columns {
            match column {
                Encoded::Usual(chunks) => {
                    chunks.into_iter().try_for_each(|chunk| chunk.append_to_row_group(&mut group))?;
                }
                Encoded::Numbered(leaves) => {
                    leaves.into_iter().try_for_each(|(bytes, close)| group.append_column(&bytes, close))?;
                }
            }
        }
        group.close()?;
    }
    file.close()?;
    Ok(())
}

/// The batches, cut where row groups end.
fn row_groups(batches: &[RecordBatch]) -> Vec<Vec<RecordBatch>> {
    let mut groups: Vec<Vec<RecordBatch>> = Vec::new();
    let mut room = 0;
    for batch in batches {
        let mut start = 0;
        while start < batch.num_rows() {
            if room == 0 {
                groups.push(Vec::new());
                room = limits::ROW_GROUP_ROWS;
            }
            let rows = room.min(batch.num_rows() - start);
            if let Some(group) = groups.last_mut() {
                group.push(batch.slice(start, rows));
            }
            (start, room) = (start + rows, room - rows);
        }
    }
    groups
}

fn tasks<'c>(
    schema: &'c Schema,
    batches: &'c [RecordBatch],
    writers: Vec<ArrowColumnWriter>,
    descriptor: &SchemaDescriptor,
) -> Vec<Task<'c>> {
    let mut writers = writers.into_iter();
    let mut first_leaf = 0;
    let fields = schema.fields().iter().enumerate();
    let tasks = fields.map(|(place, field)| {
        let count = leaves(field.data_type());
        let own = (first_leaf..first_leaf + count).map(|leaf| descriptor.column(leaf)).collect();
        first_leaf += count;
        Task {
            place,
            field,
            parts: batches.iter().map(|batch| batch.column(place)).collect(),
            writers: writers.by_ref().take(count).collect(),
            leaves: own,
        }
    });
    tasks.collect()
}

/// The columns in their order.
fn encode_all(tasks: Vec<Task<'_>>, threads: usize) -> Result<Vec<Encoded>, StoreError> {
    let tasks = Mutex::new(tasks.into_iter());
    let work = || {
        let mut done = Vec::new();
        // The lock is not held while a column is encoded.
        let next = || tasks.lock().unwrap_or_else(PoisonError::into_inner).next();
        while let Some(task) = next() {
            let place = task.place;
            done.push((place, encode(task)?));
        }
        Ok(done)
    };
    let done: Result<Vec<Vec<_>>, StoreError> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        let joined = others.into_iter().map(|other| {
            let failed = |_| Err(ParquetError::General("a column could not be encoded".into()).into());
            other.join().unwrap_or_else(failed)
        });
        std::iter::once(own).chain(joined.collect::<Vec<_>>()).collect()
    });
    let mut columns: Vec<(usize, Encoded)> = done?.into_iter().flatten().collect();
    columns.sort_unstable_by_key(|(place, _)| *place);
    Ok(columns.into_iter().map(|(_, column)| column).collect())
}

fn encode(mut task: Task<'_>) -> Result<Encoded, StoreError> {
    if are_numbered(&task.parts) {
        return Ok(Encoded::Numbered(encode_column(&task.parts, &task.leaves)?));
    }
    for part in &task.parts {
        for (writer, leaf) in task.writers.iter_mut().zip(&compute_leaves(task.field, &plain(part)?)?) {
            writer.write(leaf)?;
        }
    }
    let chunks = task.writers.into_iter().map(ArrowColumnWriter::close);
    Ok(Encoded::Usual(chunks.collect::<Result<_, _>>()?))
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
        let properties =
            WriterProperties::builder().set_max_row_group_row_count(Some(limits::ROW_GROUP_ROWS)).build();
        with(ArrowWriter::try_new(&mut bytes, batches[0].schema(), Some(properties)).unwrap());
        bytes
    }

    #[test]
    fn the_bytes_are_those_of_the_usual_writer() {
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
            let ours = |threads| {
                written(&batches, |writer| write(writer, &batches[0].schema(), &batches, threads).unwrap())
            };
            let alone = written(&batches, |mut writer| {
                for batch in &batches {
                    writer.write(batch).unwrap();
                }
                writer.close().unwrap();
            });
            assert!(ours(1) == alone && ours(3) == alone, "{} batches", batches.len());
        }
    }

    #[test]
    fn each_leaf_has_a_writer() {
        let counted: usize =
            Table::Logs.schema().fields().iter().map(|field| leaves(field.data_type())).sum();
        assert_eq!(counted, Table::Logs.schema().fields().len() + 1, "attributes have names and values");
    }
}
