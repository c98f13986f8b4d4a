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

/// Whether each row says how many there were of something.
pub(crate) fn are_counted(names: &[String], sample: &[Vec<Cow<'_, str>>]) -> bool {
    let is_count = |(at, name): (usize, &String)| {
        let mut cells =
            sample.iter().filter_map(|row| row.get(at)).filter(|cell| !is_missing(cell)).peekable();
        COUNTS.contains(&canonical(name).as_str())
            && cells.peek().is_some()
            && cells.all(|cell| written_number(cell).is_some())
    };
    names.iter().any(|name| tells_apart(name))
        && names.iter().enumerate().any(is_count)
        && !names.iter().filter_map(|name| field_of(name)).any(|field| OF_ONE.contains(&field))
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
