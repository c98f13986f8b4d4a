//! `fupan store repair`: what can be done about damage, and what has to be ingested again?

use fupan_store::Store;

use crate::app::App;
use crate::failure::{DONE, ErrorKind, Outcome};
use crate::numbers::counted;
use crate::output::Rows;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Say what would be done
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    let now = app.surroundings.now;
    let (_, did) = Store::repair(&app.store_location(), arguments.dry_run, now).await?;
    let at = app.shown_store();
    if did.steps.is_empty() && did.open.is_empty() {
        app.terminal.note(format!("nothing to repair · store {at}"));
        return Ok(DONE);
    }
    let steps = did.steps.iter().map(|(what, done)| [what.clone(), done.clone()]);
    let open = did.open.iter().map(|(what, to_do)| [what.clone(), format!("by hand: {to_do}")]);
    app.print(&Rows::of_text(["what", "done"], steps.chain(open).collect())?)?;
    if arguments.dry_run {
        app.terminal.note(format!("a dry run: nothing was changed · store {at}"));
    } else {
        app.terminal
            .note(format!("what went is below _aside/ in the store; nothing is deleted · store {at}"));
    }
    if !did.sources.is_empty() {
        app.terminal.warn(format!(
            "the rows of {} count no more; ingest again: {}",
            counted(did.sources.len() as u64, "source"),
            did.sources.iter().cloned().collect::<Vec<_>>().join(" "),
        ));
    }
    Ok(if did.open.is_empty() { DONE } else { ErrorKind::Findings.code() })
}
