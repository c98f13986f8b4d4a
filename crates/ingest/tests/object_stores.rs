//! The same promises where sources or the store are in a bucket: the same rows, each once, whatever
//! reply is lost on the way.

use std::io::Write;
use std::sync::Arc;

use arrow::util::pretty::pretty_format_batches;
use fupan_ingest::{
    Counts, IngestReport, IngestSettings, Progress, SourceProblem, find_sources_anywhere, ingest,
};
use fupan_model::{Micros, Table};
use fupan_store::{RemoteOptions, Store};
use fupan_testbucket::{Fault, TestBucket, Trouble};

struct Silent;

impl Progress for Silent {
    fn source(&self, _: &str, _: Option<u64>) {}
    fn position(&self, _: u64) {}
}

const STORE: &str = "s3://ops/store";

fn bucket() -> TestBucket {
    let bucket = TestBucket::start();
    bucket.bucket("ops");
    bucket
}

fn options(bucket: &TestBucket) -> RemoteOptions {
    RemoteOptions::from_variables(bucket.environment())
}

fn settings(now_seconds: i64) -> IngestSettings {
    IngestSettings {
        zone: chrono_tz::Asia::Shanghai,
        format: None,
        encoding: None,
        mappings: Vec::new(),
        replace: false,
        dry_run: false,
        threads: 2,
        now: Micros((1_800_000_000 + now_seconds) * 1_000_000),
        keep_raw: false,
        pseudonyms: fupan_redact::KeySource::of(fupan_redact::PseudonymKey::new([7; 32])),
        software_version: "test".to_owned(),
    }
}

/// Reads `from` into the store at `to`, each of which is a path or a URL.
async fn read(bucket: &TestBucket, from: &str, to: &str, now_seconds: i64) -> IngestReport {
    let store = Store::create_with(to, &options(bucket)).await.expect("store");
    let sources = find_sources_anywhere(&[from.to_owned()], &options(bucket)).await.expect("sources");
    ingest(&store, &sources, &settings(now_seconds), Arc::new(Silent)).await.expect("ingest")
}

fn counts(report: &IngestReport) -> Counts {
    report.totals().0
}

fn lines(from: usize, to: usize) -> String {
    let line = |record: usize| {
        format!(
            "{{\"timestamp\":\"2026-11-05T03:{:02}:{:02}Z\",\"level\":\"info\",\"service\":\"pay\",\"message\":\"支付 {record} done\"}}\n",
            record / 60 % 60,
            record % 60
        )
    };
    (from..to).map(line).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("compress");
    encoder.finish().expect("finish")
}

fn tarred(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mtime(1_793_850_000);
        header.set_cksum();
        builder.append_data(&mut header, name, text.as_bytes()).expect("append");
    }
    builder.into_inner().expect("archive")
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("begin");
        writer.write_all(text.as_bytes()).expect("write");
    }
    writer.finish().expect("finish").into_inner()
}

const TIMELINE: &str = "\
incident: INC-2026-1105
title: 午高峰下单失败
zone: Asia/Shanghai
date: 2026-11-05
events:
  - { id: t1, at: '11:05', type: impact_started, text: 用户反馈无法下单 }
  - { id: t2, at: '11:06:30', type: detected, by: on-call }
";

/// A folder as people have it, in a bucket: the server's files are the same folder locally.
fn mixed_folder(bucket: &TestBucket) -> String {
    let metrics = "timestamp,metric_name,value,service\n2026-11-05T03:00:00Z,cpu,0.5,pay\n2026-11-05T03:01:00Z,cpu,0.7,pay\n";
    let files: [(&str, Vec<u8>); 7] = [
        ("app/pay.jsonl", lines(0, 50).into_bytes()),
        ("app/pay-2.jsonl.gz", gzip(lines(50, 90).as_bytes())),
        ("app/old.tar.gz", gzip(&tarred(&[("a.jsonl", &lines(100, 120)), ("b.jsonl", &lines(120, 130))]))),
        ("app/old.zip", zipped(&[("c.jsonl", &lines(200, 220)), ("d/e.jsonl", &lines(220, 225))])),
        ("app/.hidden.jsonl", lines(300, 310).into_bytes()),
        ("incident.yaml", TIMELINE.as_bytes().to_vec()),
        ("metrics.csv", metrics.as_bytes().to_vec()),
    ];
    for (key, bytes) in files {
        bucket.put("exports", key, &bytes);
    }
    bucket.bucket("exports").to_string_lossy().into_owned()
}

/// All rows of all tables as a text, but for where their sources lie.
async fn contents(bucket: &TestBucket, location: &str) -> String {
    let store = Store::open_with(location, &options(bucket)).await.expect("store");
    let verification = store.verify().await.expect("verify");
    assert_eq!(verification.findings, Vec::new());
    let mut text = String::new();
    for table in Table::ALL {
        let mut batches = store.read(table).await.expect("read");
        for batch in &mut batches {
            if let Ok(place) = batch.schema().index_of("source_place") {
                batch.remove_column(place);
            }
        }
        text.push_str(&format!("{}\n{}\n", table.name(), pretty_format_batches(&batches).expect("text")));
    }
    text
}

async fn rows(bucket: &TestBucket, location: &str, table: Table) -> usize {
    let store = Store::open_with(location, &options(bucket)).await.expect("store");
    store.read(table).await.expect("read").iter().map(arrow::array::RecordBatch::num_rows).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_a_bucket_holds_what_a_local_one_holds_and_everything_once() {
    let bucket = bucket();
    let folder = mixed_folder(&bucket);
    let local = tempfile::tempdir().expect("folder");
    let local = local.path().join("store").to_string_lossy().into_owned();
    let first = counts(&read(&bucket, &folder, STORE, 0).await);
    assert_eq!((first.accepted, first.duplicate), (50 + 40 + 30 + 25 + 3 + 2, 0));
    assert_eq!(counts(&read(&bucket, &folder, &local, 0).await), first);
    assert_eq!(contents(&bucket, STORE).await, contents(&bucket, &local).await);
    let second = counts(&read(&bucket, &folder, STORE, 1).await);
    assert_eq!((second.accepted, second.duplicate), (0, first.accepted));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_a_bucket_is_the_same_sources_as_the_folder() {
    let bucket = bucket();
    let folder = mixed_folder(&bucket);
    let from_files = tempfile::tempdir().expect("folder");
    let from_files = from_files.path().join("store").to_string_lossy().into_owned();
    let first = read(&bucket, &folder, &from_files, 0).await;
    let remote = read(&bucket, "s3://exports/", STORE, 0).await;
    assert_eq!(counts(&remote), counts(&first));
    let names = |report: &IngestReport| -> Vec<String> {
        report.sources.iter().map(|source| source.source.clone()).collect()
    };
    assert_eq!(names(&remote), names(&first));
    assert_eq!(contents(&bucket, STORE).await, contents(&bucket, &from_files).await);
    let again = counts(&read(&bucket, "s3://exports/", &from_files, 1).await);
    assert_eq!((again.accepted, again.duplicate), (0, counts(&first).accepted));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_with_the_same_source_one_is_counted() {
    let bucket = Arc::new(bucket());
    bucket.put("exports", "pay.jsonl", lines(0, 2_000).as_bytes());
    Store::create_with(STORE, &options(&bucket)).await.expect("store");
    let writers = (0..4).map(|at| {
        let bucket = Arc::clone(&bucket);
        tokio::spawn(async move { counts(&read(&bucket, "s3://exports/pay.jsonl", STORE, at).await) })
    });
    let mut accepted = 0;
    for writer in writers.collect::<Vec<_>>() {
        let of_writer = writer.await.expect("writer");
        assert_eq!(of_writer.accepted + of_writer.duplicate, 2_000);
        accepted += of_writer.accepted;
    }
    assert_eq!(accepted, 2_000);
    assert_eq!(rows(&bucket, STORE, Table::Logs).await, 2_000);
    contents(&bucket, STORE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_reply_is_lost_is_made_once_and_told_as_made() {
    let bucket = bucket();
    bucket.put("exports", "pay.jsonl", lines(0, 100).as_bytes());
    Store::create_with(STORE, &options(&bucket)).await.expect("store");
    // Sent again by itself, and refused because it is there already: by nobody but ourselves.
    for table in ["logs", "ingests"] {
        bucket.trouble(Trouble::once("PUT", format!("/{table}/_delta_log/"), Fault::LoseReply));
    }
    let report = read(&bucket, "s3://exports/pay.jsonl", STORE, 0).await;
    assert_eq!((counts(&report).accepted, counts(&report).duplicate), (100, 0));
    assert_eq!(rows(&bucket, STORE, Table::Logs).await, 100);
    // Not sent again, as the answer does not invite to it.
    bucket.put("exports", "pay.jsonl", lines(0, 250).as_bytes());
    for table in ["logs", "ingests"] {
        bucket.trouble(Trouble::once("PUT", format!("/{table}/_delta_log/"), Fault::AnswerInstead(400)));
    }
    let report = read(&bucket, "s3://exports/pay.jsonl", STORE, 1).await;
    assert_eq!(counts(&report).accepted + counts(&report).duplicate, 250);
    assert_eq!(rows(&bucket, STORE, Table::Logs).await, 250);
    let again = read(&bucket, "s3://exports/pay.jsonl", STORE, 2).await;
    assert_eq!((counts(&again).accepted, counts(&again).duplicate), (0, 250));
    contents(&bucket, STORE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_was_refused_is_told_and_made_by_the_next_run() {
    let bucket = bucket();
    bucket.put("exports", "pay.jsonl", lines(0, 100).as_bytes());
    let store = Store::create_with(STORE, &options(&bucket)).await.expect("store");
    let url = ["s3://exports/pay.jsonl".to_owned()];
    let sources = find_sources_anywhere(&url, &options(&bucket)).await.expect("sources");
    for (status, words) in [(400, "not known whether"), (403, "is denied")] {
        bucket.trouble(Trouble::once("PUT", "/ingests/_delta_log/", Fault::Refuse(status)));
        let error = ingest(&store, &sources, &settings(0), Arc::new(Silent)).await.expect_err("refused");
        assert!(error.to_string().contains(words), "{status}: {error}");
    }
    assert_eq!(rows(&bucket, STORE, Table::Logs).await, 0);
    let report = read(&bucket, "s3://exports/pay.jsonl", STORE, 1).await;
    assert_eq!(counts(&report).accepted, 100);
    assert_eq!(rows(&bucket, STORE, Table::Logs).await, 100);
    contents(&bucket, STORE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_grows_is_read_on_where_it_ended() {
    let bucket = bucket();
    let first = lines(0, 60_000);
    assert!(first.len() > fupan_ingest::limits::CHUNK_BYTES);
    bucket.put("exports", "pay.jsonl", first.as_bytes());
    assert_eq!(counts(&read(&bucket, "s3://exports/pay.jsonl", STORE, 0).await).accepted, 60_000);
    bucket.put("exports", "pay.jsonl", lines(0, 60_500).as_bytes());
    let grown = read(&bucket, "s3://exports/pay.jsonl", STORE, 1).await;
    assert!(counts(&grown).duplicate > 0, "{:?}", counts(&grown));
    assert_eq!(rows(&bucket, STORE, Table::Logs).await, 60_500);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_before_an_object_could_not_be_read_on_is_kept() {
    let bucket = bucket();
    let text = lines(0, 130_000);
    assert!(text.len() > 12 << 20);
    bucket.put("exports", "pay.jsonl", text.as_bytes());
    bucket.put("exports", "zz.jsonl", lines(500_000, 500_010).as_bytes());
    bucket.trouble(Trouble::always("GET", "pay.jsonl", Fault::Refuse(403)).after(1));
    let report = read(&bucket, "s3://exports/", STORE, 0).await;
    let problem = report.sources[0].problem.clone().expect("problem");
    assert!(matches!(problem, SourceProblem::Unreadable { .. }), "{problem:?}");
    assert!(problem.to_string().contains("is denied"), "{problem}");
    let kept = counts(&report).accepted;
    assert!(kept > 50_000, "{kept}");
    assert_eq!(rows(&bucket, STORE, Table::Logs).await as u64, kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_connection_does_not_look_like_a_damaged_archive() {
    let bucket = bucket();
    // Noise does not compress: the archive is as large as what is in it.
    let noise: String = (0..1_300_000_u64)
        .map(|at| format!("{:016x}", at.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)))
        .collect();
    let whole = gzip(format!("{}{noise}\n", lines(0, 10)).as_bytes());
    assert!(whole.len() > 8 << 20);
    bucket.put("exports", "pay.jsonl.gz", &whole);
    bucket.trouble(Trouble::always("GET", "pay.jsonl.gz", Fault::Refuse(403)).after(1));
    let report = read(&bucket, "s3://exports/pay.jsonl.gz", STORE, 0).await;
    let problem = report.sources[0].problem.clone().expect("problem");
    assert!(matches!(problem, SourceProblem::Unreadable { .. }), "{problem:?}");
}
