//! Records of logs and spans whose source gives each an id: exports of windows that overlap count each once.

use std::collections::BTreeMap;
use std::ops::Range;

use fupan_ingest::{Counts, IngestReport, IngestSettings};
use fupan_model::Table;

use crate::world::{World, counts};

fn clock(second: i64) -> String {
    format!("2026-11-05T{:02}:{:02}:{:02}.250Z", 3 + second / 3600, second / 60 % 60, second % 60)
}

fn lines_of(seconds: Range<i64>, line: impl Fn(i64) -> String) -> String {
    seconds.map(|second| line(second) + "\n").collect()
}

fn elasticsearch(second: i64) -> String {
    format!(
        r#"{{"_index":"shop","_id":"d{second}","_source":{{"@timestamp":"{}","message":"paid {second}","user_id":"u{}"}}}}"#,
        clock(second),
        second % 7
    )
}

fn journald(second: i64) -> String {
    format!(
        r#"{{"__CURSOR":"s=1f;i={second:x};b=2","__REALTIME_TIMESTAMP":"{}","MESSAGE":"unit started","_SYSTEMD_UNIT":"pay.service","_HOSTNAME":"web-1"}}"#,
        1_793_847_600_000_000 + second * 1_000_000
    )
}

fn cloudwatch(seconds: Range<i64>) -> String {
    let events = seconds.map(|second| {
        format!(
            r#"{{"logStreamName":"s1","timestamp":{},"message":"charged","ingestionTime":1,"eventId":"e{second}"}}"#,
            1_793_847_600_000 + second * 1_000
        )
    });
    format!(r#"{{"events":[{}]}}"#, events.collect::<Vec<_>>().join(","))
}

fn loki(seconds: Range<i64>) -> String {
    // Two entries of a second have one text and, in microseconds, one instant.
    let values = seconds.flat_map(|second| {
        let at = (1_793_847_600 + second) * 1_000_000_000;
        [format!("[\"{}\",\"charge failed\"]", at + 1), format!("[\"{}\",\"charge failed\"]", at + 2)]
    });
    let values: Vec<_> = values.collect();
    format!(
        r#"{{"status":"success","data":{{"resultType":"streams","result":[{{"stream":{{"app":"pay"}},"values":[{}]}}]}}}}"#,
        values.join(",")
    )
}

fn kubernetes(numbers: Range<i64>, count: i64) -> String {
    let events = numbers.map(|number| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Event","metadata":{{"name":"pay.{number}","namespace":"shop","uid":"u-{number}"}},"involvedObject":{{"kind":"Pod","namespace":"shop","name":"pay-0"}},"reason":"BackOff","message":"Back-off restarting","firstTimestamp":"{0}","lastTimestamp":"{0}","count":{count},"type":"Warning","eventTime":null}}"#,
            clock(number)
        )
    });
    format!(r#"{{"apiVersion":"v1","kind":"List","items":[{}]}}"#, events.collect::<Vec<_>>().join(","))
}

fn spans(seconds: Range<i64>) -> String {
    let rows = seconds.map(|second| {
        format!(
            "{},t{second},s{second},,pay,POST /pay,{}\n",
            1_793_847_600_000 + second * 1_000,
            20 + second % 5
        )
    });
    format!(
        "startTimeMillis,traceID,spanID,parentSpanID,serviceName,operationName,duration\n{}",
        rows.collect::<String>()
    )
}

fn repeated(report: &IngestReport) -> Vec<(&str, u64)> {
    let all = report.sources.iter().flat_map(|source| &source.records_repeated);
    all.map(|(other, records)| (other.as_str(), *records)).collect()
}

/// Reads 0..60 and 30..90 of an export, and expects 90.
async fn overlap(table: Table, rows_each: u64, name: &str, export: impl Fn(Range<i64>) -> String) {
    let world = World::new();
    world.ingest(&world.write(&format!("ten-{name}"), export(0..60).as_bytes())).await;
    assert_eq!(world.rows(table).await, 60 * rows_each, "{name}");
    let report = world.ingest(&world.write(&format!("half-{name}"), export(30..90).as_bytes())).await;
    assert_eq!(repeated(&report), [(format!("ten-{name}").as_str(), 30 * rows_each)], "{name}");
    assert_eq!(report.sources[0].records_changed, BTreeMap::new(), "{name}");
    assert_eq!(world.rows(table).await, 90 * rows_each, "{name}");
    // One that brings nothing is all duplicate, and a third one is compared with both.
    let report = world.ingest(&world.write(&format!("part-{name}"), export(40..50).as_bytes())).await;
    let all = counts(&report);
    assert_eq!((all.accepted, all.duplicate), (0, all.read), "{name}");
    let report = world.ingest(&world.write(&format!("all-{name}"), export(20..100).as_bytes())).await;
    assert_eq!(repeated(&report).iter().map(|(_, rows)| rows).sum::<u64>(), 70 * rows_each, "{name}");
    assert_eq!(world.rows(table).await, 100 * rows_each, "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_exports_of_logs_with_ids_count_each_record_once() {
    overlap(Table::Logs, 1, "es.json", |seconds| lines_of(seconds, elasticsearch)).await;
    overlap(Table::Logs, 1, "journal.json", |seconds| lines_of(seconds, journald)).await;
    overlap(Table::Logs, 1, "cloudwatch.json", cloudwatch).await;
    overlap(Table::Logs, 2, "loki.json", loki).await;
    overlap(Table::Logs, 1, "events.json", |numbers| kubernetes(numbers, 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_exports_of_spans_count_each_span_once() {
    overlap(Table::Spans, 1, "traces.csv", spans).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_keys_is_the_writers() {
    let world = World::new();
    let sorted = |second| {
        format!(
            r#"{{"_id":"d{second}","_index":"shop","_source":{{"user_id":"u{}","message":"paid {second}","@timestamp":"{}"}}}}"#,
            second % 7,
            clock(second)
        )
    };
    world.ingest(&world.write("a.json", lines_of(0..9, elasticsearch).as_bytes())).await;
    let report = world.ingest(&world.write("b.json", lines_of(0..9, sorted).as_bytes())).await;
    assert_eq!(repeated(&report), [("a.json", 9)]);
    assert_eq!(world.rows(Table::Logs).await, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_of_one_run_are_compared_too() {
    let world = World::new();
    for (name, seconds) in [("a.json", 0..60), ("b.json", 30..90), ("c.json", 0..90)] {
        world.write(name, lines_of(seconds, elasticsearch).as_bytes());
    }
    let report = world.ingest(&world.path("*.json")).await;
    assert_eq!(report.sources.len(), 3);
    assert_eq!(world.rows(Table::Logs).await, 90);
    let all = counts(&report);
    assert_eq!(all, Counts { read: 210, accepted: 90, rejected: 0, duplicate: 120 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_changed_under_its_id_is_kept_and_told() {
    let world = World::new();
    world.ingest(&world.write("ten.json", kubernetes(0..5, 1).as_bytes())).await;
    let report = world.ingest(&world.write("eleven.json", kubernetes(3..8, 4).as_bytes())).await;
    assert_eq!(repeated(&report), []);
    assert_eq!(report.sources[0].records_changed, BTreeMap::from([("ten.json".to_owned(), 2)]));
    assert_eq!(world.rows(Table::Logs).await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_without_ids_are_never_taken_for_each_other() {
    let world = World::new();
    let text = |seconds: Range<i64>| {
        lines_of(seconds, |second| format!(r#"{{"time":"{}","msg":"paid"}}"#, clock(second)))
    };
    world.ingest(&world.write("a.jsonl", text(0..60).as_bytes())).await;
    world.ingest(&world.write("b.jsonl", text(30..90).as_bytes())).await;
    assert_eq!(world.rows(Table::Logs).await, 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_out_comes_in_when_the_other_is_read_anew_without_it() {
    let world = World::new();
    let early = world.write("early.json", lines_of(0..60, elasticsearch).as_bytes());
    world.ingest(&early).await;
    let late = world.write("late.json", lines_of(30..90, elasticsearch).as_bytes());
    world.ingest(&late).await;
    world.write("early.json", lines_of(0..20, elasticsearch).as_bytes());
    world.ingest_with(&early, IngestSettings { replace: true, ..world.settings() }).await;
    assert_eq!(world.rows(Table::Logs).await, 20 + 30);
    world.ingest(&late).await;
    assert_eq!(world.rows(Table::Logs).await, 20 + 60, "it is read anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_and_comes_again_in_part_counts_in_part() {
    for (table, name, export) in [
        (
            Table::Logs,
            "es.json",
            Box::new(|seconds| lines_of(seconds, elasticsearch)) as Box<dyn Fn(Range<i64>) -> String>,
        ),
        (Table::Metrics, "cpu.csv", Box::new(samples)),
    ] {
        let world = World::new();
        let early = world.write(&format!("early-{name}"), export(0..60).as_bytes());
        let late = world.write(&format!("late-{name}"), export(30..90).as_bytes());
        world.ingest(&early).await;
        world.ingest(&late).await;
        let store = world.store().await;
        let ledger = store.ledger().await.expect("ledger");
        let of_early = ledger.live().filter(|row| row.source == format!("early-{name}"));
        let of_early: Vec<_> = of_early.cloned().collect();
        store.forget(&of_early, world.settings().now).await.expect("forget");
        world.ingest(&late).await;
        assert_eq!(world.rows(table).await, 60, "{name}: the late one is read anew");
        // The tables hold all rows of the early one, of which half count now.
        world.ingest(&early).await;
        assert_eq!(world.rows(table).await, 90, "{name}");
        let verified = world.store().await.verify().await.expect("verified");
        assert!(verified.findings.is_empty(), "{name}: {:?}", verified.findings);
    }
}

fn samples(seconds: Range<i64>) -> String {
    let rows = seconds.map(|second| format!("{},cpu,{},pay\n", clock(second), second as f64 + 0.25));
    format!("time,metric,value,service\n{}", rows.collect::<String>())
}
