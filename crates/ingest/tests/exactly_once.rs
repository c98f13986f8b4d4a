//! Promises: the same input twice changes nothing but the ledger's note of it; every record is
//! accounted for; nothing that was read is lost for damage that follows it.

#[path = "exactly_once/archives.rs"]
mod archives;
#[path = "exactly_once/copies.rs"]
mod copies;
#[path = "exactly_once/documents.rs"]
mod documents;
#[path = "exactly_once/exports.rs"]
mod exports;
#[path = "exactly_once/holes.rs"]
mod holes;
#[path = "exactly_once/identified.rs"]
mod identified;
#[path = "exactly_once/replaced.rs"]
mod replaced;
#[path = "exactly_once/reread.rs"]
mod reread;
#[path = "exactly_once/samples.rs"]
mod samples;
#[path = "exactly_once/sources.rs"]
mod sources;
#[path = "exactly_once/world.rs"]
mod world;

use std::sync::Arc;

use fupan_ingest::{Counts, IngestSettings, SourceProblem, find_sources, ingest};
use fupan_model::{Micros, Table};
use fupan_store::Store;

use world::{Silent, World, counts, gzip, lines};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_again_renamed_or_compressed_change_no_table() {
    let world = World::new();
    let text = lines(0, 500);
    let first = world.ingest(&world.write("a.jsonl", text.as_bytes())).await;
    assert_eq!(counts(&first), Counts { read: 500, accepted: 500, rejected: 0, duplicate: 0 });
    let versions = world.versions().await;
    let renamed = world.ingest(&world.write("b.log", text.as_bytes())).await;
    let compressed = world.ingest(&world.write("c.gz", &gzip(&text))).await;
    for report in [renamed, compressed] {
        assert_eq!(counts(&report), Counts { read: 500, accepted: 0, rejected: 0, duplicate: 500 });
    }
    assert_eq!(world.versions().await, versions);
    assert_eq!(world.rows(Table::Logs).await, 500);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_grew_adds_only_what_is_new() {
    let world = World::new();
    world.ingest(&world.write("a.jsonl", lines(0, 100).as_bytes())).await;
    let grown = world.ingest(&world.write("a.jsonl", lines(0, 250).as_bytes())).await;
    assert_eq!(counts(&grown), Counts { read: 250, accepted: 150, rejected: 0, duplicate: 100 });
    assert_eq!(world.rows(Table::Logs).await, 250);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_was_cut_in_half_is_whole_once_the_file_has_grown() {
    let world = World::new();
    let text = lines(0, 10);
    let half = &text.as_bytes()[..text.len() - 20];
    let first = world.ingest(&world.write("a.jsonl", half)).await;
    assert_eq!(counts(&first), Counts { read: 10, accepted: 9, rejected: 1, duplicate: 0 });
    world.ingest(&world.write("a.jsonl", lines(0, 12).as_bytes())).await;
    assert_eq!(world.rows(Table::Logs).await, 12);
    assert_eq!(world.rows(Table::Quarantine).await, 0, "the half line no longer counts");
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_file_with_the_same_head_is_read_whole() {
    let world = World::new();
    world.ingest(&world.write("a.jsonl", lines(0, 100).as_bytes())).await;
    let other = lines(0, 40) + &lines(500, 560);
    let report = world.ingest(&world.write("b.jsonl", other.as_bytes())).await;
    assert_eq!(counts(&report), Counts { read: 100, accepted: 100, rejected: 0, duplicate: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_gzip_keeps_whole_records_and_goes_on_with_the_complete_file() {
    let world = World::new();
    let text = lines(0, 40_000);
    let whole = gzip(&text);
    let report = world.ingest(&world.write("a.gz", &whole[..whole.len() / 2])).await;
    assert!(matches!(report.sources[0].problem, Some(SourceProblem::Truncated { .. })), "{report:?}");
    let kept = counts(&report).accepted;
    assert!(kept > 1_000 && kept < 40_000, "{kept} records kept");
    assert_eq!(counts(&report).rejected, 0, "the record at the tear is nobody's fault");
    let complete = world.ingest(&world.write("a.gz", &whole)).await;
    assert_eq!(counts(&complete).duplicate, kept);
    assert_eq!(world.rows(Table::Logs).await, 40_000);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_zone_is_repaired_by_replace() {
    let world = World::new();
    let text = "{\"time\":\"2026-11-05 11:05:00\",\"msg\":\"x\"}\n";
    let path = world.write("a.jsonl", text.as_bytes());
    let wrong = world.ingest_with(&path, IngestSettings { zone: chrono_tz::UTC, ..world.settings() }).await;
    assert_eq!(wrong.sources[0].assumed_zone_records, 1);
    let again = world.ingest(&path).await;
    assert_eq!(counts(&again).duplicate, 1, "without --replace the first reading stays");
    world.ingest_with(&path, IngestSettings { replace: true, ..world.settings() }).await;
    assert_eq!(world.rows(Table::Logs).await, 1);
    let ledger = world.store().await.ledger().await.expect("ledger");
    let live: Vec<_> = ledger.live().filter_map(|row| row.first_timestamp).collect();
    assert_eq!(live, [Micros(1_793_847_900_000_000)], "03:05 UTC");
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_line_does_not_spoil_the_next() {
    let world = World::new();
    let text = format!("{}{{\"timestamp\": 1e400}}\nnot json\n{}", lines(0, 5), lines(5, 9));
    let report = world.ingest(&world.write("a.jsonl", text.as_bytes())).await;
    assert_eq!(counts(&report), Counts { read: 11, accepted: 9, rejected: 2, duplicate: 0 });
    assert_eq!(world.rows(Table::Quarantine).await, 2);
    assert_eq!(report.sources[0].rejects.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_timeline_corrects_and_retracts() {
    let world = World::new();
    let timeline = |note: &str, last: &str| {
        format!(
            "incident: INC-1\ntitle: 支付失败\nzone: Asia/Shanghai\ndate: 2026-11-05\nevents:\n  - {{ id: a, at: '11:05', type: impact_started, text: {note} }}\n{last}"
        )
    };
    let last = "  - { id: b, at: '11:20', type: mitigated, text: 恢复 }\n";
    world.ingest(&world.write("t.yaml", timeline("开始", last).as_bytes())).await;
    let before = world.rows(Table::IncidentEvents).await;
    world.ingest(&world.write("t.yaml", timeline("开始", last).as_bytes())).await;
    assert_eq!(world.rows(Table::IncidentEvents).await, before);
    world.ingest(&world.write("t.yaml", timeline("其实更早", "").as_bytes())).await;
    assert_eq!(world.rows(Table::IncidentEvents).await, before + 2, "one correction and one retraction");
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_in_the_store_is_found_and_named() {
    let world = World::new();
    world.ingest(&world.write("a.jsonl", lines(0, 50).as_bytes())).await;
    let file = std::fs::read_dir(world.path("store/logs/date=2026-11-05")).expect("folder").next();
    let path = file.expect("a file").expect("entry").path();
    let mut bytes = std::fs::read(&path).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).expect("write");
    let verification = world.store().await.verify().await.expect("verify");
    let name = path.file_name().expect("name").to_string_lossy().into_owned();
    assert!(verification.findings.iter().any(|finding| finding.subject.contains(&name)), "{verification:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_with_the_same_source_count_it_once() {
    let world = World::new();
    let path = world.write("a.jsonl", lines(0, 3_000).as_bytes());
    let sources = find_sources(&[path.to_string_lossy().into_owned()]).expect("sources");
    let (one, other) = (world.store().await, world.store().await);
    let (first, second) = (world.settings(), world.settings());
    let (left, right) = tokio::join!(
        ingest(&one, &sources, &first, Arc::new(Silent)),
        ingest(&other, &sources, &second, Arc::new(Silent)),
    );
    left.expect("left");
    right.expect("right");
    assert_eq!(world.rows(Table::Logs).await, 3_000);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_twice_in_one_folder_counts_once() {
    let world = World::new();
    let text = lines(0, 500);
    std::fs::create_dir(world.path("in")).expect("folder");
    world.write("in/a.jsonl", text.as_bytes());
    world.write("in/b.jsonl", text.as_bytes());
    world.write("in/c.jsonl.gz", &gzip(&text));
    world.write("in/d.jsonl", (text.clone() + &lines(500, 700)).as_bytes());
    let report = world.ingest(&world.path("in")).await;
    assert_eq!(counts(&report), Counts { read: 2_200, accepted: 700, rejected: 0, duplicate: 1_500 });
    assert_eq!(world.rows(Table::Logs).await, 700);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_gzip_is_told_to_be_replaced_by_the_whole_one() {
    let world = World::new();
    let text: String = (0..3000)
        .map(|at: u64| format!("2026-11-05 11:{:02}:{:02} INFO order {}\n", at / 60, at % 60, at * at * 7919))
        .collect();
    let mut damaged = gzip(&text);
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let report = world.ingest(&world.write("a.log.gz", &damaged)).await;
    let problem = report.sources[0].problem.as_ref().expect("it is damaged");
    assert!(matches!(problem, SourceProblem::Corrupt { .. }), "{problem:?}");
    assert!(problem.to_string().contains("--replace"), "{problem}");
    let path = world.write("a.log.gz", &gzip(&text));
    world.ingest_with(&path, IngestSettings { replace: true, ..world.settings() }).await;
    assert_eq!(world.rows(Table::Logs).await, 3000);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_repaired_by_replace() {
    let world = World::new();
    let path = world.write("a.jsonl", lines(0, 50).as_bytes());
    world.ingest(&path).await;
    let file = std::fs::read_dir(world.path("store/logs/date=2026-11-05")).expect("folder").next();
    std::fs::remove_file(file.expect("a file").expect("entry").path()).expect("remove");
    let broken = world.store().await.verify().await.expect("verify");
    assert!(!broken.findings.is_empty());
    world.ingest_with(&path, IngestSettings { replace: true, ..world.settings() }).await;
    assert_eq!(world.rows(Table::Logs).await, 50);
    // What an earlier version of the ledger would read is still broken, and told.
    let left = world.store().await.verify().await.expect("verify").findings;
    assert!(matches!(&left[..], [one] if one.problem.contains("nothing in it counts now")), "{left:?}");
    let location = world.path("store").to_string_lossy().into_owned();
    let (_, did) = Store::repair(&location, false, world.settings().now).await.expect("repair");
    assert_eq!(did.sources.len(), 0, "{did:?}");
    assert_eq!(world.rows(Table::Logs).await, 50);
    world.verify().await;
}
