//! Rows: a line of a gigabyte, and files that decompress to more than anybody has.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::child::{child, measured};
use crate::world::{figure, is_full, lines};

const LINE_PEAK_MIB: u64 = 128;
const BOMB_PEAK_MIB: u64 = 256;

#[test]
fn a_line_of_a_gigabyte_is_rejected_in_little_memory() {
    let folder = tempfile::tempdir().expect("folder");
    let mib = if is_full() { 1024 } else { 192 };
    let mut process = child("measure", &folder.path().join("store"), &[PathBuf::from("-")]);
    let mut process = process.stdin(Stdio::piped()).spawn().expect("spawn");
    let mut stdin = process.stdin.take().expect("stdin");
    let writer = std::thread::spawn(move || {
        stdin.write_all(lines(0, 50).as_bytes()).expect("lines before");
        stdin.write_all(b"{\"message\":\"").expect("the line");
        let block = vec![b'x'; 1 << 20];
        for _ in 0..mib {
            stdin.write_all(&block).expect("the line");
        }
        stdin.write_all(b"\"}\n").expect("the line");
        stdin.write_all(lines(50, 100).as_bytes()).expect("lines after");
    });
    let output = process.wait_with_output().expect("output");
    writer.join().expect("writer");
    let text = String::from_utf8_lossy(&output.stdout);
    let counts: Vec<u64> =
        ["read", "accepted", "rejected"].iter().map(|name| measured(&text, name)).collect();
    assert_eq!(counts, [101, 100, 1], "{text}");
    let peak = measured(&text, "peak_mib");
    assert!(peak > 0 && peak <= LINE_PEAK_MIB, "{peak} MiB");
    figure(&format!("a line of {mib} MiB: rejected, the 100 around it read; peak {peak} MiB"));
}

/// What every bomb begins with, so that it is taken for something to read.
fn fuse() -> String {
    lines(0, 2_000)
}

/// A gzip stream: the same member over and over.
fn gzip_of_zeros(mib: usize) -> Vec<u8> {
    const MEMBER_MIB: usize = 64;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..MEMBER_MIB {
        encoder.write_all(&zeros).expect("compress");
    }
    let zeros = encoder.finish().expect("compress").repeat(mib / MEMBER_MIB);
    [gzip(fuse().as_bytes()), zeros].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("compress");
    encoder.finish().expect("compress")
}

fn tar_of(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, name, bytes).expect("tar");
    archive.into_inner().expect("tar")
}

fn zip_of_zeros(mib: u64) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .large_file(true);
    archive.start_file("zeros.jsonl", options).expect("zip");
    archive.write_all(fuse().as_bytes()).expect("zip");
    std::io::copy(&mut std::io::repeat(0).take(mib << 20), &mut archive).expect("zip");
    archive.finish().expect("zip").into_inner()
}

fn refused(folder: &Path, name: &str, bytes: &[u8]) -> u64 {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("input");
    let output = child("measure", &folder.join(format!("{name}.store")), &[path]).output().expect("output");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(measured(&text, "bombs") > 0, "{name}: {text}");
    let peak = measured(&text, "peak_mib");
    assert!(peak > 0 && peak <= BOMB_PEAK_MIB, "{name}: {peak} MiB");
    peak
}

#[test]
fn what_decompresses_beyond_all_measure_is_refused_in_little_memory() {
    let folder = tempfile::tempdir().expect("folder");
    let mib = if is_full() { 10 << 10 } else { 640 };
    let bomb = gzip_of_zeros(mib);
    let compressed_mib = bomb.len() as f64 / f64::from(1 << 20);
    let mut peaks = vec![
        refused(folder.path(), "zeros.gz", &bomb),
        refused(folder.path(), "nested.tar.gz", &gzip(&tar_of("inner.jsonl.gz", &bomb))),
        refused(folder.path(), "member.tar", &tar_of("inner.gz", &bomb)),
        refused(folder.path(), "zeros.zip", &zip_of_zeros(if is_full() { 4 << 10 } else { 512 })),
    ];
    // The same line again and again.
    let line = "a".repeat(4095) + "\n";
    let lines = gzip(line.repeat(4 << 10).as_bytes()).repeat(mib / 16);
    let lines = [gzip(fuse().as_bytes()), lines].concat();
    peaks.push(refused(folder.path(), "lines.log.gz", &lines));
    let fused = fuse();
    let zeros = fused.as_bytes().chain(std::io::repeat(0).take((mib as u64) << 20));
    let zstd = zstd::encode_all(zeros, 1).expect("zstd");
    peaks.push(refused(folder.path(), "zeros.zst", &zstd));
    let peak = peaks.iter().max().expect("peaks");
    figure(&format!(
        "{compressed_mib:.1} MiB → {mib} MiB as gzip, zstd, lines, ZIP, in tar, nested: {} of {} refused; peak {peak} MiB",
        peaks.len(),
        peaks.len()
    ));
}
