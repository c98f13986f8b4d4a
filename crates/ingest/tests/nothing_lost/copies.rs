//! Row: a hundred files in ten guises. Content does not change, and another file with the same head is
//! read whole.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;
use fupan_ingest::Counts;
use fupan_store::{LocalDisk, Store};

use crate::child::{child, measured};
use crate::world::{assert_sound, figure, is_full, lines, read_into, rows, store_on};

const RECORDS: usize = 30;

fn text_of(file: usize, records: usize) -> String {
    lines(file * 1_000, file * 1_000 + records)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("compress");
    encoder.finish().expect("compress")
}

fn tar_of(texts: &[String]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (file, text) in texts.iter().enumerate() {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("logs/{file}.jsonl"), text.as_bytes()).expect("tar");
    }
    archive.into_inner().expect("tar")
}

/// Writes a folder of files and answers their paths.
fn write(
    folder: &Path,
    guise: &str,
    files: usize,
    content: impl Fn(usize) -> (String, Vec<u8>),
) -> Vec<PathBuf> {
    let folder = folder.join(guise);
    std::fs::create_dir(&folder).expect("folder");
    (0..files)
        .map(|file| {
            let (name, bytes) = content(file);
            std::fs::write(folder.join(&name), bytes).expect("input");
            folder.join(name)
        })
        .collect()
}

async fn counts(store: &Store, paths: &[PathBuf]) -> Counts {
    let report = read_into(store, paths).await.expect("ingest");
    for source in &report.sources {
        assert_eq!(source.problem, None, "{}", source.source);
    }
    report.totals().0
}

fn through_stdin(root: &Path, text: &str) -> (u64, u64) {
    let mut process =
        child("measure", root, &[PathBuf::from("-")]).stdin(Stdio::piped()).spawn().expect("spawn");
    process.stdin.take().expect("stdin").write_all(text.as_bytes()).expect("write");
    let output = process.wait_with_output().expect("output");
    let output = String::from_utf8_lossy(&output.stdout);
    (measured(&output, "read"), measured(&output, "duplicate"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_files_in_ten_guises_count_once() {
    let folder = tempfile::tempdir().expect("folder");
    let (files, through_stdin_only) = if is_full() { (100, 100) } else { (24, 2) };
    let texts: Vec<String> = (0..files).map(|file| text_of(file, RECORDS)).collect();
    let all = (files * RECORDS) as u64;
    let root = folder.path().join("store");
    let store = store_on(&root, LocalDisk).await.expect("store");
    let plain = |file: usize| (format!("{file}.jsonl"), texts[file].clone().into_bytes());
    let originals = write(folder.path(), "originals", files, plain);
    assert_eq!(counts(&store, &originals).await, Counts { read: all, accepted: all, ..Counts::default() });
    let expected = rows(&store).await.expect("rows");

    let duplicates = Counts { read: all, duplicate: all, ..Counts::default() };
    let tar = gzip(&tar_of(&texts));
    let mut reversed = write(folder.path(), "reversed", files, plain);
    reversed.reverse();
    let cut = |file: usize| text_of(file, RECORDS / 2).into_bytes();
    for (guise, paths, counted) in [
        ("again", originals, duplicates),
        (
            "renamed",
            write(folder.path(), "renamed", files, |file| (format!("{file}.log"), plain(file).1)),
            duplicates,
        ),
        (
            "gzip",
            write(folder.path(), "gzip", files, |file| (format!("{file}.gz"), gzip(&plain(file).1))),
            duplicates,
        ),
        (
            "zstd",
            write(folder.path(), "zstd", files, |file| {
                (format!("{file}.zst"), zstd::encode_all(plain(file).1.as_slice(), 3).expect("zstd"))
            }),
            duplicates,
        ),
        ("in another order", reversed, duplicates),
        (
            "one archive",
            write(folder.path(), "archive", 1, |_| ("all.tar.gz".to_owned(), tar.clone())),
            duplicates,
        ),
        (
            "cut in half",
            write(folder.path(), "cut", files, |file| (format!("{file}.jsonl"), cut(file))),
            Counts { read: all / 2, duplicate: all / 2, ..Counts::default() },
        ),
    ] {
        assert_eq!(counts(&store, &paths).await, counted, "{guise}");
        assert_eq!(rows(&store).await.expect("rows"), expected, "{guise}");
    }
    for text in &texts[..through_stdin_only] {
        assert_eq!(through_stdin(&root, text), (RECORDS as u64, RECORDS as u64), "through stdin");
    }
    assert_eq!(rows(&store).await.expect("rows"), expected, "through stdin");

    let grown = write(folder.path(), "grown", files, |file| {
        (format!("{file}.jsonl"), text_of(file, RECORDS + 5).into_bytes())
    });
    let more = (files * 5) as u64;
    let added = Counts { read: all + more, accepted: more, rejected: 0, duplicate: all };
    assert_eq!(counts(&store, &grown).await, added, "grown");
    let other = write(folder.path(), "other", files, |file| {
        (
            format!("{file}.jsonl"),
            (text_of(file, RECORDS / 2) + &lines(900_000 + file, 900_001 + file)).into_bytes(),
        )
    });
    let read = (files * (RECORDS / 2 + 1)) as u64;
    let added = Counts { read, accepted: read, ..Counts::default() };
    assert_eq!(counts(&store, &other).await, added, "another file with the same head");
    assert_eq!(
        rows(&store).await.expect("rows").iter().filter(|row| row.starts_with("logs ")).count() as u64,
        all + more + read
    );
    assert_sound(&store, "all guises").await;
    figure(&format!(
        "{files} files × 10: content unchanged, of grown ones only the new, another file with the same head read whole"
    ));
}
