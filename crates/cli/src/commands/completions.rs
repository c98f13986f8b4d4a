//! `fupan completions`: what the shell offers when Tab is pressed.

use clap::CommandFactory;

use crate::args::Cli;
use crate::failure::{DONE, Outcome};
use crate::terminal::Terminal;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

pub(crate) fn run(terminal: &Terminal, arguments: &Arguments) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "fupan", &mut script);
    terminal.data(&script)?;
    Ok(DONE)
}
