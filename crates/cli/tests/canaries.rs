//! Promise: personal data does not get into the store. A thousand planted addresses, numbers and secrets,
//! in fourteen formats, are looked for in every byte of store and reports and in all that was printed;
//! `--keep-raw` shows that the same search finds them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so by panicking")]
#![allow(clippy::print_stdout, reason = "a test says what it found")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

const CANARIES: usize = 1_000;
const FORMATS: usize = 14;

/// The check digit after Luhn.
fn luhn(digits: &str) -> u32 {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let value = u32::from(byte - b'0') * if at % 2 == 0 { 2 } else { 1 };
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    (10 - sum % 10) % 10
}

/// The check digit of an identity card.
fn id_check(digits: &str) -> char {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.bytes().zip(weights).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    "10X98765432".chars().nth((sum % 11) as usize).unwrap()
}

struct Canary {
    value: String,
    /// It in a sentence, as people and machines write it.
    sentence: String,
    /// It as the value of a field, and the name of that.
    field: (&'static str, String),
    /// It in a URL.
    query: String,
}

fn canary(number: usize) -> Canary {
    let value = match number % 5 {
        0 => format!("canary{number}@mail{number}.example.com"),
        1 => format!("{}", 13_900_000_000_u64 + number as u64 * 97_919),
        2 => {
            let digits = format!(
                "110105{}{:02}{:02}{:03}",
                1950 + number % 50,
                1 + number % 12,
                1 + number % 28,
                number % 1000
            );
            format!("{digits}{}", id_check(&digits))
        }
        3 => {
            let digits = format!("4{:014}", 31_415_926_535_u64 + number as u64 * 7_654_321);
            format!("{digits}{}", luhn(&digits))
        }
        _ => format!("Cnry{number}Secret"),
    };
    let name = ["mail", "mobile", "holder", "pan", "api_token"][number % 5];
    let announced = if number % 5 == 4 { format!("password={value}") } else { value.clone() };
    let sentence = if number.is_multiple_of(2) {
        format!("请联系 {announced} 处理")
    } else {
        format!("sent to {announced} twice")
    };
    Canary { query: format!("{name}={value}"), field: (name, value.clone()), value, sentence }
}

/// The input files, by name.
fn inputs() -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut add = |name: &str, text: &str| files.entry(format!("data/{name}")).or_default().push_str(text);
    add("logs.csv", "timestamp,service,level,message\n");
    add("group.csv", "时间,发送人,内容\n");
    add("metrics.csv", "timestamp,metric,value,service,contact\n");
    add(
        "timeline.yaml",
        "incident: INC-2026-1105\ntitle: 下单失败\nzone: Asia/Shanghai\ndate: 2026-11-05\nkind: real\nevents:\n  - { id: t1, at: '11:05', type: impact_started }\n  - { id: t2, at: '11:46', type: mitigated }\n",
    );
    let (mut otlp, mut entries, mut messages) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..CANARIES {
        let Canary { sentence, field: (name, value), query, .. } = canary(number);
        let (minute, second) = (number / 60 % 60, number % 60);
        let at = format!("2026-11-05T03:{minute:02}:{second:02}Z");
        let nanos = 1_793_847_900_000_000_000_u64 + number as u64 * 1_000_000_000;
        match number / 5 % FORMATS {
            0 => add("body.jsonl", &format!("{{\"timestamp\":\"{at}\",\"service\":\"pay\",\"level\":\"info\",\"message\":\"{sentence}\"}}\n")),
            1 => add("fields.jsonl", &format!("{{\"timestamp\":\"{at}\",\"service\":\"pay\",\"message\":\"m\",\"{name}\":\"{value}\"}}\n")),
            2 => add("app.logfmt", &format!("time={at} level=info service=pay msg=\"{sentence}\"\n")),
            3 => add("system.log", &format!("<134>1 {at} host1 pay 1 - - {sentence}\n")),
            4 => add("logs.csv", &format!("{at},pay,info,{sentence}\n")),
            5 => otlp.push(format!("{{\"timeUnixNano\":\"{nanos}\",\"body\":{{\"stringValue\":\"{sentence}\"}},\"attributes\":[{{\"key\":\"{name}\",\"value\":{{\"stringValue\":\"{value}\"}}}}]}}")),
            6 => add("plain.log", &format!("2026-11-05 11:{minute:02}:{second:02},123 INFO [main] com.example.Pay - {sentence}\n")),
            7 => add("timeline.yaml", &format!("  - {{ id: c{number}, at: '11:{minute:02}', type: note_added, text: \"{sentence}\" }}\n")),
            8 => entries.push(format!("{{\"id\":\"R{number}\",\"type\":\"annotate_log_entry\",\"created_at\":\"{at}\",\"incident\":{{\"id\":\"QDONE1\",\"type\":\"incident_reference\"}},\"channel\":{{\"type\":\"note\",\"summary\":\"{sentence}\"}}}}")),
            9 => messages.push(format!("{{\"type\":\"message\",\"user\":\"U1\",\"text\":\"{sentence}\",\"ts\":\"{}.000200\"}}", nanos / 1_000_000_000)),
            10 => add("group.csv", &format!("2026-11-05 11:{minute:02},张三{number},{sentence}\n")),
            11 => add("body.jsonl", &format!("{{\"timestamp\":\"{at}\",\"message\": oops {sentence}\n")),
            12 => add("access.log", &format!("10.0.0.7 - - [05/Nov/2026:03:{minute:02}:{second:02} +0000] \"GET /find?{query} HTTP/1.1\" 200 612 \"-\" \"curl/8\"\n")),
            _ => add("metrics.csv", &format!("{at},calls,1,pay,{sentence}\n")),
        }
    }
    add(
        "otlp.json",
        &format!(
            "{{\"resourceLogs\":[{{\"resource\":{{\"attributes\":[]}},\"scopeLogs\":[{{\"logRecords\":[{}]}}]}}]}}",
            otlp.join(",")
        ),
    );
    add("pagerduty.json", &format!("{{\"log_entries\":[{}]}}", entries.join(",")));
    add("inc-41/2026-11-05.json", &format!("[{}]", messages.join(",")));
    files
}

const MAPPING: &str = r#"name = "group-chat"
table = "incident_events"
match = { header = ["时间", "发送人", "内容"] }
format = "csv"
time = { field = "时间" }
personal = ["发送人"]
[fields]
actor = "发送人"
summary = "内容"
"#;

struct Answer {
    code: i32,
    stdout: String,
    stderr: String,
}

fn fupan(folder: &Path, arguments: &[&str]) -> Answer {
    let output = Command::new(env!("CARGO_BIN_EXE_fupan"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Answer {
        code: output.status.code().unwrap_or(-1),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

/// Everything that lies below a folder, as text: bytes as they are, and cells of Parquet files.
fn everything(folder: &Path, found: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            everything(&path, found);
            continue;
        }
        found.push_str(&path.to_string_lossy());
        found.push_str(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        if path.extension().is_some_and(|ending| ending == "parquet") {
            cells(&path, found);
        }
    }
}

fn cells(path: &Path, found: &mut String) {
    let file = std::fs::File::open(path).unwrap();
    for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
        for column in batch.unwrap().columns() {
            if *column.data_type() == DataType::Binary {
                for bytes in column.as_binary::<i32>().iter().flatten() {
                    let _ = writeln!(found, "{}", String::from_utf8_lossy(bytes));
                }
                continue;
            }
            let options = FormatOptions::default();
            let cell = ArrayFormatter::try_new(column.as_ref(), &options).unwrap();
            for row in 0..column.len() {
                let _ = writeln!(found, "{}", cell.value(row));
            }
        }
    }
}

/// Ingests all of it, asks for what people ask for, and answers everything that was written and printed.
fn written(folder: &Path, flags: &[&str]) -> (String, String) {
    for (name, text) in inputs() {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::fs::create_dir_all(folder.join("mappings")).unwrap();
    std::fs::write(folder.join("mappings/group-chat.toml"), MAPPING).unwrap();
    std::fs::write(folder.join("fupan.toml"), "[workspace]\nzone = \"Asia/Shanghai\"\n").unwrap();
    // No data at all: the reason quotes what it saw.
    std::fs::write(folder.join("strange.txt"), format!("{}\n", canary(0).sentence)).unwrap();

    let mut printed = String::new();
    let mut run = |arguments: &[&str]| {
        let answer = fupan(folder, arguments);
        printed.push_str(&answer.stdout);
        printed.push_str(&answer.stderr);
        answer
    };
    run(&[&["ingest", "--dry-run", "--verbose", "data"], flags].concat());
    run(&[&["ingest", "strange.txt"], flags].concat());
    let ingested = run(&[&["ingest", "--verbose", "--format", "json", "data"], flags].concat());
    // A seventieth of the records cannot be read, and it says so.
    assert!(ingested.code == 0 || ingested.code == 1, "{}", ingested.stderr);
    run(&["mark", "INC-2026-1105", "note_added", "11:40", "--note", &canary(1).sentence]);
    run(&["mark", "INC-2026-1105", "no-such-type", "--note", &canary(1).sentence]);
    assert_eq!(run(&["report", "INC-2026-1105"]).code, 0);
    run(&["query", "run", "quality/quarantine"]);
    run(&["sql", "select * from incident_events"]);
    run(&["mapping", "suggest", "data/fields.jsonl"]);

    let mut found = String::new();
    everything(&folder.join(".fupan"), &mut found);
    everything(&folder.join("reports"), &mut found);
    (found, printed)
}

fn count_in(text: &str) -> Vec<usize> {
    (0..CANARIES).filter(|number| text.contains(&canary(*number).value)).collect()
}

#[test]
fn a_thousand_canaries_leave_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let (found, printed) = written(folder.path(), &[]);
    let (left, shown) = (count_in(&found), count_in(&printed));
    assert!(
        left.is_empty(),
        "in store or reports: {} such as {:?}",
        left.len(),
        left.iter().take(20).map(|n| (n / 5 % FORMATS, canary(*n).sentence)).collect::<Vec<_>>()
    );
    assert!(
        shown.is_empty(),
        "printed: {:?}",
        shown.iter().take(5).map(|n| canary(*n).sentence).collect::<Vec<_>>()
    );
    assert!(printed.contains("personal data taken out: email "), "{printed}");
    for placeholder in ["<email>", "<phone>", "<id-card>", "<card>", "<token>"] {
        assert!(found.contains(placeholder), "{placeholder}");
    }
    // Names that a mapping calls personal are pseudonyms, which a list leads to.
    assert!(!found.contains("张三") && !printed.contains("张三"));
    let (name, list) = ("张三50", folder.path().join("names.txt"));
    std::fs::write(&list, format!("\u{feff}{name} \n\n")).unwrap();
    let answer = fupan(folder.path(), &["pseudonym", "names.txt"]);
    let (_, pseudonym) = answer.stdout.lines().nth(1).unwrap().split_once(',').unwrap();
    assert!(pseudonym.starts_with("p_") && found.contains(pseudonym), "{}", answer.stdout);

    // The ledger counts, and another key is refused.
    let sql = "select count(*) as n from ingests where redactions['email'] is not null";
    let counted = fupan(folder.path(), &["--quiet", "sql", "--format", "csv", sql]);
    assert!(
        counted.stdout.starts_with("n\n") && counted.stdout != "n\n0\n",
        "{} {}",
        counted.stdout,
        counted.stderr
    );
    std::fs::write(folder.path().join("more.csv"), "时间,发送人,内容\n2026-11-05 11:05,李四,好\n").unwrap();
    std::fs::remove_file(folder.path().join(".fupan/pseudonym.key")).unwrap();
    let refused = fupan(folder.path(), &["ingest", "more.csv"]);
    assert_ne!(refused.code, 0);
    assert!(
        refused.stderr.contains("the key of the pseudonyms in this store is not here"),
        "{}",
        refused.stderr
    );
    println!("figure: {CANARIES} canaries in {FORMATS} formats: 0 in the store, 0 in reports, 0 printed");
}

#[test]
fn with_keep_raw_the_same_search_finds_them() {
    let folder = tempfile::tempdir().unwrap();
    let (found, printed) = written(folder.path(), &["--keep-raw"]);
    let missing: Vec<_> = (0..CANARIES)
        .filter(|number| !found.contains(&canary(*number).value))
        // What cannot be read of a file goes to quarantine, and of a source with personal fields nowhere.
        .map(|number| (number / 5 % FORMATS, canary(number).sentence))
        .collect();
    assert!(
        missing.is_empty(),
        "{} such as {:?}",
        missing.len(),
        missing.iter().take(20).collect::<Vec<_>>()
    );
    assert!(printed.contains("kept all texts as they are"), "{printed}");
    assert!(count_in(&printed).len() > 10, "what is asked for is shown as it is");
    println!("figure: with --keep-raw the same search finds {CANARIES} of {CANARIES}");
}
