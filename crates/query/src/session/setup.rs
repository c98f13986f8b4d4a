//! How is a session put together?

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::catalog::{MemorySchemaProvider, TableProvider};
use datafusion::common::{DFSchema, TableReference};
use datafusion::datasource::{MemTable, ViewTable};
use datafusion::execution::context::{SessionConfig, SessionContext};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::{ExprSchemable, LogicalPlan};
use datafusion::sql::parser::Statement as EngineStatement;
use datafusion::sql::sqlparser::ast::{Query, Statement};
use fupan_model::{Config, Micros, Table};
use fupan_store::StoreSnapshot;

use super::memory::{MemoryWatch, pool_bytes};
use super::{Assumption, Session, SessionSettings, TableDoc, tables};
use crate::answer::ParamValue;
use crate::catalogue::{Column, QueryFile, SqlType};
use crate::error::QueryError;
use crate::limits::CONDITION_BYTES_MAX;
use crate::provider::SnapshotTable;
use crate::sandbox::{parse_condition, parse_one};
use crate::settings_tables::{self, SettingsTable};
use crate::views::{Bindings, bind, bindings, filled, indicator_slots, relations, request_slots};

/// The schema of the tables themselves, which only views may name.
const STORE_SCHEMA: &str = "store";
const CATALOG: &str = "fupan";
const DEFAULT_SCHEMA: &str = "public";

pub(super) async fn over_snapshot(
    snapshot: &StoreSnapshot,
    settings: SessionSettings,
) -> Result<Session, QueryError> {
    let context = new_context(&settings)?;
    // The store is reached under a name of ours: paths are relative to its root.
    let store_url = ObjectStoreUrl::parse("fupan://store")?;
    context.register_object_store(store_url.as_ref(), Arc::clone(&snapshot.object_store));
    for table in Table::ALL {
        let provider: Arc<dyn TableProvider> = match snapshot.tables.get(&table) {
            Some(snapshot) => Arc::new(SnapshotTable::new(snapshot, store_url.clone())),
            None => Arc::new(MemTable::try_new(table.schema(), vec![vec![]])?),
        };
        context.register_table(TableReference::partial(STORE_SCHEMA, table.name()), provider)?;
    }
    let latest = tables::latest_in_snapshot(snapshot);
    finish(context, settings, latest, Some(snapshot.ledger_version)).await
}

pub(super) async fn over_batches(
    mut batches: BTreeMap<Table, Vec<RecordBatch>>,
    settings: SessionSettings,
) -> Result<Session, QueryError> {
    let context = new_context(&settings)?;
    let latest = tables::latest_in_batches(&batches);
    for table in Table::ALL {
        let rows = batches.remove(&table).unwrap_or_default();
        let rows = concat_batches(&table.schema(), &rows)
            .map_err(|error| QueryError::Engine(format!("{}: {error}", table.name())))?;
        let provider = MemTable::try_new(table.schema(), vec![vec![rows]])?;
        context.register_table(TableReference::partial(STORE_SCHEMA, table.name()), Arc::new(provider))?;
    }
    finish(context, settings, latest, None).await
}

fn new_context(settings: &SessionSettings) -> Result<SessionContext, QueryError> {
    let mut config = SessionConfig::new()
        .with_target_partitions(settings.threads.max(1))
        .with_default_catalog_and_schema(CATALOG, DEFAULT_SCHEMA)
        .with_information_schema(false);
    let options = config.options_mut();
    options.execution.time_zone = Some("UTC".to_owned());
    options.sql_parser.map_string_types_to_utf8view = false;
    options.execution.parquet.schema_force_view_types = false;
    let watch = settings.resident_bytes.and_then(|bytes| MemoryWatch::new(bytes, settings.memory_bytes));
    if let Some(watch) = watch {
        config.set_extension(Arc::new(watch));
    }
    let disk = match &settings.spill_folder {
        Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
        None => DiskManagerMode::Disabled,
    };
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(pool_bytes(settings.memory_bytes))))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(disk))
        .build_arc()?;
    let context = SessionContext::new_with_config_rt(config, runtime);
    let catalog = context
        .catalog(CATALOG)
        .ok_or_else(|| QueryError::Engine("the session has no catalog".to_owned()))?;
    catalog.register_schema(STORE_SCHEMA, Arc::new(MemorySchemaProvider::new()))?;
    for function in crate::functions::udfs() {
        context.register_udf(function);
    }
    Ok(context)
}

async fn finish(
    context: SessionContext,
    settings: SessionSettings,
    latest_telemetry: Option<Micros>,
    ledger_version: Option<u64>,
) -> Result<Session, QueryError> {
    let SessionSettings { config, as_of: given, catalogue, .. } = settings;
    let as_of = match given {
        Some(as_of) => as_of,
        None => latest_recorded(&context).await?.max(latest_telemetry).unwrap_or_default(),
    };
    let bindings = session_bindings(as_of, given.is_some())?;
    let check = |key: &str, condition: &str| checked_condition(&context, key, condition);
    let mut slots = request_slots(&config, &check)?;
    slots.extend(indicator_slots(&config)?);
    let settings_tables = settings_tables::tables(&config, as_of)?;
    let mut tables = BTreeMap::new();
    let mut view_hashes = BTreeMap::new();
    for table in settings_tables {
        let doc = settings_doc(&table);
        let digest = crate::answer::digest(table.batch.schema_ref(), std::slice::from_ref(&table.batch))?;
        // The instant is in the receipt by itself; the rest of the settings counts as text.
        if table.name != "settings" {
            view_hashes.insert(table.name.to_owned(), digest);
        }
        let provider = MemTable::try_new(table.batch.schema(), vec![vec![table.batch]])?;
        context.register_table(table.name, Arc::new(provider))?;
        tables.insert(doc.name.clone(), doc);
    }
    let mut views: Vec<View> = Vec::new();
    for (name, file) in catalogue.views() {
        let text = filled(&file.text, &slots);
        let mut query = view_query(name, &text)?;
        let reads = relations(&query);
        bind(&mut query, &bindings)?;
        views.push(View { name: name.to_owned(), text, query, reads });
        tables.insert(name.to_owned(), view_doc(name, file));
    }
    let waiting = register_views(&context, in_order(views)?, &mut view_hashes).await?;
    let table_names: BTreeSet<String> = tables.keys().cloned().collect();
    let assumptions = assumptions(&config);
    Ok(Session {
        context,
        catalogue,
        tables,
        table_names,
        view_hashes,
        waiting: tokio::sync::Mutex::new(waiting),
        assumptions,
        as_of,
        as_of_given: given.is_some(),
        ledger_version,
    })
}

/// `$as_of` and `$as_of_given`, which every text may use.
pub(super) fn session_bindings(as_of: Micros, given: bool) -> Result<Bindings, QueryError> {
    let values = [
        ("as_of", SqlType::Timestamp, ParamValue::Timestamp(as_of)),
        ("as_of_given", SqlType::Boolean, ParamValue::Boolean(given)),
    ];
    bindings(values.iter().map(|(name, sql_type, value)| (*name, *sql_type, value)))
}

fn view_query(name: &str, text: &str) -> Result<Query, QueryError> {
    if let EngineStatement::Statement(statement) = parse_one(text)?
        && let Statement::Query(query) = *statement
    {
        return Ok(*query);
    }
    Err(QueryError::Engine(format!("the view {name} is not a select")))
}

/// A view, bound and ready to be planned.
#[derive(Debug)]
pub(super) struct View {
    pub(super) name: String,
    text: String,
    query: Query,
    /// Tables that it names.
    pub(super) reads: BTreeSet<String>,
}

impl View {
    async fn plan(&self, context: &SessionContext) -> Result<LogicalPlan, QueryError> {
        let query = Statement::Query(Box::new(self.query.clone()));
        let statement = EngineStatement::Statement(Box::new(query));
        context.state().statement_to_plan(statement).await.map_err(|error| {
            QueryError::Engine(format!("the view {}: {}", self.name, QueryError::from(error)))
        })
    }

    /// Computes the view once and keeps its rows.
    pub(super) async fn compute(&self, context: &SessionContext) -> Result<(), QueryError> {
        let plan = self.plan(context).await?;
        let rows = super::execute::run(context, &plan, None).await?;
        // One batch: the planner looks at every batch of a table in memory, over and over.
        let batch = concat_batches(&rows.schema, &rows.batches)
            .map_err(|error| QueryError::Engine(error.to_string()))?;
        let table = MemTable::try_new(rows.schema, vec![vec![batch]])?;
        context.register_table(self.name.as_str(), Arc::new(table))?;
        Ok(())
    }
}

/// Each view after those that it reads.
fn in_order(mut waiting: Vec<View>) -> Result<Vec<View>, QueryError> {
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let names: BTreeSet<String> = waiting.iter().map(|view| view.name.clone()).collect();
        let (ready, later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|view| view.reads.is_disjoint(&names));
        if ready.is_empty() {
            return Err(QueryError::Engine(format!("views read each other in a circle: {names:?}")));
        }
        ordered.extend(ready);
        waiting = later;
    }
    Ok(ordered)
}

/// Registers the views of telemetry, and gives back those of events and changes: they are small and
/// stand on each other, so that they are computed once, when first asked for, instead of being
/// planned into each other over and over.
async fn register_views(
    context: &SessionContext,
    views: Vec<View>,
    hashes: &mut BTreeMap<String, String>,
) -> Result<Vec<View>, QueryError> {
    let small =
        [Table::IncidentEvents, Table::Changes].map(|table| format!("{STORE_SCHEMA}.{}", table.name()));
    let mut small = BTreeSet::from(small);
    let mut waiting = Vec::new();
    for view in views {
        hashes.insert(view.name.clone(), hash_with_views(&view.text, &view.reads, hashes));
        if view.reads.is_disjoint(&small) {
            let plan = view.plan(context).await?;
            context.register_table(view.name.as_str(), Arc::new(ViewTable::new(plan, None)))?;
        } else {
            small.insert(view.name.clone());
            waiting.push(view);
        }
    }
    Ok(waiting)
}

/// BLAKE3, hex, over a text and the hashes of the views that it reads.
pub(super) fn hash_with_views(
    text: &str,
    read: &BTreeSet<String>,
    hashes: &BTreeMap<String, String>,
) -> String {
    let mut state = blake3::Hasher::new();
    let mut piece = |part: &str| {
        state.update(&(part.len() as u64).to_le_bytes());
        state.update(part.as_bytes());
    };
    piece(text);
    for name in read {
        if let Some(below) = hashes.get(name) {
            piece(name);
            piece(below);
        }
    }
    state.finalize().to_hex().to_string()
}

/// A condition of the configuration, checked against the columns of `logs` and printed anew.
fn checked_condition(context: &SessionContext, key: &str, condition: &str) -> Result<String, QueryError> {
    let wrong = |error: &QueryError| QueryError::Config {
        key: key.to_owned(),
        message: error.to_string(),
        hint: error.hint().map_or_else(
            || {
                "write a condition over the columns of `logs`, such as `http_response_status_code >= 500`"
                    .to_owned()
            },
            str::to_owned,
        ),
    };
    if condition.len() > CONDITION_BYTES_MAX {
        return Err(wrong(&QueryError::Limit {
            what: format!("the condition has more than {CONDITION_BYTES_MAX} bytes"),
            hint: "shorten it".to_owned(),
        }));
    }
    let expr = parse_condition(condition).map_err(|error| wrong(&error))?;
    let printed = format!("({expr})");
    let logs = DFSchema::try_from_qualified_schema("logs", &Table::Logs.schema())?;
    let planned = context
        .state()
        .create_logical_expr(&printed, &logs)
        .map_err(|error| wrong(&QueryError::from(error)))?;
    let data_type = planned.get_type(&logs).map_err(|error| wrong(&QueryError::from(error)))?;
    if data_type != arrow::datatypes::DataType::Boolean {
        return Err(wrong(&QueryError::Sql {
            message: format!("`{condition}` is {data_type}, not a condition"),
            hint: None,
        }));
    }
    Ok(printed)
}

/// The latest instant at which an event or change was recorded, by its source's own word.
async fn latest_recorded(context: &SessionContext) -> Result<Option<Micros>, QueryError> {
    const TEXT: &str = "select max(recorded_at) from (\
        select recorded_at, recorded_at_basis from store.incident_events \
        union all select recorded_at, recorded_at_basis from store.changes) as recorded \
        where recorded_at_basis <> 'ingested'";
    let plan = context.state().create_logical_plan(TEXT).await?;
    let executed = super::execute::run(context, &plan, None).await?;
    let latest = executed.batches.first().and_then(|batch| {
        let column = batch.columns().first()?.as_primitive_opt::<TimestampMicrosecondType>()?;
        column.iter().next().flatten()
    });
    Ok(latest.map(Micros))
}

fn assumptions(config: &Config) -> Vec<Assumption> {
    let mut assumptions = Vec::new();
    if config.actions.is_empty() {
        assumptions.push(Assumption::KeyActionsAreNotGet);
    }
    if !config.services.values().any(|service| service.entry) {
        assumptions.push(Assumption::EveryServiceIsEntry);
    }
    if !config.services.values().any(|service| service.sli.as_ref().is_some_and(|sli| sli.bad.is_some())) {
        assumptions.push(Assumption::DefaultFailureRule);
    }
    assumptions
}

fn view_doc(name: &str, file: &QueryFile) -> TableDoc {
    TableDoc {
        name: name.to_owned(),
        question: file.header.question.clone(),
        columns: file.header.columns.clone(),
    }
}

fn settings_doc(table: &SettingsTable) -> TableDoc {
    let columns = table
        .batch
        .schema()
        .fields()
        .iter()
        .zip(&table.docs)
        .map(|(field, doc)| Column {
            name: field.name().clone(),
            sql_type: SqlType::of(field.data_type()).unwrap_or(SqlType::Text),
            description: (*doc).to_owned(),
        })
        .collect();
    TableDoc { name: table.name.to_owned(), question: table.question.to_owned(), columns }
}
