//! Row: two runs at once, with the same file, or one with the beginning of it and one with more, count each
//! record once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use fupan_model::Table;
use fupan_store::{DurableLocalStore, LocalDisk};
use object_store::ObjectStore;

use crate::between::{Between, Fate, Kind};
use crate::world::{assert_sound, figure, lines, read_into, rows, store_in, store_on};

/// One run decides what is new; before it commits to the table, the other comes and goes. Answers how many
/// records each of them, the slow one first, says that it brought in.
async fn overtaken(root: &Path, table: Table, slow: PathBuf, quick: PathBuf) -> [u64; 2] {
    let plain: Arc<dyn ObjectStore> = Arc::new(DurableLocalStore::new());
    drop(store_in(root, Arc::clone(&plain)).await.expect("store"));
    // Opening a store touches the logs of its tables, too; that is not the moment.
    let (is_due, at) = (Arc::new(AtomicBool::new(false)), root.to_owned());
    let (due, accepted_by_quick) = (Arc::clone(&is_due), Arc::new(AtomicU64::new(0)));
    let told = Arc::clone(&accepted_by_quick);
    let whole = Between::new(Arc::clone(&plain), move |kind, path| {
        let (plain, root, quick) = (Arc::clone(&plain), at.clone(), quick.clone());
        let (due, told) = (Arc::clone(&due), Arc::clone(&told));
        Box::pin(async move {
            let is_commit = kind == Kind::Put && path.contains(&format!("{}/_delta_log", table.name()));
            if is_commit && due.swap(false, Ordering::SeqCst) {
                let store = store_in(&root, plain).await.expect("store");
                let report = read_into(&store, &[quick]).await.expect("quick");
                told.store(report.totals().0.accepted, Ordering::SeqCst);
            }
            Fate::Done
        })
    });
    let store = store_in(root, whole).await.expect("store");
    is_due.store(true, Ordering::SeqCst);
    let report = read_into(&store, &[slow]).await.expect("slow");
    assert!(!is_due.load(Ordering::SeqCst), "nobody came");
    [report.totals().0.accepted, accepted_by_quick.load(Ordering::SeqCst)]
}

async fn logs(root: &Path) -> (usize, usize) {
    let store = store_on(root, LocalDisk).await.expect("store");
    assert_sound(&store, "both are in").await;
    let found = rows(&store).await.expect("rows");
    let count = |table: &str| found.iter().filter(|row| row.starts_with(table)).count();
    (count("logs "), count("quarantine "))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_two_runs_read_to_different_ends_counts_once() {
    let whole = lines(0, 100);
    let line_end = |lines: usize| whole.match_indices('\n').nth(lines - 1).expect("lines").0 + 1;
    let mut tried = 0;
    for known in [0, 20] {
        // Of a line that was cut the half cannot be read, and the whole one comes at the same time.
        for (name, end) in [("at a record", line_end(60)), ("in a record", line_end(60) + 30)] {
            for is_half_quick in [true, false] {
                let what = format!("{known} known, half ends {name}, half first: {is_half_quick}");
                let folder = tempfile::tempdir().expect("folder");
                let write = |name: &str, text: &str| {
                    std::fs::write(folder.path().join(name), text).expect("input");
                    folder.path().join(name)
                };
                let root = folder.path().join("store");
                if known > 0 {
                    let before = write("before.jsonl", &lines(0, known));
                    let store = store_on(&root, LocalDisk).await.expect("store");
                    read_into(&store, &[before]).await.expect("before");
                }
                let (half, all) = (write("half.jsonl", &whole[..end]), write("whole.jsonl", &whole));
                let (slow, quick) = if is_half_quick { (&all, &half) } else { (&half, &all) };
                overtaken(&root, Table::Ingests, slow.clone(), quick.clone()).await;
                let (records, quarantine) = logs(&root).await;
                assert_eq!((records, quarantine), (100, 0), "{what}");
                for path in [half, all] {
                    let store = store_on(&root, LocalDisk).await.expect("store");
                    read_into(&store, &[path]).await.expect("again");
                }
                let (records, quarantine) = logs(&root).await;
                assert_eq!((records, quarantine), (100, 0), "{what}, again");
                tried += 1;
            }
        }
    }
    figure(&format!(
        "{tried} of {tried} overlaps of a half and a whole file at once: each record counts once"
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_files_that_begin_alike_both_count_also_at_once() {
    for is_longer_quick in [true, false] {
        let folder = tempfile::tempdir().expect("folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("input");
            folder.path().join(name)
        };
        let shorter = write("a.jsonl", &(lines(0, 10) + &lines(500, 530)));
        let longer = write("b.jsonl", &(lines(0, 10) + &lines(700, 760)));
        let root = folder.path().join("store");
        let (slow, quick) = if is_longer_quick { (shorter, longer) } else { (longer, shorter) };
        overtaken(&root, Table::Ingests, slow, quick).await;
        assert_eq!(logs(&root).await, (40 + 70, 0));
    }
    figure("two files that begin alike, at once: both are read whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_two_runs_read_at_once_counts_once() {
    let tables = [Table::Logs, Table::Ingests];
    for table in tables {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a.jsonl");
        std::fs::write(&path, lines(0, 100)).expect("input");
        let root = folder.path().join("store");
        let accepted = overtaken(&root, table, path.clone(), path).await;
        assert_eq!(logs(&root).await, (100, 0), "overtaken before the commit to {}", table.name());
        assert_eq!(accepted, [0, 100], "overtaken before the commit to {}", table.name());
    }
    figure(&format!(
        "the same file by two runs, one overtaken before its commit to either of {} tables: counts once",
        tables.len()
    ));
}
