//! Keeping a store healthy: verify, compact, repair, forget, doctor.

use std::path::{Path, PathBuf};

use insta::assert_snapshot;

use crate::world::{World, requests_of};

/// The small incident, and more logs in files of their own.
fn with_small_files() -> World {
    let world = World::with_incident();
    for minutes in [3, 5, 7] {
        let text = requests_of(minutes).replace("/search", &format!("/search{minutes}"));
        world.file("more.jsonl", text.as_bytes());
        world.run(&["ingest", "more.jsonl"]);
    }
    world
}

fn data_files(world: &World, table: &str) -> Vec<PathBuf> {
    fn below(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .flat_map(|entry| if entry.path().is_dir() { below(&entry.path()) } else { vec![entry.path()] })
            .collect()
    }
    let mut found = below(&world.path().join(".fupan/store").join(table));
    found.retain(|path| {
        path.extension().is_some_and(|ending| ending == "parquet")
            && !path.to_string_lossy().contains("_delta_log")
    });
    found.sort();
    found
}

fn report_files(world: &World) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut folders = vec![world.path().join("reports")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(world.path()).unwrap().to_string_lossy().into_owned();
                files.push((name, std::fs::read(entry.path()).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn a_report_is_the_same_to_the_byte_after_compaction_and_its_receipts_too() {
    let world = with_small_files();
    let written = world.run(&["report", "--quiet"]);
    assert!(written.starts_with("exit code 0\n"), "{written}");
    let before = report_files(&world);
    assert!(before.len() > 5, "{}", before.len());
    let why = world.run(&["why", "n1"]);
    let pinned = [
        "sql",
        "--quiet",
        "--at-version",
        "2",
        "--format",
        "csv",
        "select count(*), max(timestamp) from logs",
    ];
    let then = world.run(&pinned);

    assert_snapshot!("compact_dry_run", world.run(&["store", "compact", "--dry-run"]));
    let did = world.run(&["store", "compact"]);
    assert!(did.contains("merged "), "{did}");
    assert_snapshot!("compact_again", world.run(&["store", "compact"]));

    std::fs::remove_dir_all(world.path().join("reports")).unwrap();
    world.run(&["report", "--quiet"]);
    let after = report_files(&world);
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&before), names(&after));
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        assert!(before == after, "{name} differs");
    }
    assert_eq!(world.run(&["why", "n1"]), why);
    assert!(why.contains("the same answer"), "{why}");
    assert_eq!(world.run(&pinned), then);
    let sound = world.run(&["store", "verify"]);
    assert!(sound.starts_with("exit code 0\n"), "{sound}");
}

#[test]
fn damage_is_repaired_and_the_report_comes_back_the_same() {
    let world = World::with_incident();
    world.run(&["report", "--quiet"]);
    let before = report_files(&world);
    let file = data_files(&world, "logs").remove(0);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();

    let said = world.run(&["store", "repair", "--dry-run", "--format", "csv"]);
    assert!(said.starts_with("exit code 0\n") && said.contains("nothing was changed"), "{said}");
    assert!(file.is_file());
    let did = world.run(&["store", "repair", "--format", "csv"]);
    assert!(did.starts_with("exit code 0\n"), "{did}");
    assert!(did.contains("_aside/") && did.contains("ingest again: orders.jsonl"), "{did}");
    assert!(!file.exists());
    assert_snapshot!("repair_again", world.run(&["store", "repair"]));
    let rows = ["sql", "--quiet", "--format", "csv", "select count(*) as rows from logs"];
    assert_eq!(world.run(&rows), "exit code 0\n--- stdout\nrows\n0\n");
    let earlier = world.run(&["sql", "--at-version", "1", "select count(*) from logs"]);
    assert!(earlier.starts_with("exit code 2\n") && earlier.contains("taken out as damaged on"), "{earlier}");

    world.run(&["ingest", "data"]);
    assert_eq!(world.run(&rows), "exit code 0\n--- stdout\nrows\n400\n");
    std::fs::remove_dir_all(world.path().join("reports")).unwrap();
    world.run(&["report", "--quiet"]);
    let tables = |files: Vec<(String, Vec<u8>)>| {
        files
            .into_iter()
            .filter(|(name, _)| name.ends_with("users.csv") || name.ends_with("sources.csv"))
            .collect::<Vec<_>>()
    };
    assert_eq!(tables(report_files(&world)), tables(before));
}

#[test]
fn what_comes_back_after_a_repair_counts_beside_what_could_not_be_read_before() {
    let world = World::new();
    world.file("half.jsonl", (requests_of(2) + "{\"half\":").as_bytes());
    world.run(&["ingest", "half.jsonl"]);
    std::fs::remove_file(data_files(&world, "logs").remove(0)).unwrap();
    world.run(&["store", "repair"]);
    let again = world.run(&["ingest", "half.jsonl"]);
    assert!(again.starts_with("exit code 0\n"), "{again}");
    assert!(again.contains("warning: half.jsonl: was read before, and 1 of its "), "{again}");
}

#[test]
fn a_purge_is_asked_for_twice_and_leaves_nothing() {
    let world = World::with_incident();
    assert_snapshot!("purge_unconfirmed", world.run(&["store", "forget", "--purge", "orders.jsonl"]));
    assert_eq!(data_files(&world, "logs").len(), 1);
    assert_snapshot!(
        "purge_dry_run",
        world.run(&["store", "forget", "--purge", "--dry-run", "orders.jsonl"])
    );
    let did = world.run(&["store", "forget", "--purge", "--yes", "orders.jsonl"]);
    assert!(did.starts_with("exit code 0\n") && did.contains("1 file deleted"), "{did}");
    assert_eq!(data_files(&world, "logs").len(), 0);
    let earlier = world.run(&["sql", "--at-version", "1", "select count(*) from logs"]);
    assert!(earlier.starts_with("exit code 2\n") && earlier.contains("were purged on"), "{earlier}");
    let sound = world.run(&["store", "verify"]);
    assert!(sound.starts_with("exit code 0\n"), "{sound}");
}

/// The findings of `doctor`, by what was looked at.
fn doctor(world: &World, arguments: &[&str]) -> (String, Vec<serde_json::Value>) {
    let answer = world.run(&[&["doctor", "--format", "json"], arguments].concat());
    assert!(answer.contains("\n--- stdout\n"), "{answer}");
    let (code, text) = answer.split_once("\n--- stdout\n").unwrap();
    let text = text.split("--- stderr").next().unwrap();
    (code.to_owned(), serde_json::from_str(text).unwrap())
}

fn of<'a>(lines: &'a [serde_json::Value], check: &str) -> &'a serde_json::Value {
    let found = lines.iter().find(|line| line["check"] == check);
    assert!(found.is_some(), "{check}: {lines:?}");
    found.unwrap()
}

#[test]
fn doctor_looks_at_everything_and_says_what_to_do() {
    let world = World::with_incident();
    let (_, lines) = doctor(&world, &[]);
    for check in [
        "version",
        "configuration",
        "fsync",
        "hard links",
        "atomic create",
        "space",
        "store",
        "small files",
        "log",
        "clock",
    ] {
        let line = of(&lines, check);
        assert!(line["what"].as_str().is_some_and(|what| !what.is_empty()), "{line}");
        assert!(line["state"] == "ok" || line["to_do"].as_str().is_some(), "{line}");
    }
    for check in ["configuration", "hard links", "atomic create", "store", "small files", "clock"] {
        assert_eq!(of(&lines, check)["state"], "ok", "{lines:?}");
    }
    let left = std::fs::read_dir(world.path().join(".fupan/store")).unwrap().flatten();
    assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().contains("doctor")));
}

#[test]
fn doctor_finds_a_torn_log_and_a_wrong_setting_and_makes_no_store() {
    let world = World::with_incident();
    let log = world.path().join(".fupan/store/logs/_delta_log/00000000000000000001.json");
    std::fs::write(&log, "").unwrap();
    let (code, lines) = doctor(&world, &[]);
    assert_eq!(code, "exit code 1");
    assert_eq!(of(&lines, "store")["state"], "problem");
    assert!(of(&lines, "store")["to_do"].as_str().unwrap().contains("fupan store repair"), "{lines:?}");

    let world = World::new();
    let (_, lines) = doctor(&world, &[]);
    assert_eq!(of(&lines, "store")["state"], "note");
    assert!(!world.path().join(".fupan").exists());
    world.file("fupan.toml", b"[baseline]\nmin_effect = 5\n");
    let (code, lines) = doctor(&world, &[]);
    assert_eq!(code, "exit code 1");
    assert!(
        of(&lines, "configuration")["what"].as_str().unwrap().contains("baseline.min_effect"),
        "{lines:?}"
    );
}

#[test]
fn config_show_refuses_what_a_report_would_refuse() {
    let world = World::new();
    world.file("fupan.toml", b"[baseline]\nmin_effect = 5\n");
    assert_snapshot!("wrong_share_config", world.run(&["config", "show"]));
    world.file("fupan.toml", b"[grades.P1]\ntargets = { detect = \"abc\" }\n");
    assert_snapshot!("wrong_target_config", world.run(&["config", "show"]));
    world.file("fupan.toml", b"[identity]\nexclude = \"usr_id = 'x'\"\n");
    assert_snapshot!("wrong_condition_config", world.run(&["config", "show"]));
}
