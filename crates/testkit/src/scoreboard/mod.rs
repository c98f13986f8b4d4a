//! Are the promises kept, and by which figures? Runs the tests that prove them and writes a page.
//!
//! A test tells its figures in lines that begin with `figure: `; with `FUPAN_BOARD=full` it does the
//! whole of its row. What it found counts only if it passed.

pub mod guards;
mod rows;

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

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
    fn is_built(&self, root: &Path) -> bool {
        let folder = root.join("crates").join(self.package.trim_start_matches("fupan-"));
        let folder = if self.package == "fupan" { root.join("crates/cli") } else { folder };
        let target = folder.join("tests").join(self.target);
        self.target == "lib" || target.with_extension("rs").is_file() || target.join("main.rs").is_file()
    }

    fn arguments(&self) -> Vec<&'static str> {
        let target: &[&str] = if self.target == "lib" { &["--lib"] } else { &["--test", self.target] };
        [&["test", "--package", self.package], target].concat()
    }
}

/// Runs one row; `root` is the workspace's folder.
pub fn run(root: &Path, row: Row, extent: Extent) -> Found {
    let mut found = Found { row, verdict: Verdict::NotBuilt, figures: Vec::new(), took: Duration::ZERO };
    for proof in row.proofs.iter().filter(|proof| proof.is_built(root)) {
        if found.verdict == Verdict::NotBuilt {
            found.verdict = Verdict::Passed;
        }
        let built = cargo(root, &[&proof.arguments()[..], &["--no-run"]].concat(), extent);
        let began = Instant::now();
        let filter = ["--", proof.filter, "--nocapture", "--test-threads=1"];
        let ran = built.and_then(|_| cargo(root, &[&proof.arguments()[..], &filter].concat(), extent));
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

fn cargo(root: &Path, arguments: &[&str], extent: Extent) -> Result<String, String> {
    let mut command = Command::new("cargo");
    command.current_dir(root).args(arguments);
    if extent == Extent::Full {
        command.env("FUPAN_BOARD", "full");
    }
    let Output { status, stdout, stderr } = command.output().map_err(|error| format!("cargo: {error}"))?;
    let text = String::from_utf8_lossy(&stdout).into_owned();
    if status.success() {
        return Ok(text);
    }
    let failed: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED")).collect();
    if failed.is_empty() {
        let stderr = String::from_utf8_lossy(&stderr);
        let reason = stderr.lines().find(|line| line.starts_with("error")).unwrap_or("it did not run");
        return Err(reason.to_owned());
    }
    Err(format!("failed: {}", failed.join(", ")))
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

/// The page.
pub fn page(found: &[Found], extent: Extent) -> String {
    let command = match extent {
        Extent::Quick => "cargo run --package fupan-testkit -- scoreboard",
        Extent::Full => "cargo run --package fupan-testkit -- scoreboard --full",
    };
    let of = |verdict: &Verdict| found.iter().filter(|found| found.verdict == *verdict).count();
    let mut page = format!(
        "# Scoreboard\n\nWhat is promised, and the figures by which it is proven. Written by\n\n```sh\n{command}\n```\n\n{}\n\n{} of {} rows pass, {} fail, {} are not built yet. What each guard is good for is shown in the last row: with it off, a test fails.\n\n| | test | passes with | found | seconds |\n|---|---|---|---|---:|\n",
        match extent {
            Extent::Quick =>
                "This is a sample of each row, as in `cargo test`; `--full` runs the whole of it. A row alone: `--only WORD`.",
            Extent::Full =>
                "This is the whole of each row; `cargo test` runs a sample of it. A row alone: `--only WORD`.",
        },
        of(&Verdict::Passed),
        found.len(),
        of(&Verdict::Failed),
        of(&Verdict::NotBuilt),
    );
    for found in found {
        let (mark, figures) = match found.verdict {
            Verdict::Passed => ("✔", found.figures.join("<br>")),
            Verdict::Failed => ("✘", found.figures.join("<br>")),
            Verdict::NotBuilt => ("–", "not built".to_owned()),
        };
        let seconds = match found.verdict {
            Verdict::NotBuilt => String::new(),
            _ => format!("{:.0}", found.took.as_secs_f64()),
        };
        let cells = [mark, found.row.test, found.row.required, &figures, &seconds];
        page.push_str(&format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | ")));
    }
    page
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
    fn figures_stand_behind_the_name_of_their_test_or_alone() {
        let ran = "test a ... figure: 3 of 3\nok\nfigure: 0 lost\ntest result: ok. 2 passed; 0 failed";
        assert_eq!(figures(ran), Ok(vec!["3 of 3".to_owned(), "0 lost".to_owned()]));
        let silent = "test a ... ok\ntest result: ok. 2 passed; 0 failed";
        assert_eq!(figures(silent), Ok(vec!["2 tests passed".to_owned()]));
    }

    #[test]
    fn the_page_says_what_failed_and_what_is_not_built() {
        let found = |verdict, figures: &[&str]| Found {
            row: ROWS[0],
            verdict,
            figures: figures.iter().map(ToString::to_string).collect(),
            took: Duration::from_secs(7),
        };
        let all = [
            found(Verdict::Passed, &["3 of 3", "a | b"]),
            found(Verdict::Failed, &["failed: x"]),
            found(Verdict::NotBuilt, &[]),
        ];
        let page = page(&all, Extent::Full);
        assert!(page.contains("1 of 3 rows pass, 1 fail, 1 are not built yet"), "{page}");
        assert!(page.contains("3 of 3<br>a \\| b | 7 |"), "{page}");
        assert!(page.contains("| ✘ |") && page.contains("| not built |  |"), "{page}");
    }
}
