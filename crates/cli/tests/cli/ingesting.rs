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
