//! What was purged is in no byte of the store any more.

use std::path::{Path, PathBuf};

use arrow::util::display::array_value_to_string;
use fupan_model::{Micros, Table};
use fupan_store::{EncodedChunks, Store, StoreError};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::world::{NOW, World, chunk, hour, rows, texts};

/// A name that must be nowhere afterwards.
const CANARY: &str = "zhang-wei-13800138000";

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files_below(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// Files in which the canary is: as bytes, or in a cell of a Parquet file.
fn with_canary(folder: &Path) -> Vec<PathBuf> {
    files_below(folder)
        .into_iter()
        .filter(|path| {
            let bytes = std::fs::read(path).expect("read");
            if String::from_utf8_lossy(&bytes).contains(CANARY) {
                return true;
            }
            let Ok(reader) = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)) else {
                assert!(!path.to_string_lossy().ends_with(".parquet"), "{}", path.display());
                return false;
            };
            reader.build().expect("a reader").any(|batch| {
                let batch = batch.expect("a batch");
                batch.columns().iter().any(|column| {
                    (0..batch.num_rows())
                        .any(|row| array_value_to_string(column, row).expect("text").contains(CANARY))
                })
            })
        })
        .collect()
}

/// A chunk with personal data in a body, in a column with statistics, and in quarantine.
fn personal(at: i64) -> fupan_store::ChunkRows {
    let mut personal = hour(at, &[format!("call {CANARY}"), "nothing".to_owned()]);
    let quarantine = chunk(Table::Quarantine, at, &[CANARY.to_owned()]);
    personal.batches.extend(quarantine.batches);
    personal.ledger_row.records_read += 1;
    personal.ledger_row.records_rejected = 1;
    let changes = chunk(Table::Changes, at, &[CANARY.to_owned()]);
    personal.ledger_row.rows += 1;
    personal.batches.extend(changes.batches);
    personal
}

async fn purge(store: &Store, source: &str) -> fupan_store::Purge {
    let chunks = store.chunks_ever_of(source).await.expect("chunks");
    assert!(!chunks.is_empty());
    store.purge(&chunks, NOW).await.expect("purge")
}

#[tokio::test]
async fn a_purged_source_is_nowhere() {
    let world = World::with_hours(3, 10).await;
    world.store.append(vec![hour(3, &texts(3, 10)), personal(4)], NOW).await.expect("append");
    world.append(hour(5, &texts(5, 10))).await;
    let version = world.store.ledger().await.expect("ledger").version;
    // It goes through everything that keeps old bytes: merging, checkpoints, retraction, moving aside.
    world.store.compact(false, NOW).await.expect("compact");
    let source = "orders-00004.jsonl";
    let chunks = world.store.chunks_of(source).await.expect("chunks");
    world.store.forget(&chunks, NOW).await.expect("forget");
    world.store.compact(false, NOW).await.expect("compact");
    std::fs::create_dir_all(world.folder.path().join("_aside/2026-05-05/logs/date=2026-01-01"))
        .expect("folder");
    let holder = with_canary(world.folder.path());
    assert!(holder.len() > 3, "{holder:?}");
    let copied = holder.iter().find(|path| path.to_string_lossy().contains("/logs/date")).expect("a file");
    let aside = world.folder.path().join("_aside/2026-05-05/logs/date=2026-01-01/copy.parquet");
    std::fs::copy(copied, aside).expect("copy");

    let did = purge(&world.store, source).await;
    assert!(did.files > 3 && did.log_entries > 0, "{did:?}");
    assert_eq!(with_canary(world.folder.path()), Vec::<PathBuf>::new());

    let store = world.reopened().await;
    assert_eq!(store.verify().await.expect("verify").findings, []);
    assert_eq!(rows(&store).await.len(), 50);
    let error = store.snapshot(Some(version)).await.expect_err("that version held it");
    assert!(matches!(&error, StoreError::Gone { what: "purged", .. }), "{error}");
    assert!(error.to_string().contains("2027-01-01"), "{error}");
    store.snapshot(Some(3)).await.expect("an earlier version did not");
    let again = purge(&store, source).await;
    assert_eq!((again.files, again.log_entries), (0, 0), "it is done");

    store.append(vec![personal(4)], NOW).await.expect("it may come in again");
    assert_eq!(rows(&store).await.len(), 52);
    assert_eq!(store.verify().await.expect("verify").findings, []);
}

#[tokio::test]
async fn a_value_in_the_statistics_of_the_log_goes_too() {
    let world = World::with_hours(2, 10).await;
    let mut personal = hour(7, &texts(7, 3));
    for batch in personal.batches.values_mut().flatten() {
        let at = batch.schema().index_of("service_name").expect("column");
        let mut columns = batch.columns().to_vec();
        columns[at] = std::sync::Arc::new(arrow::array::StringArray::from(vec![CANARY; 3]));
        *batch = arrow::array::RecordBatch::try_new(batch.schema(), columns).expect("batch");
    }
    world.append(personal).await;
    for at in 8..60 {
        world.append(hour(at, &texts(at, 2))).await;
    }
    let named = with_canary(world.folder.path());
    assert!(named.iter().any(|path| path.to_string_lossy().ends_with(".json")), "{named:?}");
    assert!(named.iter().any(|path| path.to_string_lossy().ends_with(".checkpoint.parquet")), "{named:?}");
    purge(&world.store, "orders-00007.jsonl").await;
    assert_eq!(with_canary(world.folder.path()), Vec::<PathBuf>::new());
    let store = world.reopened().await;
    assert_eq!(store.verify().await.expect("verify").findings, []);
    assert_eq!(rows(&store).await.len(), 20 + 52 * 2);
    for version in 1..=2 {
        store.snapshot(Some(version)).await.expect("the log of earlier versions is still read");
    }
}

#[tokio::test]
async fn an_interrupted_purge_is_found_and_finished() {
    let world = World::with_hours(2, 10).await;
    world.append(personal(4)).await;
    // The ledger's note is on disk, nothing else.
    let source = "orders-00004.jsonl";
    let chunks = world.store.chunks_ever_of(source).await.expect("chunks");
    let backup = tempfile::tempdir().expect("folder");
    copy(&world.folder.path().join("logs"), &backup.path().join("logs"));
    world.store.purge(&chunks, Micros(NOW.0)).await.expect("purge");
    std::fs::remove_dir_all(world.folder.path().join("logs")).expect("remove");
    copy(&backup.path().join("logs"), &world.folder.path().join("logs"));

    let store = world.reopened().await;
    let found = store.verify().await.expect("verify").findings;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].problem.contains("interrupted"), "{found:?}");
    purge(&store, source).await;
    assert_eq!(with_canary(world.folder.path()), Vec::<PathBuf>::new());
    assert_eq!(store.verify().await.expect("verify").findings, []);

    // Only the deleting was interrupted: the file of an earlier version is still there.
    let is_data = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "parquet");
    let data = with_canary(&backup.path().join("logs")).into_iter().find(is_data).expect("a data file");
    let place = data.strip_prefix(backup.path()).expect("below");
    std::fs::copy(&data, world.folder.path().join(place)).expect("copy");
    let found = store.verify().await.expect("verify").findings;
    assert!(found.len() == 1 && found[0].problem.contains("forget --purge orders-00004"), "{found:?}");
    purge(&store, source).await;
    assert_eq!(with_canary(world.folder.path()), Vec::<PathBuf>::new());
}

/// Killed before the ledger's note, and before any commit.
#[tokio::test]
async fn what_ingests_left_behind_is_nowhere_once_it_is_purged() {
    let world = World::with_hours(2, 10).await;
    let before = rows(&world.store).await;
    let in_table = EncodedChunks::encode(vec![personal(4)], NOW, 1).expect("encode");
    let appended = world.store.append_beside(in_table, &|_, _| true).await.expect("append");
    assert_eq!((appended.committed.len(), appended.contested.len()), (0, 1));
    let unnamed = EncodedChunks::encode(vec![personal(5)], NOW, 1).expect("encode");
    world.store.file_writer().write(unnamed).await.expect("write");
    let holders = with_canary(world.folder.path());
    assert!(holders.len() > 5, "{holders:?}");

    let store = world.reopened().await;
    assert_eq!(rows(&store).await, before);
    let young = store.left_behind(Some(Micros(NOW.0 - 400 * 24 * 3_600_000_000))).await.expect("left behind");
    assert!(young.is_empty(), "{young:?}");
    let left = store.left_behind(None).await.expect("left behind");
    assert_eq!(left.files(), 6, "logs, changes and quarantine of both: {left:?}");
    let did = store.purge_left_behind(&left, NOW).await.expect("purge");
    assert_eq!(did.files, 6, "{did:?}");
    assert_eq!(with_canary(world.folder.path()), Vec::<PathBuf>::new());
    assert!(store.left_behind(None).await.expect("left behind").is_empty());
    assert_eq!(rows(&store).await, before);
    assert_eq!(store.verify().await.expect("verify").findings, []);

    store.append(vec![personal(4)], NOW).await.expect("it may come in again");
    assert_eq!(rows(&store).await.len(), before.len() + 2);
    assert_eq!(store.verify().await.expect("verify").findings, []);
}

fn copy(from: &Path, to: &Path) {
    for path in files_below(from) {
        let target = to.join(path.strip_prefix(from).expect("below"));
        std::fs::create_dir_all(target.parent().expect("a folder")).expect("folder");
        std::fs::copy(&path, &target).expect("copy");
    }
}
