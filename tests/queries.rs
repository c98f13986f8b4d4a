//! Runs `tests/queries/**/*.slt` against small hand-written tables.
//!
//! A script stands on the lines of the `.ndjson` file beside it, if there is one, and on what it
//! inserts itself (`statement ok`, `insert into logs (…) …`: the tests' own tables, not a store).
//! Its first lines may say more:
//!
//! ```text
//! # fixture: vague_times.ndjson       tables, beside the script (default: the script's own name)
//! # config: business_codes.toml       fupan.toml, beside the script (default: queries/fupan.toml)
//! # as-of: 2026-11-05T03:40:00Z       the past, as it was known then
//! ```
//!
//! A query of the catalogue is run with `run NAME`, a line `key = value` per parameter (`as_of` is the
//! session's) and, to look at a part of what comes out, `select … from answer`. Everything else is SQL
//! as an analyst writes it, in the sandbox.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its script has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::datasource::MemTable;
use datafusion::execution::context::SessionContext;
use fupan_model::{Config, Micros, Table};
use fupan_query::{ParamValue, Receipt, Session, SessionSettings, SqlLimits};
use fupan_tests::fixtures;
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner};

/// What a script's first lines say.
#[derive(Clone)]
struct Setup {
    fixture: PathBuf,
    config: Config,
    as_of: Option<Micros>,
}

type Tables = BTreeMap<Table, Vec<RecordBatch>>;

fn instant(text: &str) -> Micros {
    Micros(chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros())
}

fn queries_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("queries")
}

impl Setup {
    fn read(script: &Path) -> Self {
        let text = fs::read_to_string(script).unwrap();
        let value = |key: &str| {
            let prefix = format!("# {key}:");
            text.lines().find_map(|line| line.strip_prefix(&prefix).map(|value| value.trim().to_owned()))
        };
        let beside = |name: String| script.with_file_name(name);
        let config = value("config").map_or_else(|| queries_folder().join("fupan.toml"), beside);
        Self {
            fixture: value("fixture").map_or_else(|| script.with_extension("ndjson"), beside),
            config: toml::from_str(&fs::read_to_string(config).unwrap()).unwrap(),
            as_of: value("as-of").map(|text| instant(&text)),
        }
    }

    fn tables(&self) -> Tables {
        let Ok(text) = fs::read_to_string(&self.fixture) else { return Tables::new() };
        fixtures::batches(&text).unwrap_or_else(|e| panic!("{}: {e}", self.fixture.display()))
    }

    async fn session(&self, tables: Tables, threads: usize) -> Result<Session, Failure> {
        let settings = SessionSettings {
            config: self.config.clone(),
            as_of: self.as_of,
            threads,
            ..SessionSettings::new()?
        };
        Ok(Session::from_batches(tables, settings).await?)
    }
}

/// Any error, with its hint.
#[derive(Debug)]
struct Failure(String);

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl From<fupan_query::QueryError> for Failure {
    fn from(error: fupan_query::QueryError) -> Self {
        Self(format!("{error} (hint: {})", error.hint().unwrap_or("none")))
    }
}

impl From<datafusion::error::DataFusionError> for Failure {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        Self(error.strip_backtrace())
    }
}

struct Database {
    setup: Setup,
    threads: usize,
    /// The tables that the script fills.
    tables: SessionContext,
    /// Sessions over the tables as they are now, by instant.
    sessions: Vec<(Option<Micros>, Arc<Session>)>,
}

impl Database {
    fn new(setup: Setup, threads: usize) -> Result<Self, Failure> {
        let context = SessionContext::new();
        let mut filled = setup.tables();
        for table in Table::ALL {
            let provider =
                MemTable::try_new(table.schema(), vec![filled.remove(&table).unwrap_or_default()])?;
            context.register_table(table.name(), Arc::new(provider))?;
        }
        Ok(Self { setup, threads, tables: context, sessions: Vec::new() })
    }

    async fn session(&mut self, as_of: Option<Micros>) -> Result<Arc<Session>, Failure> {
        let as_of = as_of.or(self.setup.as_of);
        if let Some((_, session)) = self.sessions.iter().find(|(instant, _)| *instant == as_of) {
            return Ok(Arc::clone(session));
        }
        let mut tables = Tables::new();
        for table in Table::ALL {
            let rows = self.tables.table(table.name()).await?.collect().await?;
            tables.insert(table, rows);
        }
        let setup = Setup { as_of, ..self.setup.clone() };
        let session = Arc::new(setup.session(tables, self.threads).await?);
        self.sessions.push((as_of, Arc::clone(&session)));
        Ok(session)
    }

    async fn run_query(&mut self, call: &str) -> Result<DBOutput<DefaultColumnType>, Failure> {
        let (call, look) = match call.find("\nselect ") {
            Some(at) => call.split_at(at),
            None => (call, ""),
        };
        let mut lines = call.lines();
        let name = lines.next().unwrap_or_default().trim();
        let mut as_of = None;
        let mut params = Vec::new();
        for (key, value) in lines.filter_map(|line| line.split_once('=')) {
            match key.trim() {
                "as_of" => as_of = Some(instant(value.trim())),
                key => params.push((key.to_owned(), ParamValue::Text(value.trim().to_owned()))),
            }
        }
        let answer = self.session(as_of).await?.run(name, &params).await?;
        if look.is_empty() {
            return Ok(rows(&answer.schema, &answer.batches));
        }
        let context = SessionContext::new();
        let table = MemTable::try_new(answer.schema, vec![answer.batches])?;
        context.register_table("answer", Arc::new(table))?;
        let frame = context.sql(look).await?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        Ok(rows(&schema, &frame.collect().await?))
    }
}

#[async_trait::async_trait]
impl AsyncDB for Database {
    type Error = Failure;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Failure> {
        if let Some(call) = sql.trim().strip_prefix("run ") {
            return self.run_query(call).await;
        }
        if sql.trim_start().starts_with("insert into ") {
            self.sessions.clear();
            self.tables.sql(sql).await?.collect().await?;
            return Ok(DBOutput::StatementComplete(0));
        }
        let answer = self.session(None).await?.sql(sql, &SqlLimits::default()).await?;
        Ok(rows(&answer.schema, &answer.batches))
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &'static str {
        "fupan"
    }
}

fn rows(schema: &SchemaRef, batches: &[RecordBatch]) -> DBOutput<DefaultColumnType> {
    let options =
        FormatOptions::new().with_null("NULL").with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.fZ"));
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<ArrayFormatter<'_>> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let text = |column: &ArrayFormatter<'_>| {
                let text = column.value(row).to_string();
                if text.is_empty() { "(empty)".to_owned() } else { text }
            };
            rows.push(columns.iter().map(text).collect());
        }
    }
    DBOutput::Rows { types: vec![DefaultColumnType::Any; schema.fields().len()], rows }
}

fn scripts(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            scripts(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "slt") {
            found.push(path);
        }
    }
}

fn all_scripts() -> Vec<PathBuf> {
    let mut found = Vec::new();
    scripts(&queries_folder(), &mut found);
    assert!(!found.is_empty());
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_script_gives_the_answers_that_it_states() {
    let mut failures = Vec::new();
    for script in all_scripts() {
        let setup = Setup::read(&script);
        for threads in [1, 4] {
            let mut runner = Runner::new(|| async { Ok(Database::new(setup.clone(), threads).unwrap()) });
            if let Err(error) = runner.run_file_async(&script).await {
                failures.push(format!("{} with {threads} threads\n{error}", script.display()));
                break;
            }
        }
    }
    assert!(failures.is_empty(), "{} scripts failed\n\n{}", failures.len(), failures.join("\n\n"));
    println!("figure: {} scripts of questions, with 1 and 4 threads: the same answers", all_scripts().len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_header_says_what_its_query_gives() {
    let session = Session::from_batches(BTreeMap::default(), SessionSettings::new().unwrap()).await.unwrap();
    let mut differences = Vec::new();
    for file in session.catalogue().queries() {
        let promised: Vec<_> =
            file.header.columns.iter().map(|column| (column.name.clone(), Some(column.sql_type))).collect();
        match session.planned_columns(&file.name).await {
            Err(error) => differences.push(format!("{}: {error} ({:?})", file.name, error.hint())),
            Ok(planned) => {
                let different =
                    (0..promised.len().max(planned.len())).filter(|&at| promised.get(at) != planned.get(at));
                differences.extend(different.map(|at| {
                    format!(
                        "{}: column {} is {:?}, the header says {:?}",
                        file.name,
                        at + 1,
                        planned.get(at),
                        promised.get(at)
                    )
                }));
            }
        }
        if file.header.order.is_empty() {
            differences.push(format!("{}: no total order", file.name));
        }
        if let Some(difference) = order_difference(&file.text, &file.header.order) {
            differences.push(format!("{}: {difference}", file.name));
        }
    }
    for (table, file) in session.catalogue().views() {
        let promised: Vec<_> =
            file.header.columns.iter().map(|column| (column.name.clone(), Some(column.sql_type))).collect();
        let planned = session.view_columns(table).await.unwrap();
        let different =
            (0..promised.len().max(planned.len())).filter(|&at| promised.get(at) != planned.get(at));
        differences.extend(different.map(|at| {
            format!(
                "view {table}: column {} is {:?}, the header says {:?}",
                at + 1,
                planned.get(at),
                promised.get(at)
            )
        }));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The query's last `order by` against the header's, without regard to blanks and case.
fn order_difference(text: &str, promised: &str) -> Option<String> {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let text: String =
        text.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join(" ");
    let text = plain(&text);
    let order = text.rsplit_once("order by ").map_or("", |(_, order)| order);
    let order = order.split(" limit ").next().unwrap_or_default().trim().trim_end_matches(';');
    (order != plain(promised)).then(|| format!("ordered by `{order}`, the header says `{promised}`"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn answers_and_digests_do_not_depend_on_threads() {
    let period = [("window_start", "2000-01-01T00:00:00Z"), ("window_end", "2100-01-01T00:00:00Z")]
        .map(|(name, value)| (name.to_owned(), ParamValue::Text(value.to_owned())));
    for script in all_scripts() {
        let setup = Setup::read(&script);
        if !setup.fixture.exists() {
            continue;
        }
        let mut receipts: Vec<Vec<Receipt>> = Vec::new();
        for threads in [1, 2, 8] {
            let session = setup.session(setup.tables(), threads).await.unwrap();
            let list = session.run("recovery/list", &[]).await.unwrap().receipt;
            let period = session.run("recovery/period", &period).await.unwrap().receipt;
            receipts.push([list, period].map(|receipt| Receipt { rows_read: 0, ..receipt }).to_vec());
        }
        assert!(receipts.windows(2).all(|pair| pair[0] == pair[1]), "{}", script.display());
    }
}
