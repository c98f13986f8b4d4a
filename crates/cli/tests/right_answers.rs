//! Promise: the numbers are right. Worlds are drawn from seeds, ingested and asked about; a naive oracle in memory
//! (`fupan_testkit::seeded`), written from the definitions, has to find the same.
//!
//! `FUPAN_WORLD=17` looks at that one world alone.

#![allow(clippy::panic, clippy::print_stdout, reason = "a test says what it found, and fails aloud")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

use fupan_testkit::seeded::oracle::{self, Radius, Record, UserCounts, Window};
use fupan_testkit::seeded::{SeededWorld, instant};
use serde_json::Value;

const WORLDS: u64 = 10;
/// Where the whole of the scoreboard is asked for.
const WORLDS_FULL: u64 = 500;

/// What is compared with what, and where they differ.
#[derive(Default)]
struct Comparison {
    compared: u64,
    differences: Vec<String>,
}

impl Comparison {
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, found: &T, right: &T) {
        self.compared += 1;
        if found != right {
            self.differences.push(format!("{what}: found {found:?}, right is {right:?}"));
        }
    }

    /// Numbers whose last digits depend on the order in which they were computed.
    fn near(&mut self, what: &str, found: Option<f64>, right: Option<f64>) {
        let is_near = match (found, right) {
            (Some(found), Some(right)) => (found - right).abs() <= 1e-6 * right.abs().max(1e-6),
            (None, None) => true,
            _ => false,
        };
        self.compared += 1;
        if !is_near {
            self.differences.push(format!("{what}: found {found:?}, right is {right:?}"));
        }
    }
}

/// What `fupan` prints, with the world's folder as its workspace.
fn fupan(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_fupan"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "fupan {arguments:?} ended with {:?}: {stderr}", output.status.code());
    String::from_utf8(output.stdout).expect("text")
}

fn rows(text: &str) -> Vec<Value> {
    serde_json::from_str(text).expect("JSON")
}

/// A query of the catalogue over a window, with what is configured.
fn ask(folder: &Path, world: &SeededWorld, query: &str, window: Window) -> Vec<Value> {
    let plan = &world.plan;
    let quiet = window.quiet(plan);
    let mut params = vec![
        format!("impact_start={}", instant(window.start)),
        format!("impact_end={}", instant(window.end)),
        format!("baseline_start={}", instant(quiet.0)),
        format!("baseline_end={}", instant(quiet.1)),
        format!("comparable_days={}", plan.comparable_days),
    ];
    if query == "impact/users" {
        params.push(format!("grace_seconds={}", plan.grace_seconds));
    } else {
        params.push(format!("min_requests={}", plan.min_requests));
        params.push(format!("min_effect={}", plan.min_effect));
    }
    let as_of = instant(window.as_of);
    let mut arguments = vec!["query", "run", query, "--format", "json"];
    if window.as_of < i64::MAX {
        arguments.extend(["--as-of", &as_of]);
    }
    arguments.extend(params.iter().flat_map(|param| ["--param", param]));
    rows(&fupan(folder, &arguments))
}

fn text<'a>(row: &'a Value, column: &str) -> Option<&'a str> {
    row.get(column).unwrap_or_else(|| panic!("no column {column}: {row}")).as_str()
}

fn number(row: &Value, column: &str) -> Option<f64> {
    row.get(column).unwrap_or_else(|| panic!("no column {column}: {row}")).as_f64()
}

fn count(row: &Value, column: &str) -> Option<i64> {
    row.get(column).unwrap_or_else(|| panic!("no column {column}: {row}")).as_i64()
}

fn micros(row: &Value, column: &str) -> Option<i64> {
    let parsed = text(row, column).map(chrono::DateTime::parse_from_rfc3339);
    parsed.map(|at| at.expect("RFC 3339").timestamp_micros())
}

fn compare_users(
    found: &[Value],
    right: &BTreeMap<Option<String>, UserCounts>,
    what: &str,
    all: &mut Comparison,
) {
    let names = |row: &Value| text(row, "action").map(str::to_owned);
    let actions: BTreeSet<Option<String>> = found.iter().map(names).collect();
    all.same(&format!("{what}: actions"), &actions, &right.keys().cloned().collect());
    for row in found {
        let Some(right) = right.get(&names(row)) else { continue };
        let what = format!("{what} {}", names(row).as_deref().unwrap_or("overall"));
        for (column, right) in [
            ("exposed", right.exposed),
            ("failed", right.failed),
            ("self_recovered", right.self_recovered),
            ("blocked", right.blocked),
            ("pending", right.pending),
            ("attempts", right.attempts),
            ("failed_attempts", right.failed_attempts),
            ("anonymous_attempts", right.anonymous_attempts),
            ("anonymous_failed_attempts", right.anonymous_failed_attempts),
            ("excluded_attempts", right.excluded_attempts),
        ] {
            all.same(&format!("{what}: {column}"), &count(row, column), &Some(right));
        }
        all.near(&format!("{what}: expected_failed"), number(row, "expected_failed"), right.expected_failed);
    }
}

fn compare_radius(
    found: &[Value],
    subject: &str,
    right: &BTreeMap<String, Radius>,
    what: &str,
    all: &mut Comparison,
) {
    let names = |row: &Value| text(row, subject).expect("a name").to_owned();
    all.same(
        &format!("{what}: {subject}"),
        &found.iter().map(names).collect(),
        &right.keys().cloned().collect::<BTreeSet<_>>(),
    );
    for row in found {
        let Some(right) = right.get(&names(row)) else { continue };
        let what = format!("{what} {}", names(row));
        for (column, right) in [
            ("class", Some(right.class)),
            ("reason", Some(right.reason)),
            ("baseline_basis", right.baseline_basis),
        ] {
            all.same(&format!("{what}: {column}"), &text(row, column), &right);
        }
        for (column, right) in [
            ("requests", Some(right.requests)),
            ("failed", Some(right.failed)),
            ("baseline_requests", right.baseline_requests),
            ("baseline_failed", right.baseline_failed),
            ("failing_minutes", Some(right.failing_minutes)),
        ] {
            all.same(&format!("{what}: {column}"), &count(row, column), &right);
        }
        all.same(&format!("{what}: onset_at"), &micros(row, "onset_at"), &right.onset_us);
        for (column, right) in [
            ("peak_failed_share", right.peak_failed_share),
            ("p_value", right.p_value.filter(|p| *p > 1e-12)),
            ("rise_high", right.rise_high),
            ("latency_ms_p50", right.latency_ms_p50),
            ("latency_ms_p99", right.latency_ms_p99),
        ] {
            // Beyond twelve digits nobody asks how improbable.
            let found = number(row, column).filter(|p| column != "p_value" || *p > 1e-12);
            all.near(&format!("{what}: {column}"), found, right);
        }
    }
}

/// Every incident as people wrote it down.
fn compare_records(found: &[Value], right: &BTreeMap<String, Record>, all: &mut Comparison) {
    let names = |row: &Value| text(row, "incident_id").expect("an id").to_owned();
    all.same(
        "incidents",
        &found.iter().map(names).collect(),
        &right.keys().cloned().collect::<BTreeSet<_>>(),
    );
    for row in found {
        let Some(right) = right.get(&names(row)) else { continue };
        let id = names(row);
        for name in [
            "impact_started",
            "detected",
            "acknowledged",
            "declared",
            "first_notice",
            "located",
            "mitigated",
            "recovered",
            "resolved",
            "closed",
        ] {
            let milestone = right.milestones.get(name);
            for (column, right) in [
                (format!("{name}_at"), milestone.map(|milestone| milestone.at)),
                (format!("{name}_low"), milestone.map(|milestone| milestone.low)),
                (format!("{name}_high"), milestone.map(|milestone| milestone.high)),
            ] {
                all.same(&format!("{id}: {column}"), &micros(row, &column), &right);
            }
        }
        let durations = &right.durations;
        for (column, right) in [
            ("time_to_detect_seconds", durations.detect),
            ("early_warning_seconds", durations.early_warning),
            ("time_to_acknowledge_seconds", durations.acknowledge),
            ("time_to_locate_seconds", durations.locate),
            ("time_to_mitigate_seconds", durations.mitigate),
            ("time_to_mitigate_seconds_low", durations.mitigate_range.map(|range| range.0)),
            ("time_to_mitigate_seconds_high", durations.mitigate_range.map(|range| range.1)),
            ("time_to_recover_seconds", durations.recover),
            ("record_open_seconds", durations.record_open),
            ("downtime_seconds", durations.downtime),
        ] {
            all.near(&format!("{id}: {column}"), number(row, column), right);
        }
        all.same(&format!("{id}: impact_segments"), &count(row, "impact_segments"), &Some(right.segments));
        all.same(&format!("{id}: status"), &text(row, "status"), &Some(right.status));
    }
}

/// A figure of the report by its place; none where it is unknown.
fn figure(receipts: &Value, place: &str) -> Option<f64> {
    let figures = receipts["figures"].as_array().expect("figures");
    let value = &figures.iter().find(|figure| figure["place"] == place)?["value"];
    ["count", "seconds", "share", "value", "at"].iter().find_map(|key| value.get(key).and_then(Value::as_f64))
}

/// The report itself: observed begin and end are what was planted, and what follows from them.
fn compare_report(
    folder: &Path,
    world: &SeededWorld,
    records: &BTreeMap<String, Record>,
    all: &mut Comparison,
) {
    let (plan, id) = (&world.plan, &world.incidents[0].id);
    fupan(folder, &["report", id, "--out", "reports"]);
    let path = folder.join("reports").join(id).join("receipts.json");
    let receipts: Value = serde_json::from_slice(&std::fs::read(path).expect("receipts")).expect("JSON");
    let mut near = |place: &str, right: Option<f64>| {
        all.near(&format!("report {place}"), figure(&receipts, place), right);
    };
    let planted = world.planted();
    near("milestones.impact_started.at", Some(planted.start as f64));
    let seconds = |minutes: i64| (minutes * 60) as f64;
    let last = plan.stretches.last().expect("a stretch");
    near("durations.mitigate", Some(seconds(last.1 - last.0)));
    near("durations.downtime", Some(plan.stretches.iter().map(|(from, to)| seconds(to - from)).sum()));
    let at = |name: &str| records[id].milestones.get(name).map(|milestone| milestone.at);
    let detected = at("detected");
    let early = detected.filter(|detected| *detected < planted.start);
    near("durations.early_warning", early.map(|detected| (planted.start - detected) as f64 / 1e6));
    near("durations.acknowledge", records[id].durations.acknowledge);
    near("durations.record_open", records[id].durations.record_open);
    let radius = oracle::blast_radius(plan, &world.incidents, &world.requests, planted, true);
    let affected: Vec<&String> = radius
        .iter()
        .filter(|(name, radius)| radius.class == "affected" && *name != "browse")
        .map(|(name, _)| name)
        .collect();
    let of_affected: Vec<_> = world
        .requests
        .iter()
        .filter(|request| plan.action(request).is_none_or(|action| affected.contains(&&action)))
        .copied()
        .collect();
    let users = oracle::users(plan, &world.incidents, &of_affected, planted);
    let users = users.get(&None).copied().unwrap_or_default();
    for (place, right) in [
        ("users.exposed", users.exposed),
        ("users.failed", users.failed),
        ("users.self_recovered", users.self_recovered),
        ("users.blocked", users.blocked),
        ("users.pending", users.pending),
    ] {
        near(place, Some(right as f64));
    }
    let entered = || {
        world.requests.iter().filter(|request| {
            planted.start <= request.at_us
                && request.at_us < planted.end
                && plan.is_entry(request)
                && !plan.is_excluded(request)
        })
    };
    near("requests", Some(entered().count() as f64));
    near("failed_requests", Some(entered().filter(|request| plan.is_failed(request)).count() as f64));
    let failing: BTreeSet<(i64, String)> = entered()
        .filter(|request| plan.is_failed(request))
        .filter(|request| plan.action(request).is_some_and(|action| affected.contains(&&action)))
        .filter_map(|request| Some((request.at_us / 60_000_000, plan.user(request)?)))
        .collect();
    near("user_minutes", Some(failing.len() as f64));
}

/// Ingests a world and asks about it.
fn compare(seed: u64) -> Comparison {
    let world = SeededWorld::draw(seed);
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    world.files().write(folder).expect("world");
    // As it stood before, and once more when it was mended.
    let before = world.files_before();
    if !before.files.is_empty() {
        before.write(folder).expect("world");
        fupan(folder, &["ingest", "data"]);
        world.files().write(folder).expect("world");
    }
    fupan(folder, &["ingest", "data"]);
    let mut all = Comparison::default();
    let records = oracle::records(&world.incidents, &world.alerts);
    compare_records(
        &rows(&fupan(folder, &["sql", "--format", "json", "select * from incidents"])),
        &records,
        &mut all,
    );
    for (what, window) in [
        ("planted", world.planted()),
        ("some window", world.some_window()),
        ("seen early", world.planted_seen_early()),
    ] {
        let right = oracle::users(&world.plan, &world.incidents, &world.requests, window);
        compare_users(
            &ask(folder, &world, "impact/users", window),
            &right,
            &format!("{what}: users"),
            &mut all,
        );
    }
    for (what, window) in [("planted", world.planted()), ("some window", world.some_window())] {
        for (query, subject) in
            [("impact/blast_radius", "service_name"), ("impact/blast_radius_by_action", "action")]
        {
            let is_by_action = subject == "action";
            let right =
                oracle::blast_radius(&world.plan, &world.incidents, &world.requests, window, is_by_action);
            compare_radius(
                &ask(folder, &world, query, window),
                subject,
                &right,
                &format!("{what}: {query}"),
                &mut all,
            );
        }
    }
    compare_report(folder, &world, &records, &mut all);
    all
}

#[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
fn seeds() -> std::ops::Range<u64> {
    if let Some(seed) = std::env::var("FUPAN_WORLD").ok().and_then(|text| text.parse().ok()) {
        return seed..seed + 1;
    }
    let is_full = std::env::var("FUPAN_BOARD").is_ok_and(|asked| asked == "full");
    0..if is_full { WORLDS_FULL } else { WORLDS }
}

#[test]
fn answers_are_those_of_a_naive_oracle() {
    let (mut compared, mut differences, seeds) = (0, Vec::new(), seeds());
    let worlds = seeds.clone().count();
    for seed in seeds {
        let found = compare(seed);
        compared += found.compared;
        differences
            .extend(found.differences.into_iter().map(|difference| format!("world {seed}: {difference}")));
        assert!(differences.len() < 40, "{}", differences.join("\n"));
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
    println!("figure: {worlds} worlds, {compared} numbers: 0 differences");
}
