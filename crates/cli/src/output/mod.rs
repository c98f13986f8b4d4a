//! Rows → standard output, in the form that was asked for.
//!
//! `table` is for eyes: times in the workspace's zone, thousands separated, numbers at the right,
//! on a terminal fitted to its width. All others are for programs: times in UTC as RFC 3339, numbers as they
//! are, nothing cut off.

mod cells;
mod files;
mod table;

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono_tz::Tz;

use crate::failure::Failure;
use crate::terminal::Terminal;

/// Forms of the output. `table` is the default also in a pipe; `csv` makes cells harmless that a
/// spreadsheet would run as formulas; `arrow` is an IPC stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OutputFormat {
    #[default]
    Table,
    Csv,
    Json,
    Ndjson,
    Markdown,
    Parquet,
    Arrow,
}

/// Rows with their columns.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
}

impl Rows {
    /// Columns of text.
    #[expect(clippy::needless_pass_by_value, reason = "callers make the rows for this call")]
    pub(crate) fn of_text<const N: usize>(names: [&str; N], rows: Vec<[String; N]>) -> Result<Self, Failure> {
        use arrow::array::{ArrayRef, StringArray};
        use arrow::datatypes::{DataType, Field, Schema};
        let fields: Vec<Field> = names.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let columns: Vec<ArrayRef> = (0..N)
            .map(|at| Arc::new(rows.iter().map(|row| row.get(at)).collect::<StringArray>()) as ArrayRef)
            .collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns)
            .map_err(|error| Failure::bug(error.to_string()))?;
        Ok(Self { schema, batches: vec![batch] })
    }

    /// The same rows with these columns as whole numbers; a text that is none is null.
    pub(crate) fn with_counts(mut self, names: &[&str]) -> Result<Self, Failure> {
        use arrow::datatypes::{DataType, Field, Schema};
        let bug = |error: arrow::error::ArrowError| Failure::bug(error.to_string());
        let is_count = |field: &Field| names.contains(&field.name().as_str());
        let fields = self.schema.fields().iter().map(|field| {
            let data_type = if is_count(field) { DataType::Int64 } else { field.data_type().clone() };
            Field::new(field.name(), data_type, true)
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        for batch in &mut self.batches {
            let columns = batch
                .columns()
                .iter()
                .zip(schema.fields())
                .map(|(column, field)| arrow::compute::cast(column, field.data_type()));
            let columns = columns.collect::<Result<Vec<_>, _>>().map_err(bug)?;
            *batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(bug)?;
        }
        self.schema = schema;
        Ok(self)
    }

    pub(crate) fn count(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    fn has_instants(&self) -> bool {
        use arrow::datatypes::DataType;
        self.schema.fields().iter().any(|field| matches!(field.data_type(), DataType::Timestamp(..)))
    }
}

/// Rows as objects, for an answer that holds more than rows.
pub(crate) fn objects(rows: &Rows) -> Vec<serde_json::Value> {
    files::objects(rows).collect()
}

/// Prints rows. With `table`, the number of rows and the zone follow on standard error.
pub(crate) fn print(terminal: &Terminal, rows: &Rows, format: OutputFormat, zone: Tz) -> Result<(), Failure> {
    match format {
        OutputFormat::Table => {
            terminal.data(table::table(rows, zone, terminal.width()).as_bytes())?;
            let count = rows.count();
            let zone = if rows.has_instants() {
                format!(" · times in {}", fupan_decode::time::zone_name(zone))
            } else {
                String::new()
            };
            terminal.note(format!(
                "{} {}{zone}",
                crate::numbers::grouped(count as u64),
                if count == 1 { "row" } else { "rows" }
            ));
            Ok(())
        }
        OutputFormat::Markdown => terminal.data(table::markdown(rows).as_bytes()),
        OutputFormat::Csv => terminal.data(&files::csv(rows)?),
        OutputFormat::Json => terminal.data(&files::json(rows)?),
        OutputFormat::Ndjson => terminal.data(&files::ndjson(rows)?),
        OutputFormat::Parquet | OutputFormat::Arrow if terminal.stdout_is_terminal() => {
            Err(Failure::usage("binary output does not belong on a terminal")
                .hint("send it to a file: fupan … --format parquet > rows.parquet"))
        }
        OutputFormat::Parquet => terminal.data(&files::parquet(rows)?),
        OutputFormat::Arrow => terminal.data(&files::arrow(rows)?),
    }
}
