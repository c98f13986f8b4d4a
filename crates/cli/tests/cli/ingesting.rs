//! `fupan init` and `fupan ingest`, where all is well.

use insta::assert_snapshot;

use crate::world::{TIMELINE, World, requests};

#[test]
fn init_makes_a_workspace_and_leaves_an_existing_one_alone() {
    let world = World::new();
    assert_snapshot!("init", world.run(&["init", "new", "--zone", "Asia/Shanghai"]));
    assert!(world.path().join("new/mappings").is_dir());
    assert_eq!(std::fs::read_to_string(world.path().join("new/.gitignore")).unwrap(), ".fupan/\n");
    assert_snapshot!("init_again", world.run(&["init", "new"]));
}

#[test]
fn every_record_is_accounted_for_and_a_second_ingest_adds_nothing() {
    let world = World::new();
    world.file("data/incident.yaml", TIMELINE.as_bytes());
    world.file("data/orders.jsonl", requests().as_bytes());
    world.file("data/README.md", b"# What this is\n\nNot data.\n");
    assert_snapshot!("ingest", world.run(&["ingest", "data"]));
    assert_snapshot!("ingest_again", world.run(&["ingest", "data"]));
    assert_snapshot!("ingest_verbose", world.run(&["ingest", "data", "--verbose"]));
    assert_snapshot!("ingest_quiet", world.run(&["ingest", "data", "--quiet"]));
    let count = world.run(&["sql", "--quiet", "--format", "csv", "select count(*) as rows from logs"]);
    assert_eq!(count, "exit code 0\n--- stdout\nrows\n400\n");
}

#[test]
fn standard_input_is_a_source_like_any_other() {
    let world = World::new();
    world.file("orders.jsonl", requests().as_bytes());
    world.run(&["ingest", "orders.jsonl"]);
    assert_snapshot!("ingest_stdin", world.run_with(&["ingest", "-"], requests().as_bytes(), &[]));
}

#[test]
fn a_dry_run_reads_and_counts_and_writes_nothing() {
    let world = World::new();
    world.file("orders.jsonl", requests().as_bytes());
    assert_snapshot!("ingest_dry_run", world.run(&["ingest", "--dry-run", "orders.jsonl"]));
    assert!(!world.path().join(".fupan").exists());
}

#[test]
fn times_without_a_zone_are_said_and_repaired_by_replace() {
    let world = World::new();
    world.file(
        "orders.jsonl",
        b"{\"timestamp\":\"2026-11-05 11:05:00\",\"service\":\"order\",\"message\":\"a\"}\n",
    );
    assert_snapshot!("ingest_assumed_zone", world.run(&["ingest", "orders.jsonl"]));
    assert_snapshot!("ingest_replace", world.run(&["ingest", "--replace", "--zone", "UTC", "orders.jsonl"]));
    let at = world.run(&["sql", "--quiet", "--format", "csv", "select timestamp from logs"]);
    assert_eq!(at, "exit code 0\n--- stdout\ntimestamp\n2026-11-05T11:05:00Z\n");
}

#[test]
fn a_source_can_be_taken_back_and_read_again() {
    let world = World::with_incident();
    assert_snapshot!("store_forget", world.run(&["store", "forget", "orders.jsonl"]));
    let rows = |world: &World| {
        world.run(&["sql", "--quiet", "--format", "csv", "select count(*) as rows from logs"])
    };
    assert_eq!(rows(&world), "exit code 0\n--- stdout\nrows\n0\n");
    world.run(&["ingest", "data"]);
    assert_eq!(rows(&world), "exit code 0\n--- stdout\nrows\n400\n");
    assert_snapshot!("store_forget_unknown", world.run(&["store", "forget", "nothing.log"]));
}

#[test]
fn a_source_is_taken_back_only_where_it_is_told_from_others() {
    let world = World::new();
    for (at, text) in ["web-1", "web-2"].iter().zip([requests(), requests().replace("order", "cart")]) {
        world.file(&format!("logs/{at}/app.log"), text.as_bytes());
    }
    let read = world.run(&["ingest", "logs"]);
    assert!(!read.contains("starts anew"), "{read}");
    let forget = |source: &str| world.run(&["store", "forget", source]);
    assert_snapshot!("store_forget_ambiguous", forget("app.log"));
    assert_snapshot!(
        "store_forget_ambiguous_purge",
        world.run(&["store", "forget", "--purge", "--yes", "app.log"])
    );
    let rows = || world.run(&["sql", "--quiet", "--format", "csv", "select count(*) as rows from logs"]);
    assert_eq!(rows(), "exit code 0\n--- stdout\nrows\n800\n");
    assert_snapshot!("store_forget_path", forget("logs/web-2/app.log"));
    assert_eq!(rows(), "exit code 0\n--- stdout\nrows\n400\n");
    let again = world.run(&["ingest", "logs/web-2"]);
    assert!(!again.contains("starts anew"), "{again}");
    assert_snapshot!("store_forget_pattern", world.run(&["store", "forget", "--dry-run", "*.log"]));
}

#[test]
fn damage_in_the_store_is_found_and_named() {
    let world = World::with_incident();
    let sound = world.run(&["store", "verify"]);
    assert!(sound.starts_with("exit code 0\n--- stderr\nsound: "), "{sound}");
    let logs = world.path().join(".fupan/store/logs/date=2026-11-05");
    let file = std::fs::read_dir(logs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "parquet"));
    let file = file.unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let damaged = world.run(&["store", "verify"]);
    assert!(damaged.starts_with("exit code 1\n"), "{damaged}");
    assert!(damaged.contains("its content changed after it was written"), "{damaged}");
}

#[test]
fn each_skipped_file_says_why() {
    let world = World::new();
    for name in ["a", "b", "c", "d", "e", "f", "g"] {
        world.file(&format!("data/{name}.md"), b"# Notes\n\nNot data.\n");
    }
    world.file("data/core.bin", b"\x7fELF\x02\x01\x01\0\0\0");
    world.file("data/orders.jsonl", requests().as_bytes());
    assert_snapshot!("skipped_files", world.run(&["ingest", "data"]));
}

#[test]
fn a_wide_table_leads_to_a_mapping() {
    let world = World::new();
    world.file("wide.csv", b"time,order_cpu,pay_latency\n1761234567,0.5,12\n1761234568,0.6,13\n");
    assert_snapshot!("wide_table", world.run(&["ingest", "wide.csv"]));
}

#[test]
fn what_files_have_to_do_with_earlier_ones_is_said() {
    let world = World::new();
    let lines: Vec<String> = requests().lines().map(|line| format!("{line}\n")).collect();
    // Each file has other content than the others.
    let text_of =
        |name: &str, lines: &[String]| lines.concat().replace("\"request\"", &format!("\"request {name}\""));
    for name in ["rotated", "cut", "grown", "same"] {
        world.file(&format!("data/{name}.jsonl"), text_of(name, &lines[..200]).as_bytes());
    }
    world.run(&["ingest", "data"]);
    world.file("data/rotated.jsonl", text_of("rotated", &lines[300..]).as_bytes());
    world.file("data/cut.jsonl", text_of("cut", &lines[..120]).as_bytes());
    world.file("data/grown.jsonl", text_of("grown", &lines).as_bytes());
    assert_snapshot!("histories_dry_run", world.run(&["ingest", "--dry-run", "--verbose", "data"]));
    assert_snapshot!("histories", world.run(&["ingest", "data"]));
    for log in 0..8 {
        world.file(&format!("more/{log}.jsonl"), text_of("grown", &lines[..100 + log]).as_bytes());
    }
    assert_snapshot!("histories_many", world.run(&["ingest", "more"]));
}

#[test]
fn an_encoding_that_cannot_be_told_is_named() {
    let world = World::new();
    world.file(
        "app.log",
        b"2026-11-05 11:05:03 ERROR caf\xE9 ferm\xE9\n2026-11-05 11:05:04 INFO r\xE9ouvert\n",
    );
    let refused = world.run(&["ingest", "app.log"]);
    assert!(refused.contains("--encoding latin1"), "{refused}");
    let answer = world.run(&["ingest", "--encoding", "latin1", "app.log"]);
    assert!(answer.starts_with("exit code 0"), "{answer}");
    let bodies =
        world.run(&["sql", "--quiet", "--format", "csv", "select body from logs order by timestamp"]);
    assert_eq!(bodies, "exit code 0\n--- stdout\nbody\ncafé fermé\nréouvert\n");
    let wrong = world.run(&["ingest", "--encoding", "klingon", "app.log"]);
    assert!(wrong.contains("such as latin1, gbk"), "{wrong}");
}

#[test]
fn years_that_no_time_names_are_told() {
    let world = World::new();
    world.file("sys.log", b"<13>Nov  5 11:05:03 web app: a\n<13>Nov  5 11:05:04 web app: b\n");
    let answer = world.run(&["ingest", "sys.log"]);
    assert!(
        answer.contains("took the year of 2 records in 1 source from when the file was last written"),
        "{answer}"
    );
}
