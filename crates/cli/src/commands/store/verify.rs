//! `fupan store verify`: is everything there, undamaged and once?

use crate::app::App;
use crate::failure::{DONE, ErrorKind, Outcome};
use crate::numbers::{bytes, counted};
use crate::output::Rows;

pub(super) async fn run(app: &App) -> Outcome {
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
    for orphan in &found.orphans {
        app.terminal.detail(format!("{orphan}: no version names it"));
    }
    if !found.orphans.is_empty() {
        app.terminal.note(format!(
            "{} named by no version: of an ingest that died, that is running, or whose rows were there already (read again after `store forget`); `fupan store repair` moves old ones aside",
            counted(found.orphans.len() as u64, "file"),
        ));
    }
    if found.findings.is_empty() {
        app.terminal.note(format!("sound: {summary}"));
        if found.uncounted_files > 0 {
            app.terminal.detail(format!(
                "{} of an interrupted or replaced ingest count in no answer",
                counted(found.uncounted_files, "file")
            ));
        }
        if found.history_files > 0 {
            app.terminal.detail(format!("{} of earlier versions kept", counted(found.history_files, "file")));
        }
        return Ok(DONE);
    }
    app.terminal.error(format!("{} in {summary}", counted(found.findings.len() as u64, "finding")));
    let rows = found.findings.into_iter().map(|finding| [finding.subject, finding.problem]).collect();
    app.print(&Rows::of_text(["what", "problem"], rows)?)?;
    Ok(ErrorKind::Findings.code())
}
