//! Is it a log of lines: access log, syslog, logfmt or text with times?
//!
//! What a header of a table or the beginning of a document can never look like.

use super::Detection;
use crate::formats::access_log::Entry;
use crate::formats::{logfmt, syslog};
use crate::framing::Records;
use crate::line_time::LineTime;
use crate::{Framing, InputFormat, RecordStart, limits};

/// Share of the first lines that must have a format's shape: some may be broken.
const SHARE_MIN: f64 = 0.6;

/// Lines among which records of text have to begin: a file may begin in the middle of a stack trace.
const TEXT_LINES: usize = 200;

pub(super) fn detect(head: &[u8], head_is_whole: bool) -> Option<Detection> {
    if syslog::is_octet_counted(head) {
        let reason = "its messages say how long they are and begin with a priority";
        return Some(Detection::new(InputFormat::Syslog, reason));
    }
    let lines = lines(head, head_is_whole, limits::HEAD_RECORDS_MAX);
    let first = lines.first()?;
    if first.starts_with('{') {
        return None;
    }
    let share = |is_one: &dyn Fn(&str) -> bool| {
        let count = lines.iter().filter(|line| is_one(line)).count();
        (count as f64 >= SHARE_MIN * lines.len() as f64).then_some(count)
    };
    let told = |format, count: usize, what: &str| {
        Some(Detection::new(format, format!("{count} of the first {} lines {what}", lines.len())))
    };
    if let Some(count) = share(&|line| syslog::looks_like(line)) {
        return told(InputFormat::Syslog, count, "are messages of syslog");
    }
    if let Some(count) = share(&|line| Entry::read(line).is_ok()) {
        let what = "have the shape of an access log: host, user, [time], \"request\", status, bytes";
        return told(InputFormat::AccessLog, count, what);
    }
    if let Some(count) = share(&logfmt::is_record) {
        return told(InputFormat::Logfmt, count, "are key=value pairs with a time");
    }
    if RecordStart::Time.begins(first.as_bytes()) {
        return text(head, head_is_whole, 1);
    }
    None
}

/// Text that begins with a record of another kind: half of its lines begin with a time as text does.
pub(super) fn mostly_text(head: &[u8], head_is_whole: bool) -> Option<Detection> {
    let half = lines(head, head_is_whole, TEXT_LINES).len().div_ceil(2);
    text(head, head_is_whole, half.max(2))
}

/// Text in which at least `records_min` records begin.
pub(super) fn text(head: &[u8], head_is_whole: bool, records_min: usize) -> Option<Detection> {
    let lines = lines(head, head_is_whole, TEXT_LINES);
    let starts: Vec<&&str> = lines.iter().filter(|line| RecordStart::Time.begins(line.as_bytes())).collect();
    let records = starts.len();
    // Numbers behind a time are a table that lost its header, and no messages.
    let messages = starts.iter().filter(|line| has_words(line)).count();
    if messages * 2 < records {
        return None;
    }
    let others = lines.len() - records;
    let rest = if others == 0 { "" } else { "; the others belong to the record before" };
    let reason = format!("{records} of the first {} lines begin with a time{rest}", lines.len());
    (records >= records_min).then(|| Detection::new(InputFormat::TextLog, reason))
}

fn has_words(line: &str) -> bool {
    let rest = LineTime::find(line.as_bytes()).and_then(|time| line.get(time.end..));
    rest.is_some_and(|rest| rest.chars().any(char::is_alphabetic))
}

/// The first lines that are text; one that the head cuts is left out, unless it is the only one.
fn lines(head: &[u8], head_is_whole: bool, limit: usize) -> Vec<&str> {
    let whole = if head_is_whole { None } else { memchr::memrchr(b'\n', head).map(|at| at + 1) };
    let head = head.get(..whole.unwrap_or(head.len())).unwrap_or(head);
    Records::new(Framing::Lines, head)
        .take(limit)
        .filter_map(|line| std::str::from_utf8(line.bytes).ok())
        .collect()
}
