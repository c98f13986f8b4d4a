//! Promise: analysts' SQL cannot outlive its limits. Statements that ask for more than anybody has end by the
//! time that was given, a second more, and what it takes to start; what did not fit into memory is gone with them.

#![allow(clippy::panic, clippy::print_stdout, reason = "a test says what it found, and fails aloud")]

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const RECORDS: usize = 20_000;
const LIMIT_SECONDS: u64 = 2;
/// Where other tests run beside it, a process waits for its turn.
const SLACK: Duration = Duration::from_secs(1);

/// Statements come from standard input: no shell would take the longest of them as an argument.
fn fupan(folder: &Path, arguments: &[&str], statement: &str) -> Child {
    let asked = folder.join("statement.sql");
    std::fs::write(&asked, statement).expect("statement");
    Command::new(env!("CARGO_BIN_EXE_fupan"))
        .args(arguments)
        .current_dir(folder)
        .env("TMPDIR", folder.join("tmp"))
        .stdin(File::open(asked).expect("statement"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs")
}

fn write_input(path: &Path) {
    let lines: String = (0..RECORDS)
        .map(|record| {
            format!(
                "{{\"timestamp\":\"2026-11-05T03:{:02}:{:02}Z\",\"service\":\"pay\",\"message\":\"paid {record} {}\"}}\n",
                record / 60 % 60,
                record % 60,
                "a".repeat(40)
            )
        })
        .collect();
    std::fs::write(path, lines).expect("input");
}

/// What they ask for, and the statements.
fn statements() -> Vec<(&'static str, String)> {
    let many = |word: &str, times: usize| vec![word; times].join(" ");
    let cross = |tables: usize| {
        (0..tables).map(|number| format!("logs l{number}")).collect::<Vec<_>>().join(" cross join ")
    };
    vec![
        ("20,000 ORs", format!("select 1 from logs where {} false", many("body = 'a' or", 20_000))),
        ("900 ORs", format!("select count(*) from logs where {} false", many("body = 'a' or", 900))),
        ("20,000 parentheses", format!("select {}1{}", "(".repeat(20_000), ")".repeat(20_000))),
        ("40 parentheses", format!("select {}1{}", "(".repeat(40), ")".repeat(40))),
        ("a list of 5,000", format!("select count(*) from logs where body in ({}'b')", many("'a',", 5_000))),
        ("40 nested CASEs", format!("select {} 1 {}", many("case when true then", 40), many("end", 40))),
        ("60 unions", format!("select 1 {}", many("union all select 1", 60))),
        ("a series of 10^12", "select count(*) from generate_series(1, 1000000000000)".to_owned()),
        ("a text of 10^9", "select repeat('x', 1000000000)".to_owned()),
        ("a recursion", "with recursive r as (select 1 as n union all select n + 1 from r) select * from r".to_owned()),
        ("2 crossed", format!("select count(*) from {}", cross(2))),
        ("4 crossed", format!("select count(*) from {}", cross(4))),
        ("12 crossed", format!("select count(*) from {}", cross(12))),
        ("60 crossed", format!("select count(*) from {}", cross(60))),
        ("joined by an inequality", "select count(*) from logs a join logs b on a.body < b.body join logs c on b.body < c.body".to_owned()),
        ("joined by a computed text", "select count(*) from logs a join logs b on concat(a.body, b.body) like '%9%8%7%6%5%'".to_owned()),
        ("a sorted product", "select a.body from logs a cross join logs b order by concat(b.body, a.body) limit 5".to_owned()),
        ("distinct of a product", "select count(distinct concat(a.body, b.body)) from logs a cross join logs b".to_owned()),
        ("windows over a product", "select max(n) from (select row_number() over (partition by a.service_name order by b.body) as n from logs a cross join logs b)".to_owned()),
        ("an unequal window", "select sum(n) from (select count(*) over (order by a.body rows between unbounded preceding and unbounded following) as n from logs a cross join logs b)".to_owned()),
        ("a heavy pattern", format!("select count(*) from logs a cross join logs b where regexp_like(concat(a.body, b.body), '({}a?){{30}}b$')", "a*".repeat(10))),
        ("exists for each", "select count(*) from logs a where not exists (select 1 from logs b where b.body > a.body and b.source_record <> a.source_record)".to_owned()),
        ("an answer of a product", "select a.body, b.body from logs a cross join logs b".to_owned()),
    ]
}

fn wait(mut child: Child, patience: Duration) -> Option<(i32, Duration, String)> {
    let began = Instant::now();
    while began.elapsed() < patience {
        if let Some(status) = child.try_wait().expect("child") {
            let mut text = String::new();
            let mut stderr = child.stderr.take().expect("stderr");
            std::io::Read::read_to_string(&mut stderr, &mut text).expect("stderr");
            return Some((status.code().unwrap_or(-1), began.elapsed(), text));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("kill");
    child.wait().expect("child");
    None
}

#[test]
fn every_statement_ends_by_its_limit() {
    let folder = tempfile::tempdir().expect("folder");
    write_input(&folder.path().join("pay.jsonl"));
    let temporary = folder.path().join("tmp");
    std::fs::create_dir(&temporary).expect("folder");
    let left = || std::fs::read_dir(&temporary).expect("folder").count();
    let ingested = wait(fupan(folder.path(), &["ingest", "pay.jsonl"], ""), Duration::from_mins(2));
    assert_eq!(ingested.expect("ended").0, 0);
    let limit = Duration::from_secs(LIMIT_SECONDS);
    let seconds = LIMIT_SECONDS.to_string();
    let ask = |statement: &str| {
        let arguments = ["sql", "--timeout", &seconds, "--format", "csv", "-"];
        wait(fupan(folder.path(), &arguments, statement), Duration::from_secs(30))
    };
    let (code, start, text) = ask("select count(*) from logs").expect("ended");
    assert_eq!(code, 0, "{text}");
    let (mut slowest, mut answered, mut failures) = (Duration::ZERO, 0, Vec::new());
    let statements = statements();
    let is_late = |took: Duration| took > limit + SLACK + start;
    // A machine that is busy with other things is late now and then; a limit that does not hold, always.
    let ask_again = |statement: &str| {
        (0..3)
            .map(|_| ask(statement))
            .find(|answer| answer.as_ref().is_some_and(|(_, took, _)| !is_late(*took)))
    };
    for (what, statement) in &statements {
        match ask_again(statement).unwrap_or_else(|| ask(statement)) {
            None => failures.push(format!("{what}: does not end")),
            Some((code, took, text)) => {
                if left() > 0 {
                    failures.push(format!("{what}: leaves files behind"));
                }
                answered += usize::from(code == 0);
                slowest = slowest.max(took);
                // Done, a statement that is refused or wrong, or a limit.
                if ![0, 2, 65, 69].contains(&code) {
                    failures.push(format!("{what}: exit code {code}: {text}"));
                } else if is_late(took) {
                    failures.push(format!("{what}: {:.1} s", took.as_secs_f64()));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    println!(
        "figure: {} of {} end by their limit of {LIMIT_SECONDS} s + 1 s, the slowest after {:.1} s of which {:.1} s to start; {answered} with an answer",
        statements.len(),
        statements.len(),
        slowest.as_secs_f64(),
        start.as_secs_f64()
    );
}
