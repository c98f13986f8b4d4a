//! Exports of incident systems overlap and come in any order and under any name: what the system
//! wrote down last holds, what it said before stays readable, and nothing counts twice.

use fupan_ingest::Counts;
use fupan_model::Table;

use crate::documents::holding;
use crate::world::{World, counts};

/// An incident as `PagerDuty` lists it, with its last change and what was noted.
fn incident(id: &str, grade: &str, changed: &str, notes: &[(&str, &str, &str)]) -> String {
    let notes: Vec<String> = notes
        .iter()
        .map(|(id, at, words)| {
            format!("{{\"id\":\"{id}\",\"created_at\":\"2026-11-05T{at}Z\",\"content\":\"{words}\"}}")
        })
        .collect();
    format!(
        "{{\"id\":\"{id}\",\"type\":\"incident\",\"incident_number\":8,\"title\":\"支付失败\",\"status\":\"acknowledged\",\
         \"urgency\":\"high\",\"priority\":{{\"summary\":\"{grade}\"}},\"created_at\":\"2026-11-05T03:05:00Z\",\
         \"updated_at\":\"2026-11-05T{changed}Z\",\"notes\":[{}]}}",
        notes.join(",")
    )
}

fn export(incidents: &[String]) -> Vec<u8> {
    format!("{{\"incidents\":[{}]}}", incidents.join(",\n")).into_bytes()
}

/// What holds of it, without what has no words.
async fn words(world: &World) -> Vec<String> {
    holding(world).await.into_iter().filter(|text| !text.is_empty()).collect()
}

const FULL: (&str, &str, &str) = ("N1", "03:10:00", "pool is full");

#[tokio::test(flavor = "multi_thread")]
async fn an_export_read_twice_under_any_name_adds_nothing() {
    let world = World::new();
    let text = export(&[incident("P1", "P2", "03:11:00", &[FULL])]);
    world.ingest(&world.write("incidents.json", &text)).await;
    let (rows, versions) = (world.rows(Table::IncidentEvents).await, world.versions().await);
    for name in ["incidents.json", "2026-11-06.json"] {
        let report = world.ingest(&world.write(name, &text)).await;
        assert_eq!(counts(&report), Counts { read: 1, accepted: 0, rejected: 0, duplicate: 1 }, "{name}");
    }
    assert_eq!(world.versions().await, versions);
    // Other bytes and the same records.
    let spaced = String::from_utf8(text).expect("text").replace(",\"", ", \"");
    let report = world.ingest(&world.write("pretty.json", spaced.as_bytes())).await;
    assert_eq!(counts(&report), Counts { read: 1, accepted: 0, rejected: 0, duplicate: 1 });
    assert_eq!(world.rows(Table::IncidentEvents).await, rows);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_export_adds_what_is_new_and_corrects_what_changed() {
    let world = World::new();
    let first = export(&[incident("P1", "P2", "03:11:00", &[FULL])]);
    world.ingest(&world.write("monday.json", &first)).await;
    let longer = export(&[
        incident("P2", "P4", "05:00:00", &[]),
        incident("P1", "P1", "03:40:00", &[FULL, ("N2", "03:30:00", "pool is larger")]),
    ]);
    let report = world.ingest(&world.write("tuesday.json", &longer)).await;
    assert_eq!(counts(&report), Counts { read: 2, accepted: 2, rejected: 0, duplicate: 0 });
    assert_eq!(
        words(&world).await,
        ["P1", "P4", "pool is full", "pool is larger", "支付失败", "支付失败"],
        "the grade P2 was corrected, the note holds once"
    );
    let said = world.texts(Table::IncidentEvents, "summary").await;
    assert!(said.contains(&"P2".to_owned()), "and what was said before stays: {said:?}");
    let rows = world.rows(Table::IncidentEvents).await;
    world.ingest(&world.write("again.json", &[&longer[..], b"\n"].concat())).await;
    assert_eq!(world.rows(Table::IncidentEvents).await, rows);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_export_that_is_read_late_undoes_nothing() {
    for both_are_new in [true, false] {
        let world = World::new();
        let old = export(&[incident("P1", "P2", "03:11:00", &[FULL])]);
        if !both_are_new {
            world.ingest(&world.write("monday.json", &old)).await;
        }
        let new = export(&[incident("P1", "P1", "03:40:00", &[FULL])]);
        world.ingest(&world.write("tuesday.json", &new)).await;
        let rows = world.rows(Table::IncidentEvents).await;
        // The same records in other bytes, so that the events themselves have to tell.
        let report = world.ingest(&world.write("copy.json", &[&old[..], b"\n"].concat())).await;
        assert_eq!(counts(&report), Counts { read: 1, accepted: 0, rejected: 0, duplicate: 1 });
        assert_eq!(words(&world).await, ["P1", "pool is full", "支付失败"]);
        assert_eq!(world.rows(Table::IncidentEvents).await, rows);
        world.verify().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_exports_of_one_folder_are_one_history() {
    let world = World::new();
    std::fs::create_dir(world.path("in")).expect("folder");
    // In order of name the newest comes first, and two are of the same state.
    for (name, grade, changed, end) in
        [("a", "P1", "03:40:00", ""), ("b", "P3", "03:11:00", ""), ("c", "P1", "03:40:00", "\n")]
    {
        let text = [export(&[incident("P1", grade, changed, &[FULL])]), end.into()].concat();
        world.write(&format!("in/{name}.json"), &text);
    }
    world.ingest(&world.path("in")).await;
    assert_eq!(words(&world).await, ["P1", "pool is full", "支付失败"]);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_message_corrects_the_first_one_whatever_the_file_is_called() {
    let world = World::new();
    std::fs::create_dir_all(world.path("inc-41")).expect("folder");
    let message = |words: &str, edited: &str| {
        format!(
            "[{{\"type\":\"message\",\"user\":\"U1\",\"text\":\"{words}\",\"ts\":\"1793847900.000100\"{edited}}},\n\
             {{\"type\":\"message\",\"user\":\"U2\",\"text\":\"ok\",\"ts\":\"1793847960.000100\"}}]"
        )
    };
    let first = message("pay is down", "");
    let edited = message("pay is slow", ",\"edited\":{\"user\":\"U1\",\"ts\":\"1793848000.000000\"}");
    world.ingest(&world.write("inc-41/2026-11-05.json", first.as_bytes())).await;
    let report = world.ingest(&world.write("inc-41/thursday.json", edited.as_bytes())).await;
    assert_eq!(counts(&report), Counts { read: 2, accepted: 1, rejected: 0, duplicate: 1 });
    assert_eq!(words(&world).await, ["ok", "pay is slow"]);
    let late = format!("{first}\n");
    let report = world.ingest(&world.write("inc-41/late.json", late.as_bytes())).await;
    assert_eq!(counts(&report).duplicate, 2);
    assert_eq!(words(&world).await, ["ok", "pay is slow"]);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_export_can_be_replaced() {
    let world = World::new();
    let export = |grade, changed| export(&[incident("P1", grade, changed, &[FULL])]);
    world.ingest(&world.write("monday.json", &export("P2", "03:11:00"))).await;
    world.ingest(&world.write("tuesday.json", &export("P1", "03:40:00"))).await;
    for name in ["tuesday.json", "monday.json", "monday.json", "tuesday.json"] {
        let settings = fupan_ingest::IngestSettings { replace: true, ..world.settings() };
        world.ingest_with(&world.path(name), settings).await;
        assert_eq!(words(&world).await, ["P1", "pool is full", "支付失败"], "after {name}");
        world.verify().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_folder_of_a_channel_makes_its_messages_an_incident_also_in_an_archive() {
    const DAY: &str = r#"[{"type":"message","user":"U1","text":"pool is full","ts":"1793847900.000200"}]"#;
    const CHANNELS: &str =
        r#"[{"id":"C024BE91L","name":"inc-41-pay","created":1793847800,"creator":"U024BE91L"}]"#;
    let files = [("export/channels.json", CHANNELS), ("export/inc-41-pay/2026-11-05.json", DAY)];

    let folder = World::new();
    for (name, text) in files {
        std::fs::create_dir_all(folder.path(name).parent().expect("folder")).expect("folder");
        folder.write(name, text.as_bytes());
    }
    let report = folder.ingest(&folder.path("export")).await;
    assert_eq!(report.sources.iter().filter(|source| source.problem.is_some()).count(), 0);

    let archive = World::new();
    let files = files.map(|(name, text)| (name, text.as_bytes()));
    archive.ingest(&archive.write("export.zip", &crate::archives::zipped(&files))).await;

    for world in [&folder, &archive] {
        assert_eq!(world.texts(Table::IncidentEvents, "incident_id").await, ["inc-41-pay"]);
        assert_eq!(world.rows(Table::Logs).await, 0);
    }
}

/// Summaries of the changes that count, and what each corrects.
async fn changes(world: &World) -> Vec<(String, bool)> {
    let summaries = world.texts(Table::Changes, "summary").await;
    let corrected = world.texts(Table::Changes, "supersedes").await;
    assert_eq!(summaries.len(), corrected.len());
    let corrected = corrected.iter().filter(|old| !old.is_empty()).count();
    summaries.into_iter().enumerate().map(|(at, summary)| (summary, at < corrected)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_change_corrects_the_first_one_and_ids_that_are_not_unique_lose_nothing() {
    const HEAD: &str = "change_id,time,type,service,actor,summary\n";
    let world = World::new();
    let row = |time: &str, summary: &str| format!("CH1,2026-11-20 {time}:00,config,order,sun,{summary}\n");
    let first = format!("{HEAD}{}", row("10:58", "a: 200 to 20"));
    world.ingest(&world.write("first.csv", first.as_bytes())).await;
    let edited = format!("{HEAD}{}", row("10:58", "b: 200 to 20 (mistake)"));
    world.ingest(&world.write("edited.csv", edited.as_bytes())).await;
    let expected = [("a: 200 to 20".to_owned(), true), ("b: 200 to 20 (mistake)".to_owned(), false)];
    assert_eq!(changes(&world).await, expected, "one corrects the other");
    // The first wording again, whatever its file is called, and the second.
    world.ingest(&world.write("again.csv", format!("{first}\n").as_bytes())).await;
    world.ingest(&world.write("once-more.csv", format!("{edited}\n").as_bytes())).await;
    assert_eq!(changes(&world).await, expected);
    // Another instant under the same id is another change.
    let later = format!("{HEAD}{}{}", row("11:30", "c: 20 to 200"), row("11:30", "d: of another one"));
    world.ingest(&world.write("later.csv", later.as_bytes())).await;
    assert_eq!(changes(&world).await.iter().filter(|(_, corrects)| *corrects).count(), 1);
    assert_eq!(world.rows(Table::Changes).await, 4);
}
