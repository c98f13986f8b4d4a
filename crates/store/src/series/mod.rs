//! Points of metrics, held and written by series.
//!
//! A series is described once, and its points refer to the description: in memory by dictionaries that share
//! their keys ([`series_schema`]), in a file by runs, since points are stored sorted by series. What describes
//! a series then costs by the series and not by the point. Any reader sees plain columns.

mod file;
mod points;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use fupan_model::Table;

pub(crate) use file::encode;

/// Columns that are the same in all points of a series.
pub const DESCRIBING_COLUMNS: [&str; 9] = [
    "metric_name",
    "metric_type",
    "temporality",
    "unit",
    "service_name",
    "host_name",
    "cloud_region",
    "series_id",
    "attributes",
];

/// The schema of rows of `metrics` that refer to their series: columns that describe it, and the chunk, are
/// dictionaries. [`crate::ChunkRows`] takes such rows and plain ones.
pub fn series_schema() -> SchemaRef {
    let plain = Table::Metrics.schema();
    let fields = plain.fields().iter().map(|field| {
        let name = field.name().as_str();
        if !DESCRIBING_COLUMNS.contains(&name) && name != "chunk_id" {
            return field.as_ref().clone();
        }
        let kind = DataType::Dictionary(Box::new(DataType::UInt32), Box::new(field.data_type().clone()));
        Field::new(name, kind, true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests;
