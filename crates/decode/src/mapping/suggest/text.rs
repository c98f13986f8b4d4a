//! Which pattern do the lines of a plain text have?

use fupan_model::severity;

use super::columns::Column;
use super::times::TimeLayout;
use super::{Writer, file_stem, mapping_name, quoted, shown};
use crate::line_time::is_continuation;
use crate::{RecordStart, limits};

/// Words that a time may have.
const TIME_WORDS_MAX: usize = 5;

/// Share of the records that the pattern must fit.
const SHARE_MIN: f64 = 0.8;

/// Whether the first line begins with a time.
pub(super) fn begins_with_time(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    (1..=TIME_WORDS_MAX).any(|words| {
        Shape::of(first, words).is_some_and(|(shape, _)| TimeLayout::of(&[shape.time]).is_some())
    })
}

/// The pattern of a text, and what it gives.
pub(super) struct Found<'a> {
    pub(super) pattern: String,
    /// Lines that have it.
    pub(super) records: usize,
    /// The time of the first record.
    pub(super) time: &'a str,
    pub(super) layout: TimeLayout,
    /// Level of the first record, where the pattern has one.
    pub(super) level: Option<&'a str>,
    /// Other groups that nobody named, with what stands there in the first record.
    pub(super) unnamed: Vec<(String, &'a str)>,
}

/// Writes a mapping; none where no line begins with a time.
pub(super) fn suggest(text: &str, source: &str) -> Option<String> {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !is_continuation(line.as_bytes()))
        .take(limits::HEAD_RECORDS_MAX)
        .collect();
    let found = super::piped::find(&lines).or_else(|| find(&lines))?;
    let mut file = Writer::new(source, Some(lines.len()));
    file.pair("name", &quoted(&mapping_name(source)));
    file.pair("table", "\"logs\"");
    file.pair("format", "\"text\"");
    if let Some(sources) = files_like(source) {
        file.comment("Many texts have such lines: the mapping is for files of this name.");
        file.pair("match", &format!("{{ source = {} }}", quoted(&sources)));
    }
    file.comment(
        "Groups of the pattern become fields; %{GREEDYDATA:message} takes the lines that follow, too.",
    );
    file.pair("pattern", &quoted(&found.pattern));
    let begin_with_time = lines.iter().filter(|line| RecordStart::Time.begins(line.as_bytes())).count();
    if begin_with_time == found.records {
        file.comment("Lines that begin with no time belong to the record before.");
        file.pair("multi_line", "\"time\"");
    } else {
        file.comment("Lines that are indented, or a part of a stack trace, belong to the record before.");
        file.pair("multi_line", "\"unindented\"");
    }
    let time = Column { name: "time".to_owned(), values: vec![found.time.to_owned()] };
    file.time(&time, &found.layout);
    if let Some(level) = found.level {
        file.comment(&format!("level: such as {}", shown(level)));
        file.pair("severity", "{ field = \"level\" }");
    }
    for (name, example) in found.unnamed {
        file.comment(&format!(
            "{name}, such as {}, stays an attribute: name its group after what it is (service, route, user_id).",
            shown(example)
        ));
    }
    file.comment("message is read as body without being mapped; split it further with more named groups.");
    Some(file.text)
}

/// Lines that begin with a time, and maybe a level.
fn find<'a>(lines: &[&'a str]) -> Option<Found<'a>> {
    let (shape, layout, records) = (1..=TIME_WORDS_MAX).rev().find_map(|words| {
        let shapes: Vec<(Shape<'_>, &str)> = lines.iter().filter_map(|line| Shape::of(line, words)).collect();
        // Some lines may be broken, or continue one before.
        let is_time = |time: &str| TimeLayout::of(&[time]).is_some();
        let good: Vec<&str> =
            shapes.iter().map(|(shape, _)| shape.time).filter(|time| is_time(time)).collect();
        let layout = TimeLayout::of(&good)?;
        let shape = shapes.into_iter().find(|(shape, _)| is_time(shape.time))?;
        is_most(good.len(), lines).then_some((shape, layout, good.len()))
    })?;
    let (Shape { time, is_bracketed, words }, rest) = shape;
    let (open, word, close, between) =
        if is_bracketed { ("\\[", "[^\\s\\]]+", "\\]", "*") } else { ("", "\\S+", "", "+") };
    let time_pattern = [word; TIME_WORDS_MAX].get(..words).unwrap_or_default().join(" ");
    let first = rest.trim_start().split([' ', ':', '|', ']', '\t']).next().unwrap_or_default();
    let level = severity::number_of(first.trim_start_matches('[')).map(|_| first);
    let level_pattern = match level {
        None => "",
        Some(_) if rest.trim_start().starts_with('[') => "(?:\\[(?<level>[^\\s\\[\\]|:]+)\\]\\s*)?",
        Some(_) => "(?:[\\[|]?(?<level>[^\\s\\[\\]|:]+)[\\]|:]?\\s+)?",
    };
    let pattern = format!(
        "^{open}(?<time>{time_pattern}){close}[\\s|,-]{between}{level_pattern}%{{GREEDYDATA:message}}$"
    );
    Some(Found { pattern, records, time, layout, level, unnamed: Vec::new() })
}

/// Whether so many of the lines are enough for what is said of all.
pub(super) fn is_most(good: usize, lines: &[&str]) -> bool {
    good as f64 >= SHARE_MIN * lines.len() as f64
}

/// Files that are named alike, whatever number or date follows; none where the name has nothing else.
fn files_like(source: &str) -> Option<String> {
    let stem = file_stem(source)?.trim_end_matches(|letter: char| !letter.is_alphabetic());
    (!stem.is_empty()).then(|| format!("{}*", glob::Pattern::escape(stem)))
}

/// A time of some words at the beginning of a line.
#[derive(Debug, Clone, Copy)]
struct Shape<'a> {
    time: &'a str,
    is_bracketed: bool,
    words: usize,
}

impl<'a> Shape<'a> {
    /// The first words of a line, or what stands in brackets there, and what follows.
    fn of(line: &'a str, words: usize) -> Option<(Self, &'a str)> {
        if let Some((time, rest)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
            let fits = time.split(' ').count() == words;
            return fits.then_some((Self { time, is_bracketed: true, words }, rest));
        }
        let (end, _) = line.match_indices([' ', '\t']).nth(words - 1)?;
        let (time, rest) = line.split_at_checked(end)?;
        Some((Self { time: time.trim_end_matches([',', '|']), is_bracketed: false, words }, rest))
    }
}
