//! Real public data, where it is: `FUPAN_DATA` names the folder (default `../shared/data` beside the
//! checkout). Where it is absent these tests say aloud that they were skipped.
//!
//! Nothing is fitted to names, services or times found there; what is asserted holds for any data of
//! the same kind.

#![allow(clippy::panic, clippy::print_stdout, reason = "a test says what it found, and fails aloud")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn data(folder: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test finds its data by the environment")]
    let given = std::env::var("FUPAN_DATA").ok().map(PathBuf::from);
    let root = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    // Not println: the harness hides what a passing test prints.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: no real data at {}; FUPAN_DATA names its folder",
        path.display()
    );
    None
}

fn run(workspace: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fupan"));
    command.arg("--workspace").arg(workspace).args(arguments).stdin(Stdio::null());
    command.output().expect("the binary runs")
}

fn text(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ended with {:?}: {stderr}", output.status.code());
    assert!(!stderr.contains("panicked"), "{stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn sorted_folders(root: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .expect("folder")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

#[test]
fn every_incident_of_a_shop_without_request_logs_gives_a_report_that_says_what_it_cannot_know() {
    let Some(root) = data("rootcausebench-dev") else { return };
    let (mut observed, mut named, mut all) = (0, 0, 0);
    for folder in sorted_folders(&root) {
        all += 1;
        let workspace = tempfile::tempdir().expect("workspace");
        for part in ["alert.json", "logs.ndjson", "metrics.csv", "traces.json", "context"] {
            text(&run(workspace.path(), &["--quiet", "ingest", &folder.join(part).to_string_lossy()]));
        }
        let counts = text(&run(
            workspace.path(),
            &[
                "sql",
                "--format",
                "csv",
                "select (select count(*) from logs) > 0 as a, (select count(*) from metrics) > 0 as b, (select count(*) from spans) > 0 as c, (select count(*) from changes) > 0 as d, (select count(*) from incidents) > 0 as e",
            ],
        ));
        assert!(counts.ends_with("true,true,true,true,true\n"), "{}: {counts}", folder.display());
        text(&run(workspace.path(), &["--quiet", "report"]));
        let reports = sorted_folders(&workspace.path().join("reports"));
        let report = std::fs::read_to_string(reports[0].join("postmortem.md")).expect("report");
        assert!(report.contains("how many users were affected is unknown"), "{}", folder.display());
        assert!(!report.contains("NaN"), "{}", folder.display());
        text(&run(workspace.path(), &["--quiet", "store", "verify"]));
        // Metrics say from when on it hurt, and whom, before anybody was alerted or soon after.
        let started = report.lines().find(|line| line.starts_with("| **Impact started**")).expect("start");
        observed += usize::from(started.contains("(observed)"));
        let truth = std::fs::read_to_string(folder.join("ground_truth.json")).expect("truth");
        let truth: serde_json::Value = serde_json::from_str(&truth).expect("JSON");
        let rows =
            report.lines().filter(|line| line.contains("| affected |") || line.contains("| degraded |"));
        let hurt: Vec<&str> =
            rows.filter_map(|line| line.trim_start_matches("| ").split(' ').next()).collect();
        let true_services =
            truth["blast_radius"].as_array().expect("list").iter().chain([&truth["first_failing_service"]]);
        named += usize::from(
            true_services.filter_map(serde_json::Value::as_str).any(|service| hurt.contains(&service)),
        );
    }
    println!(
        "{observed} of {all} with an observed start, {named} of {all} with a truly hurt service among those found"
    );
    // Some incidents may be told by no metric that users feel; most are.
    assert!(observed * 4 >= all * 3, "{observed} of {all}");
    assert!(named * 4 >= all * 3, "{named} of {all}");
}

#[test]
fn a_fault_of_the_ticket_system_is_read_with_a_mapping() {
    let Some(root) = data("nezha-tt-dev") else { return };
    let day = root.join("rca_data/2023-01-29");
    let workspace = tempfile::tempdir().expect("workspace");
    let mappings = workspace.path().join("mappings");
    std::fs::create_dir_all(&mappings).expect("mappings");
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/mappings");
    for mapping in std::fs::read_dir(guide).expect("examples").flatten() {
        std::fs::copy(mapping.path(), mappings.join(mapping.file_name())).expect("copy");
    }
    for part in ["log", "trace", "metric"] {
        text(&run(
            workspace.path(),
            &["--quiet", "ingest", "--max-rejected-share", "0.2", &day.join(part).to_string_lossy()],
        ));
    }
    let answer = text(&run(
        workspace.path(),
        &[
            "sql",
            "--format",
            "csv",
            "select count(*) > 1000, count(service_name) = count(*), count(trace_id) > 0, min(severity_number) is not null from logs",
        ],
    ));
    assert!(answer.ends_with("true,true,true,true\n"), "{answer}");
    let answer = text(&run(
        workspace.path(),
        &[
            "sql",
            "--format",
            "csv",
            "select count(*) > 1000, count(distinct metric_name) > 10, count(distinct service_name) > 10 from metrics",
        ],
    ));
    assert!(answer.ends_with("true,true,true\n"), "{answer}");
}

#[test]
fn a_status_page_gives_the_time_of_public_notice_per_year_and_no_ttm() {
    let Some(root) = data("github-status") else { return };
    let workspace = tempfile::tempdir().expect("workspace");
    let file = root.join("incidents_until_2024.jsonl");
    text(&run(workspace.path(), &["--quiet", "ingest", &file.to_string_lossy()]));
    let incidents =
        text(&run(workspace.path(), &["sql", "--format", "csv", "select count(*) > 300 from incidents"]));
    assert!(incidents.ends_with("true\n"), "{incidents}");
    let years = text(&run(workspace.path(), &["query", "run", "recovery/public_notice", "--format", "csv"]));
    assert!(years.lines().count() >= 3, "{years}");
    assert!(!years.to_lowercase().contains("mitigate"), "{years}");
}
