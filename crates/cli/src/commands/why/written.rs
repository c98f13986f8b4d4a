//! Does the report that was written say the same as one that is made now?
//!
//! `why` asks the store of today. A report of yesterday may call another number `n36`, and another figure at all.

use fupan_report::{Figure, Lang, Locale, Noun, ReceiptBook};

use crate::app::App;
use crate::files::folder_name;

/// Warns where the figure of the written report is another one: in its value, or in what it is of.
pub(super) fn warn(app: &App, book: &ReceiptBook, figure: &Figure, zone: &str, lang: Lang) {
    let Some(written) = written(app, &book.incident_id) else { return };
    let folder = format!("reports/{}", folder_name(&book.incident_id));
    let id = &figure.id;
    let text = |figure: &Figure| Locale::new(lang, zone).figure(figure, Noun::None);
    let again = "what follows is of a report that is made now; write it again: fupan report";
    let place = book.why(id).map(|(placed, _)| placed.place.as_str()).unwrap_or_default();
    match written.why(id) {
        None => app.terminal.warn(format!("the report in {folder} has no {id}: {again}")),
        Some((placed, _)) if placed.place != place => {
            let now = book.figures.iter().find(|other| other.place == placed.place);
            let now = now.map(|now| format!(", now {} = {}", now.figure.id, text(&now.figure)));
            app.terminal.warn(format!(
                "the report in {folder} calls another figure {id}: {} = {}{}; {again}",
                placed.place,
                text(&placed.figure),
                now.unwrap_or_default()
            ));
        }
        Some((placed, _)) if text(&placed.figure) != text(figure) => {
            app.terminal.warn(format!(
                "the report in {folder} says {id} = {}: the store changed since; {again}",
                text(&placed.figure)
            ));
        }
        Some(_) => {}
    }
}

/// The receipts of the report that stands in the workspace.
fn written(app: &App, incident_id: &str) -> Option<ReceiptBook> {
    let folder = app.workspace.join("reports").join(folder_name(incident_id));
    let text = std::fs::read_to_string(folder.join("receipts.json")).ok()?;
    serde_json::from_str(&text).ok()
}
