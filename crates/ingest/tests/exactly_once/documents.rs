//! Documents that say all that they have to say: the latest reading holds, and nothing that was
//! said before is lost.

use fupan_model::Table;

use crate::world::{World, counts};

const HEAD: &str = "incident: INC-1\ntitle: 支付失败\nzone: Asia/Shanghai\ndate: 2026-11-05\nevents:\n";

fn timeline(entries: &[&str]) -> String {
    entries.iter().fold(HEAD.to_owned(), |text, entry| format!("{text}  - {{ {entry} }}\n"))
}

/// What the workspace holds now: texts of events that nothing superseded or retracted.
pub(crate) async fn holding(world: &World) -> Vec<String> {
    use arrow::array::{Array, AsArray};
    let batches = world.store().await.read(Table::IncidentEvents).await.expect("read");
    let (mut ended, mut events) = (Vec::new(), Vec::new());
    for batch in &batches {
        let column = |name: &str| batch.column_by_name(name).expect("column").as_string::<i32>().clone();
        let (ids, texts, types) = (column("event_id"), column("summary"), column("event_type"));
        let supersedes = column("supersedes");
        for row in 0..batch.num_rows() {
            if supersedes.is_valid(row) {
                ended.push(supersedes.value(row).to_owned());
            }
            if types.value(row) != "retracted" {
                events.push((ids.value(row).to_owned(), texts.value(row).to_owned()));
            }
        }
    }
    let mut texts: Vec<String> =
        events.into_iter().filter(|(id, _)| !ended.contains(id)).map(|(_, text)| text).collect();
    texts.sort();
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn corrected_entries_take_their_predecessors_place_beside_an_unreadable_one() {
    let world = World::new();
    let (a, b, c) = (
        "id: a, at: '11:05', type: impact_started, text: 开始",
        "id: b, at: '11:20', type: mitigated, text: 恢复",
        "id: c, at: '11:30', type: note_added, text: 旁注",
    );
    world.ingest(&world.write("t.yaml", timeline(&[a, b, c]).as_bytes())).await;
    assert_eq!(holding(&world).await, ["开始", "恢复", "支付失败", "旁注"]);

    // a is corrected, b has a slip of the pen, c is gone: only c waits.
    let better = a.replace("开始", "更早");
    let broken = b.replace("mitigated", "mitigatd");
    let report = world.ingest(&world.write("t.yaml", timeline(&[&better, &broken]).as_bytes())).await;
    assert_eq!(counts(&report).rejected, 1);
    assert_eq!(holding(&world).await, ["恢复", "支付失败", "旁注", "更早"]);
    assert_eq!(world.rows(Table::Quarantine).await, 1);

    let report = world.ingest(&world.write("t.yaml", timeline(&[&better, b]).as_bytes())).await;
    assert_eq!(counts(&report).rejected, 0);
    assert_eq!(holding(&world).await, ["恢复", "支付失败", "更早"]);
    assert_eq!(world.rows(Table::Quarantine).await, 0, "the reject was repaired");
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_added_at_the_end_is_read() {
    let world = World::new();
    let (a, b) = ("id: a, type: note_added, text: 一", "id: b, type: note_added, text: 二");
    world.ingest(&world.write("t.yaml", timeline(&[a]).as_bytes())).await;
    let report = world.ingest(&world.write("t.yaml", timeline(&[a, b]).as_bytes())).await;
    assert_eq!((counts(&report).read, counts(&report).accepted, counts(&report).duplicate), (3, 1, 2));
    assert_eq!(holding(&world).await, ["一", "二", "支付失败"]);
    let spaced = timeline(&[a, b]) + "\n\n";
    let report = world.ingest(&world.write("t.yaml", spaced.as_bytes())).await;
    assert_eq!(counts(&report).duplicate, 3);
    let report = world.ingest(&world.write("t.yaml", timeline(&[a, b]).trim_end().as_bytes())).await;
    assert_eq!(counts(&report).duplicate, 3);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_undone_holds() {
    let world = World::new();
    let (one, other) = ("id: a, type: note_added, text: 一", "id: a, type: note_added, text: 二");
    world.ingest(&world.write("t.yaml", timeline(&[one]).as_bytes())).await;
    world.ingest(&world.write("t.yaml", timeline(&[other]).as_bytes())).await;
    assert_eq!(holding(&world).await, ["二", "支付失败"]);
    // The same bytes as in the beginning.
    world.ingest(&world.write("t.yaml", timeline(&[one]).as_bytes())).await;
    assert_eq!(holding(&world).await, ["一", "支付失败"]);
    let versions = world.versions().await;
    let report = world.ingest(&world.write("t.yaml", timeline(&[one]).as_bytes())).await;
    assert_eq!((counts(&report).read, counts(&report).duplicate), (2, 2));
    assert_eq!(world.versions().await, versions);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_one_name_in_two_folders_do_not_undo_each_other() {
    let world = World::new();
    for (folder, incident) in [("x", "INC-1"), ("y", "INC-2")] {
        std::fs::create_dir_all(world.path(&format!("in/{folder}"))).expect("folder");
        let text = timeline(&["id: a, type: note_added, text: 一"]).replace("INC-1", incident);
        world.write(&format!("in/{folder}/t.yaml"), text.as_bytes());
    }
    world.ingest(&world.path("in")).await;
    let versions = world.versions().await;
    let ledger_version = world.store().await.ledger().await.expect("ledger").version;
    for _ in 0..2 {
        let report = world.ingest(&world.path("in")).await;
        assert_eq!((counts(&report).read, counts(&report).duplicate), (4, 4));
    }
    assert_eq!(world.versions().await, versions);
    assert_eq!(world.store().await.ledger().await.expect("ledger").version, ledger_version);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_could_not_be_read_at_all_leaves_quarantine_once_it_can() {
    let world = World::new();
    let good = timeline(&["id: a, type: note_added, text: 一"]);
    let bad = good.replace("zone: Asia/Shanghai", "zone: Beijing");
    let report = world.ingest(&world.write("t.yaml", bad.as_bytes())).await;
    assert_eq!((counts(&report).read, counts(&report).rejected), (1, 1));
    let again = world.ingest(&world.write("t.yaml", bad.as_bytes())).await;
    assert_eq!((counts(&again).read, counts(&again).duplicate), (1, 1));
    assert_eq!(world.rows(Table::Quarantine).await, 1);
    world.ingest(&world.write("t.yaml", good.as_bytes())).await;
    assert_eq!(world.rows(Table::Quarantine).await, 0);
    // It is broken again: the same bytes as before, and unreadable as before.
    world.ingest(&world.write("t.yaml", bad.as_bytes())).await;
    assert_eq!(world.rows(Table::Quarantine).await, 1);
    assert_eq!(holding(&world).await, ["一", "支付失败"], "nothing is retracted by what cannot be read");
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_was_mended_takes_its_rejects_back_and_no_others() {
    let world = World::new();
    let changes = |time: &str| {
        format!(
            "[{{\"id\":\"d1\",\"type\":\"deployment\",\"service\":\"pay\",\"started_at\":\"2026-11-05T03:00:00Z\"}},\n{{\"id\":\"d2\",\"type\":\"deployment\",\"service\":\"pay\",\"started_at\":\"{time}\"}}]\n"
        )
    };
    let broken = changes("soon");
    let report = world.ingest(&world.write("changes.json", broken.as_bytes())).await;
    assert_eq!((counts(&report).accepted, counts(&report).rejected), (1, 1));
    // Another export of the same kind, with a reject of its own.
    let other = broken.replace("d1", "e1").replace("d2", "e2");
    world.ingest(&world.write("other.json", other.as_bytes())).await;
    assert_eq!(world.rows(Table::Quarantine).await, 2);
    world.ingest(&world.write("changes.json", changes("2026-11-05T04:00:00Z").as_bytes())).await;
    assert_eq!(world.rows(Table::Changes).await, 3);
    assert_eq!(world.texts(Table::Quarantine, "source").await, ["other.json"]);
    world.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn yesterdays_unreadable_log_lines_are_not_repaired_by_todays_log() {
    let world = World::new();
    world.ingest(&world.write("app.log", format!("{}half\n", crate::world::lines(0, 9)).as_bytes())).await;
    world.ingest(&world.write("app.log", crate::world::lines(100, 150).as_bytes())).await;
    assert_eq!(world.rows(Table::Quarantine).await, 1);
}
