//! `fupan-testkit campus-lunch FOLDER [SEED]`: writes a world with known answers.

use std::path::Path;
use std::process::ExitCode;

use fupan_testkit::campus_lunch;

const USAGE: &str = "usage: fupan-testkit campus-lunch FOLDER [SEED]";

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, seed) = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["campus-lunch", folder] => (*folder, Some(campus_lunch::SEED)),
        ["campus-lunch", folder, seed] => (*folder, seed.parse().ok()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let Some(seed) = seed else {
        eprintln!("SEED is a whole number\n{USAGE}");
        return ExitCode::from(2);
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
