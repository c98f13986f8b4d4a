//! Promise: all or nothing per chunk. Whatever instant an ingest is killed at, the store opens at the
//! last finished chunk and a re-run completes it to the same rows.
//!
//! The instants are random; the seed is printed and `FUPAN_TEST_SEED` takes one.

#![allow(clippy::panic, clippy::print_stdout, reason = "a test says what it found, and fails aloud")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Chunks are 4 MiB: this many records make more than 20 of them.
const RECORDS: usize = 300_000;
const KILLS: usize = 50;
/// Where the whole of the scoreboard is asked for.
const KILLS_FULL: usize = 1_000;
/// Of them, between the first data commit and the last ledger row.
const WITHIN_SHARE_MIN: f64 = 0.6;

fn fupan(store: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fupan"));
    command.arg("--store").arg(store).args(arguments).stdin(Stdio::null());
    command.current_dir(store.parent().expect("a folder above the store"));
    command
}

fn run(store: &Path, arguments: &[&str]) -> Output {
    let output = fupan(store, arguments).output().expect("the binary runs");
    assert!(
        output.status.success(),
        "fupan {arguments:?} ended with {:?}\n{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn write_input(path: &Path) {
    let mut out = BufWriter::new(File::create(path).expect("create input"));
    for record in 0..RECORDS {
        let second = record / 100;
        writeln!(
            out,
            concat!(
                r#"{{"timestamp":"2026-11-05T{:02}:{:02}:{:02}.{:03}Z","level":"INFO","service":"order-service","#,
                r#""host":"order-{}","message":"下单成功 order {} accepted by the warehouse after {} ms","#,
                r#""trace_id":"{:032x}","span_id":"{:016x}","user_id":"u{}","#,
                r#""http":{{"method":"POST","route":"/api/v1/orders","status_code":200}},"duration_ms":{}.5}}"#
            ),
            second / 3600 % 24,
            second / 60 % 60,
            second % 60,
            record % 1000,
            record % 7,
            record,
            record % 900,
            (record as u128).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835),
            (record as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15),
            record % 5000,
            record % 800,
        )
        .expect("write input");
    }
    out.flush().expect("flush input");
}

/// A fingerprint of all rows and of what the ledger counts.
fn fingerprint(store: &Path) -> String {
    let rows = "select count(*) as n, count(distinct source_record) as records, sum(cast(source_record as double)) as s, \
                count(distinct trace_id) as traces, count(distinct chunk_id) as chunks from logs";
    let text = run(store, &["sql", "--format", "csv", rows]);
    String::from_utf8(text.stdout).expect("text")
}

fn logs_have_a_commit(store: &Path) -> bool {
    store.join("logs/_delta_log/00000000000000000001.json").exists()
}

fn ledger_commits(store: &Path) -> usize {
    let entries = std::fs::read_dir(store.join("ingests/_delta_log")).map(|entries| {
        entries.flatten().filter(|entry| entry.path().extension().is_some_and(|kind| kind == "json")).count()
    });
    entries.unwrap_or_default().saturating_sub(1)
}

/// Waits until the ledger has `commits` commits (and the logs one), or until the child has ended.
fn wait_for_commits(child: &mut Child, store: &Path, commits: usize) {
    let started = Instant::now();
    while !(logs_have_a_commit(store) && ledger_commits(store) >= commits)
        && started.elapsed() < Duration::from_mins(2)
    {
        if child.try_wait().expect("child").is_some() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A small generator of our own: no dependency for a handful of random delays.
struct Random(u64);

impl Random {
    fn share(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn seed() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test takes its seed from the environment")]
    let given = std::env::var("FUPAN_TEST_SEED").ok().and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| u64::from(std::process::id()) * 2_654_435_761 + 1)
}

fn kills() -> usize {
    #[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
    let asked = std::env::var("FUPAN_BOARD");
    if asked.is_ok_and(|asked| asked == "full") { KILLS_FULL } else { KILLS }
}

#[test]
fn an_ingest_killed_at_any_instant_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let input = folder.path().join("orders.jsonl");
    write_input(&input);
    let input = input.to_string_lossy().into_owned();

    let whole = folder.path().join("whole");
    let mut child = fupan(&whole, &["--quiet", "ingest", &input]).spawn().expect("spawn");
    wait_for_commits(&mut child, &whole, 0);
    let first_commit = Instant::now();
    assert!(child.wait().expect("child").success());
    let span = first_commit.elapsed();
    let expected = fingerprint(&whole);
    let ledger_commits_of_whole = ledger_commits(&whole);
    assert!(ledger_commits_of_whole > 0, "the ledger has no commit");
    let between_commits = span / u32::try_from(ledger_commits_of_whole).expect("a few commits");
    let chunks: usize =
        expected.lines().nth(1).and_then(|line| line.rsplit(',').next()?.parse().ok()).expect("chunks");
    assert!(chunks >= 20, "the input has only {chunks} chunks");

    let seed = seed();
    println!("seed {seed} (FUPAN_TEST_SEED takes one)");
    let mut random = Random(seed | 1);
    let mut within = 0_u32;
    let kills = kills();
    for round in 0..kills {
        let store = folder.path().join(format!("killed-{round}"));
        let mut child =
            fupan(&store, &["--quiet", "ingest", &input]).stderr(Stdio::null()).spawn().expect("spawn");
        // By commits rather than by time alone: how fast the machine is changes from run to run.
        let commits = (ledger_commits_of_whole as f64 * random.share()) as usize;
        wait_for_commits(&mut child, &store, commits);
        std::thread::sleep(between_commits.mul_f64(random.share()));
        child.kill().expect("kill");
        child.wait().expect("child");
        if logs_have_a_commit(&store) && ledger_commits(&store) < ledger_commits_of_whole {
            within += 1;
        }
        run(&store, &["--quiet", "ingest", &input]);
        assert_eq!(fingerprint(&store), expected, "round {round}, seed {seed}");
        run(&store, &["--quiet", "store", "verify"]);
        std::fs::remove_dir_all(&store).expect("tidy up");
    }
    println!(
        "figure: {kills} of {kills} kills, {within} of them between the first data commit and the last ledger row: 0 lost, 0 doubled, 0 that cannot be opened"
    );
    let share = f64::from(within) / kills as f64;
    assert!(share >= WITHIN_SHARE_MIN, "only {within} kills fell within, seed {seed}");
}
