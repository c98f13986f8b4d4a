//! `fupan store compact`: how does a store of many small ingests stay quick?

use crate::app::App;
use crate::failure::{DONE, Outcome};
use crate::numbers::{bytes, counted};
use crate::turns;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Say what the first step would merge
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    let store = app.open_store().await?;
    let _writing = if arguments.dry_run { None } else { turns::beside_others(app) };
    let did = store.compact(arguments.dry_run, app.surroundings.now).await?;
    let at = app.shown_store();
    if did.is_empty() {
        app.terminal.note(format!("nothing to merge · store {at}"));
    } else if arguments.dry_run {
        app.terminal.note(format!(
            "would merge {} with {} into {}; nothing was changed · store {at}",
            counted(did.files_out, "file"),
            counted(did.rows, "row"),
            did.files_in,
        ));
    } else {
        app.terminal.note(format!(
            "merged {} with {} into {} · {} → {} · store {at}; the old files stay for earlier versions",
            counted(did.files_out, "file"),
            counted(did.rows, "row"),
            did.files_in,
            bytes(did.bytes_out),
            bytes(did.bytes_in),
        ));
    }
    Ok(DONE)
}
