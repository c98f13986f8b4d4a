//! Points of metrics have a natural key, their series and instant: exports that overlap count each once.

use std::collections::BTreeMap;

use fupan_ingest::{Counts, IngestReport, IngestSettings};
use fupan_model::Table;

use crate::world::{World, counts};

/// The answer of Prometheus for some minutes after three, UTC.
fn range_answer(minutes: std::ops::Range<i64>, hosts: &[&str]) -> String {
    let series = hosts.iter().map(|host| {
        let values =
            minutes.clone().map(|minute| format!("[{},\"{}\"]", 1_793_847_600 + minute * 60, value(minute)));
        format!(
            "{{\"metric\":{{\"__name__\":\"cpu\",\"instance\":\"{host}\"}},\"values\":[{}]}}",
            values.collect::<Vec<_>>().join(",")
        )
    });
    let series = series.collect::<Vec<_>>().join(",");
    format!("{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[{series}]}}}}\n")
}

fn value(minute: i64) -> f64 {
    minute as f64 + 0.25
}

fn table(minutes: std::ops::Range<i64>, add: f64) -> String {
    let rows = minutes.map(|minute| {
        format!("2026-11-05T{:02}:{:02}:00Z,cpu,{},pay\n", 3 + minute / 60, minute % 60, value(minute) + add)
    });
    format!("time,metric,value,service\n{}", rows.collect::<String>())
}

fn repeated(report: &IngestReport) -> Vec<(&str, u64)> {
    let all = report.sources.iter().flat_map(|source| &source.samples_repeated);
    all.map(|(other, samples)| (other.as_str(), *samples)).collect()
}

async fn samples(world: &World) -> u64 {
    world.rows(Table::Metrics).await
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_that_overlap_count_each_point_once() {
    let world = World::new();
    world.ingest(&world.write("ten.json", range_answer(0..61, &["a", "b"]).as_bytes())).await;
    let path = world.write("half-past.json", range_answer(30..91, &["a", "b", "c"]).as_bytes());
    let report = world.ingest(&path).await;
    assert_eq!(repeated(&report), [("ten.json", 62)]);
    assert_eq!(report.sources[0].samples_differing, BTreeMap::new());
    assert_eq!(samples(&world).await, 91 * 2 + 61);
    // A longer export under the first one's name, and one that brings nothing.
    let report = world.ingest(&world.write("ten.json", range_answer(0..121, &["a"]).as_bytes())).await;
    assert_eq!(repeated(&report), [("half-past.json", 30), ("ten.json", 61)]);
    assert_eq!(report.sources[0].history, None, "it is no other content");
    assert_eq!(samples(&world).await, 91 * 2 + 61 + 30);
    let report = world.ingest(&world.write("part.json", range_answer(40..50, &["b"]).as_bytes())).await;
    let all = counts(&report);
    assert_eq!((all.accepted, all.duplicate), (0, all.read));
    assert_eq!(samples(&world).await, 91 * 2 + 61 + 30);
    let again = world.ingest(&path).await;
    assert_eq!(counts(&again).duplicate, counts(&again).read);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_run_as_well() {
    let world = World::new();
    std::fs::create_dir(world.path("in")).expect("folder");
    for part in 0..5 {
        let text = range_answer(part * 10..part * 10 + 21, &["a", "b"]);
        world.write(&format!("in/{part}.json"), text.as_bytes());
    }
    let report = world.ingest(&world.path("in")).await;
    // Each is compared with all that came before it, also where that has not been committed yet.
    assert_eq!(repeated(&report).iter().map(|(_, samples)| samples).sum::<u64>(), 4 * 22);
    assert_eq!(samples(&world).await, 61 * 2);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_tables_are_records_of_their_own() {
    let world = World::new();
    world.ingest(&world.write("a.csv", table(0..100, 0.0).as_bytes())).await;
    let report = world.ingest(&world.write("b.csv", table(60..160, 0.0).as_bytes())).await;
    assert_eq!(counts(&report), Counts { read: 100, accepted: 60, rejected: 0, duplicate: 40 });
    assert_eq!(samples(&world).await, 160);
    // The file grew: nothing of it is compared with itself.
    let report = world.ingest(&world.write("b.csv", table(60..200, 0.0).as_bytes())).await;
    assert_eq!(counts(&report), Counts { read: 140, accepted: 40, rejected: 0, duplicate: 100 });
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_machines_that_nothing_tells_apart_lose_nothing_and_are_told() {
    let world = World::new();
    world.ingest(&world.write("web-1.csv", table(0..100, 0.0).as_bytes())).await;
    let report = world.ingest(&world.write("web-2.csv", table(0..100, 0.5).as_bytes())).await;
    assert_eq!(counts(&report).accepted, 100);
    assert_eq!(report.sources[0].samples_differing, BTreeMap::from([("web-1.csv".to_owned(), 100)]));
    assert_eq!(samples(&world).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_point_that_was_not_whole_is_kept_beside_the_whole_one_and_told() {
    let world = World::new();
    let early = table(0..50, 0.0).replace(",49.25,", ",12,");
    world.ingest(&world.write("early.csv", early.as_bytes())).await;
    let report = world.ingest(&world.write("late.csv", table(0..80, 0.0).as_bytes())).await;
    assert_eq!(repeated(&report), [("early.csv", 49)]);
    assert_eq!(report.sources[0].samples_differing, BTreeMap::from([("early.csv".to_owned(), 1)]));
    assert_eq!(samples(&world).await, 81);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_out_comes_back_where_the_other_source_was_forgotten() {
    let world = World::new();
    world.ingest(&world.write("a.csv", table(0..100, 0.0).as_bytes())).await;
    let path = world.write("b.csv", table(60..160, 0.0).as_bytes());
    world.ingest(&path).await;
    let store = world.store().await;
    let chunks = store.chunks_of("a.csv").await.expect("chunks");
    store.forget(&chunks, world.settings().now).await.expect("forget");
    assert_eq!(samples(&world).await, 60);
    let report = world.ingest(&path).await;
    assert_eq!(counts(&report), Counts { read: 100, accepted: 100, rejected: 0, duplicate: 0 });
    assert_eq!(samples(&world).await, 100);
    assert_eq!(counts(&world.ingest(&path).await).duplicate, 100);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_export_replaces_its_own_points_and_no_others() {
    let world = World::new();
    world.ingest(&world.write("a.csv", table(0..100, 0.0).as_bytes())).await;
    world.ingest(&world.write("b.csv", table(60..160, 0.0).as_bytes())).await;
    let corrected = table(0..100, 0.0).replace(",7.25,", ",8.75,");
    let path = world.write("a.csv", corrected.as_bytes());
    world.ingest_with(&path, IngestSettings { replace: true, ..world.settings() }).await;
    assert_eq!(samples(&world).await, 160);
    world.verify().await;
}
