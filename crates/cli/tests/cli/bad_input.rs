//! Each kind of bad input has a clear message with what to do and the right exit code, and nothing
//! that could be read is lost.

use std::io::Write;

use insta::assert_snapshot;

use crate::world::{TIMELINE, World, requests};

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn rows(world: &World) -> String {
    world.run(&["sql", "--quiet", "--format", "csv", "select count(*) as rows from logs"])
}

#[test]
fn a_truncated_gzip_keeps_what_could_be_read_and_goes_on_from_there() {
    let world = World::new();
    let whole = gzip(&requests());
    world.file("orders.jsonl.gz", &whole[..whole.len() / 2]);
    let answer = world.run(&["ingest", "orders.jsonl.gz"]);
    assert!(answer.starts_with("exit code 65\n"), "{answer}");
    assert!(answer.contains("error: orders.jsonl.gz: the gzip data ends early"), "{answer}");
    assert!(answer.contains("hint: whole records up to there are kept"), "{answer}");
    world.file("orders.jsonl.gz", &whole);
    let again = world.run(&["ingest", "orders.jsonl.gz"]);
    assert!(again.starts_with("exit code 0\n"), "{again}");
    assert_eq!(rows(&world), "exit code 0\n--- stdout\nrows\n400\n");
}

#[test]
fn a_binary_file_that_was_named_is_an_error_and_the_others_are_read() {
    let world = World::new();
    world.file("core.bin", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0");
    world.file("orders.jsonl", requests().as_bytes());
    assert_snapshot!("binary", world.run(&["ingest", "core.bin", "orders.jsonl"]));
    assert_eq!(rows(&world), "exit code 0\n--- stdout\nrows\n400\n");
}

#[test]
fn an_empty_file_is_an_error_where_it_was_named() {
    let world = World::new();
    world.file("data/empty.jsonl", b"");
    world.file("data/orders.jsonl", requests().as_bytes());
    assert_snapshot!("empty", world.run(&["ingest", "data/empty.jsonl"]));
    assert_snapshot!("empty_in_folder", world.run(&["ingest", "data"]));
}

#[test]
fn a_line_cut_in_half_goes_to_quarantine() {
    let world = World::new();
    let mut text = requests();
    text.truncate(text.len() - 40);
    world.file("orders.jsonl", text.as_bytes());
    assert_snapshot!("half_a_line", world.run(&["ingest", "orders.jsonl"]));
    assert_eq!(rows(&world), "exit code 0\n--- stdout\nrows\n399\n");
    let short = "{\"timestamp\":\"2026-11-05T11:05:00Z\",\"message\":\"a\"}\n{\"timestamp\":\"2026-11-0";
    world.file("short.jsonl", short.as_bytes());
    assert_snapshot!("half_a_line_of_two", world.run(&["ingest", "short.jsonl"]));
}

#[test]
fn text_from_data_is_inert_on_the_terminal() {
    let world = World::new();
    world.file(
        "evil.jsonl",
        b"{\"timestamp\":\"2026-11-05T11:05:00Z\",\"message\":\"\\u001b[2J\\u202eevil\"}\nno \x1b[31mjson\n",
    );
    let answer = world.run(&["ingest", "evil.jsonl"]);
    assert!(!answer.contains('\u{1b}'), "{answer}");
    let table = world.run(&["sql", "select body from logs"]);
    assert!(!table.contains(['\u{1b}', '\u{202e}']), "{table}");
}

#[test]
fn what_is_not_there_is_an_error_and_makes_no_store() {
    let world = World::new();
    assert_snapshot!("missing_file", world.run(&["ingest", "no/such.log"]));
    assert!(!world.path().join(".fupan").exists());
}

#[test]
fn a_wrong_zone_is_told_with_the_one_that_was_meant() {
    let world = World::new();
    world.file("orders.jsonl", requests().as_bytes());
    assert_snapshot!("wrong_zone_flag", world.run(&["ingest", "--zone", "Asia/Shanghia", "orders.jsonl"]));
    world.file("fupan.toml", b"[workspace]\nzone = \"Beijing\"\n");
    assert_snapshot!("wrong_zone_config", world.run(&["ingest", "orders.jsonl"]));
    world.file("fupan.toml", b"[workspace]\nzoen = \"UTC\"\n");
    assert_snapshot!("wrong_key_config", world.run(&["incidents"]));
    world.file("fupan.toml", b"[workspace\n");
    assert!(world.run(&["incidents"]).starts_with("exit code 65\n--- stderr\nerror: "));
}

#[test]
fn a_store_that_does_not_exist_is_not_made_by_asking() {
    let world = World::new();
    assert_snapshot!("no_store", world.run(&["incidents"]));
    assert_snapshot!("no_such_store", world.run(&["sql", "--store", "elsewhere/store", "select 1"]));
    assert!(!world.path().join(".fupan").exists() && !world.path().join("elsewhere").exists());
}

#[test]
fn wrong_questions_are_answered_with_the_right_words() {
    let world = World::with_incident();
    for (name, arguments) in [
        ("unknown_column", &["sql", "select serivce_name from logs"][..]),
        ("unknown_table", &["sql", "select 1 from log"]),
        ("not_read_only", &["sql", "drop table logs"]),
        ("unknown_query", &["query", "run", "recovery/incidnet"]),
        ("unknown_param", &["query", "run", "impact/users", "--param", "incident=x"]),
        ("unknown_incident", &["report", "INC-2026-1150"]),
        ("unknown_incident_why", &["why", "n1", "NOPE"]),
        ("unknown_explain", &["explain", "incidnets"]),
        ("bad_as_of", &["incidents", "--as-of", "noonish"]),
        ("bad_version", &["incidents", "--at-version", "999"]),
        ("bad_event_type", &["mark", "INC", "mitigate"]),
        ("bad_lang", &["report", "--lang", "fr"]),
        ("bad_command", &["ingset", "x"]),
    ] {
        assert_snapshot!(name, world.run(arguments));
    }
}

#[test]
fn a_slip_in_sql_is_told_in_a_sentence_with_its_place() {
    let world = World::with_incident();
    let texts = [
        "selec 1",
        "select * frm logs",
        "select 'a",
        "select (",
        "select from logs",
        "select body,\n  serivce_name from logs",
        "select l.x from logs as l",
        "select service_name from logs as l join requests as r on true",
        "select count(*) from lgos",
        "select nosuch(1)",
        "select service_name, count(*) from logs",
        "select sum(body) from logs",
        "select abs('x')",
        "select abs(1, 2)",
        "select wilson_low(1)",
        "select row_number() from logs",
        "select timestamp + 1 from logs",
        "select 1 = true",
        "select 1 where 'a'",
        "select * from logs where timestamp > 'noon'",
        "select * from logs where severity_number = 'x'",
        "select cast(body as double) from logs",
        "select date '2026-13-01'",
        "select to_timestamp('x')",
        "select interval 'x'",
        "select 1 / 0",
        "select regexp_like(body, '(') from logs",
        "select 1 as a, 2 as a",
        "select * from logs order by 99",
        "select 1 union select 1, 2",
    ];
    let mut page = String::new();
    for text in texts {
        let answer = world.run(&["sql", text]);
        let said = answer.split_once("--- stderr\n").map_or(answer.as_str(), |(_, said)| said);
        for inner in
            ["ParserError", "Optimizer rule", "simplify_", "Utf8", "Int64", "Arrow error", "DataType"]
        {
            assert!(!answer.contains(inner), "{text}: {answer}");
        }
        page.push_str(&format!("{text}\n{said}\n"));
    }
    assert_snapshot!("sql_slips", page);
}

#[test]
fn a_store_that_cannot_be_there_is_told_with_what_is_in_the_way() {
    let world = World::new();
    world.file("orders.jsonl", requests().as_bytes());
    world.file("notes.txt", b"not a folder");
    assert_snapshot!("store_is_a_file", world.run(&["ingest", "--store", "notes.txt", "orders.jsonl"]));
    assert_snapshot!("store_below_a_file", world.run(&["ingest", "--store", "notes.txt/s", "orders.jsonl"]));
    assert_snapshot!("store_below_a_file_read", world.run(&["incidents", "--store", "notes.txt/s"]));
    #[cfg(target_os = "linux")]
    assert_snapshot!("store_in_proc", world.run(&["ingest", "--store", "/proc/fupan", "orders.jsonl"]));
}

#[test]
fn a_parameter_without_a_value_is_told_how_to_write_it() {
    let world = World::with_incident();
    for (name, arguments) in [
        ("param_empty", &["query", "run", "recovery/incident", "--param", "incident_id="][..]),
        ("param_alone", &["query", "run", "recovery/period", "--param", "window_start"]),
        ("param_optional", &["query", "run", "recovery/list", "--param", "kind="]),
        ("param_missing", &["query", "run", "recovery/period", "--param", "window_start=2026-11-01"]),
        ("param_without_date", &["query", "run", "recovery/period", "--param", "window_start=11:05"]),
    ] {
        assert_snapshot!(name, world.run(arguments));
    }
}

#[test]
fn a_file_that_cannot_be_read_at_all_is_bad_input_and_one_in_part_a_finding() {
    let world = World::new();
    world.file("broken.yaml", b"incident: INC-1\nevents:\n  - { at: '11:05', type: x\n");
    world.file("partly.yaml", TIMELINE.replace("'11:08'", "'25:99'").as_bytes());
    assert_snapshot!("timeline_broken", world.run(&["ingest", "broken.yaml"]));
    assert_snapshot!("timeline_partly", world.run(&["ingest", "partly.yaml"]));
}

#[test]
fn what_could_not_be_read_is_told_again_when_it_comes_again() {
    let world = World::new();
    world.file("partly.yaml", TIMELINE.replace("'11:08'", "'25:99'").as_bytes());
    let first = world.run(&["ingest", "partly.yaml"]);
    assert!(first.starts_with("exit code 1\n"), "{first}");
    assert_snapshot!("rejected_again", world.run(&["ingest", "partly.yaml"]));
    let mut text = requests();
    text.truncate(text.len() - 40);
    world.file("orders.jsonl", text.as_bytes());
    world.run(&["ingest", "orders.jsonl"]);
    assert_snapshot!("rejected_again_below_the_limit", world.run(&["ingest", "orders.jsonl"]));
}
