//! What became of every source and record, in words: what went wrong first, the sum last.

use fupan_decode::DecodeError;
use fupan_ingest::{IngestSettings, SourceHistory, SourceProblem, SourceReport};
use fupan_model::Table;
use fupan_redact::Counts;
use fupan_report::escape;

use super::unread::{self, Unread};
use super::{Done, RejectedBefore};
use crate::app::App;
use crate::failure::{DONE, ErrorKind, Failure};
use crate::instants;
use crate::numbers::{bytes, counted, grouped, percent};
use crate::output::Rows;

/// How many sources are named that have to do with one that was read before.
const HISTORIES_SHOWN: usize = 6;

/// What was wrong with the sources, the worse kind first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// A source could not be read at all, or not to its end.
    Unreadable,
    /// More records of a source could not be read than may be.
    AboveLimit,
    /// Nothing of some files was recognised, of others it was.
    NotRecognised,
    Fine,
}

impl Verdict {
    /// The exit code.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Unreadable => ErrorKind::BadInput.code(),
            Self::AboveLimit | Self::NotRecognised => ErrorKind::Findings.code(),
            Self::Fine => DONE,
        }
    }
}

/// What became of each source, as rows for programs.
pub(super) fn rows(sources: &[SourceReport], settings: &IngestSettings) -> Result<Rows, Failure> {
    let text = |count: u64| count.to_string();
    let redactions = |source: &SourceReport| {
        let counts = &source.redacted;
        let rules = counts.found().map(|(rule, count)| (rule.name().to_owned(), count.into()));
        let others = [("pseudonym", counts.pseudonyms()), ("kept_raw", u64::from(settings.keep_raw))];
        let others = others.into_iter().filter(|(_, count)| *count > 0);
        let all = rules.chain(others.map(|(name, count)| (name.to_owned(), count.into())));
        serde_json::Value::Object(all.collect()).to_string()
    };
    let rows = sources.iter().map(|source| {
        let counts = source.counts;
        let problem = source.problem.as_ref().map(ToString::to_string).unwrap_or_default();
        let problem = fupan_redact::redact(&problem, &mut Counts::default()).into_owned();
        [
            source.source.clone(),
            source.input_format.clone().unwrap_or_default(),
            text(counts.read),
            text(counts.accepted),
            text(counts.rejected),
            text(counts.duplicate),
            redactions(source),
            problem,
        ]
    });
    let names =
        ["source", "input_format", "read", "accepted", "rejected", "duplicate", "redactions", "problem"];
    Rows::of_text(names, rows.collect())?.with_counts(&["read", "accepted", "rejected", "duplicate"])
}

/// Tells all of it on standard error.
pub(super) fn tell(app: &App, done: &Done, settings: &IngestSettings, asked: super::Asked) -> Verdict {
    let sources = &done.report.sources;
    let problems = tell_unreadable(app, sources);
    let unread = unread::tell_unrecognised(app, sources);
    let rejects = tell_above(app, sources, settings.dry_run);
    let earlier = tell_again(app, &done.rejected_before);
    for source in sources {
        tell_source(app, source, settings.dry_run, asked.is_explained);
    }
    unread::tell_skipped(app, sources);
    tell_histories(app, sources);
    super::samples::tell(app, sources);
    super::samples::tell_retracted(app, sources);
    tell_wide(app, sources);
    tell_named(app, sources);
    tell_zone(app, sources, settings, asked.is_zone_given);
    tell_year(app, sources, settings);
    tell_personal(app, sources, settings);
    tell_sum(app, done, settings);
    problems.min(unread).min(rejects).min(earlier)
}

pub(super) fn name(source: &SourceReport) -> &str {
    if source.source == "-" { "standard input" } else { &source.source }
}

fn tell_unreadable(app: &App, sources: &[SourceReport]) -> Verdict {
    let mut verdict = Verdict::Fine;
    for source in sources.iter().filter(|source| unread::of(source) == Unread::No) {
        let Some(problem) = &source.problem else { continue };
        verdict = Verdict::Unreadable;
        let (what, hint) = split(problem);
        app.terminal.error(format!("{}: {what}", name(source)));
        if let Some(hint) = hint {
            app.terminal.hint(hint);
        }
    }
    verdict
}

/// What happened, and the advice in it.
pub(super) fn split(problem: &SourceProblem) -> (String, Option<String>) {
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
        SourceProblem::Format(DecodeError::Binary { kind, hint, .. }) => {
            (format!("this is {kind}, not text"), Some(hint.clone()))
        }
        SourceProblem::Format(DecodeError::Encoding { encoding }) => {
            (format!("this is text in {encoding}, not UTF-8"), Some(format!("convert it first: iconv -f {encoding} -t UTF-8")))
        }
        _ => text.split_once("; ").map_or((text.clone(), None), |(what, hint)| (what.to_owned(), Some(hint.to_owned()))),
    }
}

/// Sources of which too much, or all, went to quarantine.
fn tell_above(app: &App, sources: &[SourceReport], is_dry_run: bool) -> Verdict {
    let mut verdict = Verdict::Fine;
    for source in sources {
        let counts = source.counts;
        // Lines before the records are known for what they are.
        let banner = source.banner_records.min(counts.rejected);
        let judged = judge(app, counts.rejected - banner, counts.read - banner);
        let rejected = grouped(counts.rejected);
        match judged {
            Verdict::Fine | Verdict::NotRecognised => continue,
            Verdict::Unreadable if counts.rejected == 1 => {
                app.terminal.error(format!("{}: nothing in it could be read", name(source)));
            }
            Verdict::Unreadable => {
                app.terminal.error(format!("{}: none of its {rejected} records could be read", name(source)));
            }
            Verdict::AboveLimit => app.terminal.error(format!(
                "{}: {rejected} of {} records could not be read ({}), more than the limit of {}{}",
                name(source),
                grouped(counts.read),
                percent(share(counts.rejected, counts.read)),
                percent(app.config().ingest.max_rejected_share),
                if is_dry_run { "" } else { "; all others are kept" },
            )),
        }
        verdict = verdict.min(judged);
    }
    if verdict != Verdict::Fine {
        app.terminal.hint(if is_dry_run {
            "the reasons are below; try --input-format or --mapping, or mend the source: nothing was written yet"
        } else {
            "the reasons are below, the records in `quarantine`; mend the source, or give --input-format or --mapping, and ingest it again with --replace"
        });
    }
    verdict
}

/// Sources that were read before: what could not be read then is still not in.
fn tell_again(app: &App, earlier: &[RejectedBefore]) -> Verdict {
    let mut verdict = Verdict::Fine;
    for source in earlier {
        let judged = judge(app, source.rejected, source.read);
        let text = format!(
            "{}: was read before, and {} of its {} records {} in quarantine since ({})",
            if source.source == "-" { "standard input" } else { &source.source },
            grouped(source.rejected),
            grouped(source.read),
            if source.rejected == 1 { "is" } else { "are" },
            percent(share(source.rejected, source.read)),
        );
        if judged == Verdict::Fine {
            app.terminal.warn(text);
        } else {
            let limit = percent(app.config().ingest.max_rejected_share);
            app.terminal.error(format!("{text}, more than the limit of {limit}"));
        }
        verdict = verdict.min(judged);
    }
    if !earlier.is_empty() {
        app.terminal.hint(
            "`fupan query run quality/quarantine` names the reasons; mend the source, or give --input-format or --mapping, and ingest it again with --replace",
        );
    }
    verdict
}

/// Whether so many rejects are too many; all of them are no reading at all.
fn judge(app: &App, rejected: u64, read: u64) -> Verdict {
    if rejected == 0 || share(rejected, read) <= app.config().ingest.max_rejected_share {
        Verdict::Fine
    } else if rejected >= read {
        Verdict::Unreadable
    } else {
        Verdict::AboveLimit
    }
}

fn share(rejected: u64, read: u64) -> f64 {
    rejected as f64 / read.max(1) as f64
}

fn tell_source(app: &App, source: &SourceReport, is_dry_run: bool, is_explained: bool) {
    if unread::of(source) != Unread::No {
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
    } else if is_dry_run || is_explained {
        app.terminal.note(format!("  {}", line()));
    } else {
        app.terminal.detail(format!("  {}", line()));
    }
    if !source.reason.is_empty() {
        let reason = format!("    {}", source.reason);
        if is_explained { app.terminal.note(reason) } else { app.terminal.detail(reason) }
    }
    if let Some(history) = &source.history {
        app.terminal.detail(format!("    {history}"));
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
        // Nothing of a dry run can be asked for.
        let where_to = if is_dry_run { "" } else { ": fupan query run quality/quarantine" };
        app.terminal.note(format!("  and {} more{where_to}", grouped(hidden)));
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

/// How much a history tells; what is merely unchanged is in the sum, as duplicates.
fn surprise(history: &SourceHistory) -> Option<u8> {
    match history {
        SourceHistory::StartedAnew | SourceHistory::Replaced { .. } | SourceHistory::Mended { .. } => Some(0),
        SourceHistory::CutCopy { .. } => Some(1),
        SourceHistory::Grown { .. } => Some(2),
        SourceHistory::Unchanged => None,
    }
}

/// What sources have to do with what was read before, the most surprising first; --verbose says it
/// beside each of them.
fn tell_histories(app: &App, sources: &[SourceReport]) {
    if app.terminal.is_verbose() {
        return;
    }
    let mut told: Vec<(u8, &SourceReport, &SourceHistory)> = sources
        .iter()
        .filter_map(|source| {
            let history = source.history.as_ref()?;
            Some((surprise(history)?, source, history))
        })
        .collect();
    told.sort_by_key(|(surprise, ..)| *surprise);
    for (_, source, history) in told.iter().take(HISTORIES_SHOWN) {
        app.terminal.note(format!("{}: {history}", name(source)));
    }
    let hidden = told.len().saturating_sub(HISTORIES_SHOWN);
    if hidden > 0 {
        app.terminal.note(format!(
            "and {hidden} more that have to do with what was read before (--verbose names them)"
        ));
    }
}

/// A table with a column per series says nowhere whose they are, but often in its header.
fn tell_wide(app: &App, sources: &[SourceReport]) {
    let is_wide = |source: &&SourceReport| {
        source.input_format.as_deref() == Some("csv-metrics-wide")
            && source.mapping.is_none()
            && source.name_of_source.is_none()
            && source.counts.accepted > 0
    };
    let wide: Vec<&SourceReport> = sources.iter().filter(is_wide).collect();
    let Some(first) = wide.first() else { return };
    app.terminal.note(format!(
        "{} with a column per series: where the header names services (order_cpu, pay_latency), a mapping tells them apart: fupan mapping suggest {}",
        counted(wide.len() as u64, "table"),
        escape::shell_word(&first.source),
    ));
}

/// Metrics whose name is that of their file.
fn tell_named(app: &App, sources: &[SourceReport]) {
    let named: Vec<(&SourceReport, &str)> = sources
        .iter()
        .filter(|source| source.counts.accepted > 0)
        .filter_map(|source| Some((source, source.name_of_source.as_deref()?)))
        .collect();
    let Some((first, metric)) = named.first() else { return };
    app.terminal.note(format!(
        "named the metric after the file in {}, as in {}: {metric}; its column is called no more than a value (wrong? a mapping with a `wide` header names it)",
        counted(named.len() as u64, "source"),
        escape::shell_word(&first.source),
    ));
}

/// What became of times that name no zone: a zone that was given is no assumption.
fn tell_zone(app: &App, sources: &[SourceReport], settings: &IngestSettings, is_given: bool) {
    let read = sources.iter().filter(|source| source.counts.read > 0).count();
    let without = sources.iter().filter(|source| source.assumed_zone_records > 0).count();
    let is_all_known = read > 0 && sources.iter().all(|source| source.counts.read == source.counts.duplicate);
    if is_given && is_all_known && !settings.replace {
        app.terminal.note(
            "what is in already keeps the zone that it was read in; to read it again in another: --replace --zone ZONE",
        );
    }
    if without == 0 {
        return;
    }
    let zone = fupan_decode::time::zone_name(settings.zone);
    let of = counted(read as u64, "source");
    app.terminal.note(if is_given {
        format!("read the times of {without} of {of} as {zone}, as --zone says: they name no zone")
    } else {
        let again = if settings.dry_run { "" } else { "ingest again with --replace " };
        format!("assumed {zone} in {without} of {of}: their times name no zone (wrong? {again}--zone ZONE)")
    });
}

/// What became of times that name no year.
fn tell_year(app: &App, sources: &[SourceReport], settings: &IngestSettings) {
    let without: Vec<&SourceReport> =
        sources.iter().filter(|source| source.assumed_year_records > 0).collect();
    let Some(first) = without.first() else { return };
    let records: u64 = without.iter().map(|source| source.assumed_year_records).sum();
    app.terminal.note(format!(
        "took the year of {} in {} from when the file was last written, as in {}: their times name none (wrong? set the file's time with touch -d{})",
        counted(records, "record"),
        counted(without.len() as u64, "source"),
        escape::shell_word(&first.source),
        if settings.dry_run { "" } else { " and ingest again with --replace" },
    ));
}

/// What was taken out of texts, or that it was to stay.
fn tell_personal(app: &App, sources: &[SourceReport], settings: &IngestSettings) {
    if settings.keep_raw {
        let is_all_known = sources.iter().all(|source| source.counts.read == source.counts.duplicate);
        app.terminal.note(if is_all_known && !settings.replace {
            "what is in already stays as it was read; to read it again with its texts as they are: --replace --keep-raw"
        } else {
            "kept all texts as they are, personal data included, as --keep-raw says"
        });
        return;
    }
    let mut counts = Counts::default();
    for source in sources {
        counts += source.redacted;
    }
    if counts.total() + counts.pseudonyms() == 0 {
        return;
    }
    let mut parts: Vec<String> =
        counts.found().map(|(rule, count)| format!("{} {}", rule.name(), grouped(count))).collect();
    if counts.pseudonyms() > 0 {
        parts.push(format!("pseudonym {}", grouped(counts.pseudonyms())));
    }
    app.terminal.note(format!("personal data taken out: {}", parts.join(", ")));
}

fn tell_sum(app: &App, done: &Done, settings: &IngestSettings) {
    let (counts, size, _) = done.report.totals();
    let speed = (size as f64 / done.seconds.max(1e-3)) as u64;
    let unread = unread::count(&done.report.sources);
    let of_files = match unread {
        0 => String::new(),
        _ => format!(
            " · {} of {} not read",
            grouped(unread),
            counted(done.report.sources.len() as u64, "file")
        ),
    };
    app.terminal.note(format!(
        "read {} = accepted {} + rejected {} + duplicate {} records{of_files} · {} in {:.1} s ({}/s) · {}",
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
