//! Small files become few; nothing that can be asked changes.

use std::collections::BTreeSet;

use fupan_model::Table;
use fupan_store::Store;

use crate::world::{NOW, World, chunk, chunk_id, hour, rows, texts};

async fn files(store: &Store, version: Option<u64>) -> usize {
    store.snapshot(version).await.expect("snapshot").tables[&Table::Logs].files.len()
}

#[tokio::test]
async fn small_files_become_one_a_day_and_no_row_changes() {
    let world = World::with_hours(60, 30).await;
    let before = rows(&world.store).await;
    let version = world.store.ledger().await.expect("ledger").version;
    assert_eq!((before.len(), files(&world.store, None).await), (1800, 60));

    let did = world.store.compact(false, NOW).await.expect("compact");
    // 60 hours are three days; and the 60 files of the ledger are one.
    assert_eq!((did.files_out, did.files_in), (120, 4));
    let store = world.reopened().await;
    assert_eq!(files(&store, None).await, 3);
    assert_eq!(rows(&store).await, before);
    // Reports name this version: it must not move.
    assert_eq!(store.ledger().await.expect("ledger").version, version);
    let found = store.verify().await.expect("verify");
    assert_eq!(found.findings, []);
    assert_eq!((found.chunks, found.rows), (60, 1800 + 60));

    assert!(store.compact(false, NOW).await.expect("again").is_empty(), "it is done");
}

#[tokio::test]
async fn earlier_versions_are_read_as_they_were() {
    let world = World::with_hours(10, 5).await;
    let early = world.store.snapshot(Some(4)).await.expect("early");
    let latest = |snapshot: &fupan_store::StoreSnapshot| {
        let files = &snapshot.tables[&Table::Logs].files;
        files.iter().filter_map(|file| file.timestamps.map(|(_, high)| high)).max()
    };
    world.store.compact(false, NOW).await.expect("compact");
    let store = world.reopened().await;
    let again = store.snapshot(Some(4)).await.expect("the same version");
    let chunks: BTreeSet<&String> =
        again.tables[&Table::Logs].files.iter().flat_map(|file| &file.chunks).collect();
    assert_eq!(chunks.len(), 4, "four chunks counted then");
    assert_eq!(latest(&again), latest(&early), "later chunks in the same file do not move its last instant");
    // And the files of a reader that began before are still there.
    for file in &early.tables[&Table::Logs].files {
        assert!(world.folder.path().join(&file.path).is_file(), "{}", file.path);
    }
}

#[tokio::test]
async fn a_chunk_in_a_merged_file_is_still_known_and_not_written_again() {
    let world = World::with_hours(5, 10).await;
    world.store.compact(false, NOW).await.expect("compact");
    let store = world.reopened().await;
    let before = rows(&store).await;
    store.append(vec![hour(3, &texts(3, 10))], NOW).await.expect("append again");
    assert_eq!(rows(&store).await, before);
    store.append(vec![hour(5, &texts(5, 10))], NOW).await.expect("append more");
    assert_eq!(rows(&store).await.len(), before.len() + 10);
    assert_eq!(store.verify().await.expect("verify").findings, []);
}

#[tokio::test]
async fn rows_that_do_not_count_are_kept_apart() {
    let world = World::new().await;
    let chunks = (0..6).map(|at| hour(at, &texts(at, 10))).collect();
    world.store.append(chunks, NOW).await.expect("six chunks in one file");
    let forgotten = world.store.chunks_of("orders-00002.jsonl").await.expect("chunks");
    let version = world.store.ledger().await.expect("ledger").version;
    world.store.forget(&forgotten, NOW).await.expect("forget");
    let mixed = world.store.snapshot(None).await.expect("snapshot");
    assert_eq!(mixed.tables[&Table::Logs].files[0].hidden_chunks, [chunk_id(2)]);

    world.store.compact(false, NOW).await.expect("compact");
    let store = world.reopened().await;
    let split = store.snapshot(None).await.expect("snapshot");
    let files = &split.tables[&Table::Logs].files;
    assert_eq!((files.len(), files[0].rows, files[0].hidden_chunks.len()), (1, 50, 0));
    assert_eq!(rows(&store).await.len(), 50);
    let then = store.snapshot(Some(version)).await.expect("before it was forgotten");
    let counted: u64 = then.tables[&Table::Logs].files.iter().map(|file| file.rows).sum();
    assert_eq!(counted, 60, "an earlier version finds the rows that counted then");
    assert!(store.compact(false, NOW).await.expect("again").is_empty(), "it is done");

    store.append(vec![hour(2, &texts(2, 10))], NOW).await.expect("ingested again");
    assert_eq!(rows(&store).await.len(), 60);
    assert_eq!(store.verify().await.expect("verify").findings, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_ingest_beside_it_loses_nothing() {
    let world = World::with_hours(30, 10).await;
    let location = world.folder.path().to_string_lossy().into_owned();
    let writer = tokio::spawn(async move {
        let store = Store::open(&location).await.expect("open");
        for at in 30..60 {
            store.append(vec![hour(at, &texts(at, 10))], NOW).await.expect("append");
        }
    });
    for _ in 0..6 {
        world.store.compact(false, NOW).await.expect("compact");
    }
    writer.await.expect("the writer");
    let store = world.reopened().await;
    assert_eq!(rows(&store).await.len(), 600);
    assert_eq!(store.verify().await.expect("verify").findings, []);
    store.compact(false, NOW).await.expect("compact");
    assert_eq!(files(&store, None).await, 3);
    assert_eq!(rows(&store).await.len(), 600);
}

#[tokio::test]
async fn two_compactions_of_the_same_store_write_the_same_files() {
    let (one, other) = (World::with_hours(8, 10).await, World::with_hours(8, 10).await);
    for world in [&one, &other] {
        world.store.compact(false, NOW).await.expect("compact");
    }
    let names = |snapshot: fupan_store::StoreSnapshot| {
        let files = snapshot.tables.into_values().flat_map(|table| table.files);
        files.map(|file| (file.path, file.digest)).collect::<Vec<_>>()
    };
    let one = names(one.store.snapshot(None).await.expect("snapshot"));
    assert_eq!(one, names(other.store.snapshot(None).await.expect("snapshot")));
}

#[tokio::test]
async fn damage_gets_no_new_digest() {
    let world = World::with_hours(3, 10).await;
    let snapshot = world.store.snapshot(None).await.expect("snapshot");
    let path = world.folder.path().join(&snapshot.tables[&Table::Logs].files[1].path);
    let mut bytes = std::fs::read(&path).expect("read");
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).expect("write");
    let error = world.store.compact(false, NOW).await.expect_err("damaged");
    assert!(error.to_string().contains("its content changed"), "{error}");
    assert_eq!(files(&world.store, None).await, 3);
}

#[tokio::test]
async fn metrics_stay_sorted_and_small_tables_are_merged_too() {
    let world = World::new().await;
    for (at, table) in [(0, Table::Metrics), (1, Table::Metrics), (2, Table::Changes), (3, Table::Changes)] {
        world.append(chunk(table, at, &texts(at, 10))).await;
    }
    world.store.compact(false, NOW).await.expect("compact");
    let snapshot = world.store.snapshot(None).await.expect("snapshot");
    for table in [Table::Metrics, Table::Changes] {
        assert_eq!(snapshot.tables[&table].files.len(), 1, "{}", table.name());
    }
    assert_eq!(world.store.verify().await.expect("verify").findings, []);
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let world = World::with_hours(4, 10).await;
    let said = world.store.compact(true, NOW).await.expect("dry run");
    assert_eq!((said.files_out, said.files_in), (8, 2));
    assert_eq!(files(&world.store, None).await, 4);
}

#[tokio::test]
async fn the_ledger_keeps_itself_short_and_its_version() {
    let world = World::new().await;
    let mut version = 0;
    for at in 0..70 {
        world.append(hour(at, &texts(at, 1))).await;
        let now = world.store.ledger().await.expect("ledger");
        assert!(now.version > version, "each commit counts");
        assert_eq!(now.live().count() as i64, at + 1);
        version = now.version;
    }
    let store = world.reopened().await;
    let snapshot = store.snapshot(None).await.expect("snapshot");
    assert!(snapshot.tables[&Table::Ingests].files.len() < 10, "they were merged on the way");
    assert_eq!(snapshot.ledger_version, version);
    assert_eq!(store.snapshot(Some(30)).await.expect("early").tables[&Table::Logs].files.len(), 30);
    assert_eq!(store.verify().await.expect("verify").findings, []);
}

#[tokio::test]
async fn many_small_files_are_merged_by_an_ingest_and_few_are_not() {
    let world = World::new().await;
    for at in 0..13 {
        assert!(world.store.tidy(NOW).await.expect("tidy").is_empty(), "{} files are few", at * 20);
        // The same hour of twenty days: a file each.
        let days = (0..20).map(|day| day * 24 + at).map(|at| hour(at, &texts(at, 1))).collect();
        world.store.append(days, NOW).await.expect("append");
    }
    let did = world.store.tidy(NOW).await.expect("tidy");
    assert_eq!((did.files_out, did.files_in), (260, 20));
    assert_eq!(rows(&world.store).await.len(), 260);
    assert_eq!(world.store.verify().await.expect("verify").findings, []);
}
