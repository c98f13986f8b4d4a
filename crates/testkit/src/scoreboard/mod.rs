//! Are the promises kept, and by which figures? Runs the tests that prove them and writes a page.
//!
//! A test tells its figures in lines that begin with `figure: `; with `FUPAN_BOARD=full` it does the
//! whole of its row. What it found counts only if it passed.

pub mod guards;
mod page;
mod rows;

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

pub use page::Page;
pub use rows::{Proof, ROWS, Row};

/// How much of each row is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// A sample that ends within seconds, as in `cargo test`.
    Quick,
    /// All of it.
    Full,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All its tests passed.
    Passed,
    /// A test failed, or none was found.
    Failed,
    /// There is no such test yet.
    NotBuilt,
}

/// A row with what was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Which row.
    pub row: Row,
    /// Whether it passed.
    pub verdict: Verdict,
    /// The figures that its tests told; otherwise how many passed, or which failed.
    pub figures: Vec<String>,
    /// How long its tests ran.
    pub took: Duration,
}

impl Proof {
    fn arguments(&self, extent: Extent) -> Vec<&'static str> {
        let target: &[&str] = if self.target == "lib" { &["--lib"] } else { &["--test", self.target] };
        let built = if extent == Extent::Full { self.built_for_full } else { &[] };
        [&["test", "--package", self.package], target, built].concat()
    }
}

/// Runs one row; `root` is the workspace's folder.
pub fn run(root: &Path, row: Row, extent: Extent) -> Found {
    let mut found = Found { row, verdict: Verdict::NotBuilt, figures: Vec::new(), took: Duration::ZERO };
    for proof in row.proofs {
        if found.verdict == Verdict::NotBuilt {
            found.verdict = Verdict::Passed;
        }
        let arguments = proof.arguments(extent);
        let built = cargo(root, &[&arguments[..], &["--no-run"]].concat(), extent);
        let began = Instant::now();
        let filter = ["--", proof.filter, "--nocapture", "--test-threads=1"];
        let ran = built.and_then(|_| cargo(root, &[&arguments[..], &filter].concat(), extent));
        found.took += began.elapsed();
        match ran.and_then(|output| figures(&output)) {
            Ok(figures) => found.figures.extend(figures),
            Err(reason) => {
                found.verdict = Verdict::Failed;
                found.figures.push(reason);
            }
        }
    }
    found
}

/// What `cargo run` says of this program, and build scripts of dependencies ask for: where it differs from what
/// they were built with, the engine is built anew, and once more by the next command from elsewhere.
const OF_THIS_PROGRAM: [&str; 7] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

fn cargo(root: &Path, arguments: &[&str], extent: Extent) -> Result<String, String> {
    let mut command = Command::new("cargo");
    command.current_dir(root).args(arguments);
    for name in OF_THIS_PROGRAM {
        command.env_remove(name);
    }
    if extent == Extent::Full {
        command.env("FUPAN_BOARD", "full");
    }
    let Output { status, stdout, stderr } = command.output().map_err(|error| format!("cargo: {error}"))?;
    let text = String::from_utf8_lossy(&stdout).into_owned();
    if status.success() {
        return Ok(text);
    }
    let failed = failed_tests(&text);
    if failed.is_empty() {
        let stderr = String::from_utf8_lossy(&stderr);
        let reason = stderr.lines().find(|line| line.starts_with("error")).unwrap_or("it did not run");
        return Err(reason.to_owned());
    }
    Err(format!("failed: {}", failed.join(", ")))
}

/// The tests of the list at the end: what they print stands between their names and what became of them.
fn failed_tests(output: &str) -> Vec<&str> {
    let (_, list) = output.rsplit_once("\nfailures:\n").unwrap_or_default();
    list.lines().map_while(|line| line.strip_prefix("    ")).collect()
}

/// What the tests told, or how many passed.
fn figures(output: &str) -> Result<Vec<String>, String> {
    let result = output.lines().find_map(|line| line.strip_prefix("test result: ok. "));
    let passed: u32 =
        result.and_then(|line| line.split(' ').next()?.parse().ok()).ok_or("no test told its result")?;
    if passed == 0 {
        return Err("no test of that name".to_owned());
    }
    let told: Vec<String> =
        output.lines().filter_map(|line| Some(line.split_once("figure: ")?.1.to_owned())).collect();
    Ok(if told.is_empty() { vec![format!("{passed} tests passed")] } else { told })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_was_not_there_is_no_success() {
        let ran = "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored";
        assert_eq!(figures(ran), Err("no test of that name".to_owned()));
        assert!(figures("").is_err());
    }

    #[test]
    fn failed_tests_are_those_of_the_list() {
        let ran = "test a ... figure: x\nFAILED\n\nfailures:\n\n---- a ----\nfailures:\n    a\n    b::c\n\ntest result: FAILED. 0 passed; 2 failed";
        assert_eq!(failed_tests(ran), ["a", "b::c"]);
        assert!(failed_tests("error: could not compile").is_empty());
    }

    #[test]
    fn figures_stand_behind_the_name_of_their_test_or_alone() {
        let ran = "test a ... figure: 3 of 3\nok\nfigure: 0 lost\ntest result: ok. 2 passed; 0 failed";
        assert_eq!(figures(ran), Ok(vec!["3 of 3".to_owned(), "0 lost".to_owned()]));
        let silent = "test a ... ok\ntest result: ok. 2 passed; 0 failed";
        assert_eq!(figures(silent), Ok(vec!["2 tests passed".to_owned()]));
    }
}
