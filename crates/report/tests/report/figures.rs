//! Every figure is cited, and the same report gives the same bytes.

use fupan_report::{IncidentReport, Lang, ReceiptBook, render, svg_to_png};
use serde_json::Value;

use crate::common;

/// All objects that look like a figure, wherever they are in the model.
fn figures_in(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(object) => {
            if object.contains_key("receipt") && object.contains_key("value") && object.contains_key("id") {
                found.push(value.clone());
            }
            object.values().for_each(|inner| figures_in(inner, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| figures_in(inner, found)),
        _ => {}
    }
}

#[test]
fn no_figure_is_left_without_a_name() {
    let report = common::full();
    let mut found = Vec::new();
    figures_in(&serde_json::to_value(&report).unwrap(), &mut found);
    let named = found.iter().filter(|figure| figure["id"] != "").count();
    for figure in &found {
        let absent = figure["value"]["reason"]["why"] == "not_computed";
        assert_eq!(figure["id"] == "", absent, "{figure}");
    }
    assert_eq!(named, report.figures().len());
}

#[test]
fn every_name_that_is_printed_leads_to_a_receipt_entry() {
    for lang in Lang::ALL {
        let rendered = render(&common::full(), lang).unwrap();
        let receipts = rendered.files.iter().find(|(path, _)| path == "receipts.json").unwrap();
        let receipts: Value = serde_json::from_slice(&receipts.1).unwrap();
        let known: Vec<&str> = receipts["figures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|figure| figure["id"].as_str().unwrap())
            .collect();
        let text = rendered.markdown();
        let printed: Vec<&str> =
            text.split("<sup>").skip(1).map(|rest| rest.split("</sup>").next().unwrap()).collect();
        assert!(printed.len() > 100);
        for name in printed {
            assert!(known.contains(&name), "{name} has no receipt entry");
        }
    }
}

#[test]
fn receipts_say_where_a_figure_stands_and_where_it_comes_from() {
    let file = ReceiptBook::of(&common::full());
    let (placed, receipt) = file.why("n4").unwrap();
    assert_eq!(placed.place, "durations.mitigate");
    assert_eq!(receipt.unwrap().query.as_deref(), Some("recovery/durations"));
    assert!(file.figures.iter().all(|placed| !placed.place.is_empty()));
    assert!(file.why("n9999").is_none());
    let back: ReceiptBook = serde_json::from_slice(&file.to_json().unwrap()).unwrap();
    assert_eq!(back.figures.len(), file.figures.len());
}

#[test]
fn a_model_survives_json() {
    let report = common::full();
    let back: IncidentReport = serde_json::from_value(serde_json::to_value(&report).unwrap()).unwrap();
    assert_eq!(back, report);
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let first = render(&common::full(), Lang::Zh).unwrap();
    let again = std::thread::spawn(|| render(&common::full(), Lang::Zh).unwrap()).join().unwrap();
    assert_eq!(first, again);
}

#[test]
fn both_languages_cite_the_same_names_and_share_their_tables() {
    let (en, zh) = (render(&common::full(), Lang::En).unwrap(), render(&common::full(), Lang::Zh).unwrap());
    let shared = |files: &[(String, Vec<u8>)]| {
        files.iter().filter(|(path, _)| !path.starts_with("charts/")).cloned().collect::<Vec<_>>()
    };
    assert_eq!(shared(&en.files), shared(&zh.files));
    let ids = |rendered: &fupan_report::Rendered| {
        let mut ids: Vec<String> = rendered.blocks().map(|block| block.id.clone()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&en), ids(&zh));
}

#[test]
fn charts_are_well_formed_and_described() {
    for report in [common::full(), common::crowded()] {
        let rendered = render(&report, Lang::En).unwrap();
        let charts: Vec<_> = rendered.files.iter().filter(|(path, _)| path.ends_with(".svg")).collect();
        assert!(charts.len() >= 8);
        for (path, bytes) in charts {
            let svg = std::str::from_utf8(bytes).unwrap();
            assert!(svg.contains("<title id=") && svg.contains("<desc id=") && svg.contains("role=\"img\""));
            assert!(svg_to_png(svg, 0.5).is_ok(), "{path}");
        }
    }
}

#[test]
fn what_cannot_be_drawn_is_said_in_words() {
    let rendered = render(&common::bare(), Lang::En).unwrap();
    assert!(rendered.files.iter().all(|(path, _)| !path.ends_with(".svg")));
    let text = rendered.markdown();
    for words in ["There is no chart", "How many users were hurt is not known", "Not enough evidence"] {
        assert!(text.contains(words), "{words}");
    }
    let empty = render(&IncidentReport::default(), Lang::Zh).unwrap();
    assert!(empty.markdown().contains("受影响用户数未知"));
}

#[test]
fn candidates_are_never_called_the_root_cause() {
    for report in [common::full(), common::bare(), common::crowded()] {
        let text = render(&report, Lang::En).unwrap().markdown().to_lowercase();
        assert!(!text.contains("the root cause") && !text.contains("root cause is"));
        assert!(text.contains("candidates"));
    }
}
