//! `--replace` of a source that somebody mended: what it says now counts, what it said before does not, and stays
//! readable at its version.

use fupan_ingest::{Counts, IngestReport, IngestSettings, SourceHistory};
use fupan_model::Table;

use crate::world::{World, counts, lines};

async fn replace(world: &World, name: &str) -> IngestReport {
    world.ingest_with(&world.path(name), IngestSettings { replace: true, ..world.settings() }).await
}

async fn bodies(world: &World) -> Vec<String> {
    world.texts(Table::Logs, "body").await
}

fn expected(records: impl Iterator<Item = usize>) -> Vec<String> {
    let mut bodies: Vec<String> = records.map(|record| format!("支付 {record} done")).collect();
    bodies.sort();
    bodies
}

async fn ledger_version(world: &World) -> u64 {
    world.store().await.ledger().await.expect("ledger").version
}

/// Lines of text, some of them broken.
fn with_broken(end: usize, broken: &[usize]) -> String {
    let whole = lines(0, end);
    let of = |(at, line): (usize, &str)| {
        if broken.contains(&at) { "{\"timestamp\": oops\n".to_owned() } else { format!("{line}\n") }
    };
    whole.lines().enumerate().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_were_mended_in_the_middle_are_in_and_the_others_stay_once() {
    let world = World::new();
    let first = world.ingest(&world.write("app.log", with_broken(100, &[40, 41]).as_bytes())).await;
    assert_eq!(counts(&first), Counts { read: 100, accepted: 98, rejected: 2, duplicate: 0 });
    let version = ledger_version(&world).await;
    world.write("app.log", lines(0, 100).as_bytes());
    let report = replace(&world, "app.log").await;
    assert_eq!(counts(&report), Counts { read: 100, accepted: 100, rejected: 0, duplicate: 0 });
    assert_eq!(report.sources[0].history, Some(SourceHistory::Replaced { records: 98 }));
    assert_eq!(bodies(&world).await, expected(0..100));
    assert_eq!(world.rows(Table::Quarantine).await, 0);
    let before = world.store().await.snapshot(Some(version)).await.expect("the version before");
    assert_eq!(before.tables[&Table::Logs].files.iter().map(|file| file.rows).sum::<u64>(), 98);
    let again = world.ingest(&world.path("app.log")).await;
    assert_eq!(counts(&again).duplicate, 100);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_vanished_is_taken_back_wherever_it_stood() {
    let world = World::new();
    world.ingest(&world.write("app.log", lines(0, 100).as_bytes())).await;
    for (text, records) in [
        (lines(0, 30) + &lines(60, 100), (0..30).chain(60..100)),
        (lines(0, 50), (0..50).chain(0..0)),
        (lines(20, 50), (20..50).chain(0..0)),
    ] {
        world.write("app.log", text.as_bytes());
        replace(&world, "app.log").await;
        assert_eq!(bodies(&world).await, expected(records));
    }
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_version_that_is_in_twice_already_is_put_right() {
    let world = World::new();
    world.ingest(&world.write("app.log", lines(0, 50).as_bytes())).await;
    let edited = lines(0, 50).replace("支付 7 done", "支付 7 undone");
    let report = world.ingest(&world.write("app.log", edited.as_bytes())).await;
    assert_eq!(report.sources[0].history, Some(SourceHistory::StartedAnew));
    assert_eq!(world.rows(Table::Logs).await, 100, "a log that was edited is another file");
    replace(&world, "app.log").await;
    assert_eq!(world.rows(Table::Logs).await, 50);
    assert!(bodies(&world).await.contains(&"支付 7 undone".to_owned()));
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_of_many_pieces_is_replaced_as_a_whole() {
    let world = World::new();
    // More than nine mebibytes: three chunks, and one more that came later.
    world.ingest(&world.write("app.log", lines(0, 95_000).as_bytes())).await;
    world.ingest(&world.write("app.log", lines(0, 100_000).as_bytes())).await;
    let edited = lines(0, 100_000)
        .replace("支付 60000 done", "支付 60000 half done")
        .replace("支付 99999 done", "支付 99999 lost");
    world.write("app.log", edited.as_bytes());
    let report = replace(&world, "app.log").await;
    assert_eq!(counts(&report).accepted, 100_000);
    assert_eq!(world.rows(Table::Logs).await, 100_000);
    let bodies = bodies(&world).await;
    assert!(!bodies.contains(&"支付 60000 done".to_owned()));
    assert_eq!(bodies.iter().filter(|body| body.ends_with("lost")).count(), 1);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rotated_log_held_is_not_replaced_by_the_next_one() {
    let world = World::new();
    world.ingest(&world.write("app.log", lines(0, 100).as_bytes())).await;
    world
        .ingest(&world.write(
            "app.log",
            with_broken(300, &[280]).split_inclusive('\n').skip(100).collect::<String>().as_bytes(),
        ))
        .await;
    world.write("app.log", lines(100, 300).as_bytes());
    replace(&world, "app.log").await;
    assert_eq!(bodies(&world).await, expected(0..300));
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_source_of_the_name_is_left_alone() {
    let world = World::new();
    for folder in ["web-1", "web-2"] {
        std::fs::create_dir(world.path(folder)).expect("folder");
        world.write(&format!("{folder}/app.log"), lines(0, 60).replace("done", folder).as_bytes());
        world.ingest(&world.path(folder)).await;
    }
    world.write("web-2/app.log", lines(0, 40).replace("done", "web-2").as_bytes());
    replace(&world, "web-2").await;
    assert_eq!(bodies(&world).await.iter().filter(|body| body.ends_with("web-1")).count(), 60);
    assert_eq!(world.rows(Table::Logs).await, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_replaces_nothing() {
    let world = World::new();
    world.ingest(&world.write("app.log", lines(0, 60).as_bytes())).await;
    let path = world.write("app.log", "{\"timestamp\": oops\n".repeat(60).as_bytes());
    let format = Some(fupan_decode::InputFormat::JsonLines);
    let report = world.ingest_with(&path, IngestSettings { replace: true, format, ..world.settings() }).await;
    assert_eq!(counts(&report).rejected, 60);
    assert_eq!(world.rows(Table::Logs).await, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_corrected_is_replaced_and_one_that_is_gone_is_no_more() {
    let world = World::new();
    let change = |id: &str, at: &str| {
        format!(
            "{{\"id\":\"{id}\",\"type\":\"deployment\",\"service\":\"pay\",\"started_at\":\"2026-11-05T{at}:00Z\"}}"
        )
    };
    let document = |changes: &[String]| format!("[{}]\n", changes.join(",\n"));
    let before = document(&[change("d1", "03:00"), change("d2", "04:00"), change("d3", "05:00")]);
    world.ingest(&world.write("changes.json", before.as_bytes())).await;
    let after = document(&[change("d1", "03:00"), change("d2", "04:30")]);
    world.write("changes.json", after.as_bytes());
    replace(&world, "changes.json").await;
    assert_eq!(world.rows(Table::Changes).await, 2);
    let ledger = world.store().await.ledger().await.expect("ledger");
    let last = ledger.live().filter_map(|row| row.last_timestamp).max().expect("a change");
    assert_eq!(last.0, 1_793_853_000_000_000, "04:30");
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_logs_that_was_edited_is_told_and_replaced() {
    let world = World::new();
    let document = |text: &str| format!("[{}]\n", text.trim_end().replace('\n', ","));
    let first = world.ingest(&world.write("logs.json", document(&lines(0, 20)).as_bytes())).await;
    assert_eq!(counts(&first).accepted, 20);
    let edited = lines(0, 20).replace("支付 7 done", "支付 7 undone");
    let report = world.ingest(&world.write("logs.json", document(&edited).as_bytes())).await;
    assert_eq!(report.sources[0].history, Some(SourceHistory::StartedAnew), "no record of it has a key");
    replace(&world, "logs.json").await;
    assert_eq!(world.rows(Table::Logs).await, 20);
    world.verify().await;
}
