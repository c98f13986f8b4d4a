//! `fupan init` and `fupan ingest`, where all is well.

use insta::assert_snapshot;

use crate::world::{TIMELINE, World, requests};

#[test]
fn init_makes_a_workspace_and_leaves_an_existing_one_alone() {
    let world = World::new();
    assert_snapshot!("init", world.run(&["init", "new", "--zone", "Asia/Shanghai"]));
    assert!(world.path().join("new/mappings").is_dir());
    assert_eq!(std::fs::read_to_string(world.path().join("new/.gitignore")).unwrap(), ".fupan/\n");
    assert_snapshot!("init_again", world.run(&["init", "new"]));
}

#[test]
fn every_record_is_accounted_for_and_a_second_ingest_adds_nothing() {
    let world = World::new();
    world.file("data/incident.yaml", TIMELINE.as_bytes());
    world.file("data/orders.jsonl", requests().as_bytes());
    world.file("data/README.md", b"# What this is\n\nNot data.\n");
    assert_snapshot!("ingest", world.run(&["ingest", "data"]));
    assert_snapshot!("ingest_again", world.run(&["ingest", "data"]));
    assert_snapshot!("ingest_verbose", world.run(&["ingest", "data", "--verbose"]));
    assert_snapshot!("ingest_quiet", world.run(&["ingest", "data", "--quiet"]));
    let count = world.run(&["sql", "--quiet", "--format", "csv", "select count(*) as rows from logs"]);
    assert_eq!(count, "exit code 0\n--- stdout\nrows\n400\n");
}

#[test]
fn standard_input_is_a_source_like_any_other() {
    let world = World::new();
    world.file("orders.jsonl", requests().as_bytes());
    world.run(&["ingest", "orders.jsonl"]);
    assert_snapshot!("ingest_stdin", world.run_with(&["ingest", "-"], requests().as_bytes(), &[]));
}

#[test]
fn a_dry_run_reads_and_counts_and_writes_nothing() {
    let world = World::new();
    world.file("orders.jsonl", requests().as_bytes());
    assert_snapshot!("ingest_dry_run", world.run(&["ingest", "--dry-run", "orders.jsonl"]));
    assert!(!world.path().join(".fupan").exists());
    assert_snapshot!("ingest_explain", world.run(&["ingest", "--explain", "orders.jsonl"]));
}

#[test]
fn times_without_a_zone_are_said_and_repaired_by_replace() {
    let world = World::new();
    world.file(
        "orders.jsonl",
        b"{\"timestamp\":\"2026-11-05 11:05:00\",\"service\":\"order\",\"message\":\"a\"}\n",
    );
    assert_snapshot!("ingest_assumed_zone", world.run(&["ingest", "orders.jsonl"]));
    assert_snapshot!("ingest_replace", world.run(&["ingest", "--replace", "--zone", "UTC", "orders.jsonl"]));
    let at = world.run(&["sql", "--quiet", "--format", "csv", "select timestamp from logs"]);
    assert_eq!(at, "exit code 0\n--- stdout\ntimestamp\n2026-11-05T11:05:00Z\n");
}

#[test]
fn a_source_can_be_taken_back_and_read_again() {
    let world = World::with_incident();
    assert_snapshot!("store_forget", world.run(&["store", "forget", "orders.jsonl"]));
    let rows = |world: &World| {
        world.run(&["sql", "--quiet", "--format", "csv", "select count(*) as rows from logs"])
    };
    assert_eq!(rows(&world), "exit code 0\n--- stdout\nrows\n0\n");
    world.run(&["ingest", "data"]);
    assert_eq!(rows(&world), "exit code 0\n--- stdout\nrows\n400\n");
    assert_snapshot!("store_forget_unknown", world.run(&["store", "forget", "nothing.log"]));
}

#[test]
fn a_source_is_taken_back_only_where_it_is_told_from_others() {
    let world = World::new();
    for (at, text) in ["web-1", "web-2"].iter().zip([requests(), requests().replace("order", "cart")]) {
        world.file(&format!("logs/{at}/app.log"), text.as_bytes());
    }
    let read = world.run(&["ingest", "logs"]);
    assert!(!read.contains("starts anew"), "{read}");
    let forget = |source: &str| world.run(&["store", "forget", source]);
    assert_snapshot!("store_forget_ambiguous", forget("app.log"));
    assert_snapshot!(
        "store_forget_ambiguous_purge",
        world.run(&["store", "forget", "--purge", "--yes", "app.log"])
    );
    let rows = || world.run(&["sql", "--quiet", "--format", "csv", "select count(*) as rows from logs"]);
    assert_eq!(rows(), "exit code 0\n--- stdout\nrows\n800\n");
    assert_snapshot!("store_forget_path", forget("logs/web-2/app.log"));
    assert_eq!(rows(), "exit code 0\n--- stdout\nrows\n400\n");
    let again = world.run(&["ingest", "logs/web-2"]);
    assert!(!again.contains("starts anew"), "{again}");
    assert_snapshot!("store_forget_pattern", world.run(&["store", "forget", "--dry-run", "*.log"]));
}

#[test]
fn damage_in_the_store_is_found_and_named() {
    let world = World::with_incident();
    let sound = world.run(&["store", "verify"]);
    assert!(sound.starts_with("exit code 0\n--- stderr\nsound: "), "{sound}");
    let logs = world.path().join(".fupan/store/logs/date=2026-11-05");
    let file = std::fs::read_dir(logs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "parquet"));
    let file = file.unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let damaged = world.run(&["store", "verify"]);
    assert!(damaged.starts_with("exit code 1\n"), "{damaged}");
    assert!(damaged.contains("its content changed after it was written"), "{damaged}");
}

#[test]
fn each_skipped_file_says_why() {
    let world = World::new();
    for name in ["a", "b", "c", "d", "e", "f", "g"] {
        world.file(&format!("data/{name}.md"), b"# Notes\n\nNot data.\n");
    }
    world.file("data/core.bin", b"\x7fELF\x02\x01\x01\0\0\0");
    world.file("data/orders.jsonl", requests().as_bytes());
    assert_snapshot!("skipped_files", world.run(&["ingest", "data"]));
}

#[test]
fn a_wide_table_leads_to_a_mapping() {
    let world = World::new();
    world.file("wide.csv", b"time,order_cpu,pay_latency\n1761234567,0.5,12\n1761234568,0.6,13\n");
    assert_snapshot!("wide_table", world.run(&["ingest", "wide.csv"]));
}

#[test]
fn a_metric_value_that_is_no_number_is_no_row_in_any_format() {
    let world = World::new();
    world.file(
        "data/long.csv",
        b"timestamp,metric,value,service\n2026-11-05T11:00:00Z,latency_ms,5,pay\n2026-11-05T11:01:00Z,latency_ms,NaN,pay\n2026-11-05T11:02:00Z,latency_ms,9,pay\n",
    );
    world.file(
        "data/prometheus.json",
        br#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"depth"},"values":[[1793876400,"3"],[1793876460,"NaN"],[1793876520,"8"]]}]}}"#,
    );
    world.run(&["ingest", "data"]);
    let question = "select metric_name, count(*) as n, min(value) as least, max(value) as most from metrics group by 1 order by 1";
    let answer = world.run(&["sql", "--quiet", "--format", "csv", question]);
    assert_eq!(
        answer,
        "exit code 0\n--- stdout\nmetric_name,n,least,most\ndepth,2,3.0,8.0\nlatency_ms,2,5.0,9.0\n"
    );
}

#[test]
fn a_store_may_lie_above_and_another_encoding_takes_the_place_of_the_first() {
    // One chunk, and two of which the first is the same in both encodings.
    for orders in [3_000, 120_000] {
        let world = World::new();
        // Where the encoding is told, there is nothing but ASCII.
        let line = |at: u32| {
            let (hour, minute, second) = (at / 3600 % 24, at / 60 % 60, at % 60);
            format!(
                "2026-11-{:02} {hour:02}:{minute:02}:{second:02} INFO order - order {at} was accepted\n",
                5 + at / 86400
            )
        };
        let mut log: Vec<u8> = (0..orders).flat_map(|at| line(at).into_bytes()).collect();
        // "库存不足" in GBK.
        for second in [1, 2] {
            log.extend_from_slice(format!("2026-11-06 23:59:0{second} ERROR order - ").as_bytes());
            log.extend_from_slice(b"\xbf\xe2\xb4\xe6\xb2\xbb\xd7\xe3\n");
        }
        world.file("work/late.log", &log);
        let ingest = |more: &[&str]| {
            let arguments = [&["--store", "work/../kept/store", "ingest", "work/late.log"], more].concat();
            world.run(&arguments)
        };
        let first = ingest(&[]);
        assert!(first.contains("ingest again with --encoding NAME"), "{first}");
        let again = ingest(&["--encoding", "gbk"]);
        assert!(again.contains("takes the place of its earlier version"), "{again}");
        let question =
            "select count(*) as n, count(*) filter (where body like '%库存不足%') as found from logs";
        let answer = world.run(&["--store", "kept/store", "sql", "--quiet", "--format", "csv", question]);
        assert_eq!(answer, format!("exit code 0\n--- stdout\nn,found\n{},2\n", orders + 2));
    }
}

#[test]
fn what_files_have_to_do_with_earlier_ones_is_said() {
    let world = World::new();
    let lines: Vec<String> = requests().lines().map(|line| format!("{line}\n")).collect();
    // Each file has other content than the others.
    let text_of =
        |name: &str, lines: &[String]| lines.concat().replace("\"request\"", &format!("\"request {name}\""));
    for name in ["rotated", "cut", "grown", "same"] {
        world.file(&format!("data/{name}.jsonl"), text_of(name, &lines[..200]).as_bytes());
    }
    world.run(&["ingest", "data"]);
    world.file("data/rotated.jsonl", text_of("rotated", &lines[300..]).as_bytes());
    world.file("data/cut.jsonl", text_of("cut", &lines[..120]).as_bytes());
    world.file("data/grown.jsonl", text_of("grown", &lines).as_bytes());
    assert_snapshot!("histories_dry_run", world.run(&["ingest", "--dry-run", "--verbose", "data"]));
    assert_snapshot!("histories", world.run(&["ingest", "data"]));
    for log in 0..8 {
        world.file(&format!("more/{log}.jsonl"), text_of("grown", &lines[..100 + log]).as_bytes());
    }
    assert_snapshot!("histories_many", world.run(&["ingest", "more"]));
}

#[test]
fn an_encoding_that_cannot_be_told_is_named() {
    let world = World::new();
    world.file(
        "app.log",
        b"2026-11-05 11:05:03 ERROR caf\xE9 ferm\xE9\n2026-11-05 11:05:04 INFO r\xE9ouvert\n",
    );
    let refused = world.run(&["ingest", "app.log"]);
    assert!(refused.contains("--encoding latin1"), "{refused}");
    let answer = world.run(&["ingest", "--encoding", "latin1", "app.log"]);
    assert!(answer.starts_with("exit code 0"), "{answer}");
    let bodies =
        world.run(&["sql", "--quiet", "--format", "csv", "select body from logs order by timestamp"]);
    assert_eq!(bodies, "exit code 0\n--- stdout\nbody\ncafé fermé\nréouvert\n");
    let wrong = world.run(&["ingest", "--encoding", "klingon", "app.log"]);
    assert!(wrong.contains("such as latin1, gbk"), "{wrong}");
}

#[test]
fn years_that_no_time_names_are_told() {
    let world = World::new();
    world.file("sys.log", b"<13>Nov  5 11:05:03 web app: a\n<13>Nov  5 11:05:04 web app: b\n");
    let answer = world.run(&["ingest", "sys.log"]);
    assert!(
        answer.contains("took the year of 2 records in 1 source from when the file was last written"),
        "{answer}"
    );
}

const ROWS: &str = "timestamp,level,service,message\n2026-11-05T03:05:03Z,ERROR,pay,pool is full\n";

#[test]
fn files_that_nothing_could_be_read_of_are_told_first_and_counted() {
    let world = World::new();
    world.file("data/README.md", b"# What this is\n");
    world.file("data/pods.csv", b"pod;phase\npay-1;Running\n");
    world.file("data/rows.parquet", b"PAR1 and so on");
    world.file("data/orders.jsonl", requests().as_bytes());
    assert_snapshot!("unread_files", world.run(&["ingest", "data"]));
    world.file("none/pods.csv", b"pod;phase\npay-1;Running\n");
    assert!(world.run(&["ingest", "none"]).starts_with("exit code 65\n"));
}

#[test]
fn a_title_above_a_table_costs_its_lines_alone() {
    let world = World::new();
    world.file("pay.csv", format!("Exported by the console\n{ROWS}").as_bytes());
    assert_snapshot!("banner_dry_run", world.run(&["ingest", "--dry-run", "pay.csv"]));
    assert_snapshot!("banner", world.run(&["ingest", "pay.csv"]));
    let again = world.run(&["ingest", "pay.csv"]);
    assert!(again.starts_with("exit code 0\n") && !again.contains("quarantine"), "{again}");
}

#[test]
fn a_metric_without_a_name_is_called_after_its_file_and_equal_files_are_two() {
    let world = World::new();
    for name in ["cpu_usage.csv", "disk_usage.csv"] {
        world.file(&format!("data/{name}"), b"timestamp,value\n2026-11-05T03:05:03Z,0\n");
    }
    assert_snapshot!("metric_named_by_file", world.run(&["ingest", "data"]));
    let names = ["sql", "--quiet", "--format", "csv", "select metric_name from metrics order by 1"];
    assert_eq!(world.run(&names), "exit code 0\n--- stdout\nmetric_name\ncpu_usage\ndisk_usage\n");
    let again = world.run(&["ingest", "data"]);
    assert!(again.contains("accepted 0 + rejected 0 + duplicate 2"), "{again}");
}

#[test]
fn flags_that_mean_nothing_here_are_refused_by_their_names() {
    let world = World::new();
    world.file("pay.csv", ROWS.as_bytes());
    for (flags, expected) in [
        (vec!["--as-of", "11:35"], "error: --as-of has no meaning for `fupan ingest`"),
        (vec!["--at-version", "3"], "error: --at-version has no meaning for `fupan ingest`"),
        (
            vec!["--max-rejected-share", "5"],
            "error: --max-rejected-share: 5 is not a share\nhint: write a number from 0 to 1: 5 % is 0.05",
        ),
        (vec!["--max-rejected-share", "nan"], "error: --max-rejected-share: NaN is not a share"),
        (vec!["--zone", "Beijing"], "or an offset such as +08:00"),
    ] {
        let refused = world.run(&[vec!["ingest", "pay.csv"], flags].concat());
        assert!(refused.starts_with("exit code 2\n") && refused.contains(expected), "{refused}");
    }
}

#[test]
fn an_offset_is_a_zone() {
    let world = World::new();
    world.file("pay.log", b"2026-11-05 11:05:03 ERROR pool is full\n2026-11-05 11:05:04 INFO ok\n");
    let told = world.run(&["ingest", "--zone", "UTC+8", "pay.log"]);
    assert!(told.contains("as UTC+08:00, as --zone says"), "{told}");
    let first = world.run(&["sql", "--quiet", "--format", "csv", "select min(timestamp) as at from logs"]);
    assert!(first.contains("2026-11-05T03:05:03Z"), "{first}");
}

#[test]
fn counts_for_programs_are_numbers() {
    let world = World::new();
    world.file("pay.csv", ROWS.as_bytes());
    let told = world.run(&["ingest", "--quiet", "--format", "ndjson", "pay.csv"]);
    assert!(told.contains(r#""read":1,"accepted":1,"rejected":0,"duplicate":0"#), "{told}");
}

#[test]
fn an_empty_mapping_stops_nothing_and_a_suggested_one_names_the_encoding() {
    let world = World::new();
    world.file("fupan.toml", b"");
    world.file("mappings/empty.toml", b"\n");
    let cells = b"quand;caf\xE9;texte\n2026-11-05 11:05:03;7;ferm\xE9\n2026-11-05 11:05:04;8;d\xE9j\xE0 vu\n";
    world.file("ventes.csv", cells);
    world.file("pay.csv", ROWS.as_bytes());
    let read = world.run(&["ingest", "pay.csv"]);
    assert!(read.starts_with("exit code 0\n"), "{read}");
    assert!(read.contains("warning: mappings/empty.toml is empty and was left out"), "{read}");
    let named = world.run(&["ingest", "--mapping", "mappings/empty.toml", "pay.csv"]);
    assert!(named.starts_with("exit code 65\n") && named.contains("is empty"), "{named}");

    let suggested = world.run(&["mapping", "suggest", "ventes.csv"]);
    assert!(suggested.contains("\nencoding = \"windows-1252\"\n"), "{suggested}");
    let (_, toml) = suggested.split_once("--- stdout\n").unwrap();
    let toml = toml.split("--- stderr").next().unwrap();
    world.file("mappings/empty.toml", toml.as_bytes());
    let read = world.run(&["ingest", "ventes.csv"]);
    assert!(read.starts_with("exit code 0\n") && read.contains("accepted 2"), "{read}");
}

/// Two that read a growing file at the same time, as a cron job does that takes longer than its interval.
#[test]
fn ingests_of_a_growing_file_take_turns() {
    use std::io::Write;

    let world = World::new();
    let path = world.file("app.log", b"");
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let lines = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut file = std::fs::File::options().append(true).open(&path).unwrap();
            let mut lines = 0;
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                let line = format!(
                    "{{\"time\":\"2026-11-05T11:05:03Z\",\"level\":\"info\",\"msg\":\"order {lines}\"}}\n"
                );
                // In two pieces: a reader may see half of a line.
                let (head, tail) = line.split_at(20);
                file.write_all(head.as_bytes()).unwrap();
                file.write_all(tail.as_bytes()).unwrap();
                lines += 1;
                if lines % 20 == 0 {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
            }
            lines
        });
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..6 {
                        world.run(&["ingest", "app.log"]);
                    }
                })
            })
            .collect();
        for reader in readers {
            reader.join().unwrap();
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        writer.join().unwrap()
    });
    world.run(&["ingest", "app.log"]);
    let count = world.run(&[
        "sql",
        "--quiet",
        "--format",
        "csv",
        "select count(*) as rows, count(distinct body) as bodies from logs",
    ]);
    assert_eq!(count, format!("exit code 0\n--- stdout\nrows,bodies\n{lines},{lines}\n"));
}
