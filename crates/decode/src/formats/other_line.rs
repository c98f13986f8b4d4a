//! Which lines among plain text are records of another kind, with a time of their own? A program prints lines of its
//! start and then JSON; a container mixes what several programs write.

use chrono_tz::Tz;

use super::access_log::Entry;
use super::embedded::put_json;
use super::log_builder::LogBuilder;
use super::log_fields::{Field, KeyCache, means};
use super::logfmt;
use crate::json::visit_object;
use crate::time::parse_instant;

/// A line that is a record by itself.
#[derive(Debug, PartialEq)]
pub(crate) enum OtherLine<'a> {
    /// An object with a time among its fields.
    Json(&'a str),
    /// Pairs with a time among them.
    Logfmt(&'a str),
    Access(Entry<'a>),
}

/// Whether the line is such a record: what cannot be one is told by its first bytes.
pub(crate) fn begins_record(line: &[u8]) -> bool {
    let Some(first) = line.first().filter(|first| !first.is_ascii_whitespace()) else { return false };
    let may_be = *first == b'{' || memchr::memchr2(b'=', b'[', line).is_some();
    may_be && std::str::from_utf8(line).is_ok_and(|line| OtherLine::of(line).is_some())
}

impl<'a> OtherLine<'a> {
    pub(crate) fn of(line: &'a str) -> Option<Self> {
        let line = line.trim_end();
        if line.starts_with('{') {
            return has_time(line).then_some(Self::Json(line));
        }
        // Keys stand before the first blank.
        let begins_as_pair = line.find(['=', ' ']).is_some_and(|at| line.as_bytes().get(at) == Some(&b'='));
        if begins_as_pair {
            return (logfmt::is_record(line) && logfmt::is_logfmt(line)).then_some(Self::Logfmt(line));
        }
        Entry::read(line).ok().map(Self::Access)
    }

    /// Puts its fields, of which one is the time.
    pub(crate) fn put(&self, builder: &mut LogBuilder<'a>, keys: &mut KeyCache) {
        match self {
            Self::Json(text) => {
                put_json(builder, keys, text);
            }
            Self::Logfmt(text) => {
                logfmt::put(builder, keys, text);
            }
            Self::Access(entry) => entry.put(builder),
        }
    }
}

/// Whether the text is an object with an instant.
fn has_time(text: &str) -> bool {
    let mut has_time = false;
    let read = visit_object(text, &mut |key, value| {
        has_time |= means(&key, Field::Timestamp) && parse_instant(value.as_text(), Tz::UTC).is_ok();
    });
    read.is_ok() && has_time
}
