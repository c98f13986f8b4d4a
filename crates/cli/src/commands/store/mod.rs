//! `fupan store`: is everything there, how does it stay quick, and how is a source taken back?

mod compact;
mod forget;
mod repair;
pub(crate) mod staged;
mod verify;

use crate::app::App;
use crate::failure::Outcome;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Read every file and compare it with what was written; exit code 1 where something is wrong
    Verify,
    /// Merge small files, so that a store of many ingests is read quickly; old files stay on disk
    Compact(compact::Arguments),
    /// Take out what is damaged, and say what to ingest again; nothing is deleted
    Repair(repair::Arguments),
    /// Take back what was read from a source: it no longer counts, and nothing is deleted unless asked for
    Forget(forget::Arguments),
}

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    match &arguments.action {
        Action::Verify => verify::run(app).await,
        Action::Compact(arguments) => compact::run(app, arguments).await,
        Action::Repair(arguments) => repair::run(app, arguments).await,
        Action::Forget(arguments) => forget::run(app, arguments).await,
    }
}
