//! Rows: a store that is built anew, with any number of threads, holds the same to the byte; names of
//! sources and services write nothing anywhere else.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fupan_ingest::{IngestSettings, find_sources, ingest};
use fupan_store::LocalDisk;

use crate::world::{Random, Silent, assert_sound, figure, is_full, rows, settings, store_on, write_ingests};

/// Path and digest of each file of rows.
fn data_files(folder: &Path, root: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() && !path.ends_with("_delta_log") {
            data_files(&path, root, found);
        } else if path.extension().is_some_and(|kind| kind == "parquet") {
            let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            found.insert(name, blake3::hash(&std::fs::read(&path).expect("read")).to_hex().to_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_with_any_number_of_threads_is_the_same_to_the_byte() {
    let seeds = if is_full() { 100 } else { 2 };
    for seed in 0..seeds {
        let folder = tempfile::tempdir().expect("folder");
        let mut ingests = write_ingests(folder.path());
        // One that is several chunks long.
        let mut random = Random::new(seed);
        let long = folder.path().join("long.jsonl");
        let first = random.below(1_000);
        let text: String = crate::world::lines(first, first + 40_000);
        std::fs::write(&long, text).expect("input");
        ingests.push(vec![long]);
        let mut built = Vec::new();
        for threads in [1, 2, 8] {
            let root = folder.path().join(format!("store-{threads}"));
            for paths in &ingests {
                let store = store_on(&root, LocalDisk).await.expect("store");
                let paths: Vec<String> =
                    paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
                let settings = IngestSettings { threads, ..settings() };
                let sources = find_sources(&paths).expect("sources");
                ingest(&store, &sources, &settings, Arc::new(Silent)).await.expect("ingest");
            }
            let mut files = BTreeMap::new();
            data_files(&root, &root, &mut files);
            let store = store_on(&root, LocalDisk).await.expect("store");
            built.push((files, rows(&store).await.expect("rows")));
        }
        assert!(built[0].0.len() > 5 && built[0].1.len() > 40_000, "seed {seed}");
        assert!(built.iter().all(|other| other.0 == built[0].0), "seed {seed}: other files");
        assert!(built.iter().all(|other| other.1 == built[0].1), "seed {seed}: other rows");
    }
    figure(&format!("{seeds} seeds × 1, 2 and 8 threads: the same rows, and the same files to the byte"));
}

fn entries(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        found.push(path.to_string_lossy().into_owned());
        if path.is_dir() {
            entries(&path, found);
        }
    }
    found.sort();
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_write_nothing_outside_of_the_store() {
    let hostile = [
        "../../outside",
        "/etc/outside",
        "..",
        ".",
        "a/b",
        "a\\..\\b",
        "C:\\x",
        "%2e%2e%2foutside",
        "x\u{0}y",
        "\n",
        "date=2026-11-05",
        "_delta_log",
        "\u{202e}gpj",
        "CON",
        "~root",
        "$HOME",
        "`id`",
        "a#1",
        "長い名前",
        " ",
    ];
    let folder = tempfile::tempdir().expect("folder");
    let inputs = folder.path().join("in");
    std::fs::create_dir(&inputs).expect("folder");
    let mut archive = tar::Builder::new(Vec::new());
    for (number, name) in hostile.iter().enumerate() {
        let name = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\u{0}', "\\u0000");
        let line = format!(
            "{{\"timestamp\":\"2026-11-05T03:00:{number:02}Z\",\"service\":\"{name}\",\"host\":\"{name}\",\"message\":\"{name} {number}\",\"trace_id\":\"{name}\",\"{name}\":1}}\n"
        );
        let mut header = tar::Header::new_gnu();
        header.set_size(line.len() as u64);
        header.set_mode(0o644);
        // Not through its methods: they would refuse such a name.
        let bytes = hostile[number].as_bytes();
        header.as_mut_bytes()[..bytes.len()].copy_from_slice(bytes);
        header.set_cksum();
        archive.append(&header, line.as_bytes()).expect("tar");
        let incident = format!(
            "incident: \"{name}\"\ntitle: \"{name}\"\nzone: UTC\ndate: 2026-11-05\nevents:\n  - {{ id: \"{name}\", at: '11:05', type: impact_started, text: \"{name}\" }}\n"
        );
        std::fs::write(inputs.join(format!("{number}.yaml")), incident).expect("input");
    }
    std::fs::write(inputs.join("names.tar"), archive.into_inner().expect("tar")).expect("input");
    std::fs::write(inputs.join("..%2f..%2foutside\n.jsonl"), crate::world::lines(0, 3)).expect("input");
    let root = folder.path().join("store");
    let mut before = Vec::new();
    entries(folder.path(), &mut before);
    let store = store_on(&root, LocalDisk).await.expect("store");
    let sources = find_sources(&[inputs.to_string_lossy().into_owned()]).expect("sources");
    let report = ingest(&store, &sources, &settings(), Arc::new(Silent)).await.expect("ingest");
    assert!(report.totals().0.accepted as usize >= 2 * hostile.len() - 4, "{:?}", report.totals());
    assert_sound(&store, "hostile names").await;
    let mut after = Vec::new();
    entries(folder.path(), &mut after);
    let store_folder = root.to_string_lossy().into_owned();
    let outside: Vec<_> = after.iter().filter(|path| !path.starts_with(&store_folder)).cloned().collect();
    assert_eq!(outside, before);
    let plain = |path: &String| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.=".contains(letter))
    };
    let strange: Vec<_> =
        after.iter().filter(|path| path.starts_with(&store_folder) && !plain(path)).collect();
    assert!(strange.is_empty(), "{strange:?}");
    figure(&format!(
        "{} names of services, hosts, incidents, fields, files and members: 0 writes outside of the store",
        hostile.len()
    ));
}
