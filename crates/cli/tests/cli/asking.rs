//! Commands that read: `incidents`, `sql`, `query`, `explain`, `config`, help.

use insta::assert_snapshot;

use crate::world::World;

#[test]
fn help_fits_on_a_screen() {
    let world = World::new();
    assert_snapshot!("help", world.run(&["--help"]));
    assert_snapshot!("help_ingest", world.run(&["ingest", "--help"]));
    assert_snapshot!("no_command", world.run(&[]));
}

#[test]
fn incidents_are_listed_in_the_zone_of_the_workspace() {
    let world = World::with_incident();
    assert_snapshot!("incidents", world.run(&["incidents"]));
    assert_snapshot!("incidents_json", world.run(&["incidents", "--format", "json"]));
    assert_snapshot!("incidents_drills", world.run(&["incidents", "--kind", "drill"]));
}

#[test]
fn the_past_is_seen_as_it_was_known_then() {
    let world = World::with_incident();
    let status = |as_of: &str| {
        let text = "select status from incidents";
        world.run(&["sql", "--format", "csv", "--as-of", as_of, text])
    };
    assert_snapshot!("as_of_bare", status("11:07:30"));
    assert_snapshot!("as_of_instant", status("2026-11-05T11:08:30+08:00"));
}

#[test]
fn an_answer_comes_in_many_forms() {
    let world = World::with_incident();
    let text = "select service_name, count(*) as requests, sum(case when is_failed then 1 else 0 end) as failed, \
                min(timestamp) as first from requests group by service_name order by service_name";
    for format in ["table", "csv", "json", "ndjson", "markdown"] {
        assert_snapshot!(format!("form_{format}"), world.run(&["sql", "--format", format, text]));
    }
    for (format, magic) in [("parquet", "PAR1"), ("arrow", "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}")] {
        let answer = world.run(&["sql", "--format", format, text]);
        assert!(answer.starts_with(&format!("exit code 0\n--- stdout\n{magic}")), "{format}");
    }
    let from_stdin = world.run_with(&["sql", "--format", "csv"], b"select 1 as one", &[]);
    assert_eq!(from_stdin, "exit code 0\n--- stdout\none\n1\n");
    assert_snapshot!(
        "cut_off",
        world.run(&["sql", "--format", "csv", "--max-rows", "2", "select body from logs"])
    );
}

#[test]
fn tables_queries_and_settings_explain_themselves() {
    let world = World::new();
    let tables = world.run(&["explain", "tables"]);
    assert!(tables.contains("\nincidents ") && tables.contains("\nrequests "), "{tables}");
    assert_snapshot!("explain_notices", world.run(&["explain", "notices"]));
    for what in [
        &["definitions"][..],
        &["functions"],
        &["schema", "config"],
        &["schema", "mapping"],
        &["schema", "timeline"],
    ] {
        let arguments: Vec<&str> = std::iter::once("explain").chain(what.iter().copied()).collect();
        let answer = world.run(&arguments);
        assert!(answer.starts_with("exit code 0\n--- stdout\n"), "{what:?}: {answer}");
    }
    let environment = [("FUPAN_BASELINE__GUARD", "7m")];
    assert_snapshot!("config_origin", world.run_with(&["config", "show", "--origin"], b"", &environment));
    assert!(!world.path().join(".fupan").exists());
}

#[test]
fn every_query_is_listed_and_runs_by_name() {
    let world = World::with_incident();
    let list = world.run(&["query", "list", "--format", "csv"]);
    assert!(list.contains("\nrecovery/incident,"), "{list}");
    assert_snapshot!("query_run", world.run(&["query", "run", "quality/ingests", "--format", "csv"]));
}

#[test]
fn completions_know_the_commands() {
    let world = World::new();
    assert!(world.run(&["completions", "bash"]).contains("ingest"));
}

#[test]
fn a_term_is_explained_by_any_of_its_names() {
    let world = World::new();
    assert_snapshot!("explain_ttm", world.run(&["explain", "ttm"]));
    assert_snapshot!("explain_blocked", world.run(&["explain", "受阻", "--format", "csv"]));
    let mitigated = world.run(&["explain", "止血"]);
    assert!(mitigated.contains("users stopped being hurt"), "{mitigated}");
    assert_eq!(world.run(&["explain", "time", "to", "mitigate"]), world.run(&["explain", "TTM"]));
}

#[test]
fn declared_times_say_that_they_are() {
    let world = World::with_incident();
    let list = world.run(&["query", "run", "recovery/list", "--format", "csv"]);
    assert!(list.contains(",basis,") && list.contains(",declared,"), "{list}");
    let window = ["--param", "window_start=2026-11-01", "--param", "window_end=2026-12-01"];
    let period = world.run(&[&["query", "run", "recovery/period", "--format", "csv"][..], &window].concat());
    assert!(period.contains("\nreal,time_to_mitigate_seconds,declared,"), "{period}");
}
