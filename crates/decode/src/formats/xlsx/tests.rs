//! Each trap of a spreadsheet.

use proptest::prelude::*;

use super::*;
use crate::formats::testing::{Collected, told};

const TIMELINE: &[u8] = include_bytes!("../../../fixtures/xlsx/timeline.xlsx");
const TICKETS: &[u8] = include_bytes!("../../../fixtures/xlsx/tickets.xlsx");

fn decode(bytes: &[u8]) -> Collected {
    let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "book.xlsx");
    Collected::from(&Xlsx::open(&options), bytes)
}

#[test]
fn a_timeline_with_a_title_merged_cells_and_dates_as_numbers() {
    assert!(looks_like(TIMELINE) && looks_like(TICKETS) && !looks_like(b"PK\x03\x04"));
    let found = decode(TIMELINE);
    assert_eq!(found.rejects, []);
    let expected = [
        ("impact_started", "2026-11-05T03:05:00Z", "下单失败"),
        ("mitigated", "2026-11-05T03:40:30Z", "回滚, 恢复"),
        ("resolved", "2026-11-05T16:00:00Z", "关闭"),
    ];
    let expected: Vec<_> =
        expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
    assert_eq!(told(&found), expected);
    // The incident stands in one cell that is merged over the rows.
    assert!(found.events.iter().all(|event| event.incident_id.as_deref() == Some("INC-41")));
    assert_eq!(found.assumed_zone, 3);
    assert_eq!(found.declared[0].document, "timeline:book.xlsx#时间线");
}

#[test]
fn ids_that_a_spreadsheet_damaged_are_emptied_and_told() {
    let found = decode(TICKETS);
    assert_eq!(found.rejects, []);
    let first = &found.logs[0];
    assert_eq!(first.timestamp.to_rfc3339(), "2026-11-05T03:06:00Z");
    assert_eq!((first.order_id.as_deref(), first.amount), (None, Some(12.5)));
    assert!(found.attributes(0).contains(&("damaged_by_spreadsheet", "订单号=202611051234567000")));
    // A text keeps all of its digits.
    assert_eq!(found.logs[1].order_id.as_deref(), Some("202611051234567891"));
    assert_eq!(found.places.iter().map(|place| place.record).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn sheets_of_the_same_columns_are_series_of_their_own() {
    let book = Xlsx::open(&DecodeOptions::new(chrono_tz::UTC, "book.xlsx"));
    let mut found = Collected::default();
    for (name, value) in [("支付服务", 100), ("订单服务", 500)] {
        let csv = format!("时间,qps\n2026-11-05 03:05:00,{value}\n");
        book.decode_sheet(name, &csv, true, Place { record: 1, byte_offset: 0 }, &mut found);
    }
    let labels: Vec<_> = found.metrics.iter().map(|point| point.attributes.clone()).collect();
    assert_eq!(
        labels,
        [vec![("sheet".into(), "支付服务".into())], vec![("sheet".into(), "订单服务".into())]]
    );
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    let found = decode(include_bytes!("../../../fixtures/xlsx/bomb.xlsx"));
    assert!(found.rejects[0].1.contains("unpacks to more"), "{:?}", found.rejects[0].1);
    let found = decode(include_bytes!("../../../fixtures/xlsx/announced.xlsx"));
    assert!(found.rejects[0].1.contains("announces more texts"), "{:?}", found.rejects[0].1);
}

#[test]
fn a_damaged_package_is_one_reject() {
    for cut in [100, TIMELINE.len() / 2, TIMELINE.len() - 1] {
        let found = decode(&TIMELINE[..cut]);
        assert_eq!((found.rejects.len(), found.events.len()), (1, 0));
    }
}

#[test]
fn a_flipped_bit_is_told_though_the_text_could_still_be_read() {
    // Found by the property below: the reader of the sheet stops before the checksum.
    let mut bytes = TIMELINE.to_vec();
    bytes[1560] = 101;
    let found = decode(&bytes);
    assert!(found.rejects[0].1.contains("checksums differ"), "{:?}", found.rejects[0].1);
    assert!(found.events.is_empty());
}

proptest! {
    #[test]
    fn no_damage_panics(at in 0..TIMELINE.len(), with in any::<u8>(), cut in 0..TIMELINE.len()) {
        let options = DecodeOptions::new(chrono_tz::UTC, "book.xlsx");
        let mut bytes = TIMELINE.to_vec();
        bytes[at] = with;
        let found = Collected::from(&Xlsx::open(&options), &bytes);
        prop_assert!(!found.places.is_empty());
        let _ = Collected::from(&Xlsx::open(&options), &bytes[..cut]);
    }
}
