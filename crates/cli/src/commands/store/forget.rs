//! `fupan store forget`: how is a source taken back, and how does it leave the disk?

use std::io::{BufRead, IsTerminal};

use fupan_store::{LedgerRow, Store};

use super::staged;
use crate::app::App;
use crate::failure::{DONE, ErrorKind, Failure, Outcome};
use crate::numbers::{bytes, counted, grouped};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The source's name as `ingests` has it, or the id of one of its chunks
    #[arg(value_name = "SOURCE|CHUNK")]
    source: String,
    /// Say what would be taken back
    #[arg(long)]
    dry_run: bool,
    /// Delete its rows from the disk, from earlier versions too; this cannot be undone
    #[arg(long)]
    purge: bool,
    /// Do not ask before purging
    #[arg(long, requires = "purge")]
    yes: bool,
}

pub(super) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    let store = app.open_store().await?;
    let chunks = if arguments.purge {
        store.chunks_ever_of(&arguments.source).await?
    } else {
        store.chunks_of(&arguments.source).await?
    };
    if chunks.is_empty() {
        let what = if arguments.purge { "nothing" } else { "nothing that counts" };
        return Err(Failure::usage(format!("{what} comes from `{}`", arguments.source))
            .hint("fupan query run quality/ingests lists the sources"));
    }
    let records: i64 = chunks.iter().map(|row| row.records_accepted).sum();
    let what = format!(
        "{} records of {} in {}",
        grouped(records.unsigned_abs()),
        arguments.source,
        counted(chunks.len() as u64, "chunk")
    );
    if arguments.dry_run {
        let verb = if arguments.purge { "purge" } else { "take back" };
        app.terminal.note(format!("would {verb} {what}; nothing was changed"));
        return Ok(DONE);
    }
    if arguments.purge {
        return purge(app, &store, arguments, &chunks, &what).await;
    }
    store.forget(&chunks, app.surroundings.now).await?;
    app.terminal.note(format!(
        "took back {what} · store {}; nothing is deleted, and ingesting the source again brings it back",
        app.shown_store()
    ));
    Ok(DONE)
}

async fn purge(app: &App, store: &Store, arguments: &Arguments, chunks: &[LedgerRow], what: &str) -> Outcome {
    if !arguments.yes && !is_confirmed(app, what)? {
        app.terminal.note("nothing was changed");
        return Ok(ErrorKind::Usage.code());
    }
    let did = store.purge(chunks, app.surroundings.now).await?;
    // Nothing tells whose rows are in a staged file; nobody misses what never got its name.
    for path in staged::left_behind(&app.store_location(), app.surroundings.now) {
        std::fs::remove_file(&path)
            .map_err(|error| Failure::storage(format!("cannot delete {}: {error}", app.shown(&path))))?;
    }
    app.terminal.note(format!(
        "purged {what}: {} deleted, {}, values taken out of {} · store {}",
        counted(did.files, "file"),
        bytes(did.bytes),
        counted(did.log_entries, "log entry").replace("entrys", "entries"),
        app.shown_store()
    ));
    app.terminal.note(
        "the ledger keeps the source's name, digests and counts; reports that were written, copies of the store and backups are yours to look after",
    );
    for path in &did.unreadable {
        app.terminal.warn(format!(
            "{path} cannot be read: whether it holds rows of the source is not known; delete it by hand"
        ));
    }
    Ok(if did.unreadable.is_empty() { DONE } else { ErrorKind::Findings.code() })
}

/// Asks on a terminal; elsewhere `--yes` has to say it.
fn is_confirmed(app: &App, what: &str) -> Result<bool, Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::usage(format!("purging {what} cannot be undone")).hint("say --yes"));
    }
    app.terminal
        .warn(format!("{what} will be deleted from the disk, from earlier versions too; type `purge`"));
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(|error| Failure::storage(error.to_string()))?;
    Ok(answer.trim() == "purge")
}
