//! Row: whatever is damaged in a store is found, and nothing of it makes the program panic.

use std::path::{Path, PathBuf};

use fupan_store::{LocalDisk, Store};

use crate::world::{Random, figure, is_full, lines, read_all, read_into, rows, store_on, write_ingests};

/// What verification says of a damaged store.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Found,
    Nothing,
    Panicked,
}

async fn say(root: &Path) -> Said {
    let root = root.to_string_lossy().into_owned();
    let task = tokio::spawn(async move {
        match Store::open(&root).await {
            Ok(store) => store.verify().await.is_ok_and(|verification| verification.findings.is_empty()),
            Err(_) => false,
        }
    });
    match task.await {
        Ok(true) => Said::Nothing,
        Ok(false) => Said::Found,
        Err(_) => Said::Panicked,
    }
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
    found.sort();
}

fn copy(from: &Path, to: &Path) {
    let mut files = Vec::new();
    files_below(from, &mut files);
    for file in files {
        let copied = to.join(file.strip_prefix(from).expect("below"));
        std::fs::create_dir_all(copied.parent().expect("folder")).expect("folder");
        std::fs::copy(file, copied).expect("copy");
    }
}

/// Files that say what there is: rows and the entries of the logs.
fn is_sealed(file: &Path) -> bool {
    let is_entry = file.extension().is_some_and(|kind| kind == "json");
    let is_data = !file.components().any(|part| part.as_os_str() == "_delta_log");
    is_entry || is_data
}

fn damage(bytes: &[u8], random: &mut Random, is_tear: bool) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    let at = random.below(bytes.len());
    match (is_tear, random.below(3)) {
        (false, _) => damaged[at] ^= 1 << random.below(8),
        (true, 0) => damaged.clear(),
        (true, 1) => damaged.truncate(at),
        (true, _) => {
            damaged[at..].fill(0);
            if damaged == bytes {
                damaged.truncate(at);
            }
        }
    }
    damaged
}

async fn damaged_everywhere(root: PathBuf, seed: u64, flips: usize, tears: usize) -> [usize; 2] {
    let mut files = Vec::new();
    files_below(&root, &mut files);
    files.retain(|file| is_sealed(file));
    let mut random = Random::new(seed);
    let mut found = [0, 0];
    for number in 0..flips + tears {
        let is_tear = number >= flips;
        let file = &files[random.below(files.len())];
        let bytes = std::fs::read(file).expect("read");
        std::fs::write(file, damage(&bytes, &mut random, is_tear)).expect("write");
        assert_eq!(say(&root).await, Said::Found, "seed {seed}, number {number}, {}", file.display());
        found[usize::from(is_tear)] += 1;
        std::fs::write(file, &bytes).expect("restore");
    }
    assert_eq!(say(&root).await, Said::Nothing, "restored");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flipped_bit_and_every_tear_is_found_and_none_makes_us_panic() {
    let folder = tempfile::tempdir().expect("folder");
    let ingests = write_ingests(folder.path());
    let whole = folder.path().join("store");
    read_all(&whole, &LocalDisk, &ingests, |_| ()).await.expect("ingests");
    let (flips, tears, tasks) = if is_full() { (10_000, 1_000, 4) } else { (120, 40, 4) };
    let running: Vec<_> = (0..tasks)
        .map(|task| {
            let root = folder.path().join(format!("copy-{task}"));
            copy(&whole, &root);
            tokio::spawn(damaged_everywhere(root, task as u64, flips / tasks, tears / tasks))
        })
        .collect();
    let (mut flipped, mut torn) = (0, 0);
    for task in running {
        let [of_flips, of_tears] = task.await.expect("all found");
        flipped += of_flips;
        torn += of_tears;
    }
    assert_eq!((flipped, torn), (flips, tears));
    figure(&format!("{flipped} of {flips} flipped bits and {torn} of {tears} torn files found, 0 panics"));
}

/// A checkpoint repeats what the entries say, and is made again from them.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_checkpoint_is_found_or_changes_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let root = folder.path().join("store");
    let store = store_on(&root, LocalDisk).await.expect("store");
    for number in 0..51 {
        let path = folder.path().join(format!("{number}.jsonl"));
        std::fs::write(&path, lines(number * 10, number * 10 + 2)).expect("input");
        read_into(&store, &[path]).await.expect("ingest");
    }
    let expected = rows(&store).await.expect("rows");
    let mut files = Vec::new();
    files_below(&root, &mut files);
    files.retain(|file| !is_sealed(file) && !file.to_string_lossy().contains('#'));
    assert!(files.iter().any(|file| file.extension().is_some_and(|kind| kind == "parquet")), "{files:?}");
    let (mut random, mut found) = (Random::new(7), 0);
    let all = if is_full() { 1_000 } else { 6 };
    for number in 0..all {
        let file = &files[random.below(files.len())];
        let bytes = std::fs::read(file).expect("read");
        std::fs::write(file, damage(&bytes, &mut random, number % 5 == 0)).expect("write");
        match say(&root).await {
            Said::Panicked => panic!("number {number}, {}", file.display()),
            Said::Found => found += 1,
            Said::Nothing => {
                let store = Store::open(&root.to_string_lossy()).await.expect("open");
                assert_eq!(
                    rows(&store).await.expect("rows"),
                    expected,
                    "number {number}, {}",
                    file.display()
                );
            }
        }
        std::fs::write(file, &bytes).expect("restore");
    }
    figure(&format!("{all} damaged checkpoints: {found} found, the others change no row; 0 panics"));
}
