//! What became of every source and record, in words: what went wrong first, the sum last.

use fupan_decode::DecodeError;
use fupan_ingest::{IngestSettings, SourceProblem, SourceReport};
use fupan_model::Table;

use super::Done;
use crate::app::App;
use crate::failure::{DONE, ErrorKind};
use crate::instants;
use crate::numbers::{bytes, counted, grouped, percent};

/// How many skipped files are named.
const SKIPPED_SHOWN: usize = 6;

/// Tells all of it on standard error and answers the exit code.
pub(super) fn tell(app: &App, done: &Done, settings: &IngestSettings) -> u8 {
    let sources = &done.report.sources;
    let is_unreadable = tell_unreadable(app, sources);
    let is_above = tell_above(app, sources);
    for source in sources {
        tell_source(app, source);
    }
    tell_skipped(app, sources);
    tell_assumed(app, sources, settings);
    tell_sum(app, done, settings);
    match (is_unreadable, is_above) {
        (true, _) => ErrorKind::BadInput.code(),
        (false, true) => ErrorKind::Findings.code(),
        (false, false) => DONE,
    }
}

/// A file in a folder that is no data is not an error: nobody named it.
fn is_skipped(source: &SourceReport) -> bool {
    let is_data_all_the_same =
        matches!(source.problem, Some(SourceProblem::Format(DecodeError::Encoding { .. })));
    !source.is_explicit && !is_data_all_the_same && matches!(source.problem, Some(SourceProblem::Format(_)))
}

fn name(source: &SourceReport) -> &str {
    if source.source == "-" { "standard input" } else { &source.source }
}

fn tell_unreadable(app: &App, sources: &[SourceReport]) -> bool {
    let mut is_any = false;
    for source in sources.iter().filter(|source| !is_skipped(source)) {
        let Some(problem) = &source.problem else { continue };
        is_any = true;
        let (what, hint) = split(problem);
        app.terminal.error(format!("{}: {what}", name(source)));
        if let Some(hint) = hint {
            app.terminal.hint(hint);
        }
    }
    is_any
}

/// What happened, and the advice in it.
fn split(problem: &SourceProblem) -> (String, Option<String>) {
    let text = problem.to_string();
    match problem {
        SourceProblem::Truncated { .. } => (
            text.split("; whole records").next().unwrap_or(&text).to_owned(),
            Some("whole records up to there are kept: get the complete file and ingest it again, it goes on from there".to_owned()),
        ),
        SourceProblem::Unreadable { .. } => {
            (text.split("; nothing").next().unwrap_or(&text).to_owned(), Some("nothing that was read before is lost".to_owned()))
        }
        SourceProblem::Format(DecodeError::Unrecognised { seen, hint }) => {
            (format!("cannot tell the format: {seen}"), Some(hint.clone()))
        }
        SourceProblem::Format(DecodeError::Binary { kind, hint }) => {
            (format!("this is {kind}, not text"), Some(hint.clone()))
        }
        SourceProblem::Format(DecodeError::Encoding { encoding }) => {
            (format!("this is text in {encoding}, not UTF-8"), Some(format!("convert it first: iconv -f {encoding} -t UTF-8")))
        }
        _ => text.split_once("; ").map_or((text.clone(), None), |(what, hint)| (what.to_owned(), Some(hint.to_owned()))),
    }
}

fn tell_above(app: &App, sources: &[SourceReport]) -> bool {
    let limit = app.config().ingest.max_rejected_share;
    let mut is_any = false;
    for source in sources {
        let share = source.counts.rejected as f64 / source.counts.read.max(1) as f64;
        if source.counts.rejected > 0 && share > limit {
            is_any = true;
            app.terminal.error(format!(
                "{}: {} of {} records could not be read ({}), more than the limit of {}; all others are kept",
                name(source),
                grouped(source.counts.rejected),
                grouped(source.counts.read),
                percent(share),
                percent(limit),
            ));
        }
    }
    if is_any {
        app.terminal.hint(
            "the reasons are below, the records in `quarantine`; mend the source, or give --input-format or --mapping, and ingest it again with --replace",
        );
    }
    is_any
}

fn tell_source(app: &App, source: &SourceReport) {
    if is_skipped(source) {
        return;
    }
    let line = || {
        let counts = source.counts;
        let rows: Vec<String> = source
            .rows
            .iter()
            .map(|(table, rows)| format!("{} {}", table_word(*table), grouped(*rows)))
            .collect();
        format!(
            "{}: {}{}, read {} = accepted {} + rejected {} + duplicate {}{}{}",
            name(source),
            source.input_format.as_deref().unwrap_or("unknown format"),
            source.mapping.as_ref().map(|mapping| format!(" by mapping {mapping}")).unwrap_or_default(),
            grouped(counts.read),
            grouped(counts.accepted),
            grouped(counts.rejected),
            grouped(counts.duplicate),
            if rows.is_empty() { String::new() } else { format!(" · {}", rows.join(", ")) },
            span(app, source),
        )
    };
    if source.counts.rejected > 0 {
        app.terminal.warn(line());
    } else {
        app.terminal.detail(format!("  {}", line()));
    }
    for reject in &source.rejects {
        app.terminal.note(format!(
            "  record {}, byte {}: {}",
            reject.record,
            grouped(reject.byte_offset),
            reject.reason
        ));
    }
    let hidden = source.counts.rejected.saturating_sub(source.rejects.len() as u64);
    if hidden > 0 {
        app.terminal.note(format!("  and {} more: fupan query run quality/quarantine", grouped(hidden)));
    }
}

fn table_word(table: Table) -> &'static str {
    table.name()
}

fn span(app: &App, source: &SourceReport) -> String {
    match (source.first, source.last) {
        (Some(first), Some(last)) => {
            format!(" · {} to {}", instants::local(first, app.zone()), instants::local(last, app.zone()))
        }
        _ => String::new(),
    }
}

fn tell_skipped(app: &App, sources: &[SourceReport]) {
    let skipped: Vec<&SourceReport> = sources.iter().filter(|source| is_skipped(source)).collect();
    if skipped.is_empty() {
        return;
    }
    let mut names: Vec<&str> =
        skipped.iter().take(SKIPPED_SHOWN).map(|source| source.source.as_str()).collect();
    if skipped.len() > names.len() {
        names.push("…");
    }
    app.terminal.note(format!(
        "skipped {} without data: {}",
        counted(skipped.len() as u64, "file"),
        names.join(", ")
    ));
    for source in skipped {
        let reason = source.problem.as_ref().map(ToString::to_string).unwrap_or_default();
        app.terminal.detail(format!("  {}: {reason}", source.source));
    }
}

fn tell_assumed(app: &App, sources: &[SourceReport], settings: &IngestSettings) {
    let read = sources.iter().filter(|source| source.counts.read > 0).count();
    let assumed = sources.iter().filter(|source| source.assumed_zone_records > 0).count();
    if assumed > 0 {
        let zone = settings.zone.name();
        let of = counted(read as u64, "source");
        app.terminal.note(format!(
            "assumed {zone} in {assumed} of {of}: their times name no zone (wrong? ingest again with --replace --zone ZONE)"
        ));
    }
}

fn tell_sum(app: &App, done: &Done, settings: &IngestSettings) {
    let (counts, size, _) = done.report.totals();
    let speed = (size as f64 / done.seconds.max(1e-3)) as u64;
    app.terminal.note(format!(
        "read {} = accepted {} + rejected {} + duplicate {} records · {} in {:.1} s ({}/s) · {}",
        grouped(counts.read),
        grouped(counts.accepted),
        grouped(counts.rejected),
        grouped(counts.duplicate),
        bytes(size),
        done.seconds,
        bytes(speed),
        if settings.dry_run {
            "dry run, nothing written".to_owned()
        } else {
            format!("store {}", app.shown_store())
        },
    ));
}
