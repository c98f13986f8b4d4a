//! `fupan-testkit campus-lunch FOLDER [SEED]`: writes a world with known answers.
//! `fupan-testkit scoreboard [--full] [--only WORD]`: proves the promises and writes `docs/scoreboard.md`.
//! `fupan-testkit guards [WORD]`: cuts guards out of a copy of the sources and expects tests to fail.

use std::path::Path;
use std::process::ExitCode;

use fupan_testkit::campus_lunch;
use fupan_testkit::scoreboard::guards::{self, Guard};
use fupan_testkit::scoreboard::{self, Extent, ROWS, Verdict};

const USAGE: &str = "usage: fupan-testkit campus-lunch FOLDER [SEED]
       fupan-testkit scoreboard [--full] [--only WORD]
       fupan-testkit guards [WORD]";

/// Where the page is written, in the workspace.
const PAGE: &str = "docs/scoreboard.md";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["campus-lunch", folder] => write_campus_lunch(folder, Some(campus_lunch::SEED)),
        ["campus-lunch", folder, seed] => write_campus_lunch(folder, seed.parse().ok()),
        ["scoreboard"] => run_scoreboard(Extent::Quick, None),
        ["scoreboard", "--full"] => run_scoreboard(Extent::Full, None),
        ["scoreboard", "--only", word] => run_scoreboard(Extent::Quick, Some(word)),
        ["scoreboard", "--full", "--only", word] => run_scoreboard(Extent::Full, Some(word)),
        ["guards"] => run_guards(None),
        ["guards", word] => run_guards(Some(word)),
        _ => usage(USAGE),
    }
}

#[expect(clippy::print_stderr, reason = "a command line speaks")]
fn usage(text: &str) -> ExitCode {
    eprintln!("{text}");
    ExitCode::from(2)
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks")]
fn write_campus_lunch(folder: &str, seed: Option<u64>) -> ExitCode {
    let Some(seed) = seed else {
        return usage(&format!("SEED is a whole number\n{USAGE}"));
    };
    match campus_lunch::generate(seed).write(Path::new(folder)) {
        Ok(sizes) => {
            for (name, bytes) in &sizes {
                println!("{bytes:>9}  {name}");
            }
            println!("{:>9}  bytes in all, seed {seed}", sizes.values().sum::<usize>());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(74)
        }
    }
}

/// Runs the rows whose test holds `only`; the page is written where all of them ran.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks")]
fn run_scoreboard(extent: Extent, only: Option<&str>) -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for row in ROWS.iter().filter(|row| only.is_none_or(|only| row.test.contains(only))) {
        let of_row = scoreboard::run(&root, *row, extent);
        println!("{:>6.1} s  {:?}  {}", of_row.took.as_secs_f64(), of_row.verdict, row.test);
        for figure in &of_row.figures {
            println!("          {figure}");
        }
        found.push(of_row);
    }
    let page = scoreboard::page(&found, extent);
    if only.is_none()
        && let Err(error) = std::fs::write(root.join(PAGE), page)
    {
        eprintln!("error: {PAGE}: {error}");
        return ExitCode::from(74);
    }
    let has_failed = found.is_empty() || found.iter().any(|found| found.verdict == Verdict::Failed);
    ExitCode::from(u8::from(has_failed))
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks")]
fn run_guards(only: Option<&str>) -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // `target/debug/fupan-testkit`
    let target = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.parent()?.to_owned()));
    let target = target.unwrap_or_else(|| root.join("target"));
    let told = |guard: &Guard, missed: &str| println!("without: {}\n    {missed}", guard.name);
    let unproven = guards::unproven(&root, &target, only, told);
    match unproven {
        Ok(unproven) => {
            println!("figure: {} guards are proven by nothing: {unproven:?}", unproven.len());
            ExitCode::from(u8::from(!unproven.is_empty()))
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(74)
        }
    }
}
