//! Damage is found, moved aside, and what was lost comes back when its source is read again.

use fupan_model::Table;
use fupan_store::{Damage, Store, StoreError};

use crate::world::{NOW, World, chunk, hour, rows, texts};

fn location(world: &World) -> String {
    world.folder.path().to_string_lossy().into_owned()
}

/// Flips a bit of the file of the logs at that place, and gives its path.
async fn damage(world: &World, table: Table, at: usize) -> String {
    let snapshot = world.store.snapshot(None).await.expect("snapshot");
    let path = snapshot.tables[&table].files[at].path.clone();
    flip(world, &path);
    path
}

fn flip(world: &World, path: &str) {
    let path = world.folder.path().join(path);
    let mut bytes = std::fs::read(&path).expect("read");
    bytes[60] ^= 4;
    std::fs::write(&path, bytes).expect("write");
}

fn below_aside(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![world.folder.path().join("_aside")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                let path = path.strip_prefix(world.folder.path()).expect("below");
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_flipped_bit_is_found_taken_out_and_read_again() {
    let world = World::new().await;
    let two = (0..2).map(|at| hour(at, &texts(at, 20))).collect();
    world.store.append(two, NOW).await.expect("two chunks in one file");
    world.append(hour(2, &texts(2, 20))).await;
    let before = rows(&world.store).await;
    let version = world.store.ledger().await.expect("ledger").version;
    // The file with the two chunks: its name begins with the first one's id.
    let path = {
        let snapshot = world.store.snapshot(None).await.expect("snapshot");
        let files = &snapshot.tables[&Table::Logs].files;
        files.iter().find(|file| file.chunks.len() == 2).expect("the file").path.clone()
    };
    flip(&world, &path);
    let found = world.store.verify().await.expect("verify").findings;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].subject, path);
    assert!(matches!(found[0].damage, Damage::File { table: Table::Logs, .. }));

    let (_, said) = Store::repair(&location(&world), true, NOW).await.expect("dry run");
    assert_eq!((said.steps.len(), said.sources.len()), (1, 2));
    assert_eq!(below_aside(&world), Vec::<String>::new());

    let (store, did) = Store::repair(&location(&world), false, NOW).await.expect("repair");
    assert_eq!(did.sources.iter().collect::<Vec<_>>(), ["orders-00000.jsonl", "orders-00001.jsonl"]);
    assert_eq!(below_aside(&world), [format!("_aside/2027-01-01/{path}")]);
    assert_eq!(store.verify().await.expect("verify").findings, []);
    assert_eq!(rows(&store).await.len(), 20);
    let error = store.snapshot(Some(version)).await.expect_err("the version is not whole any more");
    assert!(matches!(error, StoreError::Gone { .. }), "{error}");
    assert!(error.to_string().contains("2027-01-01"), "{error}");

    for at in 0..2 {
        store.append(vec![hour(at, &texts(at, 20))], NOW).await.expect("again");
    }
    assert_eq!(rows(&store).await, before);
    assert_eq!(store.verify().await.expect("verify").findings, []);
    store.snapshot(Some(version)).await.expect("the version is whole again");
}

#[tokio::test]
async fn a_chunk_of_two_days_is_taken_out_of_both() {
    let world = World::new().await;
    // 23:00 and the 2,000 seconds after midnight.
    world.append(hour(23, &texts(23, 5600))).await;
    let before = rows(&world.store).await;
    damage(&world, Table::Logs, 1).await;
    let (store, _) = Store::repair(&location(&world), false, NOW).await.expect("repair");
    assert_eq!(rows(&store).await.len(), 0);
    store.append(vec![hour(23, &texts(23, 5600))], NOW).await.expect("again");
    assert_eq!(rows(&store).await, before);
    assert_eq!(store.verify().await.expect("verify").findings, []);
}

#[tokio::test]
async fn a_merged_file_is_put_back_from_its_parts() {
    let world = World::with_hours(30, 10).await;
    let before = rows(&world.store).await;
    world.store.compact(false, NOW).await.expect("compact");
    for table in [Table::Logs, Table::Ingests] {
        let path = damage(&world, table, 0).await;
        let (store, did) = Store::repair(&location(&world), false, NOW).await.expect("repair");
        assert!(did.sources.is_empty(), "{did:?}");
        assert!(did.steps[0].1.contains("put back from the"), "{did:?}");
        assert_eq!(below_aside(&world).iter().filter(|aside| aside.ends_with(&path)).count(), 1);
        assert_eq!(store.verify().await.expect("verify").findings, []);
        assert_eq!(rows(&store).await, before);
    }
    let store = world.reopened().await;
    store.compact(false, NOW).await.expect("compact again");
    assert_eq!(rows(&store).await, before);
}

#[tokio::test]
async fn a_file_that_is_gone_is_like_a_damaged_one() {
    let world = World::with_hours(3, 10).await;
    let snapshot = world.store.snapshot(None).await.expect("snapshot");
    std::fs::remove_file(world.folder.path().join(&snapshot.tables[&Table::Logs].files[0].path))
        .expect("remove");
    let (store, did) = Store::repair(&location(&world), false, NOW).await.expect("repair");
    assert_eq!(did.sources.len(), 1);
    assert_eq!(store.verify().await.expect("verify").findings, []);
    assert_eq!(rows(&store).await.len(), 20);
}

#[tokio::test]
async fn a_ledger_file_that_is_lost_is_told_by_its_sources() {
    let world = World::with_hours(4, 10).await;
    let before = rows(&world.store).await;
    damage(&world, Table::Ingests, 1).await;
    assert_eq!(world.reopened().await.verify().await.expect("verify").findings.len(), 1);
    let (store, did) = Store::repair(&location(&world), false, NOW).await.expect("repair");
    assert!(did.steps[0].1.contains("the notes in it are lost"), "{did:?}");
    assert_eq!(rows(&store).await.len(), 30);
    store.append(vec![hour(1, &texts(1, 10))], NOW).await.expect("again");
    assert_eq!(rows(&store).await, before);
    let snapshot = store.snapshot(None).await.expect("snapshot");
    assert_eq!(snapshot.tables[&Table::Logs].files.len(), 4, "its rows were not written again");
}

#[tokio::test]
async fn a_log_entry_that_is_torn_or_missing_gives_way_and_the_store_opens_again() {
    let torn = [
        (true, Some("")),
        (true, Some("{\"commitInfo\":{\"ti")),
        (false, Some("{\"add\":{")),
        (false, Some("")),
        (false, Some("\n")),
    ];
    for (newest, torn) in torn.into_iter().chain([(false, None)]) {
        let world = World::with_hours(4, 10).await;
        let before = rows(&world.store).await;
        let log = world.folder.path().join("logs/_delta_log");
        let entry = log.join(format!("{:020}.json", if newest { 4 } else { 2 }));
        assert!(!log.join(format!("{:020}.json", 5)).exists(), "four commits");
        match torn {
            Some(torn) => std::fs::write(&entry, torn).expect("tear"),
            None => std::fs::remove_file(&entry).expect("remove"),
        }
        if torn.is_some() && !newest {
            let error = Store::open(&location(&world)).await.expect("open").snapshot(None).await;
            let error = error.expect_err("a part of the answer is gone").to_string();
            assert!(error.contains("`fupan store repair`") && error.contains("002.json"), "{error}");
        }
        if newest || torn.is_none() {
            let error = match Store::open(&location(&world)).await {
                Ok(store) => store.verify().await.expect("verify").findings[0].problem.clone(),
                Err(error) => error.to_string(),
            };
            assert!(error.contains("`fupan store repair`"), "{error}");
        }
        let (store, did) = Store::repair(&location(&world), false, NOW).await.expect("repair");
        assert_eq!(did.sources.len(), 1, "{did:?}");
        assert_eq!(entry.exists(), !newest);
        assert_eq!(rows(&store).await.len(), 30);
        let hour_lost = if newest { 3 } else { 1 };
        assert_eq!(did.sources.first().expect("a source"), &format!("orders-{hour_lost:05}.jsonl"));
        let store = Store::open(&location(&world)).await.expect("it opens");
        store.append(vec![hour(hour_lost, &texts(hour_lost, 10))], NOW).await.expect("again");
        assert_eq!(rows(&store).await, before);
        assert_eq!(store.verify().await.expect("verify").findings, []);
    }
}

#[tokio::test]
async fn what_an_ingest_left_behind_is_moved_once_it_is_a_day_old() {
    let world = World::with_hours(2, 10).await;
    let stray = world.folder.path().join("logs/date=2026-01-01/left-behind.parquet");
    std::fs::write(&stray, b"PAR1").expect("write");
    let now = fupan_model::Micros::from_datetime(
        std::fs::metadata(&stray).expect("metadata").modified().expect("a time").into(),
    );
    assert_eq!(world.store.verify().await.expect("verify").orphans.len(), 1);
    let (_, young) = Store::repair(&location(&world), false, now).await.expect("repair");
    assert!(young.steps[0].1.contains("left alone"), "{young:?}");
    assert!(stray.exists());
    let later = fupan_model::Micros(now.0 + 25 * 3_600_000_000);
    Store::repair(&location(&world), false, later).await.expect("repair");
    assert!(!stray.exists());
    assert_eq!(below_aside(&world).len(), 1);
}

#[tokio::test]
async fn a_damaged_checkpoint_is_not_needed() {
    let world = World::with_hours(52, 2).await;
    let log = world.folder.path().join("logs/_delta_log");
    let checkpoint = log.join(format!("{:020}.checkpoint.parquet", 49));
    assert!(checkpoint.is_file());
    let bytes = std::fs::read(&checkpoint).expect("read");
    std::fs::write(&checkpoint, &bytes[..bytes.len() / 2]).expect("tear");
    let found = world.store.verify().await.expect("verify").findings;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].problem.contains("`fupan store repair` moves it aside"), "{found:?}");
    let (store, _) = Store::repair(&location(&world), false, NOW).await.expect("repair");
    assert_eq!(rows(&store).await.len(), 104);
    assert_eq!(store.verify().await.expect("verify").findings, []);
}

/// Rows that nothing counts are read by earlier versions, and by who ingests their source again.
#[tokio::test]
async fn damage_in_rows_that_do_not_count_is_found_and_nothing_is_built_upon_it() {
    let world = World::with_hours(4, 20).await;
    let version = world.store.ledger().await.expect("ledger").version;
    for at in 0..2 {
        let chunks = world.store.chunks_of(&format!("orders-{at:05}.jsonl")).await.expect("chunks");
        world.store.forget(&chunks, NOW).await.expect("forget");
    }
    world.store.compact(false, NOW).await.expect("compact");
    let store = world.reopened().await;
    let counted = store.snapshot(None).await.expect("snapshot").tables[&Table::Logs].files.len();
    let then = store.snapshot(Some(version)).await.expect("an earlier version");
    let merged: Vec<String> = then.tables[&Table::Logs].files.iter().map(|file| file.path.clone()).collect();
    let now: Vec<String> = store.snapshot(None).await.expect("snapshot").tables[&Table::Logs]
        .files
        .iter()
        .map(|file| file.path.clone())
        .collect();
    assert_eq!((counted, merged.len()), (1, 2), "forgotten rows are in a file of their own");
    let path = merged.into_iter().find(|path| !now.contains(path)).expect("the file that counts no more");
    // Without what it was merged from.
    for part in ever_written(&world).into_iter().filter(|part| *part != path && !now.contains(part)) {
        std::fs::remove_file(world.folder.path().join(part)).expect("remove");
    }
    flip(&world, &path);

    let store = world.reopened().await;
    let found = store.verify().await.expect("verify").findings;
    assert!(matches!(&found[..], [one] if one.subject == path), "{found:?}");
    assert!(found[0].problem.contains("nothing in it counts now"), "{found:?}");
    let error = store.append(vec![hour(0, &texts(0, 20))], NOW).await.expect_err("it cannot be read");
    assert!(matches!(&error, StoreError::DamagedFile { .. }), "{error}");

    let (store, did) = Store::repair(&location(&world), false, NOW).await.expect("repair");
    assert_eq!(did.sources.len(), 0, "what was forgotten is not to come back: {did:?}");
    assert_eq!(store.verify().await.expect("verify").findings, []);
    assert_eq!(rows(&store).await.len(), 40);
    let error = store.snapshot(Some(version)).await.expect_err("the version is not whole any more");
    assert!(matches!(error, StoreError::Gone { .. }), "{error}");
    store.append(vec![hour(0, &texts(0, 20))], NOW).await.expect("again");
    assert_eq!(rows(&store).await.len(), 60);
    assert_eq!(store.verify().await.expect("verify").findings, []);
}

/// Data files of the logs, of all versions.
fn ever_written(world: &World) -> Vec<String> {
    let folder = world.folder.path().join("logs/date=2026-01-01");
    let files = std::fs::read_dir(folder).expect("the day").map(|entry| entry.expect("entry").file_name());
    files.map(|name| format!("logs/date=2026-01-01/{}", name.to_string_lossy())).collect()
}

#[tokio::test]
async fn what_a_checkpoint_repeats_is_not_lost_with_its_entry() {
    // The checkpoint is as new as the torn entry, or newer; or the entry is gone, or its neighbour too.
    for (later, torn, is_gone) in [(0, 1, false), (3, 1, false), (0, 1, true), (0, 2, false), (3, 3, true)] {
        let world = World::with_hours(3, 10).await;
        world.store.compact(false, NOW).await.expect("compact");
        let chunks = world.store.chunks_of("orders-00002.jsonl").await.expect("chunks");
        world.store.purge(&chunks, NOW).await.expect("purge");
        let log = world.folder.path().join("logs/_delta_log");
        let newest =
            (0..99).take_while(|at| log.join(format!("{at:020}.json")).exists()).last().expect("one");
        for at in 5..5 + later {
            world.append(hour(at, &texts(at, 10))).await;
        }
        let before = rows(&world.store).await;
        assert_eq!(before.len(), 20 + 10 * later as usize);
        for entry in (0..torn).map(|back| log.join(format!("{:020}.json", newest - back))) {
            if is_gone {
                std::fs::remove_file(entry).expect("remove");
            } else {
                std::fs::write(entry, "{\"commitInfo\":{\"ti").expect("tear");
            }
        }
        if let Ok(store) = Store::open(&location(&world)).await {
            let found = store.verify().await.expect("verify").findings;
            assert!(found.iter().any(|one| matches!(one.damage, Damage::Log { .. })), "{found:?}");
        }
        let (store, did) = Store::repair(&location(&world), false, NOW).await.expect("repair");
        assert_eq!((did.sources.len(), did.open.len()), (0, 0), "{did:?}");
        assert!(did.steps.iter().any(|(_, what)| what.contains("nothing is lost")), "{did:?}");
        assert_eq!(store.verify().await.expect("verify").findings, []);
        assert_eq!(rows(&store).await, before);
        // Nor by who reads the entries alone.
        for object in std::fs::read_dir(&log).expect("log").map(|entry| entry.expect("entry").path()) {
            if object.to_string_lossy().contains("checkpoint") {
                std::fs::remove_file(object).expect("remove");
            }
        }
        let store = Store::open(&location(&world)).await.expect("it opens");
        assert_eq!(rows(&store).await, before);
        store.append(vec![hour(0, &texts(0, 10))], NOW).await.expect("known");
        assert_eq!(rows(&store).await, before);
    }
}

#[tokio::test]
async fn a_log_that_lost_its_newest_entry_answers_nothing_and_nothing_is_built_upon_it() {
    let world = World::with_hours(3, 10).await;
    let before = rows(&world.store).await;
    std::fs::remove_file(world.folder.path().join("logs/_delta_log/00000000000000000003.json"))
        .expect("remove");
    let store = world.reopened().await;
    let error = store.snapshot(None).await.expect_err("a part of the answer is gone");
    assert!(matches!(&error, StoreError::LostCommits { version: 2, counted: 3, .. }), "{error}");
    let error = store.ledger_to_build_upon().await.expect_err("what counts is not there");
    assert!(error.to_string().contains("`fupan store repair`"), "{error}");
    let (store, did) = Store::repair(&location(&world), false, NOW).await.expect("repair");
    assert_eq!(did.sources.first().map(String::as_str), Some("orders-00002.jsonl"), "{did:?}");
    assert_eq!(rows(&store).await.len(), 20);
    store.ledger_to_build_upon().await.expect("nothing counts that is gone");
    store.append(vec![hour(2, &texts(2, 10))], NOW).await.expect("again");
    store.snapshot(None).await.expect("whole again");
    assert_eq!(rows(&store).await, before);
    assert_eq!(store.verify().await.expect("verify").findings, []);
}

#[tokio::test]
async fn the_first_entry_of_a_log_is_written_anew() {
    for (table, hours, is_gone) in [
        ("logs", 3, false),
        ("logs", 52, false),
        ("logs", 3, true),
        ("spans", 3, false),
        ("ingests", 3, false),
    ] {
        let world = World::with_hours(hours, 2).await;
        let before = rows(&world.store).await;
        let entry = world.folder.path().join(table).join("_delta_log/00000000000000000000.json");
        if is_gone {
            std::fs::remove_file(&entry).expect("remove");
        } else {
            let bytes = std::fs::read(&entry).expect("read");
            std::fs::write(&entry, &bytes[..bytes.len() / 2]).expect("tear");
        }
        let (store, did) = Store::repair(&location(&world), false, NOW).await.expect("repair");
        assert_eq!((did.sources.len(), did.open.len()), (0, 0), "{table}: {did:?}");
        assert_eq!(rows(&store).await, before, "{table}");
        let store = world.reopened().await;
        assert_eq!(store.verify().await.expect("verify").findings, [], "{table}");
        store.append(vec![hour(90, &texts(90, 2))], NOW).await.expect("append");
        assert_eq!(rows(&store).await.len(), before.len() + 2, "{table}");
    }
}

#[tokio::test]
async fn a_checkpoint_that_is_missing_is_not_needed() {
    let world = World::with_hours(52, 2).await;
    let before = rows(&world.store).await;
    let checkpoint = world.folder.path().join("logs/_delta_log/00000000000000000049.checkpoint.parquet");
    std::fs::remove_file(checkpoint).expect("remove");
    let (store, did) = Store::repair(&location(&world), false, NOW).await.expect("repair");
    assert!(did.steps.iter().any(|(path, _)| path.ends_with("_last_checkpoint")), "{did:?}");
    assert_eq!(rows(&store).await, before);
    assert_eq!(world.reopened().await.verify().await.expect("verify").findings, []);
}

#[tokio::test]
async fn a_log_that_is_torn_hides_no_other_damage() {
    let world = World::with_hours(3, 10).await;
    world.append(chunk(Table::Changes, 7, &texts(7, 2))).await;
    let log = world.folder.path().join("changes/_delta_log");
    std::fs::write(log.join(format!("{:020}.json", 1)), "{").expect("tear");
    let path = damage(&world, Table::Logs, 0).await;
    let found = world.store.verify().await.expect("verify").findings;
    assert!(found.iter().any(|one| one.subject == path), "{found:?}");
    assert_eq!(found.len(), 2, "{found:?}");
}

#[tokio::test]
async fn a_sound_store_needs_no_repair() {
    let world = World::with_hours(3, 10).await;
    let (_, did) = Store::repair(&location(&world), false, NOW).await.expect("repair");
    assert_eq!((did.steps.len(), did.open.len()), (0, 0), "{did:?}");
}

#[tokio::test]
async fn an_interrupted_repair_is_found_and_finished() {
    let world = World::with_hours(3, 10).await;
    let before = rows(&world.store).await;
    // The ledger's note is on disk, the tables are as they were.
    let backup = tempfile::tempdir().expect("folder");
    let logs = world.folder.path().join("logs");
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        let status = std::process::Command::new("cp").arg("-r").args([from, to]).status();
        assert!(status.expect("cp").success());
    };
    copy(&logs, &backup.path().join("logs"));
    damage(&world, Table::Logs, 0).await;
    let (_, did) = Store::repair(&location(&world), false, NOW).await.expect("repair");
    let source = did.sources.first().expect("a source").clone();
    std::fs::remove_dir_all(&logs).expect("remove");
    copy(&backup.path().join("logs"), &logs);

    let found = world.reopened().await.verify().await.expect("verify").findings;
    assert!(
        matches!(&found[..], [one] if one.problem.contains("`fupan store repair` finishes it")),
        "{found:?}"
    );
    let (store, did) = Store::repair(&location(&world), false, NOW).await.expect("repair");
    assert_eq!(did.sources.first(), Some(&source));
    assert_eq!(store.verify().await.expect("verify").findings, []);
    let hour_lost = source[7..12].parse().expect("an hour");
    store.append(vec![hour(hour_lost, &texts(hour_lost, 10))], NOW).await.expect("again");
    assert_eq!(rows(&store).await, before);
    assert_eq!(store.verify().await.expect("verify").findings, []);
}
