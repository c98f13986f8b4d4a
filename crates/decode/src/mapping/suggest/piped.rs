//! Which pattern do lines have whose parts `|` separates: `2026-11-05 11:05:03|INFO|pay|…`?

use std::collections::HashSet;
use std::fmt::Write as _;

use fupan_model::severity;

use super::text::{Found, is_most};
use super::times::TimeLayout;

/// How parts are called of which nobody knows what they are; their number follows.
const UNNAMED: &str = "field";

/// Parts that such lines have at least: a time, something, and a message.
const PARTS_MIN: usize = 3;

/// More parts are no line that somebody writes a pattern for.
const PARTS_MAX: usize = 64;

/// The pattern; none where most of the lines have no such parts, or none of the parts is a time.
pub(super) fn find<'a>(lines: &[&'a str]) -> Option<Found<'a>> {
    let all: Vec<Vec<&str>> = lines.iter().map(|line| line.split('|').map(str::trim).collect()).collect();
    let good: Vec<&Vec<&str>> = all.iter().filter(|parts| parts.len() >= PARTS_MIN).collect();
    if !is_most(good.len(), lines) {
        return None;
    }
    // A message may hold more of them.
    let count = good.iter().map(|parts| parts.len()).min().filter(|count| *count <= PARTS_MAX)?;
    let values = |at: usize| good.iter().filter_map(|parts| parts.get(at).copied()).collect::<Vec<&'a str>>();
    let (time_at, layout) = (0..count - 1).find_map(|at| Some((at, TimeLayout::of(&values(at))?)))?;
    let is_level =
        |at: &usize| *at != time_at && values(*at).iter().all(|value| severity::number_of(value).is_some());
    let level_at = (0..count - 1).find(is_level);

    let first = |at: usize| values(at).first().copied().unwrap_or_default();
    let mut taken = HashSet::from(["time", "level", "message"]);
    let mut unnamed = Vec::new();
    let mut pattern = String::from("^");
    for at in 0..count - 1 {
        let values = values(at);
        let key = common_key(&values).filter(|key| !key.starts_with(UNNAMED) && taken.insert(key));
        let before = key.map(|key| format!("{key}=")).unwrap_or_default();
        let name = if at == time_at {
            "time".to_owned()
        } else if level_at == Some(at) {
            "level".to_owned()
        } else if let Some(key) = key {
            key.to_owned()
        } else if values.iter().all(|value| is_trace_id(value)) && taken.insert("trace_id") {
            "trace_id".to_owned()
        } else {
            let name = format!("{UNNAMED}{}", at + 1);
            unnamed.push((name.clone(), first(at)));
            name
        };
        let _ = write!(pattern, r"{before}(?<{name}>[^|]*?)\s*\|\s*");
    }
    pattern.push_str("%{GREEDYDATA:message}$");
    let level = level_at.map(first);
    Some(Found { pattern, records: good.len(), time: first(time_at), layout, level, unnamed })
}

/// `cost` where all values are like `cost=12ms`.
fn common_key<'a>(values: &[&'a str]) -> Option<&'a str> {
    let (key, _) = values.first()?.split_once('=')?;
    let is_name = key.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let has_key = |value: &&str| value.strip_prefix(key).is_some_and(|rest| rest.starts_with('='));
    (is_name && values.iter().all(has_key)).then_some(key)
}

fn is_trace_id(value: &str) -> bool {
    value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}
