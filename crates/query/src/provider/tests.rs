//! The promises of a scan, over real Parquet files in memory.

use std::collections::BTreeMap;

use arrow::array::{Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use fupan_model::{Micros, Table};
use fupan_store::{StoreSnapshot, TableSnapshot};
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::ArrowWriter;

use super::*;
use crate::{Session, SessionSettings, SqlLimits};

const DAY: i64 = 86_400_000_000;

/// A file of one day with one row per body; `chunks` names the chunk of each row.
async fn file(
    store: &dyn ObjectStore,
    day: i32,
    bodies: &[&str],
    chunks: &[&str],
    hidden: &[&str],
) -> DataFile {
    let first = i64::from(day) * DAY;
    let timestamps: TimestampMicrosecondArray =
        (0..bodies.len() as i64).map(|row| Some(first + row)).collect();
    let last = first + bodies.len() as i64 - 1;
    let batch = RecordBatch::try_from_iter([
        ("timestamp", Arc::new(timestamps.with_timezone("UTC")) as arrow::array::ArrayRef),
        ("body", Arc::new(StringArray::from(bodies.to_vec()))),
        ("chunk_id", Arc::new(StringArray::from(chunks.to_vec()))),
        ("source_record", Arc::new((1..=bodies.len() as i64).map(Some).collect::<Int64Array>())),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let path = format!("logs/date={day}/{}.parquet", bodies.join("-"));
    let size = bytes.len() as u64;
    store.put(&path.as_str().into(), bytes.into()).await.unwrap();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    DataFile {
        path,
        size,
        date_days: Some(day),
        rows: bodies.len() as u64,
        timestamps: Some((Micros(first), Micros(last))),
        chunks: names(chunks),
        hidden_chunks: names(hidden),
        digest: None,
    }
}

async fn snapshot() -> StoreSnapshot {
    let store = InMemory::new();
    let files = vec![
        file(&store, 20_000, &["a", "b"], &["c1", "c1"], &[]).await,
        file(&store, 20_001, &["c", "d", "e"], &["c2", "c3", "c2"], &["c3"]).await,
        file(&store, 20_002, &["f"], &["c4"], &[]).await,
    ];
    let logs = TableSnapshot { table: Table::Logs, version: 1, schema: Table::Logs.schema(), files };
    StoreSnapshot {
        root: "memory:///".parse().unwrap(),
        object_store: Arc::new(store),
        ledger_version: 7,
        tables: BTreeMap::from([(Table::Logs, logs)]),
    }
}

async fn session(snapshot: &StoreSnapshot, threads: usize) -> Session {
    let settings = SessionSettings { threads, ..SessionSettings::new().unwrap() };
    Session::new(snapshot, settings).await.unwrap()
}

fn texts(answer: &crate::Answer) -> Vec<String> {
    let column = |batch: &RecordBatch| {
        let column = batch.column(0).as_any().downcast_ref::<StringArray>().unwrap().clone();
        column.iter().map(|text| text.unwrap_or("null").to_owned()).collect::<Vec<_>>()
    };
    answer.batches.iter().flat_map(column).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_hidden_chunks_are_left_out() {
    let snapshot = snapshot().await;
    for threads in [1, 4] {
        let session = session(&snapshot, threads).await;
        let answer =
            session.sql("select body from logs order by timestamp", &SqlLimits::default()).await.unwrap();
        assert_eq!(texts(&answer), ["a", "b", "c", "e", "f"]);
        let answer = session.sql("select count(*) from logs", &SqlLimits::default()).await.unwrap();
        let count = answer.batches[0].column(0).as_any().downcast_ref::<Int64Array>().unwrap().value(0);
        assert_eq!(count, 5);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_date_comes_from_the_file_list_and_missing_columns_are_null() {
    let snapshot = snapshot().await;
    let session = session(&snapshot, 2).await;
    let text = "select concat(cast(date as text), ' ', body, ' ', coalesce(user_id, 'nobody'), ' ', \
                coalesce(attributes['x'], 'none')) from logs where date = '2024-10-05' order by timestamp";
    let answer = session.sql(text, &SqlLimits::default()).await.unwrap();
    assert_eq!(texts(&answer), ["2024-10-05 c nobody none", "2024-10-05 e nobody none"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_a_filter_excludes_are_not_opened() {
    let mut snapshot = snapshot().await;
    // A file that cannot be read: any query that opens it fails.
    for table in snapshot.tables.values_mut() {
        if let Some(file) = table.files.last_mut() {
            file.path = "logs/date=20002/gone.parquet".to_owned();
        }
    }
    let session = session(&snapshot, 2).await;
    for text in [
        "select body from logs where date < '2024-10-05' order by timestamp",
        "select body from logs where timestamp < '2024-10-05T00:00:00Z' order by timestamp",
        "select body from logs where timestamp between '2024-10-04T00:00:00Z' and '2024-10-04T12:00:00Z' order by 1",
    ] {
        let answer = session.sql(text, &SqlLimits::default()).await;
        assert_eq!(texts(&answer.unwrap()), ["a", "b"], "{text}");
    }
    let error = session.sql("select body from logs", &SqlLimits::default()).await.unwrap_err();
    assert!(matches!(error, crate::QueryError::Storage(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_names_what_it_stands_on() {
    let snapshot = snapshot().await;
    let session = session(&snapshot, 2).await;
    let answer =
        session.sql("select body from logs order by timestamp", &SqlLimits::default()).await.unwrap();
    assert_eq!(answer.receipt.ledger_version, Some(7));
    assert_eq!(answer.receipt.as_of, Micros(20_002 * DAY));
    assert_eq!((answer.receipt.rows, answer.receipt.is_truncated), (5, false));
    assert!(answer.receipt.rows_read >= 5);
    let limits = SqlLimits { rows_max: 2, ..SqlLimits::default() };
    let cut = session.sql("select body from logs order by timestamp", &limits).await.unwrap();
    assert_eq!((cut.rows(), cut.receipt.is_truncated), (2, true));
    assert_eq!(cut.receipt.text_hash, answer.receipt.text_hash);
    assert_ne!(cut.receipt.answer_digest, answer.receipt.answer_digest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_counts_in_the_hash_of_what_reads_it() {
    let snapshot = snapshot().await;
    let plain = session(&snapshot, 2).await;
    let mut settings = SessionSettings::new().unwrap();
    settings.config.identity.exclude = Some("user_id like 'bot-%'".to_owned());
    let other = Session::new(&snapshot, settings).await.unwrap();
    let text = "select count(*) from requests";
    let limits = SqlLimits::default();
    let (a, b) = (plain.sql(text, &limits).await.unwrap(), other.sql(text, &limits).await.unwrap());
    assert_ne!(a.receipt.text_hash, b.receipt.text_hash);
    let text = "select count(*) from logs";
    let (a, b) = (plain.sql(text, &limits).await.unwrap(), other.sql(text, &limits).await.unwrap());
    assert_eq!(a.receipt.text_hash, b.receipt.text_hash);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_condition_is_named_with_its_key() {
    let snapshot = snapshot().await;
    let error = |condition: &str| {
        let mut settings = SessionSettings::new().unwrap();
        settings.config.identity.exclude = Some(condition.to_owned());
        let snapshot = snapshot.clone();
        async move { Session::new(&snapshot, settings).await.unwrap_err().to_string() }
    };
    assert_eq!(error("usr_id = 'x'").await, "fupan.toml: identity.exclude: column `usr_id` is not in `logs`");
    assert!(error("user_id").await.contains("not a condition"));
    assert!(error("true) or (true").await.starts_with("fupan.toml: identity.exclude: "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_ends_by_its_limits() {
    let snapshot = snapshot().await;
    let session = session(&snapshot, 2).await;
    let limits = SqlLimits { time_max: std::time::Duration::from_millis(300), ..SqlLimits::default() };
    // 5^12 rows.
    let joins = (0..12).map(|at| format!("logs as t{at}")).collect::<Vec<_>>().join(" cross join ");
    let text = format!("select sum(length(t0.body) + length(t11.body)) from {joins}");
    let error = session.sql(&text, &limits).await.unwrap_err();
    assert!(matches!(error, crate::QueryError::Limit { .. }), "{error}");
}

#[test]
fn a_float_sum_does_not_show_its_order() {
    let schema = Schema::new(vec![Field::new("x", DataType::Float64, true)]);
    let batch = |value: f64| {
        RecordBatch::try_new(Arc::new(schema.clone()), vec![Arc::new(Float64Array::from(vec![value]))])
            .unwrap()
    };
    let digest = |value: f64| {
        let batch = crate::answer::normalised(&batch(value), crate::limits::SUM_DIGITS).unwrap();
        crate::answer::digest(&schema, &[batch]).unwrap()
    };
    assert_eq!(digest(0.1 + 0.2 + 0.3), digest(0.3 + 0.2 + 0.1));
}
