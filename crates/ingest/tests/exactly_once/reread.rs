//! Bytes of which something could not be read: a later reading that gets more out of them counts, without
//! `--replace`, and nothing counts twice.

use fupan_decode::Mapping;
use fupan_ingest::{Counts, IngestSettings, SourceHistory};
use fupan_model::Table;

use crate::archives::zipped;
use crate::world::{World, counts, lines};

fn syslog(records: usize) -> String {
    (0..records)
        .map(|at| format!("<13>Nov  5 03:{:02}:{:02} web app: paid {at}\n", at / 60, at % 60))
        .collect()
}

fn all_duplicate(records: u64) -> Counts {
    Counts { read: records, accepted: 0, rejected: 0, duplicate: records }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_had_no_year_in_an_archive_is_read_from_the_file_itself() {
    let world = World::new();
    let text = syslog(30);
    // A ZIP archive says no time in a known zone.
    let zip = world.write("logs.zip", &zipped(&[("app.log", text.as_bytes())]));
    let report = world.ingest(&zip).await;
    assert_eq!(counts(&report), Counts { read: 30, accepted: 0, rejected: 30, duplicate: 0 });
    assert_eq!(counts(&world.ingest(&zip).await), all_duplicate(30), "nothing has changed");
    let file = world.write("app.log", text.as_bytes());
    let report = world.ingest(&file).await;
    assert_eq!(counts(&report), Counts { read: 30, accepted: 30, rejected: 0, duplicate: 0 });
    assert_eq!(report.sources[0].history, Some(SourceHistory::Mended { records: 30 }));
    for path in [zip, file] {
        assert_eq!(counts(&world.ingest(&path).await), all_duplicate(30));
    }
    assert_eq!((world.rows(Table::Logs).await, world.rows(Table::Quarantine).await), (30, 0));
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_run_as_well_and_in_either_order() {
    for (zip, file) in [("a.zip", "b.log"), ("b.zip", "a.log")] {
        let world = World::new();
        std::fs::create_dir(world.path("in")).expect("folder");
        world.write(&format!("in/{zip}"), &zipped(&[("app.log", syslog(30).as_bytes())]));
        world.write(&format!("in/{file}"), syslog(30).as_bytes());
        world.ingest(&world.path("in")).await;
        assert_eq!((world.rows(Table::Logs).await, world.rows(Table::Quarantine).await), (30, 0), "{zip}");
        world.verify().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_be_read_stays_once_and_a_file_that_grew_goes_on() {
    let world = World::new();
    let known = "<13>1 2026-11-05T03:00:00Z web app - - - began\n";
    let text = format!("{known}{}{known}", syslog(20));
    let report = world.ingest(&world.write("logs.zip", &zipped(&[("app.log", text.as_bytes())]))).await;
    assert_eq!(counts(&report), Counts { read: 22, accepted: 2, rejected: 20, duplicate: 0 });
    let grown = text + &syslog(25).lines().skip(20).map(|line| format!("{line}\n")).collect::<String>();
    let report = world.ingest(&world.write("app.log", grown.as_bytes())).await;
    assert_eq!(counts(&report), Counts { read: 27, accepted: 27, rejected: 0, duplicate: 0 });
    assert_eq!((world.rows(Table::Logs).await, world.rows(Table::Quarantine).await), (27, 0));
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_is_there_now_reads_what_could_not_be_read() {
    let world = World::new();
    let text: String = (0..20)
        .map(|at| format!("{{\"wann\":\"2026-11-05T03:00:{at:02}Z\",\"was\":\"paid {at}\"}}\n"))
        .collect();
    let format = Some(fupan_decode::InputFormat::JsonLines);
    let path = world.write("app.jsonl", text.as_bytes());
    let report = world.ingest_with(&path, IngestSettings { format, ..world.settings() }).await;
    assert_eq!(counts(&report).rejected, 20);
    let mapping =
        "name = \"wann\"\nformat = \"json-lines\"\n[fields]\ntimestamp = \"wann\"\nbody = \"was\"\n";
    let mappings = vec![Mapping::parse(mapping).expect("mapping")];
    let report = world.ingest_with(&path, IngestSettings { mappings, format, ..world.settings() }).await;
    assert_eq!(counts(&report).accepted, 20, "{report:?}");
    assert_eq!((world.rows(Table::Logs).await, world.rows(Table::Quarantine).await), (20, 0));
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_that_gets_no_more_out_of_it_changes_nothing() {
    let world = World::new();
    let text = format!("{}not json\n{}", lines(0, 10), lines(10, 30));
    let path = world.write("app.jsonl", text.as_bytes());
    world.ingest(&path).await;
    let (versions, ledger) =
        (world.versions().await, world.store().await.ledger().await.expect("ledger").version);
    for zone in [chrono_tz::UTC, chrono_tz::Asia::Tokyo, chrono_tz::UTC] {
        let report = world.ingest_with(&path, IngestSettings { zone, ..world.settings() }).await;
        assert_eq!(counts(&report), all_duplicate(31));
        assert_eq!(report.sources[0].history, Some(SourceHistory::Unchanged));
    }
    assert_eq!(world.versions().await, versions);
    assert_eq!(world.store().await.ledger().await.expect("ledger").version, ledger);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_a_later_version_of_the_software_reads_whole_keeps_its_events() {
    let world = World::new();
    let changes = "[{\"id\":\"d1\",\"type\":\"deployment\",\"service\":\"pay\",\"started_at\":\"2026-11-05T03:00:00Z\"},\n{\"id\":\"d2\",\"type\":\"deployment\",\"service\":\"pay\",\"started_at\":\"soon\"}]\n";
    let path = world.write("changes.json", changes.as_bytes());
    world.ingest(&path).await;
    for version in ["later", "later", "still later"] {
        let settings = IngestSettings { software_version: version.to_owned(), ..world.settings() };
        let report = world.ingest_with(&path, settings).await;
        assert_eq!(counts(&report), all_duplicate(2), "it reads no more");
    }
    assert_eq!((world.rows(Table::Changes).await, world.rows(Table::Quarantine).await), (1, 1));
    world.verify().await;
}
