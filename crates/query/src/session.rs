//! One snapshot, one instant, one configuration: what can be asked?

mod execute;
mod in_memory;
mod memory;
mod params;
mod setup;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement as EngineStatement;
use datafusion::sql::sqlparser::ast::{Query, Statement};
use fupan_model::{Config, Micros, Table};
use fupan_store::StoreSnapshot;

use crate::answer::{Answer, ParamValue, Receipt, digest};
use crate::catalogue::{Catalogue, Column, QueryFile, SqlType};
use crate::error::QueryError;
use crate::limits::{MEMORY_BYTES_DEFAULT, SqlLimits};
use crate::sandbox::{Author, Checked, check};
use crate::views::{Bindings, bind, bindings, relations};

use execute::Executed;
pub use memory::ResidentBytes;
use params::{bound_values, sample};

/// What a session is made with.
#[derive(Debug, Clone)]
pub struct SessionSettings {
    /// `fupan.toml`.
    pub config: Config,
    /// See the data as it was known then; none for the latest instant in the data.
    pub as_of: Option<Micros>,
    /// Cores that a query may use; results do not depend on it.
    pub threads: usize,
    /// Memory that a query may hold.
    pub memory_bytes: usize,
    /// What the process holds: nearly twice `memory_bytes` more than before, and a query ends with an error. None to
    /// trust the engine's own count.
    pub resident_bytes: Option<ResidentBytes>,
    /// Where a query that needs more may put it; none to end with an error instead.
    pub spill_folder: Option<PathBuf>,
    /// The queries and views.
    pub catalogue: Catalogue,
}

impl SessionSettings {
    /// Defaults: embedded catalogue, empty configuration, latest instant, two threads.
    pub fn new() -> Result<Self, QueryError> {
        Ok(Self {
            config: Config::default(),
            as_of: None,
            threads: 2,
            memory_bytes: MEMORY_BYTES_DEFAULT,
            resident_bytes: None,
            spill_folder: None,
            catalogue: Catalogue::embedded()?,
        })
    }
}

/// What a session had to assume because the configuration does not say it; reports print it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assumption {
    /// No key actions are configured: requests that are not GET stand in for them.
    KeyActionsAreNotGet,
    /// No service is marked as entry: requests are counted at every service.
    EveryServiceIsEntry,
    /// No service says which requests are bad: status, gRPC code and outcome decide.
    DefaultFailureRule,
}

/// A table that SQL may read, for `describe` and completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDoc {
    /// Its name.
    pub name: String,
    /// The question that it answers.
    pub question: String,
    /// Its columns.
    pub columns: Vec<Column>,
}

/// Views and queries over one snapshot. All methods want a multi-threaded tokio runtime with time.
pub struct Session {
    context: SessionContext,
    catalogue: Catalogue,
    tables: BTreeMap<String, TableDoc>,
    table_names: BTreeSet<String>,
    /// Hash of a view's text and of all below it, by table name.
    view_hashes: BTreeMap<String, String>,
    /// Views that are computed when first asked for, each after those that it reads.
    waiting: tokio::sync::Mutex<Vec<setup::View>>,
    assumptions: Vec<Assumption>,
    as_of: Micros,
    as_of_given: bool,
    ledger_version: Option<u64>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Session")
            .field("as_of", &self.as_of)
            .field("ledger_version", &self.ledger_version)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// A session over a snapshot of a store.
    pub async fn new(snapshot: &StoreSnapshot, settings: SessionSettings) -> Result<Self, QueryError> {
        setup::over_snapshot(snapshot, settings).await
    }

    /// A session over tables in memory; a table that is not given is empty.
    pub async fn from_batches(
        batches: BTreeMap<Table, Vec<RecordBatch>>,
        settings: SessionSettings,
    ) -> Result<Self, QueryError> {
        setup::over_batches(batches, settings).await
    }

    /// The instant as of which the data is seen.
    pub const fn as_of(&self) -> Micros {
        self.as_of
    }

    /// What the configuration did not say.
    pub fn assumptions(&self) -> &[Assumption] {
        &self.assumptions
    }

    /// The queries and views.
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The tables that SQL may read, sorted by name.
    pub fn tables(&self) -> impl Iterator<Item = &TableDoc> {
        self.tables.values()
    }

    /// Answers a query of the catalogue.
    pub async fn run(&self, name: &str, params: &[(String, ParamValue)]) -> Result<Answer, QueryError> {
        let file = self.catalogue.query(name)?;
        let values = bound_values(file, params)?;
        let plan = self.plan_query(file, &values).await?;
        let executed = execute::run(&self.context, &plan, None).await?;
        let text_hash = self.text_hash(&file.text)?;
        self.answer(executed, file.name.clone(), text_hash, values)
    }

    /// The columns that a query of the catalogue really gives.
    pub async fn planned_columns(&self, name: &str) -> Result<Vec<(String, Option<SqlType>)>, QueryError> {
        let file = self.catalogue.query(name)?;
        let samples: Vec<(String, ParamValue)> = file
            .header
            .params
            .iter()
            .filter(|param| param.default.is_none())
            .map(|param| (param.name.clone(), sample(param.sql_type)))
            .collect();
        let values = bound_values(file, &samples)?;
        let plan = self.plan_query(file, &values).await?;
        Ok(columns_of(&plan))
    }

    /// The columns that a view really has.
    pub async fn view_columns(&self, table: &str) -> Result<Vec<(String, Option<SqlType>)>, QueryError> {
        self.ensure(&BTreeSet::from([table.to_owned()])).await?;
        let provider = self.context.table_provider(table).await?;
        let schema = provider.schema();
        Ok(schema
            .fields()
            .iter()
            .map(|field| (field.name().clone(), SqlType::of(field.data_type())))
            .collect())
    }

    /// Answers read-only SQL of an analyst, within limits.
    pub async fn sql(&self, text: &str, limits: &SqlLimits) -> Result<Answer, QueryError> {
        let checked = check(text, Author::Analyst, &self.table_names)?;
        let bindings = self.session_bindings()?;
        let statement = match checked {
            Checked::ShowTables => return self.show_tables(),
            Checked::Describe(table) => return self.describe(&table),
            Checked::Query(mut query) => {
                self.ensure(&relations(&query)).await?;
                bind(&mut query, &bindings)?;
                EngineStatement::Statement(Box::new(Statement::Query(query)))
            }
            Checked::Explain(mut explain) => {
                if let EngineStatement::Explain(explain) = explain.as_mut()
                    && let EngineStatement::Statement(inner) = explain.statement.as_mut()
                    && let Statement::Query(query) = inner.as_mut()
                {
                    self.ensure(&relations(query)).await?;
                    bind(query, &bindings)?;
                }
                *explain
            }
        };
        let plan = self.context.state().statement_to_plan(statement).await?;
        let executed = execute::run(&self.context, &plan, Some(limits)).await?;
        let text_hash = self.text_hash(text)?;
        self.answer(executed, "sql".to_owned(), text_hash, Vec::new())
    }

    async fn plan_query(
        &self,
        file: &QueryFile,
        values: &[(String, ParamValue)],
    ) -> Result<LogicalPlan, QueryError> {
        let author = if file.is_override { Author::Workspace } else { Author::Catalogue };
        let Checked::Query(mut query) = check(&file.text, author, &self.table_names)? else {
            return Err(QueryError::Refused {
                what: format!("{}.sql is not a `select`", file.name),
                hint: "a query file holds a header and one `select`".to_owned(),
            });
        };
        let mut all = self.session_bindings()?;
        let typed = values.iter().filter_map(|(name, value)| {
            let param = file.header.params.iter().find(|param| param.name == *name)?;
            Some((name.as_str(), param.sql_type, value))
        });
        all.extend(bindings(typed)?);
        self.plan(&mut query, &all).await
    }

    /// Computes the waiting views that `tables` stand on.
    async fn ensure(&self, tables: &BTreeSet<String>) -> Result<(), QueryError> {
        let mut waiting = self.waiting.lock().await;
        let mut needed = tables.clone();
        for view in waiting.iter().rev() {
            if needed.contains(&view.name) {
                needed.extend(view.reads.iter().cloned());
            }
        }
        while let Some(at) = waiting.iter().position(|view| needed.contains(&view.name)) {
            if let Some(view) = waiting.get(at) {
                view.compute(&self.context).await?;
            }
            waiting.remove(at);
        }
        Ok(())
    }

    async fn plan(&self, query: &mut Query, bindings: &Bindings) -> Result<LogicalPlan, QueryError> {
        self.ensure(&relations(query)).await?;
        bind(query, bindings)?;
        let statement = EngineStatement::Statement(Box::new(Statement::Query(Box::new(query.clone()))));
        Ok(self.context.state().statement_to_plan(statement).await?)
    }

    fn session_bindings(&self) -> Result<Bindings, QueryError> {
        setup::session_bindings(self.as_of, self.as_of_given)
    }

    /// BLAKE3 over a text and the views that it reads, transitively.
    fn text_hash(&self, text: &str) -> Result<String, QueryError> {
        let read = match crate::sandbox::parse_one(text)? {
            EngineStatement::Statement(statement) => match *statement {
                Statement::Query(query) => relations(&query),
                _ => BTreeSet::new(),
            },
            _ => BTreeSet::new(),
        };
        Ok(setup::hash_with_views(text, &read, &self.view_hashes))
    }

    fn answer(
        &self,
        executed: Executed,
        query: String,
        text_hash: String,
        params: Vec<(String, ParamValue)>,
    ) -> Result<Answer, QueryError> {
        let Executed { batches, schema, rows_read, is_truncated } = executed;
        let rows = batches.iter().map(|batch| batch.num_rows() as u64).sum();
        let receipt = Receipt {
            query,
            text_hash,
            params,
            ledger_version: self.ledger_version,
            as_of: self.as_of,
            as_of_given: self.as_of_given,
            rows_read,
            rows,
            is_truncated,
            answer_digest: digest(&schema, &batches)?,
        };
        Ok(Answer { batches, schema, receipt })
    }

    fn show_tables(&self) -> Result<Answer, QueryError> {
        let rows = self.tables.values().map(|table| [table.name.as_str(), table.question.as_str()]);
        self.text_answer(["table_name", "question"], &rows.collect::<Vec<_>>(), "show tables")
    }

    fn describe(&self, table: &str) -> Result<Answer, QueryError> {
        let columns = self.tables.get(table).map(|table| table.columns.as_slice()).unwrap_or_default();
        let rows: Vec<[&str; 3]> = columns
            .iter()
            .map(|column| [column.name.as_str(), column.sql_type.name(), column.description.as_str()])
            .collect();
        self.text_answer(["column_name", "data_type", "description"], &rows, &format!("describe {table}"))
    }

    fn text_answer<const N: usize>(
        &self,
        names: [&str; N],
        rows: &[[&str; N]],
        text: &str,
    ) -> Result<Answer, QueryError> {
        let schema = Arc::new(Schema::new(names.map(|name| Field::new(name, DataType::Utf8, true)).to_vec()));
        let columns = (0..N)
            .map(|at| {
                let values: StringArray = rows.iter().map(|row| row.get(at).copied()).collect();
                Arc::new(values) as arrow::array::ArrayRef
            })
            .collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns)
            .map_err(|error| QueryError::Engine(error.to_string()))?;
        let executed = Executed { batches: vec![batch], schema, rows_read: 0, is_truncated: false };
        let text_hash = setup::hash_with_views(text, &BTreeSet::new(), &self.view_hashes);
        self.answer(executed, "sql".to_owned(), text_hash, Vec::new())
    }
}

fn columns_of(plan: &LogicalPlan) -> Vec<(String, Option<SqlType>)> {
    plan.schema()
        .fields()
        .iter()
        .map(|field| (field.name().clone(), SqlType::of(field.data_type())))
        .collect()
}
