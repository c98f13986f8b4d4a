//! The sample incident, from its files to its report: the pipeline's answers are compared with what the
//! generator knows (`sample-data/campus-lunch/README.truth.json`), and the committed reports with what the code
//! renders now.

#![allow(clippy::panic, clippy::print_stdout, reason = "a test says what it found, and fails aloud")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn run(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_fupan"))
        .args(arguments)
        .current_dir(checkout())
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "fupan {arguments:?} ended with {:?}: {stderr}", output.status.code());
    output
}

/// The demo's workspace, made once for all tests of this file.
fn demo() -> &'static Path {
    static DEMO: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = DEMO.get_or_init(|| {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("demo");
        run(&["demo", "--dir", &path.to_string_lossy()]);
        (folder, path)
    });
    path
}

fn sql(statement: &str) -> String {
    let workspace = demo().to_string_lossy().into_owned();
    let output = run(&["--workspace", &workspace, "sql", "--format", "csv", statement]);
    String::from_utf8(output.stdout).expect("text")
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("read")).expect("JSON")
}

fn truth() -> Value {
    json(&checkout().join("sample-data/campus-lunch/README.truth.json"))
}

fn receipts() -> Value {
    json(&report_folder(&demo().join("reports")).join("receipts.json"))
}

fn report_folder(reports: &Path) -> PathBuf {
    let folders: Vec<PathBuf> = std::fs::read_dir(reports)
        .expect("reports")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    assert_eq!(folders.len(), 1, "{folders:?}");
    folders[0].clone()
}

/// The number of a figure by its place in the report.
fn figure(receipts: &Value, place: &str) -> f64 {
    let figures = receipts["figures"].as_array().expect("figures");
    let found = figures.iter().find(|figure| figure["place"] == place);
    let value = &found.unwrap_or_else(|| panic!("no figure at {place}"))["value"];
    ["count", "seconds", "share", "value", "at"]
        .iter()
        .find_map(|key| value.get(key).and_then(Value::as_f64))
        .unwrap_or_else(|| panic!("{place} is no number: {value}"))
}

fn micros(truth: &Value, milestone: &str) -> f64 {
    let text = truth["milestones"][milestone].as_str().expect("an instant");
    chrono::DateTime::parse_from_rfc3339(text).expect("RFC 3339").timestamp_micros() as f64
}

fn close(found: f64, expected: f64, slack: f64, what: &str) {
    assert!((found - expected).abs() <= slack, "{what}: {found}, the truth is {expected}");
}

#[test]
fn times_are_those_that_the_generator_planted() {
    let (truth, receipts) = (truth(), receipts());
    let minute = 60.0;
    for (place, key) in [
        ("durations.mitigate", "time_to_mitigate_seconds"),
        ("durations.early_warning", "early_warning_seconds"),
        ("durations.detect", "time_to_detect_seconds"),
        ("durations.locate", "time_to_locate_seconds"),
        ("durations.recover", "time_to_recover_seconds"),
    ] {
        let expected = truth["durations_seconds"][key].as_f64().expect("seconds");
        close(figure(&receipts, place), expected, minute, place);
    }
    let start = figure(&receipts, "milestones.impact_started.at");
    close(start, micros(&truth, "impact_started_at"), minute * 1e6, "impact start");
}

#[test]
fn users_are_counted_as_the_definitions_say() {
    let (truth, receipts) = (truth(), receipts());
    for (place, users) in [("users", &truth["users"])] {
        for class in ["exposed", "failed", "self_recovered", "blocked", "pending"] {
            let expected = users[class].as_f64().expect("users");
            // An observed edge may lie a minute off; the counts follow it by a few users.
            close(figure(&receipts, &format!("{place}.{class}")), expected, 0.01 * expected, class);
        }
    }
}

#[test]
fn the_report_names_what_was_hurt_and_proves_what_was_not() {
    let report = std::fs::read_to_string(report_folder(&demo().join("reports")).join("postmortem.md"))
        .expect("report");
    let classes = blast_classes();
    for (name, class) in
        [("order", "affected"), ("pay", "affected"), ("search", "unaffected"), ("browse", "unaffected")]
    {
        assert_eq!(classes.get(name).map(String::as_str), Some(class), "{name}: {classes:?}");
    }
    for service in truth()["services"].as_array().expect("services") {
        let name = service["service"].as_str().expect("name");
        let expected = match service["verdict"].as_str() {
            Some("failing") => "affected",
            Some("degraded") => "degraded",
            Some("unaffected") => "unaffected",
            _ => continue,
        };
        assert_eq!(classes.get(name).map(String::as_str), Some(expected), "{name}");
    }
    assert!(report.contains("not mitigation"), "the breaker's silence is named and not believed");
}

/// Service or function → class, from the table behind the report.
fn blast_classes() -> BTreeMap<String, String> {
    let path = report_folder(&demo().join("reports")).join("tables/blast_radius.csv");
    let text = std::fs::read_to_string(path).expect("table");
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let headers = reader.headers().expect("headers").clone();
    let at = |name: &str| {
        headers.iter().position(|header| header == name).unwrap_or_else(|| panic!("{name}: {headers:?}"))
    };
    let (service, class) = (at("service"), at("class"));
    reader.records().flatten().map(|row| (row[service].to_owned(), row[class].to_owned())).collect()
}

#[test]
fn the_pool_and_the_campaign_lead_the_candidates_and_no_innocent_deployment_does() {
    let path = report_folder(&demo().join("reports")).join("tables/candidates.csv");
    let text = std::fs::read_to_string(path).expect("table");
    let first: Vec<String> = text.lines().skip(1).take(3).map(str::to_lowercase).collect();
    assert!(first.iter().any(|line| line.contains("pool")), "{first:#?}");
    assert!(first.iter().any(|line| line.contains("campaign") || line.contains("满减")), "{first:#?}");
    for innocent in ["notify-service", "search-service", "menu-service"] {
        assert!(!first.iter().any(|line| line.contains(innocent)), "{innocent}: {first:#?}");
    }
}

#[test]
fn a_second_ingest_changes_no_table_but_the_ledger() {
    let folder = tempfile::tempdir().expect("folder");
    let workspace = folder.path().to_string_lossy().into_owned();
    let sample = "sample-data/campus-lunch";
    let versions = |workspace: &str| -> BTreeMap<String, usize> {
        let store = Path::new(workspace).join(".fupan/store");
        std::fs::read_dir(store)
            .expect("store")
            .flatten()
            // Beside the tables stands the lock of the turns.
            .filter(|table| table.path().is_dir())
            .map(|table| {
                let entries = std::fs::read_dir(table.path().join("_delta_log")).expect("log").flatten();
                let commits = entries
                    .filter(|entry| entry.path().extension().is_some_and(|kind| kind == "json"))
                    .count();
                (table.file_name().to_string_lossy().into_owned(), commits)
            })
            .collect()
    };
    run(&["--workspace", &workspace, "--quiet", "ingest", sample]);
    let before = versions(&workspace);
    run(&["--workspace", &workspace, "--quiet", "ingest", sample]);
    let after = versions(&workspace);
    let changed: Vec<&String> =
        after.keys().filter(|table| before.get(*table) != after.get(*table)).collect();
    assert_eq!(changed, ["ingests"]);
}

#[test]
fn the_committed_reports_are_what_the_code_renders() {
    let rendered = files_below(&demo().join("reports"));
    let committed = files_below(&checkout().join("reports"));
    let advice = "run `cargo run --bin fupan -- demo` and copy fupan-demo/reports/ over reports/";
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&rendered), names(&committed), "{advice}");
    for (name, bytes) in &rendered {
        assert!(committed.get(name) == Some(bytes), "reports/{name} is not current: {advice}");
    }
    println!("figure: {} files of the sample's reports, made anew: the same bytes", rendered.len());
}

fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut todo = vec![folder.to_path_buf()];
    while let Some(next) = todo.pop() {
        for entry in std::fs::read_dir(&next).expect("folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                todo.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").to_string_lossy().replace('\\', "/");
                files.insert(name, std::fs::read(&path).expect("read"));
            }
        }
    }
    files
}

#[test]
fn rows_by_service_are_what_the_generator_wrote() {
    let truth = truth();
    let statement = "select count(*) from requests where service_name = 'api-gateway' and not is_excluded \
                     and timestamp >= to_timestamp('2026-11-05T03:07:00Z') and timestamp < to_timestamp('2026-11-05T03:48:00Z')";
    let gateway = truth["services"]
        .as_array()
        .and_then(|services| services.iter().find(|service| service["service"] == "api-gateway"))
        .and_then(|service| service["requests"].as_i64())
        .expect("requests");
    let answer = sql(statement);
    assert_eq!(answer.lines().nth(1).map(str::to_owned), Some(gateway.to_string()), "{answer}");
}
