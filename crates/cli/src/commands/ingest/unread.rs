//! Which files gave nothing, and does it matter?
//!
//! A picture or a read-me in a folder is no data: nobody named it, and it is said in passing. A file that
//! has text or data of which nothing was recognised may be what the folder was given for: it is told first,
//! with what to do, and the command does not end as if all were well.

use fupan_decode::DecodeError;
use fupan_ingest::{SourceProblem, SourceReport};
use fupan_report::escape;

use super::account::{Verdict, split};
use crate::app::App;
use crate::numbers::counted;

/// How many files are named, each with its reason.
const FILES_SHOWN: usize = 6;

/// A reason says the first things that were seen; a document's keys can be many.
const REASON_CHARS_MAX: usize = 120;

/// Endings of files that describe, configure or compute, and hold no records.
const NO_DATA_ENDINGS: [&str; 17] = [
    "md", "rst", "adoc", "html", "htm", "css", "js", "ts", "py", "go", "rs", "java", "sh", "ps1", "sql",
    "toml", "ini",
];

/// How names of files begin that say what the folder is, in whatever form.
const NO_DATA_NAMES: [&str; 8] =
    ["readme", "license", "licence", "notice", "copying", "changelog", "authors", "makefile"];

/// Whether nothing at all was read of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It was read, or it was named and its problem is told by itself.
    No,
    /// It is no data: nothing is missing.
    Skipped,
    /// It has content, and nothing of it is known.
    Unrecognised,
}

pub(super) fn of(source: &SourceReport) -> Unread {
    if source.is_explicit {
        return Unread::No;
    }
    match &source.problem {
        Some(SourceProblem::Format(problem)) => match problem {
            DecodeError::Encoding { .. } => Unread::No,
            DecodeError::Empty | DecodeError::Binary { is_data: false, .. } => Unread::Skipped,
            _ if is_no_data(&source.source) => Unread::Skipped,
            _ => Unread::Unrecognised,
        },
        _ => Unread::No,
    }
}

/// A name by which nobody calls records.
fn is_no_data(source: &str) -> bool {
    let file = source.rsplit(['/', '!']).next().unwrap_or(source).to_lowercase();
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    NO_DATA_ENDINGS.contains(&ending) || NO_DATA_NAMES.iter().any(|name| file.starts_with(name))
}

/// Notes are called `.txt`; logs are, too.
fn is_most_likely_data(source: &SourceReport) -> bool {
    !source.source.to_lowercase().ends_with(".txt")
}

fn all(sources: &[SourceReport], kind: Unread) -> Vec<&SourceReport> {
    sources.iter().filter(|source| of(source) == kind).collect()
}

/// Files of which nothing was recognised.
pub(super) fn count(sources: &[SourceReport]) -> u64 {
    all(sources, Unread::Unrecognised).len() as u64
}

/// Files that have content, and of which nothing was read.
pub(super) fn tell_unrecognised(app: &App, sources: &[SourceReport]) -> Verdict {
    let unread = all(sources, Unread::Unrecognised);
    let Some(first) = unread.iter().find(|source| is_most_likely_data(source)).or(unread.first()) else {
        return Verdict::Fine;
    };
    app.terminal.error(format!("nothing could be read of {}:", counted(unread.len() as u64, "file")));
    list(app, &unread);
    let hint = match &first.problem {
        Some(SourceProblem::Format(DecodeError::Unrecognised { .. } | DecodeError::Mismatch { .. })) => {
            format!(
                "`fupan mapping suggest FILE` writes a first mapping for files such as {}; --input-format names a format; what is no data does not belong into the folder",
                escape::shell_word(&first.source)
            )
        }
        Some(problem) => split(problem).1.unwrap_or_default(),
        None => String::new(),
    };
    if !hint.is_empty() {
        app.terminal.hint(hint);
    }
    let has_read = sources.iter().any(|source| source.counts.accepted + source.counts.duplicate > 0);
    if has_read { Verdict::NotRecognised } else { Verdict::Unreadable }
}

/// Files that are no data.
pub(super) fn tell_skipped(app: &App, sources: &[SourceReport]) {
    let skipped = all(sources, Unread::Skipped);
    if skipped.is_empty() {
        return;
    }
    app.terminal.note(format!("skipped {} without data:", counted(skipped.len() as u64, "file")));
    list(app, &skipped);
}

fn list(app: &App, sources: &[&SourceReport]) {
    for (at, source) in sources.iter().enumerate() {
        let reason = source.problem.as_ref().map(|problem| split(problem).0).unwrap_or_default();
        let reason = reason.strip_prefix("cannot tell the format: ").unwrap_or(&reason);
        let line = format!("  {}: {}", source.source, escape::shortened(reason, REASON_CHARS_MAX));
        if at < FILES_SHOWN { app.terminal.note(line) } else { app.terminal.detail(line) }
    }
    let hidden = sources.len().saturating_sub(FILES_SHOWN);
    if hidden > 0 && !app.terminal.is_verbose() {
        app.terminal.note(format!("  and {hidden} more (--verbose names them)"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, problem: DecodeError) -> SourceReport {
        SourceReport { source: name.to_owned(), problem: Some(problem.into()), ..SourceReport::default() }
    }

    fn text() -> DecodeError {
        DecodeError::Unrecognised { seen: "text".to_owned(), hint: "h".to_owned() }
    }

    fn binary(is_data: bool) -> DecodeError {
        DecodeError::Binary { kind: "a file".to_owned(), hint: "h".to_owned(), is_data }
    }

    #[test]
    fn what_may_be_data_is_told_from_what_is_not() {
        for (name, problem, expected) in [
            ("metrics.csv", text(), Unread::Unrecognised),
            ("notes.txt", text(), Unread::Unrecognised),
            ("export.zip!a/b", text(), Unread::Unrecognised),
            ("rows.parquet", binary(true), Unread::Unrecognised),
            ("export.zip!a/README.txt", text(), Unread::Skipped),
            ("LICENSE", text(), Unread::Skipped),
            ("notes.md", text(), Unread::Skipped),
            ("load.py", text(), Unread::Skipped),
            ("empty.csv", DecodeError::Empty, Unread::Skipped),
            ("picture.png", binary(false), Unread::Skipped),
        ] {
            assert_eq!(of(&found(name, problem)), expected, "{name}");
        }
        let named = SourceReport { is_explicit: true, ..found("metrics.csv", text()) };
        assert_eq!(of(&named), Unread::No);
    }
}
