//! Row: killed at every call of the commit path, the store opens, and a re-run completes it.

use fupan_store::{LocalDisk, Store};

use crate::disk::{Call, TestDisk};
use crate::image::{Image, Syncs};
use crate::world::{assert_sound, figure, is_full, is_part_of, read_all, rows, store_on, write_ingests};

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_call_of_the_commit_path_nothing_is_lost_or_doubled() {
    let folder = tempfile::tempdir().expect("folder");
    let ingests = write_ingests(folder.path());
    let root = folder.path().join("store");
    let disk = TestDisk::default();
    read_all(&root, &disk, &ingests, |_| ()).await.expect("ingests");
    let expected = rows(&store_on(&root, LocalDisk).await.expect("store")).await.expect("rows");
    let journal = disk.journal();
    // Between the commits of the tables that one chunk goes to lies what only a re-run can complete.
    let after_commit = |point: usize| point > 0 && journal[point - 1].is_commit();
    // A sync changes nothing that a killed process would leave behind.
    let points: Vec<usize> = (0..=journal.len())
        .filter(|point| *point == 0 || !journal[point - 1].is_sync())
        .filter(|point| is_full() || point % 24 == 5 || after_commit(*point) || *point == journal.len())
        .collect();
    for point in &points {
        let mut calls = journal[..*point].to_vec();
        if point % 2 == 1
            && let Some(Call::Write(_, bytes)) = calls.last_mut()
        {
            // In the middle of a write.
            bytes.truncate(bytes.len() / 2);
        }
        let left = folder.path().join("left");
        std::fs::create_dir(&left).expect("folder");
        Image::after(&calls, Syncs::All).write_all(folder.path(), &left);
        let root = left.join("store");
        let what = format!("killed after {point} of {} calls", journal.len());
        if let Ok(store) = Store::open(&root.to_string_lossy()).await {
            let found = rows(&store).await.expect("rows");
            assert!(is_part_of(&found, &expected), "{what}");
            assert_sound(&store, &what).await;
        }
        read_all(&root, &LocalDisk, &ingests, |_| ()).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        let store = store_on(&root, LocalDisk).await.expect("store");
        assert_eq!(rows(&store).await.expect("rows"), expected, "{what}");
        assert_sound(&store, &what).await;
        std::fs::remove_dir_all(&left).expect("tidy up");
    }
    figure(&format!(
        "{} of {} points, 0 lost, 0 doubled, 0 that cannot be opened",
        points.len(),
        points.len()
    ));
}
