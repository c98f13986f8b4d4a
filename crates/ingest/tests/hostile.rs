//! Does a folder of broken, malicious and absurd files come to an orderly end?
//!
//! More than a thousand files, made from the fixtures of every format and from constructions of their own, are
//! ingested by one call into one store: no panic, every record accounted for, nothing written outside of
//! the store, each file read, read in part or refused as `hostile/expected.txt` says, and the store sound.
//! Where a decoder learns to read more, run it with `FUPAN_BLESS=1` and read the difference.

#![allow(clippy::print_stdout, reason = "a test says what it found")]

#[path = "hostile/corpus.rs"]
mod corpus;
#[path = "hostile/packages.rs"]
mod packages;
#[path = "exactly_once/world.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod world;

use std::collections::BTreeMap;
use std::path::Path;

use fupan_ingest::SourceReport;
use fupan_model::Table;

use world::World;

/// What became of a file.
fn class(report: &SourceReport) -> &'static str {
    let counts = report.counts;
    match (counts.accepted + counts.duplicate > 0, counts.rejected > 0, report.problem.is_some()) {
        (true, false, false) => "readable",
        (true, ..) => "partly",
        (false, true, _) => "rejected",
        (false, false, true) => "refused",
        (false, false, false) => "nothing",
    }
}

/// The worst that became of the files in an archive, and of other archives the only one.
fn classes(reports: &[SourceReport]) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for report in reports {
        let file = report.source.split('!').next().unwrap_or_default();
        let name = Path::new(file).file_name().map(|name| name.to_string_lossy().into_owned());
        found.entry(name.unwrap_or_default()).or_default().push(class(report));
    }
    found.into_iter().map(|(name, classes)| (name, classes.join("+"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_folder_is_read_as_far_as_it_can_be() {
    let world = World::new();
    let corpus = corpus::files();
    assert!(corpus.len() >= 1_000, "{} files", corpus.len());
    let folder = world.path("hostile");
    std::fs::create_dir(&folder).expect("folder");
    for (name, bytes) in &corpus {
        std::fs::write(folder.join(name), bytes).expect("write");
    }
    let report = world.ingest(&folder).await;
    for source in &report.sources {
        let counts = source.counts;
        assert_eq!(counts.read, counts.accepted + counts.rejected + counts.duplicate, "{source:?}");
        assert!(source.rejects.iter().all(|reject| !reject.reason.is_empty()), "{source:?}");
    }
    let (totals, ..) = report.totals();
    assert_eq!(world.rows(Table::Quarantine).await, totals.rejected);
    assert!(totals.accepted > 500 && totals.rejected > 500, "{totals:?}");
    world.verify().await;
    let left: Vec<_> = std::fs::read_dir(world.path("")).expect("folder").flatten().collect();
    assert_eq!(left.len(), 2, "nothing but the store and the corpus: {left:?}");

    let classes = classes(&report.sources);
    assert_eq!(classes.keys().collect::<Vec<_>>(), corpus.keys().collect::<Vec<_>>(), "each file is told of");
    let told: String = classes.iter().map(|(name, class)| format!("{class:10} {name}\n")).collect();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/expected.txt");
    #[expect(clippy::disallowed_methods, reason = "a test is told by its environment to accept what it sees")]
    if std::env::var("FUPAN_BLESS").is_ok() {
        std::fs::write(&golden, &told).expect("bless");
    }
    let expected = std::fs::read_to_string(&golden).expect("expected.txt");
    let difference: Vec<&str> =
        told.lines().filter(|line| !expected.lines().any(|other| other == *line)).collect();
    assert_eq!(difference, Vec::<&str>::new(), "see {}", golden.display());
    assert_eq!(told.lines().count(), expected.lines().count());
    let counted = |wanted: &str| classes.values().filter(|class| *class == wanted).count();
    println!(
        "figure: {} files, {} records read = {} accepted + {} rejected + {} duplicates; {} files read, {} in part, {} rejected, {} refused: 0 panics, 0 writes outside of the store",
        corpus.len(),
        totals.read,
        totals.accepted,
        totals.rejected,
        totals.duplicate,
        counted("readable"),
        counted("partly"),
        counted("rejected"),
        counted("refused"),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_folder_again_adds_nothing() {
    let world = World::new();
    let folder = world.path("hostile");
    std::fs::create_dir(&folder).expect("folder");
    for (name, bytes) in corpus::files().iter().step_by(5) {
        std::fs::write(folder.join(name), bytes).expect("write");
    }
    world.ingest(&folder).await;
    let versions = world.versions().await;
    let again = world.ingest(&folder).await;
    let new: Vec<_> =
        again.sources.iter().filter(|source| source.counts.accepted + source.counts.rejected > 0).collect();
    assert!(new.is_empty(), "{new:#?}");
    assert_eq!(world.versions().await, versions);
}
