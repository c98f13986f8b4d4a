//! How is a row group written?
//!
//! Column by column: those whose rows have numbers are written by them ([`crate::numbered`]).

use std::io::Write;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, compute_leaves};
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor};

use crate::numbered::{are_numbered, encode_column, plain};
use crate::{StoreError, limits};

/// A column of a row group, and how its leaves are written.
struct Column<'c> {
    field: &'c Field,
    parts: Vec<&'c ArrayRef>,
    writers: Vec<ArrowColumnWriter>,
    leaves: Vec<ColumnDescPtr>,
}

/// Writes batches to a file, which they fill. Columns may be dictionaries of what the file's schema says;
/// of others the bytes are those of `writer` alone.
pub(crate) fn write(
    writer: ArrowWriter<&mut Vec<u8>>,
    schema: &Schema,
    batches: &[RecordBatch],
) -> Result<(), StoreError> {
    let (mut file, factory) = writer.into_serialized_writer()?;
    for (index, batches) in row_groups(batches).iter().enumerate() {
        let writers = factory.create_column_writers(index)?;
        let columns = columns(schema, batches, writers, file.schema_descr());
        let mut group = file.next_row_group()?;
        for column in columns {
            write_column(column, &mut group)?;
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

fn columns<'c>(
    schema: &'c Schema,
    batches: &'c [RecordBatch],
    writers: Vec<ArrowColumnWriter>,
    descriptor: &SchemaDescriptor,
) -> Vec<Column<'c>> {
    let mut writers = writers.into_iter();
    let mut first_leaf = 0;
    let fields = schema.fields().iter().enumerate();
    let columns = fields.map(|(place, field)| {
        let count = leaves(field.data_type());
        let own = (first_leaf..first_leaf + count).map(|leaf| descriptor.column(leaf)).collect();
        first_leaf += count;
        Column {
            field,
            parts: batches.iter().map(|batch| batch.column(place)).collect(),
            writers: writers.by_ref().take(count).collect(),
            leaves: own,
        }
    });
    columns.collect()
}

fn write_column<W: Write + Send>(
    mut column: Column<'_>,
    group: &mut SerializedRowGroupWriter<'_, W>,
) -> Result<(), StoreError> {
    if are_numbered(&column.parts) {
        for (bytes, close) in encode_column(&column.parts, &column.leaves)? {
            group.append_column(&bytes, close)?;
        }
        return Ok(());
    }
    for part in &column.parts {
        for (writer, leaf) in column.writers.iter_mut().zip(&compute_leaves(column.field, &plain(part)?)?) {
            writer.write(leaf)?;
        }
    }
    for writer in column.writers {
        writer.close()?.append_to_row_group(group)?;
    }
    Ok(())
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
            let together = written(&batches, |writer| write(writer, &batches[0].schema(), &batches).unwrap());
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
