//! Archives: each file in them is a source of its own, read once like any other.

use std::io::Write;

use fupan_ingest::{Counts, IngestSettings, SourceProblem};
use fupan_model::Table;

use crate::world::{World, counts, gzip, gzip_bytes, lines};

fn tarred(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        // Written past the builder, which refuses names that lead out of the folder.
        let field = &mut header.as_old_mut().name;
        field.iter_mut().zip(name.as_bytes()).for_each(|(to, from)| *to = *from);
        header.set_cksum();
        builder.append(&header, *content).expect("append");
    }
    builder.into_inner().expect("finish")
}

pub(crate) fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("start");
        writer.write_all(content).expect("write");
    }
    writer.finish().expect("finish").into_inner()
}

const METRICS: &str = "time,metric,value,service\n2026-11-05T03:00:00Z,cpu,1.5,pay\n";

#[tokio::test(flavor = "multi_thread")]
async fn members_are_sources_whatever_the_archive_and_count_once() {
    let world = World::new();
    let (logs, more) = (lines(0, 300), lines(300, 400));
    let packed = gzip(&more);
    let files: &[(&str, &[u8])] = &[
        ("export/app.jsonl", logs.as_bytes()),
        ("export/more.jsonl.gz", &packed),
        ("export/m.csv", METRICS.as_bytes()),
        ("export/README", b"what this is\n"),
        ("export/.DS_Store", b"x"),
    ];
    let report = world.ingest(&world.write("a.tar.gz", &gzip_bytes(&tarred(files)))).await;
    let names: Vec<_> = report.sources.iter().map(|source| source.source.as_str()).collect();
    assert_eq!(
        names,
        [
            "a.tar.gz!export/app.jsonl",
            "a.tar.gz!export/more.jsonl.gz",
            "a.tar.gz!export/m.csv",
            "a.tar.gz!export/README"
        ]
    );
    assert_eq!(counts(&report), Counts { read: 401, accepted: 401, rejected: 0, duplicate: 0 });
    assert!(matches!(report.sources[3].problem, Some(SourceProblem::Format(_))));
    let versions = world.versions().await;
    for (name, bytes) in [
        ("b.tar", tarred(files)),
        ("c.zip", zipped(files)),
        ("app.jsonl", logs.clone().into_bytes()),
        ("more.jsonl", more.clone().into_bytes()),
    ] {
        let report = world.ingest(&world.write(name, &bytes)).await;
        let counts = counts(&report);
        assert!(counts.read >= 100 && counts.read == counts.duplicate, "{name}: {report:?}");
    }
    assert_eq!(world.versions().await, versions);
    assert_eq!((world.rows(Table::Logs).await, world.rows(Table::Metrics).await), (400, 1));
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_twice_in_one_archive_counts_once() {
    let world = World::new();
    let (whole, part) = (lines(0, 300), lines(0, 120));
    let files: &[(&str, &[u8])] = &[
        ("a.jsonl", whole.as_bytes()),
        ("b.jsonl", whole.as_bytes()),
        ("part.jsonl", part.as_bytes()),
        ("../../outside.jsonl", whole.as_bytes()),
    ];
    let report = world.ingest(&world.write("a.zip", &zipped(files))).await;
    assert_eq!(counts(&report), Counts { read: 1_020, accepted: 300, rejected: 0, duplicate: 720 });
    assert_eq!(world.rows(Table::Logs).await, 300);
    assert!(!world.path("../../outside.jsonl").exists() && !world.path("a.jsonl").exists());
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_before_the_damage_stand_and_the_complete_archive_goes_on() {
    let world = World::new();
    let (first, second) = (lines(0, 5_000), lines(5_000, 10_000));
    let files: &[(&str, &[u8])] = &[("a.jsonl", first.as_bytes()), ("b.jsonl", second.as_bytes())];
    let (tar, zip) = (tarred(files), zipped(files));
    let gz = gzip_bytes(&tar);
    for (name, bytes, whole) in [
        ("plain.tar", &tar[..tar.len() * 3 / 4], &tar),
        ("packed.tar.gz", &gz[..gz.len() * 3 / 4], &gz),
        ("packed.zip", &zip[..zip.len() * 3 / 4], &zip),
    ] {
        let world = World::new();
        let report = world.ingest(&world.write(name, bytes)).await;
        assert_eq!(report.sources[0].counts.accepted, 5_000, "{name}");
        assert_eq!(report.sources[0].problem, None, "{name}");
        let kept = counts(&report).accepted;
        assert!((5_001..10_000).contains(&kept), "{name}: {kept}");
        let problems: Vec<_> = report
            .sources
            .iter()
            .filter_map(|source| source.problem.as_ref())
            .map(ToString::to_string)
            .collect();
        assert!(problems.iter().any(|problem| problem.contains("ends early after")), "{name}: {problems:?}");
        assert_eq!(report.sources.last().map(|source| source.source.as_str()), Some(name), "{problems:?}");
        let complete = world.ingest(&world.write(name, whole)).await;
        assert_eq!(counts(&complete).duplicate, kept, "{name}");
        assert_eq!(world.rows(Table::Logs).await, 10_000, "{name}");
        world.verify().await;
    }
    drop(world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_is_the_same_document_inside_of_an_archive_and_outside() {
    let world = World::new();
    let timeline =
        |text: &str| format!("incident: INC-1\nevents:\n  - {{ id: a, type: note_added, text: {text} }}\n");
    world.ingest(&world.write("a.zip", &zipped(&[("x/t.yaml", timeline("一").as_bytes())]))).await;
    world.ingest(&world.write("t.yaml", timeline("二").as_bytes())).await;
    let batches = world.texts(Table::IncidentEvents, "supersedes").await;
    assert_eq!(batches.iter().filter(|id| !id.is_empty()).count(), 1, "the second corrects the first");
}

#[tokio::test(flavor = "multi_thread")]
async fn bombs_are_stopped() {
    let world = World::new();
    let zeros = "0".repeat(1 << 20);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..200 {
        encoder.write_all(zeros.as_bytes()).expect("compress");
    }
    let bomb = encoder.finish().expect("finish");
    for (name, bytes) in [
        ("bomb.gz", bomb.clone()),
        ("bomb.zip", zipped(&[("a.gz", &bomb), ("b.jsonl", lines(0, 3).as_bytes())])),
        ("bomb.tar.gz", gzip_bytes(&tarred(&[("a.gz", &bomb)]))),
    ] {
        let world = World::new();
        let mut settings = world.settings();
        settings.format = Some(fupan_decode::InputFormat::JsonLines);
        let report = world.ingest_with(&world.write(name, &bytes), settings).await;
        let is_stopped =
            report.sources.iter().any(|source| matches!(source.problem, Some(SourceProblem::Bomb { .. })));
        assert!(is_stopped, "{name}: {report:?}");
    }
    drop(world);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_inside_of_an_archive_is_named_and_not_opened() {
    let world = World::new();
    let inner = zipped(&[("a.jsonl", lines(0, 3).as_bytes())]);
    let report = world
        .ingest(&world.write("a.tar", &tarred(&[("in.zip", &inner), ("b.jsonl", lines(0, 2).as_bytes())])))
        .await;
    let problem = report.sources[0].problem.as_ref().map(ToString::to_string).unwrap_or_default();
    assert!(problem.contains("ZIP archive"), "{problem}");
    assert_eq!(counts(&report).accepted, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_one_name_do_not_replace_each_other() {
    let world = World::new();
    let (first, second, third) = (lines(0, 50), lines(50, 100), lines(100, 150));
    let files: Vec<(&str, &[u8])> =
        [&first, &second, &third].map(|text| ("logs/app.log", text.as_bytes())).to_vec();
    let settings = || IngestSettings { replace: true, ..world.settings() };
    let archive = world.write("dup.tar", &tarred(&files));
    let report = world.ingest_with(&archive, settings()).await;
    assert_eq!(counts(&report).accepted, 150);
    let names: Vec<_> = report.sources.iter().map(|source| source.source.as_str()).collect();
    assert_eq!(names, ["dup.tar!logs/app.log", "dup.tar!logs/app~2.log", "dup.tar!logs/app~3.log"]);
    assert_eq!(world.rows(Table::Logs).await, 150);
    world.ingest_with(&archive, settings()).await;
    assert_eq!(world.rows(Table::Logs).await, 150);
    world.verify().await;
}
