//! Holes of NULs: of room that was made before it was needed, of a log that was truncated under its program, of a
//! power cut. Whatever their length, they hide no record, join none and double none.

use fupan_ingest::{Counts, SourceProblem};
use fupan_model::Table;

use crate::world::{World, counts, gzip_bytes, lines};

/// Smaller and larger than the head of a source, and than a piece of it.
const HOLES: [usize; 4] = [100, 4096, 100_000, 9 << 20];

/// Records of JSON, of text that is joined, and of a table.
fn records(kind: usize, from: usize, to: usize) -> String {
    let rows = from..to;
    match kind {
        0 => lines(from, to),
        1 => rows
            .map(|row| format!("2026-11-05 03:00:{row:02} ERROR [pay] failed {row}\n\tat a.b(C)\n"))
            .collect(),
        _ => rows.map(|row| format!("2026-11-05 03:00:{row:02},ERROR,pay,失败 of {row}\n")).collect(),
    }
}

fn header(kind: usize) -> &'static str {
    if kind == 2 { "time,level,service,message\n" } else { "" }
}

fn bytes(parts: &[&str], hole: usize) -> Vec<u8> {
    parts.join("\u{1}").bytes().flat_map(|byte| if byte == 1 { vec![0; hole] } else { vec![byte] }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn room_that_is_filled_later_doubles_nothing() {
    for (kind, hole) in (0..3).flat_map(|kind| HOLES.map(|hole| (kind, hole))) {
        let world = World::new();
        let first = format!("{}{}", header(kind), records(kind, 0, 5));
        world.ingest(&world.write("app.log", &bytes(&[&first, ""], hole))).await;
        assert_eq!(world.rows(Table::Logs).await, 5, "kind {kind}, hole {hole}");
        let whole = first + &records(kind, 5, 20);
        let report = world.ingest(&world.write("app.log", &bytes(&[&whole, ""], hole))).await;
        assert_eq!(report.sources[0].problem, None, "kind {kind}, hole {hole}");
        assert_eq!(world.rows(Table::Logs).await, 20, "kind {kind}, hole {hole}");
        assert_eq!(world.rows(Table::Quarantine).await, 0, "kind {kind}, hole {hole}");
        let same = world.ingest(&world.write("same.log", whole.as_bytes())).await;
        assert_eq!(counts(&same), Counts { read: 20, accepted: 0, rejected: 0, duplicate: 20 });
        world.verify().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_record_before_or_behind_a_hole_is_swallowed() {
    for (kind, hole) in (0..3).flat_map(|kind| HOLES.map(|hole| (kind, hole))) {
        let world = World::new();
        let truncated = bytes(&["", &(header(kind).to_owned() + &records(kind, 0, 10))], hole);
        let report = world.ingest(&world.write("truncated.log", &truncated)).await;
        assert_eq!(counts(&report).accepted, 10, "kind {kind}, hole {hole}");
        // The last record of the first ten is cut.
        let before = header(kind).to_owned() + &records(kind, 20, 30);
        let cut = &before[..before.len() - 3];
        let torn = bytes(&[cut, &records(kind, 30, 40)], hole);
        let report = world.ingest(&world.write("torn.log", &torn)).await;
        let (accepted, rejected) = (counts(&report).accepted, counts(&report).rejected);
        assert_eq!(accepted + rejected, 20, "kind {kind}, hole {hole}");
        assert!(rejected <= 1, "kind {kind}, hole {hole}");
        world.verify().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_of_two_bytes_per_letter_may_lie_behind_a_hole() {
    let world = World::new();
    let text: Vec<u8> = lines(0, 20).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let report = world.ingest(&world.write("a.log", &[vec![0; 200_000], text].concat())).await;
    assert_eq!(counts(&report), Counts { read: 20, accepted: 20, rejected: 0, duplicate: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_order_mark_makes_no_other_text() {
    for kind in 0..3 {
        let world = World::new();
        let text = header(kind).to_owned() + &records(kind, 0, 20);
        world.ingest(&world.write("app.log", text.as_bytes())).await;
        for (name, longer) in
            [("app.log", &text), ("saved-again.log", &(text.clone() + &records(kind, 20, 30)))]
        {
            world.ingest(&world.write(name, format!("\u{FEFF}{longer}").as_bytes())).await;
        }
        assert_eq!(world.rows(Table::Logs).await, 30, "kind {kind}");
        assert_eq!(world.rows(Table::Quarantine).await, 0, "kind {kind}");
        world.verify().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_that_is_all_that_could_be_decompressed_is_not_taken_for_an_empty_file() {
    let world = World::new();
    let packed = gzip_bytes(&bytes(&["", &lines(0, 20)], 200 << 20));
    let report = world.ingest(&world.write("hole.log.gz", &packed)).await;
    let problem = report.sources[0].problem.as_ref().expect("told");
    assert!(matches!(problem, SourceProblem::Bomb { .. }), "{problem}");
}
