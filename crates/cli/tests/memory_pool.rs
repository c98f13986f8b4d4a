//! Promise: a query over far more data than it may hold in memory finishes, or ends by the limit's exit code; it does
//! not take the machine with it.
//!
//! Rows that are ten times the pool large are ingested from standard input; then analysts' SQL and a report are
//! asked, each as a process of its own whose largest size is looked at.

#![cfg(target_os = "linux")]
#![allow(clippy::panic, clippy::print_stdout, reason = "a test says what it found, and fails aloud")]

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Bytes of a record's message, as often as it takes to be seldom the same.
const MESSAGE_BYTES: usize = 800;
const TIMES_THE_POOL: u64 = 10;

#[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
fn pool_mib() -> u64 {
    if std::env::var("FUPAN_BOARD").is_ok_and(|asked| asked == "full") { 512 } else { 128 }
}

/// A process and what became of it.
struct Ended {
    code: Option<i32>,
    peak_mib: u64,
    stderr: String,
}

fn fupan(folder: &Path, pool_mib: u64, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fupan"));
    command.args(arguments).current_dir(folder).env("FUPAN_QUERY__MEMORY_MIB", pool_mib.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// The largest size that a process had so far.
fn peak_mib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? / 1024)
}

fn watched(mut command: Command) -> Ended {
    let mut child = command.spawn().expect("the binary runs");
    let began = Instant::now();
    let mut peak = 0;
    let status = loop {
        peak = peak_mib(child.id()).unwrap_or(0).max(peak);
        if let Some(status) = child.try_wait().expect("child") {
            break status;
        }
        assert!(began.elapsed() < Duration::from_mins(30), "{command:?} does not end");
        std::thread::sleep(Duration::from_millis(2));
    };
    let mut stderr = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().expect("stderr"), &mut stderr).expect("text");
    Ended { code: status.code(), peak_mib: peak, stderr }
}

/// Requests of an hour and a half, a third of which fail for a quarter of an hour.
fn ingest(folder: &Path, pool_mib: u64) -> u64 {
    let records = TIMES_THE_POOL * pool_mib * 1024 * 1024 / MESSAGE_BYTES as u64;
    let mut command = fupan(folder, pool_mib, &["ingest", "-"]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("the binary runs");
    let mut out = BufWriter::new(child.stdin.take().expect("stdin"));
    for record in 0..records {
        let second = record * 5_400 / records;
        let mixed = (u128::from(record) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        let status = if (3_600..4_500).contains(&second) && record % 3 == 0 { 500 } else { 200 };
        let message: String = format!("{mixed:032x} order {record} ").repeat(20);
        writeln!(
            out,
            "{{\"timestamp\":\"2026-11-05T{:02}:{:02}:{:02}Z\",\"service_name\":\"s{}\",\"trace_id\":\"{mixed:032x}\",\
             \"http_request_method\":\"POST\",\"http_route\":\"/orders\",\"http_response_status_code\":{status},\
             \"duration_ms\":{},\"user_id\":\"u{}\",\"message\":\"{}\"}}",
            3 + second / 3600,
            second / 60 % 60,
            second % 60,
            record % 7,
            record % 800,
            record % 20_000,
            message.get(..MESSAGE_BYTES).expect("long enough"),
        )
        .expect("write");
    }
    drop(out);
    let output = child.wait_with_output().expect("ended");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    records
}

/// What needs all rows at once, and what collects them outside of the engine's count.
const STATEMENTS: &[(&str, &str)] = &[
    ("sorted", "select body, trace_id from logs order by body, trace_id limit 10000"),
    ("sorted whole", "select body from logs order by trace_id"),
    ("grouped by many keys", "select count(*) from (select body, count(*) as n from logs group by body)"),
    ("distinct", "select count(*) from (select distinct body, trace_id from logs)"),
    ("counted distinct", "select count(distinct body) from logs"),
    (
        "joined",
        "select count(*) from logs a join logs b on a.trace_id = b.trace_id where a.body <> b.user_id",
    ),
    (
        "joined by texts",
        "select count(*) from logs a join logs b on a.body = b.body and a.user_id <= b.user_id",
    ),
    ("joined by an inequality", "select count(*) from logs a join logs b on a.body < b.body"),
    (
        "grouped, then joined by an inequality",
        "with g as (select body, count(*) as n from logs group by body) select count(*) from g a left join g b on a.body < b.body",
    ),
    (
        "not exists",
        "select count(*) from logs a where not exists (select 1 from logs b where b.body > a.body)",
    ),
    ("numbered", "select max(n) from (select row_number() over (order by body) as n from logs)"),
    ("collected in one text", "select length(string_agg(body, ',')) from logs"),
    (
        "collected in lists",
        "select service_name, array_length(array_agg(body)) from logs group by service_name",
    ),
    ("percentiles of many", "select user_id, percentile_cont(duration_ms, 0.5) from logs group by user_id"),
];

const IMPACT: &[&str] = &["impact_start=2026-11-05T04:00:00Z", "impact_end=2026-11-05T04:15:00Z"];
const QUIET: &[&str] = &["baseline_start=2026-11-05T03:00:00Z", "baseline_end=2026-11-05T03:55:00Z"];
const AROUND: &[&str] = &["window_start=2026-11-05T03:30:00Z", "window_end=2026-11-05T04:30:00Z"];

/// Queries of the catalogue, with their parameters.
const QUERIES: &[(&str, [&[&str]; 2])] = &[
    ("recovery/period", [AROUND, &[]]),
    ("impact/action_minutes", [AROUND, QUIET]),
    ("impact/users", [IMPACT, QUIET]),
    ("impact/blast_radius", [IMPACT, QUIET]),
    ("impact/orders", [IMPACT, &[]]),
];

#[test]
fn ten_times_the_pool_finishes_or_ends_by_the_limit() {
    let pool_mib = pool_mib();
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    let records = ingest(folder, pool_mib);
    let timeline = "incident: INC-1\nzone: UTC\ndate: 2026-11-05\nevents:\n  - { id: a, at: '04:00', type: impact_started }\n  - { id: b, at: '04:15', type: mitigated }\n";
    std::fs::write(folder.join("timeline.yaml"), timeline).expect("timeline");
    assert_eq!(watched(fupan(folder, pool_mib, &["ingest", "timeline.yaml"])).code, Some(0));
    // What the program takes for itself, before it looks at any row.
    let own_mib = watched(fupan(folder, pool_mib, &["sql", "select 1"])).peak_mib;
    let (mut asked, mut finished, mut highest, mut failures) = (0, 0, 0, Vec::new());
    let mut judge = |what: &str, ended: &Ended| {
        let above = ended.peak_mib.saturating_sub(own_mib);
        println!("{what}: exit code {:?}, {above} MiB above {own_mib}", ended.code);
        asked += 1;
        highest = highest.max(above);
        finished += usize::from(ended.code == Some(0));
        let is_told = ended.code == Some(0) || (ended.code == Some(69) && ended.stderr.contains("limit: "));
        if !is_told {
            failures.push(format!("{what}: exit code {:?}: {}", ended.code, ended.stderr));
        } else if above > 2 * pool_mib {
            failures.push(format!("{what}: {above} MiB above the program's own {own_mib}"));
        }
    };
    for (what, statement) in STATEMENTS {
        judge(
            what,
            &watched(fupan(folder, pool_mib, &["sql", "--timeout", "120", "--max-rows", "100", statement])),
        );
    }
    for (query, params) in QUERIES {
        let mut arguments = vec!["query", "run", query];
        arguments.extend(params.concat().into_iter().flat_map(|param| ["--param", param]));
        judge(query, &watched(fupan(folder, pool_mib, &arguments)));
    }
    judge("the report", &watched(fupan(folder, pool_mib, &["report", "INC-1"])));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(finished > 0, "a pool that nothing gets along with proves nothing");
    println!(
        "figure: {records} records, {} MiB, a pool of {pool_mib} MiB: {finished} of {} finish, the others end by the limit; at most {highest} MiB above the program's own {own_mib}",
        TIMES_THE_POOL * pool_mib,
        asked
    );
}
