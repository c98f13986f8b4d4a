//! Rows: an error of the n-th call of the disk, and a disk that is full.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fupan_ingest::IngestError;
use fupan_store::{DurableLocalStore, LocalDisk, Store};

use crate::between::{Between, Fate, Kind};
use crate::disk::{EIO, ENOSPC, Fault, TestDisk};
use crate::world::{
    assert_sound, figure, is_full, is_part_of, read_all, read_into, rows, store_in, store_on, write_ingests,
};

pub(crate) struct Inputs {
    folder: tempfile::TempDir,
    pub(crate) ingests: Vec<Vec<PathBuf>>,
    pub(crate) expected: Vec<String>,
    disk: TestDisk,
}

impl Inputs {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let ingests = write_ingests(folder.path());
        let (root, disk) = (folder.path().join("store"), TestDisk::default());
        read_all(&root, &disk, &ingests, |_| ()).await.expect("ingests");
        let expected = rows(&store_on(&root, LocalDisk).await.expect("store")).await.expect("rows");
        Self { folder, ingests, expected, disk }
    }

    /// Calls of the disk that all ingests take.
    pub(crate) fn calls(&self) -> usize {
        self.disk.calls()
    }

    pub(crate) fn new_root(&self) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir_in(self.folder.path()).expect("folder");
        let root = folder.path().join("store");
        (folder, root)
    }

    /// What the run answered was true, nothing is damaged, and a re-run completes it.
    pub(crate) async fn assert_recovers(&self, root: &Path, outcome: Result<(), IngestError>, what: &str) {
        if let Err(error) = &outcome {
            let text = error.to_string();
            assert!(!text.contains("panic") && !text.contains("background task"), "{what}: {text}");
        }
        match Store::open(&root.to_string_lossy()).await {
            Ok(store) => {
                let found = rows(&store).await.expect("rows");
                assert!(is_part_of(&found, &self.expected), "{what}: more than there is");
                assert!(outcome.is_err() || found == self.expected, "{what}: it said that all is in");
                assert_sound(&store, what).await;
            }
            Err(error) => assert!(outcome.is_err(), "{what}: {error}"),
        }
        let again = read_all(root, &LocalDisk, &self.ingests, |_| ()).await;
        again.unwrap_or_else(|error| panic!("{what}: {error}"));
        let store = store_on(root, LocalDisk).await.expect("store");
        assert_eq!(rows(&store).await.expect("rows"), self.expected, "{what}");
        assert_sound(&store, what).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_any_call_of_the_disk_ends_the_command_and_breaks_nothing() {
    let inputs = Inputs::new().await;
    let (mut tried, mut failed) = (0, 0);
    for call in 0..inputs.calls() {
        for (kind, errno) in [EIO, ENOSPC].into_iter().enumerate() {
            for (other, fault) in [
                Fault::Once { call, errno },
                Fault::FromThenOn { call, errno },
                Fault::AfterAll { call, errno },
            ]
            .into_iter()
            .enumerate()
            {
                // Of the six kinds each call meets two, so that all of them meet all kinds of calls.
                let is_chosen = (call + 3 * kind + other) % 3 == 0;
                if !is_chosen || (!is_full() && call % 20 != (3 * kind + other) % 20) {
                    continue;
                }
                let (_kept, root) = inputs.new_root();
                let outcome = read_all(&root, &TestDisk::new(fault), &inputs.ingests, |_| ()).await;
                tried += 1;
                failed += usize::from(outcome.is_err());
                inputs.assert_recovers(&root, outcome, &format!("{fault:?}")).await;
            }
        }
    }
    assert!(failed * 2 > tried, "only {failed} of {tried} errors were met");
    assert!(!is_full() || tried >= 300, "{tried}");
    figure(&format!(
        "{tried} of {tried}: {failed} told as errors, the others in what can be done without; 0 panics, 0 findings, all complete after a re-run"
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_any_read_ends_the_command_and_breaks_nothing() {
    let inputs = Inputs::new().await;
    let count = Arc::new(AtomicUsize::new(0));
    let run = async |root: &Path, fails_at: usize| -> Result<(), IngestError> {
        count.store(0, Ordering::SeqCst);
        let reads = Arc::clone(&count);
        let whole = Between::new(Arc::new(DurableLocalStore::new()), move |kind, _| {
            let fate = match kind {
                Kind::Read if reads.fetch_add(1, Ordering::SeqCst) == fails_at => Fate::Failed,
                _ => Fate::Done,
            };
            Box::pin(async move { fate })
        });
        for paths in &inputs.ingests {
            read_into(&store_in(root, whole.clone()).await?, paths).await?;
        }
        Ok(())
    };
    let (_kept, root) = inputs.new_root();
    run(&root, usize::MAX).await.expect("nothing fails");
    let reads = count.load(Ordering::SeqCst);
    let (mut tried, mut failed) = (0, 0);
    for fails_at in (0..reads).filter(|read| is_full() || read % 32 == 7) {
        let (_kept, root) = inputs.new_root();
        let outcome = run(&root, fails_at).await;
        tried += 1;
        failed += usize::from(outcome.is_err());
        inputs.assert_recovers(&root, outcome, &format!("read {fails_at} of {reads} fails")).await;
    }
    assert!(failed * 4 > tried * 3, "only {failed} of {tried} errors were told");
    figure(&format!(
        "{tried} of {tried}: {failed} told as errors; 0 panics, 0 findings, all complete after a re-run"
    ));
}

fn assert_clear(error: &IngestError, what: &str) {
    let text = error.to_string();
    assert!(text.contains("no space left"), "{what}: {text}");
    assert!(text.contains("hint: ") && text.contains("same command again"), "{what}: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_keeps_the_last_commit_and_says_what_to_do() {
    let inputs = Inputs::new().await;
    let sizes = if is_full() { 64 } else { 6 };
    for size in 0..sizes {
        let bytes = inputs.disk.written() * size / sizes;
        let (_kept, root) = inputs.new_root();
        let disk = TestDisk::new(Fault::Full { bytes });
        let outcome = read_all(&root, &disk, &inputs.ingests, |_| ()).await;
        let what = format!("full after {bytes} bytes");
        assert_clear(outcome.as_ref().expect_err("full"), &what);
        inputs.assert_recovers(&root, outcome, &what).await;
    }
    figure(&format!(
        "{sizes} of {sizes} sizes: the last commit can be read, the message says what to do, a re-run completes it"
    ));
}

/// What a folder takes on a tmpfs: whole pages.
fn pages_kib(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path());
    entries
        .map(|path| {
            if path.is_dir() {
                pages_kib(&path)
            } else {
                path.metadata().expect("file").len().div_ceil(4096) * 4
            }
        })
        .sum()
}

/// A mounted file system of that size; gone when dropped.
struct Mounted(tempfile::TempDir);

fn mount(options: &[&str], folder: &Path) -> bool {
    let mount = Command::new("mount").args(["-t", "tmpfs"]).args(options).arg("tmpfs").arg(folder).output();
    mount.is_ok_and(|mount| mount.status.success())
}

impl Mounted {
    fn new(kib: u64) -> Option<Self> {
        let folder = tempfile::tempdir().expect("folder");
        mount(&["-o", &format!("size={kib}k")], folder.path()).then_some(Self(folder))
    }

    fn enlarge(&self) {
        assert!(mount(&["-o", "remount,size=64m"], self.0.path()), "remount");
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_disk_that_is_full_keeps_the_last_commit_and_says_what_to_do() {
    let inputs = Inputs::new().await;
    let needed_kib = pages_kib(&inputs.folder.path().join("store"));
    let (sizes, mut full) = (if is_full() { 64 } else { 6 }, 0);
    for number in 0..sizes {
        let kib = 4 + number * needed_kib / sizes;
        let Some(mounted) = Mounted::new(kib) else {
            figure("not run: mounting a tmpfs is not allowed here");
            return;
        };
        let root = mounted.0.path().join("store");
        let outcome = read_all(&root, &LocalDisk, &inputs.ingests, |_| ()).await;
        let what = format!("a disk of {kib} KiB");
        if let Err(error) = &outcome {
            assert_clear(error, &what);
            full += 1;
        }
        if let Ok(store) = Store::open(&root.to_string_lossy()).await {
            assert_sound(&store, &what).await;
        }
        mounted.enlarge();
        inputs.assert_recovers(&root, outcome, &what).await;
    }
    assert!(full * 4 >= sizes * 3, "only {full} of {sizes} were full");
    figure(&format!(
        "{sizes} of {sizes} sizes of tmpfs, {full} of them too small: the last commit can be read, the message says what to do, a re-run completes it"
    ));
}
