//! Rows: writers at the same time, as threads and as processes, and processes that die at a call.

use std::path::{Path, PathBuf};

use fupan_store::LocalDisk;

use crate::child::child;
use crate::errors::Inputs;
use crate::world::{assert_sound, figure, is_full, lines, read_into, rows, store_on};

const WRITERS: usize = 8;

/// Batches by writer. The last two writers bring the same.
fn write_batches(folder: &Path, writers: usize, batches: usize) -> Vec<Vec<PathBuf>> {
    let mut all: Vec<Vec<PathBuf>> = (0..writers - 1)
        .map(|writer| {
            (0..batches)
                .map(|batch| {
                    let path = folder.join(format!("{writer}-{batch}.jsonl"));
                    let first = (writer * batches + batch) * 10;
                    std::fs::write(&path, lines(first, first + 5)).expect("input");
                    path
                })
                .collect()
        })
        .collect();
    all.push(all[writers - 2].clone());
    all
}

async fn assert_all_once(root: &Path, writers: usize, batches: usize) {
    let store = store_on(root, LocalDisk).await.expect("store");
    let found = rows(&store).await.expect("rows");
    let logs: Vec<_> = found.iter().filter(|row| row.starts_with("logs ")).collect();
    let mut different = logs.clone();
    different.dedup();
    let expected = (writers - 1) * batches * 5;
    assert_eq!((logs.len(), different.len()), (expected, expected));
    assert_sound(&store, "after all writers").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_writers_at_once_lose_and_double_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let batches = if is_full() { 50 } else { 4 };
    let root = folder.path().join("store");
    let writers: Vec<_> = write_batches(folder.path(), WRITERS, batches)
        .into_iter()
        .map(|paths| {
            let root = root.clone();
            tokio::spawn(async move {
                let store = store_on(&root, LocalDisk).await.expect("store");
                for path in paths {
                    read_into(&store, &[path]).await.expect("ingest");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("writer");
    }
    assert_all_once(&root, WRITERS, batches).await;
    figure(&format!("{WRITERS} writers × {batches} batches: 0 lost, 0 doubled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_at_once_lose_and_double_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let (processes, batches) = if is_full() { (8, 10) } else { (3, 2) };
    let root = folder.path().join("store");
    let running: Vec<_> = write_batches(folder.path(), processes, batches)
        .into_iter()
        .map(|paths| child("ingest", &root, &paths).spawn().expect("spawn"))
        .collect();
    for process in running {
        let output = process.wait_with_output().expect("output");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    assert_all_once(&root, processes, batches).await;
    figure(&format!("{processes} processes × {batches} batches: 0 lost, 0 doubled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_at_a_call_of_the_disk_breaks_nothing() {
    let inputs = Inputs::new().await;
    let paths: Vec<PathBuf> = inputs.ingests.iter().flatten().cloned().collect();
    let (mut died, deaths) = (0, if is_full() { 60 } else { 4 });
    for death in 0..deaths {
        let call = death * inputs.calls() / deaths + 3;
        let (_kept, root) = inputs.new_root();
        let output = child(&format!("abort {call}"), &root, &paths).output().expect("output");
        died += usize::from(!output.status.success());
        inputs.assert_recovers(&root, Err(killed()), &format!("died at call {call}")).await;
    }
    assert!(died * 10 >= deaths * 9, "only {died} of {deaths} died");
    figure(&format!(
        "{died} of {deaths} processes died at a call of their own: 0 lost, 0 doubled, 0 that cannot be opened"
    ));
}

fn killed() -> fupan_ingest::IngestError {
    fupan_ingest::IngestError::NoSource { path: String::new(), reason: "it was killed".to_owned() }
}
