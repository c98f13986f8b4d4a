//! Tables of counts: how many requests of each status code, how many lines of each level.

use std::borrow::Cow;

use super::log_fields::{Field, canonical, default_target};
use super::table::{is_missing, written_number};

/// What counts are called, without case and punctuation.
const COUNTS: [&str; 34] = [
    "count",
    "counts",
    "cnt",
    "requests",
    "requestcount",
    "reqcount",
    "reqs",
    "hits",
    "calls",
    "callcount",
    "errorcount",
    "logcount",
    "pv",
    "qps",
    "rps",
    "tps",
    "请求数",
    "请求量",
    "请求次数",
    "总请求数",
    "次数",
    "数量",
    "总数",
    "调用量",
    "调用次数",
    "访问量",
    "访问次数",
    "条数",
    "日志数",
    "错误数",
    "失败数",
    "失败次数",
    "计数",
    "出现次数",
];

/// What a single record has and a count has not.
const OF_ONE: [Field; 7] =
    [Field::Body, Field::Event, Field::Trace, Field::Span, Field::User, Field::Session, Field::Order];

fn field_of(name: &str) -> Option<Field> {
    default_target(name).map(|target| target.field)
}

/// Whether a name is that of a count.
pub(crate) fn names_count(name: &str) -> bool {
    COUNTS.contains(&canonical(name).as_str())
}

/// Whether each row of a table says how many there were of something.
pub(crate) fn are_counted(names: &[String], sample: &[Vec<Cow<'_, str>>]) -> bool {
    let cells = |at: usize| sample.iter().filter_map(|row| row.get(at)).map(AsRef::as_ref).collect();
    are_counts(names.iter().enumerate().map(|(at, name)| (name.as_str(), cells(at))))
}

/// As [`are_counted`], for columns: their names and values.
pub(crate) fn are_counts<'c>(columns: impl Iterator<Item = (&'c str, Vec<&'c str>)>) -> bool {
    let (mut is_told_apart, mut is_counted) = (false, false);
    for (name, cells) in columns {
        let mut cells = cells.into_iter().filter(|cell| !is_missing(cell)).peekable();
        if field_of(name).is_some_and(|field| OF_ONE.contains(&field)) {
            return false;
        }
        is_told_apart |= tells_apart(name);
        is_counted |=
            names_count(name) && cells.peek().is_some() && cells.all(|cell| written_number(cell).is_some());
    }
    is_told_apart && is_counted
}

/// Whether a column says of what the others are counts: its numbers are none to add up.
pub(crate) fn tells_apart(name: &str) -> bool {
    matches!(
        field_of(name),
        Some(Field::Status | Field::GrpcStatus | Field::Severity | Field::SeverityNumber)
    )
}

pub(crate) fn is_status_code(cell: &str) -> bool {
    cell.trim().parse().is_ok_and(|code| (100..=599).contains::<u16>(&code))
}
