//! Row: a commit whose outcome is told wrongly, and commits that others are always first with.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fupan_ingest::IngestError;
use fupan_store::{DurableLocalStore, LocalDisk};
use object_store::ObjectStore;

use crate::between::{Between, Fate, Kind};
use crate::errors::Inputs;
use crate::world::{assert_sound, figure, is_full, lines, read_into, rows, store_in, store_on};

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_may_be_in_is_neither_lost_nor_doubled() {
    let inputs = Inputs::new().await;
    let (mut tried, mut puts) = (0, usize::MAX);
    for fate in [Fate::DoneAndFailed, Fate::Failed, Fate::DoneAndTaken] {
        let mut number = 0;
        while number < puts {
            let count = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&count);
            let whole = Between::new(Arc::new(DurableLocalStore::new()), move |kind, path| {
                // What is there already is put again to be sure that it is on disk; that is no commit.
                let is_new = !std::path::Path::new("/").join(&path).exists();
                let is_commit = kind == Kind::Put && path.contains("_delta_log") && is_new;
                let is_it = is_commit && counted.fetch_add(1, Ordering::SeqCst) == number;
                Box::pin(async move { if is_it { fate } else { Fate::Done } })
            });
            let (_kept, root) = inputs.new_root();
            let opened = AtomicUsize::new(usize::MAX);
            let outcome: Result<(), IngestError> = async {
                for paths in &inputs.ingests {
                    let store = store_in(&root, whole.clone()).await?;
                    opened.fetch_min(count.load(Ordering::SeqCst), Ordering::SeqCst);
                    read_into(&store, paths).await?;
                }
                Ok(())
            }
            .await;
            if outcome.is_ok() {
                puts = count.load(Ordering::SeqCst);
            }
            // On a disk of our own it may be visible and not durable: what is not known is an error, once
            // there is a store.
            let is_met = (opened.load(Ordering::SeqCst)..count.load(Ordering::SeqCst)).contains(&number);
            assert!(
                !is_met || fate != Fate::DoneAndFailed || outcome.is_err(),
                "commit {number} is said to be in"
            );
            tried += 1;
            inputs.assert_recovers(&root, outcome, &format!("{fate:?} of commit {number}")).await;
            number += if is_full() { 1 } else { 5 };
        }
    }
    figure(&format!("{tried} of {tried} commits told wrongly: 0 lost, 0 doubled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_never_first_gets_in_all_the_same() {
    let inputs = Inputs::new().await;
    let (kept, root) = inputs.new_root();
    let storms = 12;
    // Opening a store touches the logs of its tables, too; the storm is for the commits.
    let left = Arc::new(AtomicUsize::new(0));
    let rivals: Vec<_> = (0..storms)
        .map(|rival| {
            let path = kept.path().join(format!("rival-{rival}.jsonl"));
            std::fs::write(&path, lines(1_000 + rival * 10, 1_005 + rival * 10)).expect("input");
            path
        })
        .collect();
    drop(store_on(&root, LocalDisk).await.expect("store"));
    let plain: Arc<dyn ObjectStore> = Arc::new(DurableLocalStore::new());
    let (rival_root, due) = (root.clone(), Arc::clone(&left));
    let whole = Between::new(Arc::clone(&plain), move |kind, path| {
        let (plain, root, left, rivals) =
            (Arc::clone(&plain), rival_root.clone(), Arc::clone(&left), rivals.clone());
        Box::pin(async move {
            let is_commit = kind == Kind::Put && path.contains("_delta_log");
            if is_commit
                && let Ok(before) =
                    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            {
                // Somebody else commits between the decision and the commit.
                let store = store_in(&root, plain).await.expect("store");
                read_into(&store, &rivals[before - 1..before]).await.expect("rival");
            }
            Fate::Done
        })
    });
    for paths in &inputs.ingests {
        let store = store_in(&root, whole.clone()).await.expect("store");
        let now = if paths == &inputs.ingests[0] { storms } else { 0 };
        due.fetch_add(now, Ordering::SeqCst);
        read_into(&store, paths).await.expect("ingest");
        assert_eq!(due.load(Ordering::SeqCst), 0, "all rivals came");
    }
    let store = store_on(&root, LocalDisk).await.expect("store");
    let found = rows(&store).await.expect("rows");
    let of_rivals = found.iter().filter(|row| row.starts_with("logs ") && row.contains("支付 1")).count();
    let all = inputs.expected.len();
    assert!(found.len() >= all + storms * 5, "{} rows of {all} and {}", found.len(), storms * 5);
    assert!(of_rivals >= storms * 5);
    assert_sound(&store, "storm").await;
    figure(&format!("{storms} of {storms} commits overtaken: 0 lost, 0 doubled"));
}
