//! `fupan store`: is everything there, and how is a source taken back?

use crate::app::App;
use crate::failure::{DONE, ErrorKind, Failure, Outcome};
use crate::numbers::{bytes, counted, grouped};
use crate::output::Rows;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Read every file and compare it with what was written; exit code 1 where something is wrong
    Verify,
    /// Take back what was read from a source: it no longer counts, and nothing is deleted
    Forget(Forget),
}

#[derive(Debug, clap::Args)]
struct Forget {
    /// The source's name as `ingests` has it, or the id of one of its chunks
    #[arg(value_name = "SOURCE|CHUNK")]
    source: String,
    /// Say what would be taken back
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    match &arguments.action {
        Action::Verify => verify(app).await,
        Action::Forget(forget) => self::forget(app, forget).await,
    }
}

async fn verify(app: &App) -> Outcome {
    let store = app.open_store().await?;
    let found = store.verify().await?;
    let summary = format!(
        "{} with {}, {}, {} · store {}",
        counted(found.files, "file"),
        counted(found.rows, "row"),
        bytes(found.bytes),
        counted(found.chunks, "chunk"),
        app.shown_store(),
    );
    if found.findings.is_empty() {
        app.terminal.note(format!("sound: {summary}"));
        if found.uncounted_files > 0 {
            app.terminal.detail(format!(
                "{} of an interrupted or replaced ingest count in no answer",
                counted(found.uncounted_files, "file")
            ));
        }
        return Ok(DONE);
    }
    app.terminal.error(format!("{} in {summary}", counted(found.findings.len() as u64, "finding")));
    let rows = found.findings.into_iter().map(|finding| [finding.subject, finding.problem]).collect();
    app.print(&Rows::of_text(["what", "problem"], rows)?)?;
    Ok(ErrorKind::Findings.code())
}

async fn forget(app: &App, arguments: &Forget) -> Outcome {
    let store = app.open_store().await?;
    let chunks = store.chunks_of(&arguments.source).await?;
    if chunks.is_empty() {
        return Err(Failure::usage(format!("nothing that counts comes from `{}`", arguments.source))
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
        app.terminal.note(format!("would take back {what}; nothing was changed"));
        return Ok(DONE);
    }
    store.forget(&chunks, app.surroundings.now).await?;
    app.terminal.note(format!(
        "took back {what} · store {}; nothing is deleted, and ingesting the source again brings it back",
        app.shown_store()
    ));
    Ok(DONE)
}
