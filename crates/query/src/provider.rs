//! How is one table of a snapshot scanned?
//!
//! By plain Parquet scans over the snapshot's file list: `date` comes from the file list (it is not
//! in the files), files that a filter excludes are not opened, columns that an old file lacks read
//! as null, and rows of hidden chunks are filtered out. Nothing else of the store is reachable.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PrunableStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, DFSchema, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{col, in_list, lit};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;
use fupan_store::{DataFile, TableSnapshot};

/// A table of a snapshot, to be scanned.
#[derive(Debug)]
pub(crate) struct SnapshotTable {
    store_url: ObjectStoreUrl,
    table_schema: TableSchema,
    files: Vec<DataFile>,
}

impl SnapshotTable {
    /// A table over `snapshot`, whose files `store_url` reads.
    pub(crate) fn new(snapshot: &TableSnapshot, store_url: ObjectStoreUrl) -> Self {
        let partitions = snapshot.table.partition_columns();
        let (partition, stored): (Vec<_>, Vec<_>) = snapshot
            .schema
            .fields()
            .iter()
            .cloned()
            .partition(|field| partitions.contains(&field.name().as_str()));
        let partition: Vec<FieldRef> = partition
            .into_iter()
            .map(|field| Arc::new(Field::new(field.name(), DataType::Date32, true)))
            .collect();
        let table_schema =
            TableSchema::builder(Arc::new(Schema::new(stored))).with_table_partition_cols(partition).build();
        Self { store_url, table_schema, files: snapshot.files.clone() }
    }

    fn has_date(&self) -> bool {
        !self.table_schema.table_partition_cols().is_empty()
    }

    /// What is known about a file without opening it.
    fn file_statistics(&self, file: &DataFile) -> Statistics {
        let schema = self.table_schema.table_schema();
        let mut statistics = Statistics::new_unknown(schema);
        statistics.num_rows = usize::try_from(file.rows).map_or(Precision::Absent, Precision::Exact);
        let mut set = |name: &str, low: ScalarValue, high: ScalarValue| {
            let column = schema.index_of(name).ok().and_then(|at| statistics.column_statistics.get_mut(at));
            if let Some(column) = column {
                *column = ColumnStatistics {
                    min_value: Precision::Exact(low),
                    max_value: Precision::Exact(high),
                    ..ColumnStatistics::new_unknown()
                };
            }
        };
        if let Some((low, high)) = file.timestamps {
            let at = |micros| ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()));
            set("timestamp", at(low.0), at(high.0));
        }
        if let Some(days) = file.date_days {
            set("date", ScalarValue::Date32(Some(days)), ScalarValue::Date32(Some(days)));
        }
        statistics
    }

    /// The files in which a row may pass the filters.
    fn pruned(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<&DataFile>> {
        let schema = self.table_schema.table_schema();
        let Some(filter) = filters.iter().cloned().reduce(Expr::and) else {
            return Ok(self.files.iter().collect());
        };
        let physical = state.create_physical_expr(filter, &DFSchema::try_from(schema.as_ref().clone())?)?;
        let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema));
        let Ok(predicate) = builder.try_build(physical) else {
            return Ok(self.files.iter().collect());
        };
        let statistics = self.files.iter().map(|file| Arc::new(self.file_statistics(file))).collect();
        let keep = predicate.prune(&PrunableStatistics::new(statistics, Arc::clone(schema)))?;
        Ok(self.files.iter().zip(keep).filter_map(|(file, keep)| keep.then_some(file)).collect())
    }

    fn partitioned_file(&self, file: &DataFile) -> PartitionedFile {
        let mut partitioned = PartitionedFile::new(file.path.clone(), file.size);
        if self.has_date() {
            partitioned.partition_values = vec![ScalarValue::Date32(file.date_days)];
        }
        partitioned
    }

    fn scan_files(
        &self,
        files: &[&DataFile],
        projection: Option<&Vec<usize>>,
        partitions: usize,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let groups = FileGroup::new(files.iter().map(|file| self.partitioned_file(file)).collect())
            .split_files(partitions.max(1));
        let source = Arc::new(ParquetSource::new(self.table_schema.clone()));
        let config = FileScanConfigBuilder::new(self.store_url.clone(), source)
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    /// Scans files that hold rows of hidden chunks too, and leaves those rows out.
    fn scan_mixed(
        &self,
        files: &[&DataFile],
        projection: Option<&Vec<usize>>,
        partitions: usize,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = self.table_schema.table_schema();
        let wanted: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..schema.fields().len()).collect());
        let chunk_column = schema.index_of("chunk_id")?;
        let mut read = wanted.clone();
        if !read.contains(&chunk_column) {
            read.push(chunk_column);
        }
        let scan = self.scan_files(files, Some(&read), partitions, None)?;
        let hidden: BTreeSet<&str> =
            files.iter().flat_map(|file| file.hidden_chunks.iter().map(String::as_str)).collect();
        let scanned = scan.schema();
        let list = hidden.into_iter().map(lit).collect();
        let keep = in_list(col("chunk_id", &scanned)?, list, &true, &scanned)?;
        let filtered: Arc<dyn ExecutionPlan> = Arc::new(FilterExec::try_new(keep, scan)?);
        if read.len() == wanted.len() {
            return Ok(filtered);
        }
        let columns = wanted
            .iter()
            .map(|&at| {
                let name = schema.field(at).name();
                Ok((col(name, &scanned)?, name.clone()))
            })
            .collect::<Result<Vec<(Arc<dyn PhysicalExpr>, String)>>>()?;
        Ok(Arc::new(ProjectionExec::try_new(columns, filtered)?))
    }
}

#[async_trait]
impl TableProvider for SnapshotTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.table_schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.pruned(state, filters)?;
        let (clean, mixed): (Vec<&DataFile>, Vec<&DataFile>) =
            files.into_iter().partition(|file| file.hidden_chunks.is_empty());
        let partitions = state.config().target_partitions();
        // A limit may only cut what no filter thins out afterwards.
        let limit = limit.filter(|_| filters.is_empty());
        let mut scans = Vec::new();
        if !clean.is_empty() {
            scans.push(self.scan_files(&clean, projection, partitions, limit)?);
        }
        if !mixed.is_empty() {
            scans.push(self.scan_mixed(&mixed, projection, partitions)?);
        }
        match (scans.pop(), scans.is_empty()) {
            (None, _) => {
                let schema = match projection {
                    Some(columns) => Arc::new(self.table_schema.table_schema().project(columns)?),
                    None => self.schema(),
                };
                Ok(Arc::new(EmptyExec::new(schema)))
            }
            (Some(only), true) => Ok(only),
            (Some(last), false) => {
                scans.push(last);
                UnionExec::try_new(scans)
            }
        }
    }
}

#[cfg(test)]
mod tests;
