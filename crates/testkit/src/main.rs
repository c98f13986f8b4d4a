//! `fupan-testkit campus-lunch FOLDER [SEED]`: writes a world with known answers.
//! `fupan-testkit seeded-world FOLDER SEED`: writes one of the small worlds that the oracle knows the answers of.
//! `fupan-testkit scoreboard [--full] [--only WORD]`: proves the promises and writes `docs/scoreboard.md`.
//! `fupan-testkit guards [WORD]`: cuts guards out of a copy of the sources and expects tests to fail.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use fupan_testkit::World;
use fupan_testkit::campus_lunch;
use fupan_testkit::scoreboard::guards::{self, GUARDS, Guard, Missed};
use fupan_testkit::scoreboard::{self, Extent, Page, ROWS, Verdict};
use fupan_testkit::seeded::SeededWorld;

const USAGE: &str = "usage: fupan-testkit campus-lunch FOLDER [SEED]
       fupan-testkit seeded-world FOLDER SEED
       fupan-testkit scoreboard [--full] [--only WORD]
       fupan-testkit guards [WORD]";

/// Where the page is written, in the workspace.
const PAGE: &str = "docs/scoreboard.md";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["campus-lunch", folder] => write_world(folder, Some(campus_lunch::SEED), campus_lunch::generate),
        ["campus-lunch", folder, seed] => write_world(folder, seed.parse().ok(), campus_lunch::generate),
        ["seeded-world", folder, seed] => {
            write_world(folder, seed.parse().ok(), |seed| SeededWorld::draw(seed).files())
        }
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
fn write_world(folder: &str, seed: Option<u64>, generate: impl Fn(u64) -> World) -> ExitCode {
    let Some(seed) = seed else {
        return usage(&format!("SEED is a whole number\n{USAGE}"));
    };
    match generate(seed).write(Path::new(folder)) {
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

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read_page() -> Page {
    Page::parse(&std::fs::read_to_string(root().join(PAGE)).unwrap_or_default())
}

#[expect(clippy::disallowed_methods, reason = "the page says when something was found")]
fn today() -> String {
    chrono::Utc::now().format("%Y-%m-%d").to_string()
}

fn failed(what: &str, error: &std::io::Error) -> ExitCode {
    #[expect(clippy::print_stderr, reason = "a command line speaks")]
    {
        eprintln!("error: {what}: {error}");
    }
    ExitCode::from(74)
}

/// Runs the rows whose test holds `only`. The page is written after each, so that an end loses nothing.
#[expect(clippy::print_stdout, reason = "a command line speaks")]
fn run_scoreboard(extent: Extent, only: Option<&str>) -> ExitCode {
    let (mut ran, mut has_failed) = (0, false);
    for row in ROWS.iter().filter(|row| only.is_none_or(|only| row.test.contains(only))) {
        let found = scoreboard::run(&root(), *row, extent);
        println!("{:>6.1} s  {:?}  {}", found.took.as_secs_f64(), found.verdict, row.test);
        for figure in &found.figures {
            println!("          {figure}");
        }
        ran += 1;
        has_failed |= found.verdict == Verdict::Failed;
        // Others may have run other rows meanwhile.
        let mut page = read_page();
        page.record(&found, extent, &today());
        if let Err(error) = std::fs::write(root().join(PAGE), page.text()) {
            return failed(PAGE, &error);
        }
    }
    ExitCode::from(u8::from(ran == 0 || has_failed))
}

#[expect(clippy::print_stdout, reason = "a command line speaks")]
fn run_guards(only: Option<&str>) -> ExitCode {
    // `target/debug/fupan-testkit`
    let target = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.parent()?.to_owned()));
    let target = target.unwrap_or_else(|| root().join("target"));
    let mut found = Vec::new();
    let told = |guard: &Guard, missed: &Missed| {
        println!("without: {}\n    {missed}", guard.name);
        found.push((guard.name, missed.failed().map(str::to_owned)));
    };
    let unproven = match guards::unproven(&root(), &target, only, told) {
        Ok(unproven) => unproven,
        Err(error) => return failed("guards", &error),
    };
    let mut page = read_page();
    for (name, missed) in &found {
        page.record_guard(name, missed.as_deref(), &today());
    }
    page.keep_guards(&GUARDS.iter().map(|guard| guard.name).collect::<Vec<_>>());
    if let Err(error) = std::fs::write(root().join(PAGE), page.text()) {
        return failed(PAGE, &error);
    }
    println!("{} removals are caught by nothing: {unproven:?}", unproven.len());
    ExitCode::from(u8::from(!unproven.is_empty()))
}
