//! Text from data is inert: the parsed report has the same structure whatever the data say.

use fupan_report::{IncidentReport, Lang, render};
use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::Value;

use crate::{common, payloads::PAYLOADS};

/// Fields that hold text from data or people.
const TEXT_FIELDS: &[&str] = &[
    "incident_id",
    "title",
    "by_rule",
    "clause",
    "by_people",
    "owner",
    "business_line",
    "detection_mode",
    "summary",
    "service",
    "team",
    "identity",
    "action",
    "text",
    "url",
    "actor",
    "source",
    "event_type",
    "channel",
    "subject",
    "host",
    "en",
    "zh",
    "unit",
    "currency",
    "setting",
    "key",
    "query",
    "question",
    "sql_hash",
    "digest",
    "software_version",
    "format",
    "assumed_zone",
    "acceptance",
    "verifier",
    "receipt",
];
/// Lists of such texts.
const TEXT_LISTS: &[&str] = &["also", "claims_affected", "claims_unaffected", "contradicted"];

/// The full report with every text field replaced.
fn poisoned(payload: &str, with_charts: bool) -> IncidentReport {
    let mut report = common::full();
    report.timeline[3].links = vec![fupan_report::Link { text: String::new(), url: String::new() }];
    report.timeline[4].is_superseded = true;
    report.header.summary = Some(String::new());
    report.candidates[0].host = Some(String::new());
    report.candidates[1].evidence.push(fupan_report::Evidence::SaidByPeople { text: String::new() });
    report.rejected[0].reason = fupan_report::RejectedReason::FollowsAnother { subject: String::new() };
    report.definitions.push(fupan_report::DefinitionUsed::default());
    report.assumptions.push(fupan_report::Assumption::Other { words: fupan_report::Words::default() });
    let setting = fupan_report::Unknown::NotConfigured { setting: String::new() };
    report.asset_loss = fupan_report::Figure::unknown(setting, "impact/reconcile");
    if !with_charts {
        report.series = fupan_report::Series::default();
    }
    let mut value = serde_json::to_value(&report).unwrap();
    replace(&mut value, payload);
    serde_json::from_value(value).unwrap()
}

fn replace(value: &mut Value, payload: &str) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object.iter_mut() {
                if name == "params" {
                    *inner = serde_json::json!({ payload: payload });
                } else if TEXT_FIELDS.contains(&name.as_str()) && inner.is_string() {
                    *inner = Value::from(payload);
                } else if TEXT_LISTS.contains(&name.as_str()) {
                    *inner = serde_json::json!([payload]);
                } else {
                    replace(inner, payload);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| replace(inner, payload)),
        _ => {}
    }
}

/// What is left of a parsed report without its words.
#[derive(Debug, PartialEq)]
struct Structure {
    events: Vec<String>,
}

fn options() -> Options {
    let mut options = Options::all();
    // These two only change letters, and one would hide dashes.
    options.remove(Options::ENABLE_SMART_PUNCTUATION);
    options
}

fn parsed(markdown: &str) -> (Structure, String) {
    let mut events: Vec<String> = Vec::new();
    let mut words = String::new();
    let mut is_code = false;
    for event in Parser::new_ext(markdown, options()) {
        let shape = match event {
            // Hosts leave code alone; what is in it was quoted for a shell.
            Event::Text(_) if is_code => continue,
            Event::Text(text) => {
                words.push_str(&text);
                continue;
            }
            Event::Code(text) => {
                words.push(' ');
                format!("code {}", if text.starts_with("fupan why") { "why" } else { &text })
            }
            Event::SoftBreak | Event::HardBreak => "break".to_owned(),
            Event::Html(html) | Event::InlineHtml(html) => format!("html {}", elements(&html)),
            Event::Start(Tag::Link { dest_url, .. }) => format!("link {dest_url}"),
            Event::Start(Tag::Image { dest_url, .. }) => format!("image {dest_url}"),
            Event::Start(Tag::Heading { level, .. }) => format!("heading {level}"),
            Event::Start(tag) => format!("start {tag:?}"),
            Event::End(tag) => format!("end {tag:?}"),
            other => format!("other {other:?}"),
        };
        if shape.contains("CodeBlock") {
            is_code = shape.starts_with("start");
        }
        words.push('\n');
        events.push(shape);
    }
    (Structure { events }, words)
}

/// Names of the elements in a piece of HTML; comments are their first word.
fn elements(html: &str) -> String {
    let mut out = String::new();
    for part in html.split('<').skip(1) {
        let name: String =
            part.chars().take_while(|letter| !letter.is_whitespace() && *letter != '>').collect();
        out.push_str(&name);
        out.push(' ');
    }
    out
}

#[test]
fn the_list_is_long_enough() {
    assert!(PAYLOADS.len() >= 150, "{}", PAYLOADS.len());
}

#[test]
fn no_payload_changes_the_structure_of_the_report() {
    for lang in Lang::ALL {
        let structure_of = |payload| parsed(&render(&poisoned(payload, false), lang).unwrap().markdown()).0;
        let (words, nothing) = (structure_of("plain words"), structure_of(""));
        assert!(words.events.len() > 500);
        for payload in PAYLOADS {
            // A text that is empty, or white space, leaves its place empty.
            let benign = if payload.trim().is_empty() { &nothing } else { &words };
            let text = render(&poisoned(payload, false), lang).unwrap().markdown();
            let (structure, words) = parsed(&text);
            if let Some(index) = (0..benign.events.len().max(structure.events.len()))
                .find(|index| benign.events.get(*index) != structure.events.get(*index))
            {
                panic!(
                    "{payload:?} changes the structure in {lang:?}: {:?} became {:?}",
                    benign.events.get(index),
                    structure.events.get(index)
                );
            }
            assert_inert(payload, &words);
            assert!(!text.contains("{{") && !text.contains("{%"), "a template's tag from {payload:?}");
            assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{payload:?}");
        }
    }
    println!(
        "figure: {} payloads in each of {} fields, {} languages: 0 links, images, HTML, mentions, references or control bytes that came from data",
        PAYLOADS.len(),
        TEXT_FIELDS.len() + TEXT_LISTS.len(),
        Lang::ALL.len()
    );
}

/// What hosts of code make of plain text: mentions, references, addresses, emoji, control characters.
fn assert_inert(payload: &str, words: &str) {
    let letters: Vec<char> = words.chars().collect();
    for window in letters.windows(2) {
        let (letter, next) = (window[0], window[1]);
        assert!(!(letter == '@' && next.is_alphanumeric()), "a mention from {payload:?}");
        let reference = matches!(letter, '#' | '!') && next.is_ascii_digit();
        assert!(!reference, "a reference from {payload:?}");
        assert!(letter == '\n' || !letter.is_control(), "a control character from {payload:?}");
        let hidden =
            matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200B}' | '\u{FEFF}');
        assert!(!hidden, "an invisible character from {payload:?}");
    }
    let lower = words.to_lowercase();
    for address in ["://", "www.", "mailto:a", "xmpp:a", ":tada:", ":shipit:", ":+1:", "gh-1"] {
        assert!(!lower.contains(address), "{address} from {payload:?}");
    }
}

#[test]
fn charts_and_tables_stay_inert() {
    const ELEMENTS: [&str; 9] =
        ["svg", "title", "desc", "rect", "line", "polyline", "polygon", "circle", "text"];
    let (mut charts, mut tables) = (0, 0);
    for payload in PAYLOADS.iter().step_by(6) {
        let rendered = render(&poisoned(payload, true), Lang::En).unwrap();
        for (path, bytes) in &rendered.files {
            let text = std::str::from_utf8(bytes).unwrap();
            if path.ends_with(".svg") {
                charts += 1;
                for name in elements(text).split_whitespace() {
                    let name = name.trim_start_matches('/').trim_end_matches('/');
                    assert!(ELEMENTS.contains(&name), "{name} in {path} from {payload:?}");
                }
                assert!(!text.contains("href") || payload.contains("href"), "{path}");
                assert!(fupan_report::svg_to_png(text, 0.1).is_ok(), "{path} from {payload:?}");
            } else if path.ends_with(".csv") {
                tables += 1;
                assert_no_formula(payload, path, bytes);
            }
        }
    }
    println!(
        "figure: {charts} charts and {tables} tables of every sixth: 0 elements, links or formulas that came from data"
    );
}

fn assert_no_formula(payload: &str, path: &str, bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap();
    for cell in text.lines().flat_map(|line| line.split(',')) {
        let cell = cell.trim_matches('"');
        let is_number = cell.parse::<f64>().is_ok();
        assert!(
            is_number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
            "{cell:?} in {path} from {payload:?}"
        );
    }
}
