//! `fupan demo`: the whole way on the sample incident, in a workspace of its own.

use std::path::{Path, PathBuf};

use fupan_report::model::{CandidateKind, DurationName, MilestoneName, ServiceClass};
use fupan_report::{Figure, IncidentReport, Lang, Locale, Noun};

use crate::app::App;
use crate::commands::{ingest, report};
use crate::failure::{DONE, Failure, Outcome};
use crate::files::write_whole;
use crate::settings::CONFIG_FILE;

/// Where the sample is, in a checkout.
const SAMPLE: &str = "sample-data/campus-lunch";

/// Files of the sample that describe it and are no data.
const DESCRIPTION: [&str; 3] = ["README.md", CONFIG_FILE, "README.truth.json"];

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Workspace of the demo; it may exist from an earlier run
    #[arg(long, value_name = "DIR", default_value = "fupan-demo")]
    dir: PathBuf,
    /// The sample's folder [default: sample-data/campus-lunch of the checkout]
    #[arg(long, value_name = "DIR")]
    sample: Option<PathBuf>,
}

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    let began = std::time::Instant::now();
    let sample = sample_folder(app, arguments.sample.as_deref())?;
    make_workspace(&arguments.dir, &sample)?;
    let demo = app.in_workspace(arguments.dir.clone())?;
    demo.terminal.note(format!("workspace {} · sample {}", demo.shown(&demo.workspace), demo.shown(&sample)));
    ingest::read_folder(&demo, &sample.to_string_lossy(), &DESCRIPTION).await?;
    let session = demo.session(None).await?;
    let built = report::build(&demo, &session, None).await?;
    let written = report::write(&demo, &built, &demo.workspace.join("reports"))?;
    tell(&demo, &built, &written)?;
    demo.terminal.note(format!("done in {:.1} s", began.elapsed().as_secs_f64()));
    Ok(DONE)
}

/// The sample of the checkout that we are in, or that this program was built in.
fn sample_folder(app: &App, named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(folder) = named {
        if folder.join(CONFIG_FILE).is_file() {
            return Ok(folder.to_path_buf());
        }
        return Err(Failure::usage(format!("{} is no sample: it holds no {CONFIG_FILE}", folder.display())));
    }
    let from_folder = app.surroundings.folder.ancestors();
    let from_program = app.surroundings.program.iter().flat_map(|program| program.ancestors());
    from_folder
        .chain(from_program)
        .map(|folder| folder.join(SAMPLE))
        .find(|folder| folder.join(CONFIG_FILE).is_file())
        .ok_or_else(|| {
            Failure::usage("the sample incident is not here: it is part of fupan's source tree").hint(
                format!("run `fupan demo` inside of a checkout, or name the folder: --sample PATH/{SAMPLE}"),
            )
        })
}

/// A folder with the sample's configuration; one of another kind is left alone.
fn make_workspace(folder: &Path, sample: &Path) -> Result<(), Failure> {
    let config = folder.join(CONFIG_FILE);
    let unreadable = |path: &Path, error: std::io::Error| {
        Failure::storage(format!("cannot read {}: {error}", path.display()))
    };
    let source = sample.join(CONFIG_FILE);
    let wanted = std::fs::read(&source).map_err(|error| unreadable(&source, error))?;
    if folder.exists() {
        let is_ours = std::fs::read(&config).is_ok_and(|existing| existing == wanted);
        let is_empty = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
        if !is_ours && !is_empty {
            return Err(Failure::usage(format!("{} is there already, and is not a demo", folder.display()))
                .hint("name another folder with --dir"));
        }
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::storage(format!("cannot make the folder {}: {error}", folder.display())))?;
    write_whole(&config, &wanted)?;
    write_whole(&folder.join(".gitignore"), b"*\n")
}

/// The key numbers, where the report is, and what to try next.
fn tell(app: &App, report: &IncidentReport, written: &[PathBuf]) -> Result<(), Failure> {
    let locale = Locale::new(Lang::En, &report.header.zone);
    let line = |what: &str, value: String| app.terminal.line(format!("  {what:<22} {value}"));
    app.terminal.line(format!("\n{} · {}", report.header.incident_id, report.header.title))?;
    let milestone = |name: MilestoneName| report.milestone(name).map(|milestone| &milestone.at);
    let duration = |name: DurationName| report.duration(name).map(|duration| &duration.value);
    for (what, figure, noun) in [
        ("impact started", milestone(MilestoneName::ImpactStarted), Noun::None),
        ("mitigated", milestone(MilestoneName::Mitigated), Noun::None),
        ("time to detect", duration(DurationName::Detect), Noun::None),
        ("time to mitigate (TTM)", duration(DurationName::Mitigate), Noun::None),
        ("failed requests", Some(&report.failed_requests), Noun::Requests),
        ("users who failed", report.users.as_ref().map(|users| &users.failed), Noun::Users),
        ("users blocked", report.users.as_ref().map(|users| &users.blocked), Noun::Users),
    ] {
        if let Some(figure) = figure.filter(|figure: &&Figure| figure.is_known()) {
            line(what, locale.figure(figure, noun))?;
        }
    }
    for (what, class) in
        [("affected", ServiceClass::Affected), ("proven unaffected", ServiceClass::Unaffected)]
    {
        let names: Vec<&str> = report
            .blast_radius
            .iter()
            .filter(|row| row.class == class)
            .map(|row| row.service.as_str())
            .collect();
        if !names.is_empty() {
            line(what, names.join(", "))?;
        }
    }
    for candidate in report.candidates.iter().take(3) {
        let kind = match candidate.kind {
            CandidateKind::Metric => "metric",
            CandidateKind::Template => "log template",
            CandidateKind::Change => "change",
            CandidateKind::Saturation => "saturation",
            CandidateKind::Span => "operation",
        };
        let service = candidate.service.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        line(&format!("candidate {}", candidate.rank), format!("{kind} {}{service}", candidate.subject))?;
    }
    app.terminal.line("\nreport")?;
    for path in written {
        app.terminal.line(format!("  {}", app.shown(path)))?;
    }
    let dir = app.shown(&app.workspace);
    app.terminal.line(format!(
        "\ntry\n  fupan why n1 --workspace {dir}\n  fupan incidents --workspace {dir}\n  fupan sql --workspace {dir} \"select service_name, count(*) as failed from requests where is_failed group by service_name order by failed desc\""
    ))
}
