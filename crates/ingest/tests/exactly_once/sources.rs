//! Which source is it? Two files of one name in two folders are two sources, one file is the same source however
//! it is given.

use std::collections::BTreeSet;

use fupan_ingest::{IngestReport, SourceHistory, place_digits};
use fupan_model::Table;
use fupan_store::{Meant, Wanted};

use crate::world::{World, counts, lines};

fn folders(world: &World, names: &[&str]) {
    for name in names {
        std::fs::create_dir_all(world.path(name)).expect("folder");
    }
}

fn names(report: &IngestReport) -> Vec<&str> {
    report.sources.iter().map(|source| source.source.as_str()).collect()
}

fn histories(report: &IngestReport) -> Vec<Option<SourceHistory>> {
    report.sources.iter().map(|source| source.history.clone()).collect()
}

async fn meant(world: &World, text: &str) -> Meant {
    let places = BTreeSet::from([place_digits(text)]);
    let wanted = Wanted { text: text.to_owned(), places, also_superseded: false };
    world.store().await.meant(&wanted).await.expect("meant")
}

/// Names of the sources whose chunks are meant.
async fn sources_of(world: &World, text: &str) -> Vec<String> {
    match meant(world, text).await {
        Meant::Chunks { chunks, .. } => chunks.into_iter().map(|row| row.source).collect(),
        other => vec![format!("{other:?}")],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_one_name_in_one_folder_are_told_apart() {
    let world = World::new();
    folders(&world, &["logs/web-1", "logs/web-2"]);
    world.write("logs/web-1/app.log", lines(0, 10).as_bytes());
    world.write("logs/web-2/app.log", lines(20, 40).as_bytes());
    world.write("logs/web-2/db.log", lines(50, 55).as_bytes());
    let report = world.ingest(&world.path("logs")).await;
    assert_eq!(names(&report), ["web-1/app.log", "web-2/app.log", "db.log"]);
    assert_eq!(histories(&report), [None, None, None], "none of them was there before");

    let ambiguous = Meant::OneOf(vec!["web-1/app.log".to_owned(), "web-2/app.log".to_owned()]);
    assert_eq!(meant(&world, "app.log").await, ambiguous);
    assert_eq!(sources_of(&world, "web-2/app.log").await, ["web-2/app.log"]);
    assert_eq!(sources_of(&world, "*/app.log").await.len(), 2);
    let path = world.path("logs/web-1/app.log").to_string_lossy().into_owned();
    assert_eq!(sources_of(&world, &path).await, ["web-1/app.log"]);
    let Meant::Chunks { chunks, .. } = meant(&world, &path).await else { unreachable!("one source") };
    world.store().await.forget(&chunks, world.settings().now).await.expect("forget");
    assert_eq!(world.rows(Table::Logs).await, 25, "the other app.log still counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_at_a_time_is_no_rotation() {
    let world = World::new();
    folders(&world, &["web-1", "web-2"]);
    world.write("web-1/app.log", lines(0, 10).as_bytes());
    let path = world.write("web-2/app.log", lines(20, 40).as_bytes());
    assert_eq!(names(&world.ingest(&world.path("web-1")).await), ["app.log"]);
    let report = world.ingest(&world.path("web-2")).await;
    assert_eq!((names(&report), histories(&report)), (vec!["web-2/app.log"], vec![None]));

    // However it is given, it keeps its name; what is really other content is told.
    world.write("web-2/app.log", lines(20, 50).as_bytes());
    let grown = world.ingest(&path).await;
    assert_eq!(names(&grown), ["web-2/app.log"]);
    assert!(matches!(histories(&grown)[0], Some(SourceHistory::Grown { .. })), "{grown:?}");
    world.write("web-2/app.log", lines(70, 80).as_bytes());
    assert_eq!(histories(&world.ingest(&path).await), [Some(SourceHistory::StartedAnew)]);

    // The bare name is that of the first; a path is not to be taken for it.
    assert_eq!(sources_of(&world, "app.log").await, ["app.log"]);
    let path = path.to_string_lossy().into_owned();
    assert_eq!(sources_of(&world, &path).await, ["web-2/app.log"; 3]);
    let never_read = path.replace("web-2", "web-3");
    assert_eq!(meant(&world, &never_read).await, Meant::Nothing { known_as: Vec::new() });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_moved_is_known_by_its_content() {
    let world = World::new();
    folders(&world, &["here", "there"]);
    world.write("here/app.log", lines(0, 30).as_bytes());
    world.ingest(&world.path("here")).await;
    std::fs::rename(world.path("here/app.log"), world.path("there/app.log")).expect("move");
    let moved = world.ingest(&world.path("there")).await;
    assert_eq!(counts(&moved).duplicate, 30);
    assert_eq!(histories(&moved), [Some(SourceHistory::Unchanged)]);
    let known_as = vec!["app.log".to_owned()];
    assert_eq!(meant(&world, "there/app.log").await, Meant::Nothing { known_as });
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_forgotten_and_comes_again_starts_nothing_anew() {
    let world = World::new();
    let path = world.write("app.log", lines(0, 30).as_bytes());
    world.ingest(&path).await;
    let chunks = world.store().await.chunks_of("app.log").await.expect("chunks");
    world.store().await.forget(&chunks, world.settings().now).await.expect("forget");
    world.write("app.log", lines(5, 30).as_bytes());
    let report = world.ingest(&path).await;
    assert_eq!(histories(&report), [None]);
    assert_eq!(world.rows(Table::Logs).await, 25);
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_folders_as_it_takes_are_in_a_name_and_no_absolute_path() {
    let world = World::new();
    let folders_of = ["d", "e", "a/b", "c/b"];
    folders(&world, &folders_of);
    for (at, folder) in folders_of.iter().enumerate() {
        world.write(&format!("{folder}/app.log"), lines(at * 100, at * 100 + 10).as_bytes());
        world.ingest(&world.path(folder)).await;
    }
    let ledger = world.store().await.ledger().await.expect("ledger");
    let root = world.path("").to_string_lossy().into_owned();
    let mut told: Vec<&str> = ledger.live().map(|row| row.source.as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["app.log", "b/app.log", "c/b/app.log", "e/app.log"]);
    for row in ledger.live() {
        let place = row.source_place.as_deref().expect("a place");
        assert!(place.len() == 16 && !place.contains('/') && !root.contains(place), "{place}");
    }
}
