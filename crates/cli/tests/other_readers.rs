//! Promise: any Delta reader opens the tables. Python's `deltalake` and Polars are asked where they are
//! installed; where they are not, this says aloud that it was skipped.

#![allow(clippy::panic, clippy::print_stdout, reason = "a test says what it found, and fails aloud")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const PYTHON: &str = r"
import sys
store = sys.argv[1]
counts = []
try:
    import deltalake, pyarrow
    counts.append(('deltalake', [deltalake.DeltaTable(store + '/' + t).to_pyarrow_dataset().count_rows() for t in ('logs', 'quarantine', 'ingests')]))
except ImportError as error:
    print('SKIPPED deltalake:', str(error).split('\n')[0])
try:
    import polars
    counts.append(('polars', [polars.scan_delta(store + '/' + t).select(polars.len()).collect().item() for t in ('logs', 'quarantine', 'ingests')]))
except ImportError as error:
    print('SKIPPED polars:', str(error).split('\n')[0])
for name, numbers in counts:
    print(name, *numbers)
";

fn fupan(store: &Path, arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_fupan"))
        .arg("--store")
        .arg(store)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn other_delta_readers_see_the_same_counts() {
    let folder = tempfile::tempdir().expect("folder");
    let store = folder.path().join("store");
    let input = folder.path().join("a.jsonl");
    let mut text = String::new();
    for record in 0..2_000 {
        text += &format!(
            "{{\"timestamp\":\"2026-11-0{}T03:00:00Z\",\"msg\":\"记录 {record}\"}}\n",
            4 + record % 3
        );
    }
    text += "not json\n";
    std::fs::write(&input, text).expect("write");
    fupan(&store, &["--quiet", "ingest", &input.to_string_lossy()]);
    let output = Command::new("python3").arg("-c").arg(PYTHON).arg(&store).stdin(Stdio::null()).output();
    let Ok(output) = output else {
        // Not println: the harness hides what a passing test prints.
        let _ = writeln!(std::io::stderr(), "SKIPPED: there is no python3");
        return;
    };
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    let _ = writeln!(std::io::stderr(), "{}", answer.trim_end());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for line in answer.lines().filter(|line| !line.starts_with("SKIPPED")) {
        assert!(line.ends_with(" 2000 1 1"), "{line}");
    }
}
