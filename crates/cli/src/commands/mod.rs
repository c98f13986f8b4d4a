//! The commands, one per file: its arguments, what it does, what it says.

pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod incidents;
pub(crate) mod ingest;
pub(crate) mod init;
pub(crate) mod mapping;
pub(crate) mod mark;
pub(crate) mod new;
pub(crate) mod people;
pub(crate) mod pseudonym;
pub(crate) mod query;
pub(crate) mod report;
pub(crate) mod sql;
pub(crate) mod store;
pub(crate) mod why;

use crate::app::{App, Surroundings};
use crate::args::{Cli, Command};
use crate::failure::Outcome;
use crate::settings::FlagSettings;
use crate::terminal::Terminal;

/// Does what the command line asks for.
pub(crate) async fn run(cli: Cli, terminal: Terminal, surroundings: Surroundings) -> Outcome {
    let Cli { globals, command } = cli;
    // These work where no configuration can be read.
    match &command {
        Command::Completions(arguments) => return completions::run(&terminal, arguments),
        Command::Init(arguments) => return init::run(&terminal, &surroundings, &globals, arguments),
        Command::Doctor(_) => return doctor::run(&terminal, &surroundings, &globals).await,
        _ => {}
    }
    let flags = match &command {
        Command::Ingest(arguments) => arguments.settings()?,
        _ => FlagSettings::default(),
    };
    let app = App::new(terminal, globals, surroundings, &flags)?;
    match command {
        Command::Demo(arguments) => demo::run(&app, &arguments).await,
        Command::Ingest(arguments) => ingest::run(&app, &arguments).await,
        Command::Incidents(arguments) => incidents::run(&app, &arguments).await,
        Command::New(arguments) => new::run(&app, &arguments).await,
        Command::Mark(arguments) => mark::run(&app, &arguments).await,
        Command::Report(arguments) => report::run(&app, &arguments).await,
        Command::Why(arguments) => why::run(&app, &arguments).await,
        Command::Sql(arguments) => sql::run(&app, &arguments).await,
        Command::Pseudonym(arguments) => pseudonym::run(&app, &arguments).await,
        Command::Query(arguments) => query::run(&app, &arguments).await,
        Command::Explain(arguments) => explain::run(&app, &arguments).await,
        Command::Config(arguments) => config::run(&app, &arguments).await,
        Command::Mapping(arguments) => mapping::run(&app, &arguments).await,
        Command::Store(arguments) => store::run(&app, &arguments).await,
        Command::Completions(_) | Command::Init(_) | Command::Doctor(_) => Ok(crate::failure::DONE),
    }
}
