//! Row: what each guard is good for. With it off, something is lost.
//!
//! The syncs are taken away in `power_loss`. Guards that no double can take away are cut out of a copy of
//! the sources by `fupan-testkit guards`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fupan_store::{LocalDisk, Store};

use crate::disk::TestDisk;
use crate::world::{figure, lines, read_into, rows, store_on};

/// A run that is overtaken in the very moment of its commits; answers how many rows there are, of 25.
async fn overtaken(link_overwrites: bool) -> Result<usize, String> {
    let folder = tempfile::tempdir().expect("folder");
    let write = |number: usize| {
        let path = folder.path().join(format!("{number}.jsonl"));
        std::fs::write(&path, lines(number * 10, number * 10 + 5)).expect("input");
        path
    };
    let root = folder.path().join("store");
    drop(store_on(&root, LocalDisk).await.expect("store"));
    // Opening a store touches the logs of its tables, too; the rivals come with its commits.
    let (at, left) = (root.clone(), Arc::new(AtomicUsize::new(0)));
    let due = Arc::clone(&left);
    let (own, paths) = (write(9), (0..4).map(write).collect::<Vec<_>>());
    let disk = TestDisk::with_rival(link_overwrites, move |entry: &Path| {
        let is_commit = entry.parent().is_some_and(|folder| folder.ends_with("_delta_log"));
        let next = |left: usize| left.checked_sub(1);
        if is_commit && let Ok(before) = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next) {
            let (root, path) = (at.clone(), paths[before - 1].clone());
            let rival = std::thread::spawn(move || {
                let runtime = tokio::runtime::Runtime::new().expect("runtime");
                runtime.block_on(async {
                    let store = store_on(&root, LocalDisk).await.expect("store");
                    read_into(&store, &[path]).await.expect("rival");
                });
            });
            rival.join().expect("rival");
        }
    });
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let store = store_on(&root, disk).await.map_err(|error| told(&error))?;
    due.store(4, Ordering::SeqCst);
    read_into(&store, &[own]).await.map_err(|error| told(&error))?;
    let store = Store::open(&root.to_string_lossy()).await.map_err(|error| told(&error))?;
    let found = rows(&store).await.map_err(|error| told(&error))?;
    Ok(found.iter().filter(|row| row.starts_with("logs ")).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_guard_of_the_second_creator_commits_are_lost() {
    assert_eq!(overtaken(false).await, Ok(25), "with the guard");
    let without = overtaken(true).await;
    assert_ne!(without, Ok(25));
    let left = without
        .map_or_else(|error| format!("it ends with: {error}"), |rows| format!("{rows} of 25 rows are left"));
    figure(&format!("a log entry that overwrites another one: {}", left.lines().next().unwrap_or_default()));
}

/// A commit by an entry that says something else than was sealed is refused at once, not at the next verify.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_newest_entry_keeps_the_store_shut() {
    let folder = tempfile::tempdir().expect("folder");
    let root = folder.path().join("store");
    let path = folder.path().join("a.jsonl");
    std::fs::write(&path, lines(0, 5)).expect("input");
    let store = store_on(&root, LocalDisk).await.expect("store");
    read_into(&store, &[path]).await.expect("ingest");
    let entry = root.join("logs/_delta_log/00000000000000000001.json");
    let text = std::fs::read_to_string(&entry).expect("entry");
    // Still JSON, and a file that holds no rows by its statistics.
    std::fs::write(&entry, text.replace("\\\"numRecords\\\":5", "\\\"numRecords\\\":0")).expect("write");
    assert_ne!(std::fs::read_to_string(&entry).expect("entry"), text);
    let error = Store::open(&root.to_string_lossy()).await.expect_err("damaged").to_string();
    assert!(error.contains("changed after it was written"), "{error}");
    figure("a log entry whose statistics were changed, still JSON: refused");
}
