//! The sample that we ship is the one that the seed gives, and its truth holds together.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fupan_model::Config;
use fupan_testkit::{World, campus_lunch};
use serde_json::Value;

static WORLD: LazyLock<World> = LazyLock::new(|| campus_lunch::generate(campus_lunch::SEED));

/// More in git would burden every clone.
const BYTES_ON_DISK_MAX: u64 = 8 << 20;

fn committed_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-data/campus-lunch")
}

fn text(name: &str) -> String {
    String::from_utf8(WORLD.files[name].bytes.clone()).unwrap()
}

fn number(value: &Value, path: &str) -> u64 {
    value.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("no number at {path}"))
}

/// Paths below `folder`, with `/`.
fn paths_below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in std::fs::read_dir(current).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let relative = path.strip_prefix(folder).unwrap();
                let parts: Vec<_> =
                    relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
                found.insert(parts.join("/"));
            }
        }
    }
    found
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let again = campus_lunch::generate(campus_lunch::SEED);
    assert!(again.files == WORLD.files);
    let other = campus_lunch::generate(7);
    assert_eq!(
        other.files.keys().collect::<Vec<_>>(),
        WORLD.files.keys().collect::<Vec<_>>(),
        "the same files"
    );
    assert!(other.files["logs/2026-11-05.jsonl.zst"] != WORLD.files["logs/2026-11-05.jsonl.zst"]);
    assert_eq!(other.truth["milestones"], WORLD.truth["milestones"], "the story stays the story");
}

#[test]
fn the_committed_folder_is_what_the_seed_gives() {
    let folder = committed_folder();
    let advice = "run `cargo run -p fupan-testkit -- campus-lunch sample-data/campus-lunch`";
    assert_eq!(paths_below(&folder), WORLD.files.keys().cloned().collect(), "{advice}");
    let mut bytes_on_disk = 0;
    for (name, file) in &WORLD.files {
        let stored = std::fs::read(folder.join(name)).unwrap();
        bytes_on_disk += stored.len() as u64;
        let committed =
            if file.is_compressed { zstd::decode_all(stored.as_slice()).unwrap() } else { stored };
        assert!(committed == file.bytes, "{name} differs; {advice}");
    }
    assert!(bytes_on_disk < BYTES_ON_DISK_MAX, "{bytes_on_disk} bytes");
}

#[test]
fn every_failed_user_is_exactly_one_of_recovered_blocked_pending() {
    let truth = &WORLD.truth;
    for users in [&truth["users"], &truth["actions"]["order"]["users"], &truth["actions"]["pay"]["users"]] {
        let count = |name: &str| users[name].as_u64().unwrap();
        assert_eq!(count("failed"), count("self_recovered") + count("blocked") + count("pending"));
        assert!(count("failed") < count("exposed") && count("blocked") > 0 && count("self_recovered") > 0);
        assert_eq!(count("pending"), 0, "the data go past the grace time");
    }
    for action in ["order", "pay"] {
        let action = &truth["actions"][action];
        assert_eq!(
            number(action, "/attempts"),
            number(action, "/failed_attempts") + number(action, "/succeeded")
        );
        let by_status: u64 = action["failed_by_status"]
            .as_object()
            .unwrap()
            .values()
            .map(|count| count.as_u64().unwrap())
            .sum();
        assert_eq!(by_status, number(action, "/failed_attempts"));
        let usual: Vec<u64> = action["succeeded_on_baseline_days"]
            .as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_u64().unwrap())
            .collect();
        assert!(usual.iter().all(|usual| usual / 2 > number(action, "/succeeded")), "the harm is plain");
    }
    assert!(number(truth, "/actions/order/failed_by_status/200") > 10, "paused orders fail by their code");
}

#[test]
fn verdicts_agree_with_what_the_services_counted() {
    for service in WORLD.truth["services"].as_array().unwrap() {
        let share = |failed: &str, requests: &str| {
            service[failed].as_f64().unwrap() / service[requests].as_f64().unwrap().max(1.0)
        };
        let (now, usual) = (share("failed", "requests"), share("baseline_failed", "baseline_requests"));
        assert!(usual < 0.004, "{service}");
        match service["verdict"].as_str().unwrap() {
            "failing" => assert!(now > 0.1, "{service}"),
            "unaffected" | "degraded" => {
                assert!(now < 0.008 && service["requests"].as_u64().unwrap() > 200, "{service}");
            }
            _ => assert_eq!(service["requests"], 0),
        }
    }
}

#[test]
fn the_warning_is_in_the_alerts_and_nobody_fired_on_an_innocent_service_during_the_impact() {
    let alerts: Value = serde_json::from_str(&text("alerts.json")).unwrap();
    let fired: Vec<(&str, &str, &str)> = alerts
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| {
            let field = |name: &str| alert[name].as_str().unwrap();
            (field("id"), field("service"), field("fired_at"))
        })
        .collect();
    assert!(fired.contains(&("al-1042", "mysql-proxy", "2026-11-05T11:06:28+08:00")), "{fired:?}");
    assert!(text("timeline.yaml").contains("alert: al-1042"));
    assert_eq!(fired[0].1, "notify-service");
    let affected = ["mysql-proxy", "order-service", "payment-service", "coupon-service"];
    assert!(fired[1..].iter().all(|(_, service, _)| affected.contains(service)), "{fired:?}");
}

#[test]
fn the_configuration_is_one_that_fupan_reads() {
    let config: Config = toml::from_str(&text("fupan.toml")).unwrap();
    assert_eq!(config.workspace.zone, "Asia/Shanghai");
    assert!(config.services["api-gateway"].entry);
    assert_eq!(config.actions.keys().collect::<Vec<_>>(), ["browse", "cart", "order", "pay", "search"]);
    assert_eq!(config.identity.grace_seconds, 1800);
    assert_eq!(config.grades["P1"].targets["mitigate"], "10m");
}

#[test]
fn every_log_line_is_json_in_the_order_of_time() {
    for (name, file) in WORLD.files.iter().filter(|(name, _)| name.starts_with("logs/")) {
        let mut lines = 0_u64;
        let mut last = String::new();
        for line in file.bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let record: Value = serde_json::from_slice(line).unwrap();
            let timestamp = record["timestamp"].as_str().unwrap().to_owned();
            assert!(timestamp >= last, "{name}: {timestamp} after {last}");
            last = timestamp;
            lines += 1;
        }
        assert_eq!(Some(lines), WORLD.truth["log_records"][name].as_u64(), "{name}");
    }
}

/// A log record of the incident's day, read as anybody would read it.
struct Record {
    timestamp: String,
    service: String,
    route: String,
    user: Option<String>,
    is_failed: bool,
}

/// Requests of the incident's day without those of probes.
fn requests() -> Vec<Record> {
    let lines = WORLD.files["logs/2026-11-05.jsonl.zst"].bytes.split(|byte| *byte == b'\n');
    let records =
        lines.filter(|line| !line.is_empty()).map(|line| serde_json::from_slice::<Value>(line).unwrap());
    let requests = records.filter(|record| record.get("http").is_some() && record.get("probe").is_none());
    requests
        .map(|record| {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let status = record["http"]["status_code"].as_u64().unwrap();
            let code = record.get("code").and_then(Value::as_str).unwrap_or("0");
            Record {
                timestamp: text(&record["timestamp"]).unwrap(),
                service: text(&record["service"]).unwrap(),
                route: format!(
                    "{} {}",
                    record["http"]["method"].as_str().unwrap(),
                    record["http"]["route"].as_str().unwrap()
                ),
                user: record.get("user_id").and_then(text),
                is_failed: status >= 500 || status == 429 || code != "0",
            }
        })
        .collect()
}

#[test]
fn services_fail_from_the_minute_that_the_truth_names() {
    let mut minutes: BTreeMap<(String, String), (u32, u32)> = BTreeMap::new();
    for record in requests() {
        let count = minutes.entry((record.service, record.timestamp[..16].to_owned())).or_default();
        count.0 += 1;
        count.1 += u32::from(record.is_failed);
    }
    for service in WORLD.truth["services"].as_array().unwrap() {
        let name = service["service"].as_str().unwrap();
        let failing = minutes.iter().find(|((of, _), (all, failed))| {
            of == name && *failed >= 5 && f64::from(*failed) > 0.08 * f64::from(*all)
        });
        let onset = failing.map(|((_, minute), _)| minute.as_str());
        let expected = service["onset"].as_str().filter(|_| service["verdict"] == "failing");
        assert_eq!(onset, expected.map(|onset| &onset[..16]), "{name}");
    }
}

#[test]
fn reading_the_logs_gives_the_users_of_the_truth() {
    let instant = |name: &str| WORLD.truth["milestones"][name].as_str().unwrap()[..19].to_owned();
    let (start, end, grace) =
        (instant("impact_started_at"), instant("mitigated_at"), instant("grace_ended_at"));
    for (action, route) in [("order", "POST /api/v1/orders"), ("pay", "POST /api/v1/payments")] {
        let mut exposed = BTreeSet::new();
        let mut failed_at: BTreeMap<String, String> = BTreeMap::new();
        let mut recovered = BTreeSet::new();
        for record in requests() {
            if record.service != "api-gateway" || record.route != route {
                continue;
            }
            let (user, timestamp) = (record.user.unwrap(), record.timestamp);
            if timestamp >= start && timestamp < end {
                exposed.insert(user.clone());
                if record.is_failed {
                    failed_at.entry(user.clone()).or_insert_with(|| timestamp.clone());
                }
            }
            let is_late = timestamp > grace;
            if !record.is_failed && !is_late && failed_at.get(&user).is_some_and(|failed| *failed < timestamp)
            {
                recovered.insert(user);
            }
        }
        let users = &WORLD.truth["actions"][action]["users"];
        assert_eq!(number(users, "/exposed"), exposed.len() as u64, "{action}");
        assert_eq!(number(users, "/failed"), failed_at.len() as u64, "{action}");
        assert_eq!(number(users, "/self_recovered"), recovered.len() as u64, "{action}");
    }
}
