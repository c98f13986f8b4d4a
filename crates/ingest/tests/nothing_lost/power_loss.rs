//! Row: after a power loss at any instant, what was acknowledged is there, and a re-run completes the rest.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fupan_store::{LocalDisk, Store};
use futures::StreamExt;

use crate::disk::{Call, EIO, Fault, TestDisk};
use crate::image::{Image, Syncs};
use crate::world::{
    Random, assert_sound, figure, is_full, is_part_of, read_all, read_into, rows, store_on, write_ingests,
};

/// Ingests that were recorded once, to lose power in again and again.
struct Recorded {
    folder: PathBuf,
    ingests: Vec<Vec<PathBuf>>,
    journal: Vec<Call>,
    /// The rows after each ingest.
    expected: Vec<Vec<String>>,
}

async fn record(folder: &Path) -> Recorded {
    let ingests = write_ingests(folder);
    let root = folder.join("store");
    let disk = TestDisk::default();
    let mut expected = Vec::new();
    for (number, paths) in ingests.iter().enumerate() {
        read_all(&root, &disk, std::slice::from_ref(paths), |_| ()).await.expect("ingest");
        disk.acknowledge(number);
        expected.push(rows(&store_on(&root, LocalDisk).await.expect("store")).await.expect("rows"));
    }
    Recorded { folder: folder.to_owned(), ingests, journal: disk.journal(), expected }
}

fn acknowledged(calls: &[Call]) -> Option<usize> {
    let mut last = calls.iter().rev();
    last.find_map(|call| if let Call::Acknowledged(number) = call { Some(*number) } else { None })
}

/// What was acknowledged and is not there, or why nothing can be read.
async fn lost(store: &Path, expected: Option<&Vec<String>>) -> Option<String> {
    let none = Vec::new();
    let expected = expected.unwrap_or(&none);
    match Store::open(&store.to_string_lossy()).await {
        Ok(store) => match (rows(&store).await, store.verify().await) {
            (Err(error), _) | (_, Err(error)) => Some(error.to_string()),
            (Ok(found), _) if !is_part_of(expected, &found) => {
                Some(format!("{} of {} rows", found.len(), expected.len()))
            }
            (_, Ok(verification)) => verification.findings.first().map(|finding| format!("{finding:?}")),
        },
        Err(fupan_store::StoreError::NotFound { .. }) if expected.is_empty() => None,
        Err(error) => Some(error.to_string()),
    }
}

/// Loses power once; answers what of the acknowledged is gone.
async fn lose_power(recorded: &Recorded, seed: u64, syncs: Syncs, with_rerun: bool) -> Option<String> {
    let mut random = Random::new(seed);
    let calls = &recorded.journal[..=random.below(recorded.journal.len())];
    let left = tempfile::tempdir().expect("folder");
    Image::after(calls, syncs).write_what_power_leaves(&recorded.folder, left.path(), &mut random);
    let root = left.path().join("store");
    let expected = acknowledged(calls).map(|number| &recorded.expected[number]);
    if let Some(lost) = lost(&root, expected).await {
        return Some(format!("seed {seed}: {lost}"));
    }
    if with_rerun {
        let what = format!("seed {seed}");
        read_all(&root, &LocalDisk, &recorded.ingests, |_| ()).await.expect("re-run");
        let store = store_on(&root, LocalDisk).await.expect("store");
        assert_eq!(&rows(&store).await.expect("rows"), recorded.expected.last().expect("ingests"), "{what}");
        assert_sound(&store, &what).await;
    }
    None
}

async fn losses(recorded: &Arc<Recorded>, seeds: u64, syncs: Syncs, rerun_every: Option<u64>) -> Vec<String> {
    let tasks = futures::stream::iter(0..seeds).map(|seed| {
        let recorded = Arc::clone(recorded);
        tokio::spawn(async move {
            lose_power(&recorded, seed, syncs, rerun_every.is_some_and(|every| seed % every == 0)).await
        })
    });
    let found: Vec<_> = tasks.buffer_unordered(4).collect().await;
    found.into_iter().filter_map(|task| task.expect("no panic")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_power_loss() {
    let folder = tempfile::tempdir().expect("folder");
    let recorded = Arc::new(record(folder.path()).await);
    let (seeds, rerun_every) = if is_full() { (2_000, Some(1)) } else { (200, Some(10)) };
    assert_eq!(losses(&recorded, seeds, Syncs::All, rerun_every).await, Vec::<String>::new());
    // The same with the syncs off must lose something, or this test sees nothing.
    let mut without = Vec::new();
    for syncs in [Syncs::None, Syncs::OfFilesOnly, Syncs::OfFoldersOnly] {
        let lost = losses(&recorded, 24, syncs, None).await;
        assert!(!lost.is_empty(), "with {syncs:?} nothing is lost: the syncs are not tested");
        without.push(lost.len());
    }
    figure(&format!(
        "{seeds} of {seeds} seeds, 0 acknowledged rows lost; of 24 each: {} lose some without syncs, {} without those of folders, {} without those of files",
        without[0], without[1], without[2]
    ));
}

/// A run that dies between making something visible and making it durable leaves that to the next run.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_rerun_builds_on_is_durable_when_the_rerun_says_so() {
    let folder = tempfile::tempdir().expect("folder");
    let recorded = record(folder.path()).await;
    let calls: Vec<&Call> =
        recorded.journal.iter().filter(|call| !matches!(call, Call::Acknowledged(_))).collect();
    let visible = |call: &Call| matches!(call, Call::Link(..) | Call::Rename(..) | Call::CreateFolder(_));
    let points: Vec<usize> = (1..calls.len())
        .filter(|point| visible(calls[point - 1]))
        .filter(|point| is_full() || point % 4 == 0)
        .collect();
    for point in &points {
        let folder = tempfile::tempdir().expect("folder");
        let root = folder.path().join("store");
        let disk = TestDisk::new(Fault::FromThenOn { call: *point, errno: EIO });
        read_all(&root, &disk, &recorded.ingests, |_| ()).await.expect_err("the disk is gone");
        let died_after = disk.journal().len();
        disk.heal();
        read_all(&root, &disk, &recorded.ingests, |_| ()).await.expect("re-run");
        for seed in 0..3 {
            let left = tempfile::tempdir().expect("folder");
            let journal = disk.journal();
            let image = Image::after(&journal, Syncs::All);
            image.write_what_power_leaves(folder.path(), left.path(), &mut Random::new(seed));
            let lost = lost(&left.path().join("store"), recorded.expected.last()).await;
            assert_eq!(lost, None, "died after call {point} {:?}", journal.get(died_after.saturating_sub(1)));
        }
    }
    figure(&format!("{} of {} points, then a re-run, then a power loss: 0 lost", points.len(), points.len()));
}

/// One run is open while another makes its rows visible and dies before they are durable. The first finds
/// them, counts them and says that all is well.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_run_left_behind_is_durable_when_this_one_says_so() {
    let folder = tempfile::tempdir().expect("folder");
    let ingests = write_ingests(folder.path());
    let paths = &ingests[0];
    // Where the other one can die: behind each of its commits.
    let (commits, expected) = {
        let (disk, root) = (TestDisk::default(), folder.path().join("store"));
        drop(store_on(&root, disk.clone()).await.expect("store"));
        let before = disk.journal().len();
        let other = store_on(&root, disk.clone()).await.expect("store");
        read_into(&other, paths).await.expect("ingest");
        let commits: Vec<Call> = disk.journal().split_off(before);
        let commits: Vec<Call> = commits.into_iter().filter(Call::is_commit).collect();
        (commits, rows(&other).await.expect("rows"))
    };
    assert!(commits.len() >= 4, "{commits:?}");
    for point in 1..=commits.len() {
        let folder = tempfile::tempdir().expect("folder");
        let root = folder.path().join("store");
        let disk = TestDisk::default();
        let this = store_on(&root, disk.clone()).await.expect("store");
        disk.fail_after_commits(point, EIO);
        let other = store_on(&root, disk.clone()).await.expect("store");
        read_into(&other, paths).await.expect_err("the other dies");
        disk.heal();
        read_into(&this, paths).await.expect("ingest");
        for seed in 0..4 {
            let left = tempfile::tempdir().expect("folder");
            let image = Image::after(&disk.journal(), Syncs::All);
            image.write_what_power_leaves(folder.path(), left.path(), &mut Random::new(seed));
            let lost = lost(&left.path().join("store"), Some(&expected)).await;
            assert_eq!(lost, None, "the other died after {:?}", commits[point - 1]);
        }
    }
    figure(&format!(
        "{} of {} points at which another run dies beside this one, then a power loss: 0 lost",
        commits.len(),
        commits.len()
    ));
}
