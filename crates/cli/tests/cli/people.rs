//! People at an incident: `new`, `mark`, `report`, `why`.

use insta::assert_snapshot;

use crate::world::{TIMELINE, World, requests_of};

#[test]
fn an_incident_is_opened_marked_and_corrected() {
    let world = World::new();
    let opened = world.run(&[
        "new",
        "--id",
        "INC-7",
        "--title",
        "支付失败",
        "--from",
        "2026-11-05T02:40+08:00",
        "--service",
        "pay",
        "--grade",
        "P1",
    ]);
    assert_snapshot!("new", opened);
    assert_snapshot!("new_again", world.run(&["new", "--id", "INC-7", "--title", "again"]));
    assert_snapshot!("mark", world.run(&["mark", "INC-7", "mitigated", "03:08", "--note", "pool raised"]));
    assert_snapshot!(
        "mark_again",
        world.run(&["mark", "INC-7", "mitigated", "03:08", "--note", "pool raised"])
    );
    let listed = |world: &World| {
        world.run(&[
            "sql",
            "--quiet",
            "--format",
            "csv",
            "select status, impact_started_at, mitigated_at, time_to_mitigate_seconds as ttm from incidents",
        ])
    };
    assert_eq!(
        listed(&world),
        "exit code 0\n--- stdout\nstatus,impact_started_at,mitigated_at,ttm\nmitigated,2026-11-04T18:40:00Z,2026-11-04T19:08:00Z,1680.0\n"
    );
    let text = "select event_id from incident_events where event_type = 'mitigated'";
    let raw = std::process::Command::new(env!("CARGO_BIN_EXE_fupan"))
        .args(["sql", "--quiet", "--format", "csv", text])
        .current_dir(world.path())
        .output()
        .unwrap();
    let raw = String::from_utf8(raw.stdout).unwrap();
    let event = raw.lines().nth(1).unwrap();
    assert_snapshot!(
        "retract",
        world.run(&["mark", "INC-7", "--retract", &event[..10], "--note", "wrong incident"])
    );
    assert!(listed(&world).contains("open,2026-11-04T18:40:00Z,,"), "{}", listed(&world));
    assert_snapshot!("bad_time", world.run(&["mark", "INC-7", "mitigated", "25:99"]));
}

#[test]
fn a_report_is_written_and_what_people_wrote_is_kept() {
    let world = World::with_incident();
    let first = world.run(&["report", "--lang", "en"]);
    assert!(first.starts_with("exit code 0\n--- stdout\nreports/INC-2026-1105/postmortem.md\n"), "{first}");
    let path = world.path().join("reports/INC-2026-1105/postmortem.md");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("午高峰下单失败"), "{text}");
    std::fs::write(&path, format!("{text}\nOur own words.\n")).unwrap();
    world.run(&["report", "--lang", "en"]);
    assert!(std::fs::read_to_string(&path).unwrap().ends_with("Our own words.\n"));

    let why = world.run(&["why", "n1"]);
    assert!(why.starts_with("exit code 0\n--- stdout\nn1 = "), "{why}");
    assert!(why.contains("asked again  the same answer"), "{why}");
    let unknown = world.run(&["why", "n9999"]);
    assert!(
        unknown
            .starts_with("exit code 2\n--- stderr\nerror: the report of INC-2026-1105 has no figure `n9999`"),
        "{unknown}"
    );
}

#[test]
fn a_report_can_go_elsewhere_but_never_through_a_link() {
    let world = World::with_incident();
    let answer = world.run(&["report", "INC-2026", "--lang", "zh", "--out", "there"]);
    assert!(answer.contains("there/INC-2026-1105/postmortem.zh.md"), "{answer}");
    #[cfg(unix)]
    {
        let outside = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(world.path().join("linked")).unwrap();
        std::os::unix::fs::symlink(outside.path(), world.path().join("linked/INC-2026-1105")).unwrap();
        let refused = world.run(&["report", "--out", "linked"]);
        assert!(refused.starts_with("exit code 74\n"), "{refused}");
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    }
}

#[test]
fn an_incident_of_old_data_is_seen_as_far_as_the_data_reach() {
    let world = World::new();
    world.file("orders.jsonl", requests_of(60).as_bytes());
    world.run(&["ingest", "orders.jsonl"]);
    let from = "2026-11-05T11:05+08:00";
    world.run(&["new", "--id", "INC-9", "--title", "orders fail", "--from", from, "--service", "order"]);
    let answer = world.run(&["report", "--lang", "en"]);
    assert!(answer.contains("telemetry ends 2026-11-05T11:54:54+08:00"), "{answer}");
    let text = std::fs::read_to_string(world.path().join("reports/INC-9/postmortem.md")).unwrap();
    assert!(text.contains("telemetry ends: 2026-11-05 11:54:54 +08:00"), "{text}");
    assert!(!text.contains("still being hurt"), "{text}");
    let ttm = text.lines().find(|line| line.starts_with("| Time to mitigate (TTM)")).unwrap();
    assert!(ttm.contains("3 min 00 s"), "{ttm}");
}

/// The small incident, with data that go on long enough to see its end.
fn observed() -> World {
    let world = World::new();
    world.file("data/incident.yaml", TIMELINE.as_bytes());
    world.file("data/orders.jsonl", requests_of(60).as_bytes());
    world.run(&["ingest", "data"]);
    world
}

#[test]
fn a_figure_names_the_rows_of_all_answers_that_it_is_made_of() {
    let world = observed();
    let why = world.run(&["why", "n1"]);
    assert!(why.contains("impact/action_minutes, recovery/incident"), "{why}");
    let (stdout, _) = why.split_once("--- stderr").unwrap();
    assert!(stdout.contains("order") && !stdout.contains("search"), "only what was hurt: {stdout}");
}

#[test]
fn standard_output_is_nothing_but_the_format() {
    let world = observed();
    let output = |format: &str| {
        let answer = world.run(&["why", "n1", "--format", format]);
        let rest = answer.strip_prefix("exit code 0\n--- stdout\n").unwrap().to_owned();
        rest.split("--- stderr\n").next().unwrap().to_owned()
    };
    let json: serde_json::Value = serde_json::from_str(&output("json")).unwrap();
    assert_eq!(json["figure"], "n1");
    assert_eq!(json["made_of"][0]["query"], "impact/action_minutes");
    assert!(json["made_of"][0]["rows"].as_array().is_some_and(|rows| !rows.is_empty()));
    assert!(output("csv").starts_with("action,minute,"), "{}", output("csv"));
    assert_eq!(output("ndjson").lines().count(), 1);
}

#[test]
fn why_says_where_the_written_report_says_something_else() {
    let world = World::with_incident();
    world.run(&["report"]);
    let told = |id: &str| world.run(&["why", id]);
    assert!(!told("n1").contains("warning"), "{}", told("n1"));
    // Half of the requests more.
    world.file(
        "data/more.jsonl",
        requests_of(20).replace("request\"", "other\"").replace("\"u", "\"v").as_bytes(),
    );
    world.run(&["ingest", "data/more.jsonl"]);
    let warned = (1..40)
        .map(|at| told(&format!("n{at}")))
        .filter(|answer| answer.contains("the report in reports/INC-2026-1105"));
    assert!(warned.count() > 0);
}
