//! `fupan store forget`: how is a source taken back, and how does it leave the disk?

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal};

use fupan_ingest::{find_sources, place_digits};
use fupan_model::Micros;
use fupan_report::escape;
use fupan_store::limits::ORPHAN_AGE_SECONDS as LEFT_BEHIND_SECONDS;
use fupan_store::{LedgerRow, LeftBehind, Meant, Purge, Store, Wanted};

use super::staged;
use crate::app::App;
use crate::failure::{DONE, ErrorKind, Failure, Outcome};
use crate::numbers::{bytes, counted, grouped};
use crate::turns;

/// How many sources are named that could be meant.
const NAMES_SHOWN: usize = 12;

#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A source as `fupan query run quality/ingests` names it or the end of its name, its path, a pattern of
    /// names, or the id of a chunk
    #[arg(value_name = "SOURCE|CHUNK", required_unless_present = "interrupted")]
    source: Option<String>,
    /// Say what would be taken back
    #[arg(long)]
    dry_run: bool,
    /// Delete its rows from the disk, from earlier versions too; this cannot be undone
    #[arg(long)]
    purge: bool,
    /// Purge what ingests left behind that died before their rows counted, whichever sources they read
    #[arg(long, requires = "purge", conflicts_with = "source")]
    interrupted: bool,
    /// Do not ask before purging
    #[arg(long, requires = "purge")]
    yes: bool,
}

pub(super) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    let store = app.open_store().await?;
    let Some(source) = &arguments.source else {
        return interrupted(app, &store, arguments).await;
    };
    let wanted = Wanted { text: source.clone(), places: places(source), also_superseded: arguments.purge };
    let (chunks, others) = match store.meant(&wanted).await? {
        Meant::Chunks { chunks, others } => (chunks, others),
        Meant::OneOf(names) => {
            return Err(Failure::usage(format!(
                "`{source}` may be one of {}",
                counted(names.len() as u64, "source")
            ))
            .hint(format!("name one of them: {}", listed(&names))));
        }
        Meant::Nothing { known_as } => {
            let is_purge = arguments.purge;
            let left = if is_purge { store.left_behind(None).await? } else { LeftBehind::default() };
            return Err(nothing(source, is_purge, &known_as, &left));
        }
    };
    let records: i64 = chunks.iter().map(|row| row.records_accepted).sum();
    let sources: BTreeSet<&str> = chunks.iter().map(|row| row.source.as_str()).collect();
    let name = sources.first().copied().filter(|_| sources.len() == 1).map(str::to_owned);
    let what = format!(
        "{} records of {} in {}",
        grouped(records.unsigned_abs()),
        name.unwrap_or_else(|| counted(sources.len() as u64, "source")),
        counted(chunks.len() as u64, "chunk")
    );
    if !others.is_empty() {
        app.terminal.note(format!("not meant, and left alone: {}", listed(&others)));
    }
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

/// Digits of what lies at that path; of a folder, of all files below it.
fn places(argument: &str) -> BTreeSet<String> {
    let below = std::path::Path::new(argument).is_dir().then(|| find_sources(&[argument.to_owned()]));
    let below = below.and_then(Result::ok).into_iter().flatten();
    below.filter_map(|source| source.place_digits()).chain([place_digits(argument)]).collect()
}

fn nothing(source: &str, is_purge: bool, known_as: &[String], left: &LeftBehind) -> Failure {
    let what = if is_purge { "nothing" } else { "nothing that counts" };
    let failure = Failure::usage(format!("{what} comes from `{source}`"));
    if is_purge && known_as.is_empty() && !left.is_empty() {
        return failure.hint(format!(
            "{}; fupan query run quality/ingests lists the sources that count",
            of_whom_is_not_known(left)
        ));
    }
    if known_as.is_empty() {
        return failure.hint("fupan query run quality/ingests lists the sources");
    }
    failure.hint(format!("what is in it came in before, as {}", listed(known_as)))
}

/// The first few names, as they can be given again.
fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES_SHOWN).map(|name| escape::shell_word(name)).collect();
    let more = names.len().saturating_sub(NAMES_SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn of_whom_is_not_known(left: &LeftBehind) -> String {
    format!(
        "{} with rows of ingests that died before they counted; nothing tells from which source: `fupan store forget --purge --interrupted` deletes them",
        counted(left.files(), "file")
    )
}

/// Deletes the rows that nothing counts: of ingests that died, where nobody writes who is about to count them.
async fn interrupted(app: &App, store: &Store, arguments: &Arguments) -> Outcome {
    let writing = turns::alone(app);
    // Without a lock, age tells that an ingest is no more.
    let before = match writing {
        Some(_) => None,
        None => Some(Micros(app.surroundings.now.0 - LEFT_BEHIND_SECONDS * Micros::PER_SECOND)),
    };
    let left = store.left_behind(before).await?;
    let young = left.younger_files;
    if young > 0 {
        app.terminal.warn(format!(
            "{} left alone: another command is writing into this store, or that cannot be known here, and they are younger than a day",
            counted(young, "file")
        ));
    }
    let what = format!("{} of ingests that died", counted(left.files(), "file"));
    if left.is_empty() && young > 0 {
        return Ok(ErrorKind::Findings.code());
    }
    if left.is_empty() {
        app.terminal.note(format!("no ingest that died left rows behind · store {}", app.shown_store()));
        return Ok(DONE);
    }
    if arguments.dry_run {
        app.terminal.note(format!("would purge {what}; nothing was changed"));
        return Ok(DONE);
    }
    if !arguments.yes && !is_confirmed(app, &what)? {
        app.terminal.note("nothing was changed");
        return Ok(ErrorKind::Usage.code());
    }
    let did = store.purge_left_behind(&left, app.surroundings.now).await?;
    tell(app, &did, &what)
}

async fn purge(app: &App, store: &Store, arguments: &Arguments, chunks: &[LedgerRow], what: &str) -> Outcome {
    if !arguments.yes && !is_confirmed(app, what)? {
        app.terminal.note("nothing was changed");
        return Ok(ErrorKind::Usage.code());
    }
    let did = store.purge(chunks, app.surroundings.now).await?;
    let left = store.left_behind(None).await?;
    if !left.is_empty() {
        app.terminal.warn(of_whom_is_not_known(&left));
    }
    tell(app, &did, what)
}

fn tell(app: &App, did: &Purge, what: &str) -> Outcome {
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
