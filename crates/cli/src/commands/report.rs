//! `fupan report`: an incident's postmortem in files, and what people wrote into it kept.

use std::path::{Path, PathBuf};

use fupan_query::Session;
use fupan_report::{IncidentReport, Lang, merge, render};

use crate::app::{App, VERSION};
use crate::commands::ingest;
use crate::failure::{DONE, Failure, Outcome};
use crate::files::{folder_name, read_below, write_below};
use crate::find;
use crate::instants;
use crate::numbers::counted;
use crate::postmortem;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The incident: its id, the beginning of it or a part of its title; or a folder, which is ingested first
    /// [default: the latest incident]
    #[arg(value_name = "INCIDENT|FOLDER")]
    incident: Option<String>,
    /// Where reports go, each into a folder of its own [default: `reports` in the workspace]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    let mut wanted = arguments.incident.as_deref();
    if let Some(folder) = wanted.filter(|name| Path::new(name).is_dir()) {
        ingest::read_folder(app, folder, &[]).await?;
        wanted = None;
    }
    let session = app.session(wanted).await?;
    let out = arguments.out.clone().unwrap_or_else(|| app.workspace.join("reports"));
    let report = build(app, &session, wanted).await?;
    let written = write(app, &report, &out)?;
    for path in &written {
        app.terminal.line(app.shown(path))?;
    }
    tell_as_of(app, &report);
    Ok(DONE)
}

/// Which instant is "now" for the report, where nobody chose one, and how far its data reach.
pub(crate) fn tell_as_of(app: &App, report: &IncidentReport) {
    let provenance = &report.provenance;
    let Some(as_of) = provenance.as_of.filter(|_| !provenance.as_of_given) else { return };
    let shown = |at| instants::with_offset(instants::whole_second(at), app.zone());
    let telemetry = provenance
        .telemetry_end
        .filter(|end| *end < as_of)
        .map(|end| format!(" · telemetry ends {}", shown(end)))
        .unwrap_or_default();
    app.terminal.note(format!(
        "as of {}, the latest instant that is recorded{telemetry} (--as-of INSTANT for another)",
        shown(as_of)
    ));
}

/// Asks everything that the report of an incident says.
pub(crate) async fn build(
    app: &App,
    session: &Session,
    wanted: Option<&str>,
) -> Result<IncidentReport, Failure> {
    let incident = find::incident(session, wanted).await?;
    Ok(postmortem::build(session, &incident.incident_id, app.config(), VERSION).await?)
}

/// Writes a report in all languages; answers the paths of the markdown files.
pub(crate) fn write(app: &App, report: &IncidentReport, out: &Path) -> Result<Vec<PathBuf>, Failure> {
    std::fs::create_dir_all(out)
        .map_err(|error| Failure::storage(format!("cannot make the folder {}: {error}", out.display())))?;
    let folder = folder_name(&report.header.incident_id);
    let (mut written, mut changed) = (Vec::new(), 0_u64);
    for lang in app.languages()? {
        let rendered = render(report, lang)?;
        // Charts and tables first: a reader of the new text finds them.
        for (path, bytes) in &rendered.files {
            changed += u64::from(write_below(out, &format!("{folder}/{path}"), bytes)?);
        }
        let name = format!("{folder}/{}", lang.report_file());
        let existing = read_below(out, &name)?;
        let merged = merge(existing.as_deref(), &rendered.pieces);
        for warning in &merged.warnings {
            app.terminal.warn(format!("{}: {warning}", shown_name(app, out, &name)));
        }
        changed += u64::from(write_below(out, &name, merged.text.as_bytes())?);
        written.push(out.join(&name));
    }
    let what =
        if changed == 0 { "nothing changed".to_owned() } else { counted(changed, "file") + " written" };
    app.terminal.note(format!("{} · {what} in {}", report.header.incident_id, app.shown(&out.join(folder))));
    Ok(written)
}

fn shown_name(app: &App, out: &Path, name: &str) -> String {
    app.shown(&out.join(name))
}

/// The language in which the terminal is spoken to about a report.
pub(crate) fn first_language(app: &App) -> Result<Lang, Failure> {
    Ok(app.languages()?.first().copied().unwrap_or_default())
}
